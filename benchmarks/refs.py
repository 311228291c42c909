"""A run's ref over 10,000 tables, 100 of them changed, against copying the same rows in SQLite."""

import sqlite3
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

from benchmarks.harness import Row, Side, alternate, clock, compared, tell, worker

ROUNDS = 9
TABLES, CHANGED, SCHEMAS = 10_000, 100, 50
STEPS = ("create", "diff", "promote", "delete")
COPY = """
    INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location,
        previous_metadata_location, iceberg_type)
    SELECT 'copy', table_namespace, table_name, metadata_location, previous_metadata_location,
        iceberg_type FROM iceberg_tables WHERE catalog_name = 'main'"""


def measure(work: Path, rounds: int) -> list[Row]:
    sides = [Side(lambda s=s: worker("refs", s, work)) for s in ("ref", "copy")]
    ours, theirs = alternate(sides, rounds, "refs")
    peer = "one INSERT..SELECT in SQLite"
    what = f"{TABLES:,} tables, {CHANGED} changed"
    total = compared("refs", f"{what}: all four", peer, "<= 0.3 s", (ours, theirs), told="total")
    return [total, *(compared("refs", step, peer, "", (ours, theirs), told=step) for step in STEPS)]


def main(side: str, work: str) -> None:
    """One measurement in a lake of its own."""
    from dbt_phlo.catalogs.sql import SqlCatalog

    with tempfile.TemporaryDirectory(dir=work) as folder:
        file = Path(folder) / "catalog.db"
        catalog = SqlCatalog(f"sqlite:///{file}", f"file://{folder}")
        _fill(file)
        if side == "ref":
            tell(_run(catalog))
        else:
            tell(_copy(file))
        catalog.close()


def _run(catalog: Any) -> dict[str, float]:
    """The life of a run's ref, step by step."""
    from dbt_phlo.catalogs.values import RunRecord

    ref = "pipeline-run-1"
    record = RunRecord("1", ref, "main", "open", "", "bench", 0.0, 0.0, 0.0, 0, ("1",))
    seconds = {"create": clock(lambda: catalog.create_run(record, base="main"))}
    tables = catalog.at(ref)
    held = {key: value for key, value in tables.pointers().items() if key.kind == "table"}
    for key in list(held)[:CHANGED]:
        tables._pointers.swap([(key, held[key], f"{held[key]}.next")])
    seconds["diff"] = clock(lambda: catalog.diff(ref))
    seconds["promote"] = clock(lambda: catalog.promote(ref, run="1"))
    seconds["delete"] = clock(lambda: catalog.delete_ref(ref))
    return {**seconds, "total": sum(seconds.values())}


def _copy(file: Path) -> dict[str, float]:
    """What no copy of the pointers can be faster than."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA synchronous=NORMAL")

        def copied() -> None:
            connection.execute(COPY)
            connection.commit()

        seconds = clock(copied)
    return dict.fromkeys((*STEPS, "total"), seconds)


def _fill(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.executemany(
            "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, "
            "metadata_location, previous_metadata_location, iceberg_type) "
            "VALUES ('main', ?, ?, ?, NULL, 'TABLE')",
            [
                (f"s{n % SCHEMAS}", f"t{n}", f"file:///lake/s{n % SCHEMAS}/t{n}/{uuid.uuid4()}")
                for n in range(TABLES)
            ],
        )
        connection.executemany(
            "INSERT INTO iceberg_namespace_properties VALUES ('main', ?, 'exists', 'true')",
            [(f"s{n}",) for n in range(SCHEMAS)],
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
