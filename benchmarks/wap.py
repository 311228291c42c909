"""Write-Audit-Publish against writing the branch directly: a full build of the flights project."""

from pathlib import Path

from benchmarks import projects
from benchmarks.harness import Row, Sample, Side, alternate, compared

ROUNDS = 5


def measure(work: Path, rounds: int) -> list[Row]:
    project = projects.flights(work / "flights", projects.PHLO)

    def build(wap: str) -> Side:
        def measured() -> Sample:
            return project.dbt("build", wap=wap)

        return Side(measured, project.reset)

    on, off = alternate([build("auto"), build("off")], rounds, "wap")
    return [
        compared("wap", "flights, dbt build", "wap: off", "<= 1.05x", (on, off)),
        compared("wap", "flights, dbt's own seconds", "wap: off", "", (on, off), told="dbt"),
    ]
