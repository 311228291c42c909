"""dbt projects to measure: the flights of integration_tests, and generated ones."""

import json
import random
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.harness import ROOT, Sample, run

FLIGHTS = ROOT / "integration_tests"
PHLO = """\
type: phlo_duckdb
      warehouse: ./lake
      database: lake
      schema: main
      threads: 4"""
CLASS_TEST = """\
      - pandera_contract:
          name: raw_flights_are_as_agreed
"""
STOCK = """\
type: duckdb
      path: lake.duckdb
      schema: main
      threads: 4"""


class Project:
    """A dbt project in a folder of its own, whose lake (or native file) can be reset."""

    def __init__(self, folder: Path, target: str) -> None:
        self.folder = folder
        self._write("profiles.yml", f"bench:\n  target: t\n  outputs:\n    t:\n      {target}\n")

    def reset(self) -> None:
        """Remove the data; what dbt has parsed stays."""
        shutil.rmtree(self.folder / "lake", ignore_errors=True)
        for file in self.folder.glob("lake.duckdb*"):
            file.unlink()

    def dbt(self, *arguments: str, wap: str = "off") -> Sample:
        """Run dbt in a fresh process; ``told['dbt']`` is the time that dbt itself reports."""
        command = [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", *arguments]
        sample = run(
            [*command, "--project-dir", ".", "--profiles-dir", "."],
            cwd=self.folder,
            env={"PHLO_WAP": wap},
        )
        if arguments[0] == "parse":
            return sample
        results = json.loads((self.folder / "target" / "run_results.json").read_text())
        return replace(sample, told={"dbt": results["elapsed_time"]})

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def flights(folder: Path, target: str, months: int = 3) -> Project:
    """A copy of the flights project with the first months delivered."""
    shutil.copytree(
        FLIGHTS,
        folder,
        ignore=shutil.ignore_patterns(
            "lake", "target", "logs", "deliveries", "*.db", "dbt_packages", "generated_schemas"
        ),
    )
    project = folder / "dbt_project.yml"
    project.write_text(project.read_text().replace("profile: flights_lake", "profile: bench"))
    bronze = folder / "models" / "bronze" / "_bronze.yml"
    bronze.write_text(bronze.read_text().replace(CLASS_TEST, ""))  # seconds of imports, on one side
    deliver = [sys.executable, FLIGHTS / "deliver.py", "--folder", folder / "deliveries"]
    run([*deliver, "reference"])
    for month in range(1, months + 1):
        run([*deliver, "month", str(month)])
    if target == STOCK:
        _stub_hooks(folder)
        for macro in (ROOT / "macros" / "tests").glob("phlo_*.sql"):
            shutil.copy(macro, folder / "macros")  # both sides have the same tests
    return Project(folder, target)


def generated(folder: Path, target: str, models: int) -> Project:
    """Small tables: ten sources of rows, and joins of two earlier models each."""
    chosen = random.Random(1)
    (folder / "models").mkdir(parents=True)
    hooks = '"{{ phlo_run_start() }}"\non-run-end: "{{ phlo_run_end(results) }}"'
    (folder / "dbt_project.yml").write_text(
        "name: small\nprofile: bench\nmodels: {small: {+materialized: table}}\n"
        f"on-run-start: {hooks}\n"
    )
    (folder / "macros").mkdir()
    schema_name = FLIGHTS / "macros" / "generate_schema_name.sql"  # both sides have a macro
    shutil.copy(schema_name, folder / "macros")
    for number in range(models):
        (folder / "models" / f"m{number}.sql").write_text(_model(number, chosen))
    if target == STOCK:
        _stub_hooks(folder)
    return Project(folder, target)


def _model(number: int, chosen: random.Random) -> str:
    if number < 10:
        return (
            "select i as id, i % 7 as k, 'n' || i as name, "
            "date '2024-01-01' + cast(i % 300 as integer) as d, cast(i * 1.5 as double) as v "
            f"from range({1000 + number}) as t(i)"
        )
    one, other = chosen.sample(range(max(0, number - 30), number), 2)
    return (
        "select a.id, b.k, a.name, a.d, a.v + coalesce(b.v, 0) as v "
        f"from {{{{ ref('m{one}') }}}} as a left join {{{{ ref('m{other}') }}}} as b using (id)"
    )


def _stub_hooks(folder: Path) -> None:
    """The two hook lines do nothing on stock dbt-duckdb."""
    (folder / "macros").mkdir(exist_ok=True)
    for name, arguments in (("phlo_run_start", ""), ("phlo_run_end", "results")):
        text = f"{{% macro {name}({arguments}) %}}{{% endmacro %}}\n"
        (folder / "macros" / f"{name}.sql").write_text(text)
