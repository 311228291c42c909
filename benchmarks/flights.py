"""The flights project on a lake against stock dbt-duckdb on its native file: a full build."""

from pathlib import Path

from benchmarks import projects
from benchmarks.harness import Row, Side, alternate, compared

ROUNDS = 5


def measure(work: Path, rounds: int) -> list[Row]:
    lake = projects.flights(work / "lake", projects.PHLO)
    native = projects.flights(work / "native", projects.STOCK)
    sides = [Side(lambda p=p: p.dbt("build"), p.reset) for p in (lake, native)]
    ours, theirs = alternate(sides, rounds, "flights")
    peer = "stock dbt-duckdb"
    return [
        compared("flights", "dbt build, wap: off", peer, "<= 1.2x", (ours, theirs)),
        compared("flights", "dbt's own seconds", peer, "", (ours, theirs), told="dbt"),
    ]
