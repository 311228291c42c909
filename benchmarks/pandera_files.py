"""Contracts and Pandera files of 1,000 models x 30 columns, from a manifest that is loaded."""

import gc
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import projects
from benchmarks.harness import Row, Side, alternate, both_clocks, compared, tell, worker

ROUNDS = 5
MODELS = 1_000
COLUMNS = 30
FILES = "contracts and files"
MEMORY = Path("/dev/shm")
TYPES = (
    "bigint",
    "varchar(20)",
    "decimal(12, 2)",
    "date",
    "timestamp with time zone",
    "double",
    "boolean",
    "integer",
    "varchar[]",
    "struct(x integer, y varchar)",
)
TESTS = {
    0: "[not_null, unique]",
    1: "[{accepted_values: {arguments: {values: [new, paid, sent, lost]}}}]",
    2: "[not_null, {phlo_range: {arguments: {min_value: 0, max_value: 1000}}}]",
    3: "[{not_null: {config: {severity: warn}}}]",
}


def measure(work: Path, rounds: int) -> list[Row]:
    project = projects.generated(work / "project", projects.PHLO, MODELS)
    (project.folder / "models" / "schema.yml").write_text(_yaml())
    project.dbt("parse")
    manifest = project.folder / "target" / "partial_parse.msgpack"
    memory = MEMORY if MEMORY.is_dir() else work  # what a disk takes for a file is not ours
    with tempfile.TemporaryDirectory(dir=memory, prefix="dbt-phlo-") as folder:
        sides = [
            Side(lambda s=side: worker("pandera_files", s, manifest, Path(folder) / s))
            for side in ("files", "manifest")
        ]
        ours, theirs = alternate(sides, rounds, "pandera_files")
    return [
        compared(
            "pandera_files",
            f"{MODELS:,} models x {COLUMNS} columns",
            "dbt writing manifest.json",
            "<= 1 s",
            (ours, theirs),
            told=FILES,
        )
    ]


def files(path: Path, out: Path) -> None:
    """Ours: every contract, and its module written to a folder."""
    import sqlglot.dialects.duckdb  # noqa: F401  what reads types; once an invocation

    from dbt_phlo.contracts.manifest_source import contracts
    from dbt_phlo.contracts.pandera import folder

    manifest = _loaded(path)
    gc.disable()  # as `dbt-phlo schema generate` does
    shutil.rmtree(out, ignore_errors=True)

    def write() -> None:
        found = contracts(manifest, "duckdb", path.parents[1])
        by_name = {contract.name: contract for contract in found.values()}
        folder.planned(out, by_name, "polars", whole=True).carry_out()

    figures = both_clocks(FILES, write)
    if len(list(out.glob("m*.py"))) != MODELS:
        raise SystemExit("not every model has a file")
    tell(figures)


def manifest(path: Path, out: Path) -> None:
    """The peer: what dbt itself writes of the same manifest at every command."""
    loaded = _loaded(path)
    out.mkdir(exist_ok=True)
    tell(both_clocks(FILES, lambda: loaded.write(str(out / "manifest.json"))))


def _loaded(path: Path) -> "dbt.contracts.graph.manifest.Manifest":  # noqa: F821
    from argparse import Namespace

    from dbt.contracts.graph.manifest import Manifest
    from dbt.flags import set_from_args

    set_from_args(Namespace(SEND_ANONYMOUS_USAGE_STATS=False), {})
    loaded = Manifest.from_msgpack(path.read_bytes())
    gc.collect()  # what loading leaves behind is no work of what is measured
    return loaded


def _yaml() -> str:
    lines = ["version: 2", "models:"]
    for model in range(MODELS):
        lines += [
            f"  - name: m{model}",
            f"    description: What model {model} holds.",
            "    columns:",
        ]
        for number in range(COLUMNS):
            lines += [
                f"      - name: column_{number}",
                f"        data_type: {TYPES[number % len(TYPES)]}",
                f"        description: Column {number} of the model, and what it means.",
            ]
            if number in TESTS:
                lines.append(f"        data_tests: {TESTS[number]}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    {"files": files, "manifest": manifest}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
