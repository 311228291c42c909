"""What small statements cost on a quiet lake, against DuckDB's own tables in memory."""

import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.harness import Row, Side, alternate, clock, compared, tell, worker
from benchmarks.lake import SCHEMA, OpenLake

ROUNDS = 5
REPEATS = 40
CREATE, COUNT, REBUILD = "create a table of 1,000 rows", "count", "rebuild in place"
OPEN = "open: endpoint, extensions, attach"
QUERY = """
    select i as id, i % 7 as k, 'name' || i as name, cast(i * 1.5 as double) as v
    from range(1000) as t(i)"""


def measure(work: Path, rounds: int) -> list[Row]:
    sides = [Side(lambda s=s: worker("latency", s, work)) for s in ("lake", "memory")]
    ours, theirs = alternate(sides, rounds, "latency")
    return [
        compared("latency", what, "DuckDB in memory", "", (ours, theirs), told=what)
        for what in (CREATE, COUNT, REBUILD, OPEN)
    ]


def main(side: str, work: str) -> None:
    """The medians of one process."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        tell(_lake(Path(folder)) if side == "lake" else _memory())


def _lake(folder: Path) -> dict[str, float]:
    import dbt_phlo.adapters.duckdb.environment  # noqa: F401 - the import is not measured

    opened: list[OpenLake] = []
    opening = clock(lambda: opened.append(OpenLake(folder)))
    lake = opened[0]

    def create(number: int) -> None:
        lake.cursor.execute(f"create table lake.{SCHEMA}.t{number} as {QUERY}")

    figures = {
        CREATE: _median(create),
        COUNT: _median(lambda n: lake.cursor.execute(f"select count(*) from t{n}").fetchall()),
        REBUILD: _median(lambda n: lake.rebuild("t0", QUERY)),
        OPEN: opening,
    }
    lake.close()
    return figures


def _memory() -> dict[str, float]:
    import duckdb

    connections = []
    opening = clock(lambda: connections.append(duckdb.connect()))
    connection = connections[0]

    def create(number: int) -> None:
        connection.execute(f"create table t{number} as {QUERY}")

    return {
        CREATE: _median(create),
        COUNT: _median(lambda n: connection.execute(f"select count(*) from t{n}").fetchall()),
        REBUILD: _median(lambda n: connection.execute(f"create or replace table t0 as {QUERY}")),
        OPEN: opening,
    }


def _median(action: object) -> float:
    return median(clock(lambda n=n: action(n)) for n in range(REPEATS))


if __name__ == "__main__":
    main(*sys.argv[1:])
