"""100 small table models, rebuilt: phlo_duckdb against stock dbt-duckdb on its native file."""

from pathlib import Path

from benchmarks import projects
from benchmarks.harness import Row, Side, alternate, compared

ROUNDS = 7
MODELS = 100


def measure(work: Path, rounds: int) -> list[Row]:
    direct = projects.generated(work / "direct", projects.PHLO, MODELS)
    isolated = projects.generated(work / "isolated", projects.PHLO, MODELS)
    native = projects.generated(work / "native", projects.STOCK, MODELS)
    sides = [
        Side(lambda: direct.dbt("run")),
        Side(lambda: isolated.dbt("run", wap="auto")),
        Side(lambda: native.dbt("run")),
    ]
    off, auto, theirs = alternate(sides, rounds, "small")
    peer = "stock dbt-duckdb"
    return [
        compared("small", "dbt run, wap: off", peer, "<= 1.0x", (off, theirs)),
        compared("small", "dbt's own seconds, wap: off", peer, "", (off, theirs), told="dbt"),
        compared("small", "dbt run, wap: auto", peer, "", (auto, theirs)),
        compared("small", "dbt's own seconds, wap: auto", peer, "", (auto, theirs), told="dbt"),
    ]
