"""One of several processes that write the same ref at once (see test_writers)."""

import json
import sys

from lakes import Lake

from dbt_phlo.catalogs import open_catalog
from dbt_phlo.catalogs.values import LedgerEntry
from dbt_phlo.errors import Conflict

TURNS = 20


def main() -> None:
    configuration, ref, number = Lake.read(sys.argv[1]), sys.argv[2], sys.argv[3]
    catalog = open_catalog(configuration)
    if number == "open":
        print(" ".join(ref.name for ref in catalog.refs()))
        return
    lake = Lake(catalog, lambda: catalog, configuration)
    print("ready", flush=True)
    sys.stdin.readline()
    written = []
    for turn in range(TURNS):
        key = f"{number}-{turn}"
        while True:
            update = {"action": "set-properties", "updates": {key: "x"}}
            try:
                catalog.at(ref).commit([("s", "counter", [], [update])])
            except Conflict:
                continue
            break
        written.append(key)
        lake.table(f"own{number}.t{turn}", ref)
        catalog.record("r1", [LedgerEntry(0, number, "node", key, "success", {}, 0.0)])
    print(json.dumps({"written": written}))


if __name__ == "__main__":
    main()
