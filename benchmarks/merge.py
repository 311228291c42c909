"""A load merged into a table by its key, against pyiceberg's upsert and copy-on-write by hand.

pyiceberg's upsert is measured once, with 100,000 rows, and stopped after ``LIMIT`` seconds: with a
million rows into a million it takes minutes.
"""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.harness import (
    Row,
    Sample,
    Side,
    alternate,
    both_clocks,
    compared,
    say,
    tell,
    worker,
)
from benchmarks.one_scan import TABLE

ROUNDS = 5
LIMIT = 120
MILLION = 1_000_000
BY_HAND = "copy-on-write by hand"
CASES = (("t1", 100_000, 900_000), ("t1", MILLION, 0))
"""Table, rows of the load, and the first id of them; every one is in the table."""


def measure(work: Path, rounds: int) -> list[Row]:
    worker("merge", "make", work, "t1", MILLION, 0)
    rows = []
    for table, count, first in CASES:
        what = f"{count:,} rows into {MILLION:,}"
        sides = [_side(side, work, table, count, first) for side in ("ours", "by_hand")]
        ours, theirs = alternate(sides, rounds, f"merge, {what}")
        rows.append(compared("merge", what, BY_HAND, "<= 1x", (ours, theirs), told="merge"))
        if count < MILLION:
            say(f"merge, {what}: pyiceberg's upsert, at most {LIMIT} s")
            upsert = [worker("merge", "upsert", work, table, count, first)]
            peer = f"pyiceberg's Table.upsert, at most {LIMIT} s"
            rows.append(compared("merge", what, peer, "<= 0.1x", (ours, upsert), told="merge"))
    worker("merge", "make", work, "t10", 10 * MILLION, 0)
    sides = [
        _side("ours", work, "t10", 50_000, 5_500_000),
        _side("ours", work, "t1", 50_000, 500_000),
    ]
    large, small = alternate(sides, rounds, "merge, 50,000 rows that touch one file")
    rows.append(
        compared(
            "merge",
            "50,000 rows into one file of 10,000,000",
            "the same into 1,000,000",
            "<= 1.2x",
            (large, small),
            told="merge",
        )
    )
    return rows


def make(lake: "Lake", table: str, count: int, first: int) -> None:
    """A table of files of a million rows, by rising id."""
    from dbt_phlo.loads.writing.commit import commit
    from dbt_phlo.loads.writing.data_files import DataFileWriter

    load = _load(1, 0)
    request = {"name": table, "schema": _schema(load)}
    lake.tables.create("s", request)
    opened = lake.opened(table)
    with DataFileWriter(opened) as writer:
        for start in range(first, first + count, MILLION):
            writer.write(_load(min(MILLION, count), start))
    commit(opened, added=writer.files)


def ours(lake: "Lake", table: str, count: int, first: int) -> None:
    from dbt_phlo.loads.writing.commit import commit
    from dbt_phlo.loads.writing.data_files import DataFileWriter
    from dbt_phlo.loads.writing.merge import merge

    load, opened = _load(count, first), lake.opened(table)

    def run() -> None:
        with DataFileWriter(opened) as writer:
            writer.write(load)
        change = merge(opened, writer.files, ["id"])
        if len(change.removed) != 1 or change.updated != count:
            raise SystemExit(f"not what was to be merged: {change.updated} rows")
        commit(opened, added=change.added, removed=change.removed)

    tell(both_clocks("merge", run))


def by_hand(lake: "Lake", table: str, count: int, first: int) -> None:
    """Every file that the bounds of the load touch: read, anti-joined, written again."""
    import duckdb
    import pyarrow as pa
    from pyiceberg.expressions import AlwaysTrue, And, GreaterThanOrEqual, LessThan
    from pyiceberg.io.pyarrow import ArrowScan, _dataframe_to_data_files

    load, opened = _load(count, first), lake.opened(table)
    touched = And(GreaterThanOrEqual("id", first), LessThan("id", first + count))

    def run() -> None:
        with duckdb.connect() as engine, opened.transaction() as transaction:
            engine.register("load", load)
            metadata, parts = opened.metadata, [load]
            with transaction.update_snapshot().overwrite() as snapshot:
                for task in opened.scan(row_filter=touched).plan_files():
                    scan = ArrowScan(metadata, opened.io, opened.schema(), AlwaysTrue())
                    engine.register("held", scan.to_table([task]))
                    kept = engine.execute("select * from held anti join load using (id)")
                    parts.append(kept.to_arrow_table().cast(load.schema))
                    snapshot.delete_data_file(task.file)
                rows = pa.concat_tables(parts)
                for file in _dataframe_to_data_files(metadata, rows, opened.io):
                    snapshot.append_data_file(file)

    tell(both_clocks("merge", run))


def upsert(lake: "Lake", table: str, count: int, first: int) -> None:
    """pyiceberg's own; what it has not done after ``LIMIT`` seconds it does not do."""

    class Stopped(Exception):
        pass

    def stop(*_: object) -> None:
        raise Stopped

    load, opened = _load(count, first), lake.opened(table)

    def run() -> None:
        try:
            opened.upsert(load, join_cols=["id"])
        except Stopped:
            say(f"pyiceberg's upsert was stopped after {LIMIT} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT)
    tell(both_clocks("merge", run))


class Lake:
    """A lake in a folder, on a branch of its own, so that each round finds the same table."""

    def __init__(self, folder: Path, branch: str) -> None:
        from dbt_phlo.catalogs import open_catalog
        from dbt_phlo.settings import catalog_configuration, warehouse_uri

        self.configuration = catalog_configuration({}, warehouse_uri(str(folder / "lake"), folder))
        catalog = open_catalog(self.configuration)
        if branch != "main":
            catalog.create_ref(branch, "main", kind="branch")
        self.tables = catalog.at(branch)
        if "s" not in self.tables.namespaces():
            self.tables.create_namespace("s")

    def opened(self, table: str) -> Any:
        from dbt_phlo.catalogs.iceberg import iceberg_table

        return iceberg_table(self.tables, "s", table, self.configuration)


def _side(side: str, work: Path, table: str, count: int, first: int) -> Side:
    measured: Callable[[], Sample] = lambda: worker(  # noqa: E731
        "merge", side, work, table, count, first
    )
    return Side(measured)


def _load(count: int, first: int) -> Any:
    """Rows of ten columns, with ids from ``first``."""
    import duckdb

    shifted = f"select * replace (id + {first} as id) from ({TABLE.format(rows=count)})"
    with duckdb.connect() as engine:
        rows = engine.execute(shifted).to_arrow_table()
    import pyarrow as pa

    moment = rows.schema.get_field_index("moment")
    return rows.set_column(moment, "moment", rows["moment"].cast(pa.timestamp("us", tz="UTC")))


def _schema(load: Any) -> dict[str, Any]:
    types = {
        "id": "long", "customer": "long", "code": "string", "state": "string",
        "amount": "decimal(9, 2)", "ratio": "double", "day": "date", "moment": "timestamptz",
        "age": "int", "is_new": "boolean",
    }  # fmt: skip
    return {
        "type": "struct",
        "fields": [
            {"id": number, "name": name, "type": types[name], "required": False}
            for number, name in enumerate(load.schema.names, 1)
        ],
    }


if __name__ == "__main__":
    import uuid

    _, _side_name, _work, _table, _count, _first = sys.argv
    _branch = "main" if _side_name == "make" else f"b{uuid.uuid4().hex}"
    _action = {"make": make, "ours": ours, "by_hand": by_hand, "upsert": upsert}[_side_name]
    _action(Lake(Path(_work), _branch), _table, int(_count), int(_first))
