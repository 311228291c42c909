"""`dbt parse` of 500 models, with phlo_duckdb and with stock dbt-duckdb."""

from pathlib import Path

from benchmarks import projects
from benchmarks.harness import Row, Side, alternate, compared

ROUNDS = 7
MODELS = 500


def measure(work: Path, rounds: int) -> list[Row]:
    lake = projects.generated(work / "lake", projects.PHLO, MODELS)
    native = projects.generated(work / "native", projects.STOCK, MODELS)
    sides = [Side(lambda p=p: p.dbt("parse", "--no-partial-parse")) for p in (lake, native)]
    ours, theirs = alternate(sides, rounds, "parse")
    return [compared("parse", f"{MODELS} models", "stock dbt-duckdb", "<= 1.05x", (ours, theirs))]
