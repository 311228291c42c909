"""A process that promotes a run, and may end itself by SIGKILL at an SQL statement (see test_kill).

Arguments: the lake's configuration, the run, the number of the statement (0: none).
"""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "catalogs"))

from lakes import Lake

from dbt_phlo.catalogs import open_catalog
from dbt_phlo.runs import promotion
from dbt_phlo.settings import resolve


def main() -> None:
    configuration, run, nth = Lake.read(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    catalog = open_catalog(configuration)
    settings = resolve({"warehouse": "/nowhere"}, {}, {}, project="shop", project_root=Path("/"))
    record = catalog.run(run)
    database = catalog._database  # type: ignore[attr-defined]
    send, sent = database._send, []

    def sending(sql: str, parameters: object) -> object:
        sent.append(sql)
        if len(sent) == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return send(sql, parameters)

    database._send = sending
    print("ready", flush=True)
    sys.stdin.readline()
    promotion.promote(catalog, record, settings)
    print(f"promoted with {len(sent)} statements", flush=True)


if __name__ == "__main__":
    main()
