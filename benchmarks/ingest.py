"""A load into an empty table, against pyarrow and one commit by hand, without any check."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.harness import Row, Side, alternate, both_clocks, compared, tell, worker

ROUNDS = 5
PAGE = 10_000
CASES = (
    ("dicts", 1_000_000, "<= 1.4x"),
    ("dlt", 1_000_000, "<= 1.4x"),
    ("arrow", 1_000_000, "<= 1.5x"),
    ("arrow", 10_000_000, "<= 1.5x"),
)
WHAT = {
    "dicts": "rows, an iterator of pages of dicts",
    "dlt": "rows, a dlt resource of pages of dicts",
    "arrow": "rows, an iterator of Arrow tables",
}


def measure(work: Path, rounds: int) -> list[Row]:
    rows = []
    for kind, count, goal in CASES:
        what = f"{count:,} {WHAT[kind]}"
        times = rounds if count < 10**7 else min(rounds, 3)
        sides = [
            Side(lambda s=side, k=kind, n=count: worker("ingest", s, work, k, n))
            for side in ("ours", "by_hand")
        ]
        found = alternate(sides, times, f"ingest, {what}")
        rows.append(
            compared("ingest", what, "pyarrow and a commit", goal, tuple(found), told="load")
        )
    return rows


def ours(work: Path, kind: str, count: int) -> None:
    """The whole load: conformed, validated where there is a rule, written, committed."""
    from dbt_phlo.loads.plan import Plan
    from dbt_phlo.loads.steps import Loading
    from dbt_phlo.loads.target import Lake

    tables, configuration = _lake(work)
    plan = Plan("orders", "s", "orders", _contract(), load_id="l", timeout_seconds=3600)
    lake = Lake(tables, configuration, lambda namespace, name: None)
    source = _source(kind, count)
    done = []

    def load() -> None:
        done.append(Loading(plan, lake, lambda: source, lambda text: None, work).load())

    figures = both_clocks("load", load)
    if done[0].rows != count:
        raise SystemExit(f"{done[0].rows} rows of {count}")
    tell(figures)


def by_hand(work: Path, kind: str, count: int) -> None:
    """The peer: what the rows cost at least, with types that happen to fit."""
    import pyarrow as pa

    from dbt_phlo.catalogs.iceberg import iceberg_table
    from dbt_phlo.contracts import arrow, iceberg

    tables, configuration = _lake(work)
    schema = {"type": "struct", **iceberg.schema_json(_contract())}
    tables.create_namespace("s")
    tables.create("s", {"name": "orders", "schema": schema})
    table = iceberg_table(tables, "s", "orders", configuration)
    wanted = arrow.schema(_contract())
    pages = _pages("dicts" if kind == "dlt" else kind, count)

    def load() -> None:
        with table.transaction() as transaction:
            waiting, rows = [], 0
            for page in pages:
                found = page if kind == "arrow" else pa.Table.from_pylist(page)
                waiting.append(found.cast(wanted))
                rows += found.num_rows
                if rows >= 1_000_000:
                    transaction.append(pa.concat_tables(waiting))
                    waiting, rows = [], 0
            if waiting:
                transaction.append(pa.concat_tables(waiting))

    tell(both_clocks("load", load))


def _lake(work: Path) -> tuple[Any, dict[str, Any]]:
    import uuid

    from dbt_phlo.catalogs import open_catalog
    from dbt_phlo.settings import catalog_configuration, warehouse_uri

    folder = work / uuid.uuid4().hex
    folder.mkdir(parents=True)
    configuration = catalog_configuration({}, warehouse_uri(str(folder / "lake"), folder))
    return open_catalog(configuration).at("main"), configuration


def _contract() -> Any:
    from dbt_phlo.contracts.contract import Column, Contract

    kinds = {
        "id": "long",
        "customer": "long",
        "state": "string",
        "amount": "double",
        "quantity": "int",
        "is_gift": "boolean",
        "at": "timestamptz",
        "day": "date",
        "email": "string",
        "note": "string",
    }
    return Contract("orders", tuple(Column(name, of) for name, of in kinds.items()))


def _source(kind: str, count: int) -> Any:
    if kind != "dlt":
        return _pages(kind, count)
    import dlt

    return dlt.resource(_pages("dicts", count), name="orders")


def _pages(kind: str, count: int) -> Iterator[Any]:
    """The same rows for both sides, made before the clock runs; pages of Arrow are larger."""
    from datetime import date, datetime, timedelta, timezone

    start = datetime(2024, 1, 1, tzinfo=timezone.utc)
    page = [
        {
            "id": number,
            "customer": number % 997,
            "state": ("new", "paid", "sent")[number % 3],
            "amount": number / 8,
            "quantity": number % 10,
            "is_gift": number % 2 == 0,
            "at": start + timedelta(seconds=number),
            "day": date(2024, 1, 1 + number % 28),
            "email": f"user{number}@example.com",
            "note": None if number % 5 else "as it is",
        }
        for number in range(PAGE)
    ]
    if kind == "dicts":
        return iter([page] * (count // PAGE))
    import pyarrow as pa

    table = pa.concat_tables([pa.Table.from_pylist(page)] * 10).combine_chunks()
    return iter([table] * (count // table.num_rows))


if __name__ == "__main__":
    {"ours": ours, "by_hand": by_hand}[sys.argv[1]](
        Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    )
