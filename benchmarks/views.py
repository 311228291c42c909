"""Opening a lake of 1,000 views over 100 tables, to the first answer, against one without views."""

import sys
from pathlib import Path

from benchmarks.harness import Row, Side, alternate, clock, compared, tell, worker
from benchmarks.lake import SCHEMA, OpenLake

ROUNDS = 9
TABLES, VIEWS = 100, 1000


def measure(work: Path, rounds: int) -> list[Row]:
    for side, views in (("views", VIEWS), ("none", 0)):
        (work / side).mkdir()
        worker("views", "make", work / side, str(views))
    sides = [Side(lambda s=s: worker("views", "open", work / s)) for s in ("views", "none")]
    ours, theirs = alternate(sides, rounds, "views")
    peer = f"{TABLES} tables, no view"
    return [
        compared(
            "views",
            f"{VIEWS:,} views, open and count a table",
            peer,
            "",
            (ours, theirs),
            told="table",
        ),
        compared(
            "views", "then count a view (a table there)", peer, "", (ours, theirs), told="view"
        ),
    ]


def make(folder: Path, views: int) -> None:
    """The lake that is opened."""
    lake = OpenLake(folder)
    for number in range(TABLES):
        lake.cursor.execute(f"create table lake.{SCHEMA}.t{number} as select {number} as id")
    for number in range(views):
        sql = f"select id + {number} as id from lake.{SCHEMA}.t{number % TABLES}"
        lake.environment.tables.put_view(SCHEMA, f"v{number}", {"sql": sql, "dialect": "duckdb"})
    lake.close()


def opened(folder: Path) -> None:
    """The time from nothing to the first answer."""
    import dbt_phlo.adapters.duckdb.environment  # noqa: F401 - the import is not measured

    lakes: list[OpenLake] = []

    def first() -> None:
        lakes.append(OpenLake(folder))
        count("t7")

    def count(name: str) -> None:
        lakes[0].cursor.execute(f"select count(*) from {name}").fetchall()

    table = clock(first)
    view = "v8" if lakes[0].environment.views.named() else "t8"
    tell({"table": table, "view": clock(lambda: count(view))})
    lakes[0].close()


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        opened(Path(sys.argv[2]))
