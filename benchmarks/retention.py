"""Promotion and cleanup with 10,000 tables and 1,000 old refs, against the same without them."""

import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.harness import Row, Side, alternate, clock, compared, say, tell, worker

ROUNDS = 3
TABLES, SCHEMAS, OLD, CHANGED = 10_000, 50, 1000, 100
COPIES = (
    "INSERT INTO iceberg_tables SELECT ?, table_namespace, table_name, metadata_location, "
    "previous_metadata_location, iceberg_type FROM iceberg_tables WHERE catalog_name = 'main'",
    "INSERT INTO iceberg_namespace_properties SELECT ?, namespace, property_key, property_value "
    "FROM iceberg_namespace_properties WHERE catalog_name = 'main'",
    "INSERT INTO phlo_base SELECT ?, 'table', table_namespace, table_name, metadata_location "
    "FROM iceberg_tables WHERE catalog_name = 'main'",
)


def measure(work: Path, rounds: int) -> list[Row]:
    """Each side begins anew from a lake that was made once; every round deletes what is old."""
    for side in ("many", "few"):
        (work / side).mkdir()
        worker("retention", "make", work / side, side)
    sides = [
        Side(
            lambda s=s: worker("retention", "measure", work / s),
            prepare=lambda s=s: _restore(work / s),
        )
        for s in ("many", "few")
    ]
    ours, theirs = alternate(sides, rounds, "retention")
    what, peer = f"{TABLES:,} tables, {OLD:,} old refs", f"{TABLES:,} tables, 1 old ref"
    steps = {
        "begin": "begin a run",
        "promote": f"promote it, {CHANGED} changed",
        "dry": "cleanup, dry run",
        "cleanup": "cleanup",
        "again": "cleanup with nothing to do",
    }
    return [
        compared("retention", f"{what}: {said}", peer, "", (ours, theirs), told=step)
        for step, said in steps.items()
    ]


def make(folder: Path, side: str) -> None:
    """Tables with files, and old refs: the runs of weeks, each of which has changed a table."""
    from dbt_phlo.catalogs import open_catalog

    configuration = _configuration(folder)
    catalog = open_catalog(configuration)
    _fill(catalog)
    catalog.close()
    with closing(sqlite3.connect(folder / "lake" / "catalog.db", isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF")
        now = time.time()
        for number in range(OLD if side == "many" else 1):
            if number % 100 == 0:
                say(f"retention: {number} of {OLD} old refs")
            ref = f"pipeline-run-old-{number}"
            database.execute("BEGIN")
            database.execute(
                "INSERT INTO phlo_refs VALUES (?, 'run', 'main', 0, ?, ?)", (ref, now, now - 1)
            )
            database.execute(
                "INSERT INTO phlo_runs VALUES (?, ?, 'main', 'promoted', '', 'bench', ?, ?, 0, 1)",
                (f"old-{number}", ref, now, now),
            )
            for sql in COPIES:
                database.execute(sql, (ref,))
            database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _copy(folder / "lake" / "catalog.db", folder / "made.db")


def _fill(catalog: Any) -> None:
    """Tables of one file each, written as the catalog writes them."""
    from dbt_phlo.catalogs.values import Key

    tables = catalog.at("main")
    schema = {
        "type": "struct",
        "fields": [{"id": 1, "name": "i", "type": "int", "required": False}],
    }
    for number in range(SCHEMAS):
        tables.create_namespace(f"s{number}")
    moves = []
    for number in range(TABLES):
        if number % 1000 == 0:
            say(f"retention: {number} of {TABLES} tables")
        namespace, name = f"s{number % SCHEMAS}", f"t{number}"
        staged = tables.stage(namespace, {"name": f"{name}", "schema": schema})
        location = staged["location"]
        _write_data(catalog.stored, staged)
        value = f"{location}/metadata/00000-0.metadata.json"
        import json

        catalog.stored.write(value, json.dumps(staged).encode())
        moves.append((Key("table", namespace, name), None, value))
    tables._pointers.swap(moves)


def _write_data(stored: Any, staged: dict[str, Any]) -> None:
    """A snapshot with a manifest list, a manifest and a data file."""
    from io import BytesIO

    import fastavro

    location = staged["location"]
    data, manifest = f"{location}/data/a.parquet", f"{location}/metadata/m0.avro"
    stored.write(data, b"PAR1" * 100)
    entry = {"status": 1, "data_file": {"file_path": data}}
    for name, record, rows in (
        ("m0", MANIFEST, [entry]),
        ("snap-1", MANIFEST_LIST, [{"manifest_path": manifest}]),
    ):
        out = BytesIO()
        fastavro.writer(out, record, rows)
        stored.write(f"{location}/metadata/{name}.avro", out.getvalue())
    staged["snapshots"] = [
        {
            "snapshot-id": 1,
            "timestamp-ms": staged["last-updated-ms"],
            "manifest-list": f"{location}/metadata/snap-1.avro",
        }
    ]
    staged["current-snapshot-id"] = 1


def measured(folder: Path) -> None:
    """One run begins and is promoted; then what is old goes."""
    from dbt_phlo.catalogs import open_catalog
    from dbt_phlo.catalogs.values import RunRecord
    from dbt_phlo.runs.cleanup import cleanup

    catalog: Any = open_catalog(_configuration(folder))
    ref = "pipeline-run-new"
    record = RunRecord("new", ref, "main", "open", "", "bench", 0.0, 0.0, 0.0, 0, ("new",))
    figures = {"begin": clock(lambda: catalog.create_run(record, base="main"))}
    tables = catalog.at(ref)
    for number in range(CHANGED):
        update = {"action": "set-properties", "updates": {"changed": "yes"}}
        tables.commit([(f"s{number % SCHEMAS}", f"t{number}", [], [update])])
    figures["promote"] = clock(lambda: catalog.promote(ref, run="new"))
    figures["dry"] = clock(lambda: cleanup(catalog, None, dry_run=True))
    figures["cleanup"] = clock(lambda: cleanup(catalog, None))
    figures["again"] = clock(lambda: cleanup(catalog, None))
    assert [found.name for found in catalog.refs()] == ["main", ref]
    catalog.close()
    tell(figures)


def _configuration(folder: Path) -> dict[str, Any]:
    from dbt_phlo.settings import catalog_configuration, warehouse_uri

    return catalog_configuration({"type": "sql"}, warehouse_uri(str(folder / "lake"), folder))


def _restore(folder: Path) -> None:
    lake = folder / "lake"
    for name in ("catalog.db-wal", "catalog.db-shm"):
        (lake / name).unlink(missing_ok=True)
    _copy(folder / "made.db", lake / "catalog.db")


def _copy(source: Path, target: Path) -> None:
    import shutil

    shutil.copyfile(source, target)


MANIFEST_LIST = {
    "type": "record",
    "name": "manifest_file",
    "fields": [{"name": "manifest_path", "type": "string"}],
}
MANIFEST = {
    "type": "record",
    "name": "manifest_entry",
    "fields": [
        {"name": "status", "type": "int"},
        {
            "name": "data_file",
            "type": {
                "type": "record",
                "name": "r2",
                "fields": [{"name": "file_path", "type": "string"}],
            },
        },
    ],
}

if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), sys.argv[3])
    else:
        measured(Path(sys.argv[2]))
