"""Real sources of dlt, as docs/ingestion.md shows them: rest_api, sql_database, filesystem."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lake import Lake
from rest_server import Api, serving

REST = """
from dlt.sources.rest_api import rest_api_source


def model(dbt, session):
    dbt.config(materialized="ingest", incremental_strategy="merge", unique_key="id")
    api = {
        "client": {"base_url": dbt.config.get("meta")["api"]},
        "resources": [
            {
                "name": "orders",
                "endpoint": {
                    "path": "orders",
                    "data_selector": "data",
                    "params": {"since": "{incremental.start_value}"},
                    "incremental": {"cursor_path": "updated_at", "initial_value": "2026-01-01"},
                    "paginator": {
                        "type": "page_number", "base_page": 1, "total_path": "total_pages"
                    },
                },
            }
        ],
    }
    return rest_api_source(api).orders
"""
SCHEMA = """
models:
  - name: raw_orders
    config:
      meta:
        api: URL
        phlo: {retries: RETRIES, retry_delay_seconds: 0.05, timeout_seconds: TIME}
    columns:
      - {name: id, data_type: bigint, data_tests: [not_null, unique]}
      - {name: amount, data_type: "decimal(9, 2)"}
      - {name: updated_at, data_type: timestamp with time zone}
      - {name: address, data_type: "struct(city varchar, zip varchar)"}
      - {name: tags, data_type: "varchar[]"}
"""


def _order(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "amount": f"{number}.50",
        "updated_at": f"2026-01-{number:02}T00:00:00Z",
        "address": {"city": "Bern", "zip": "03012"},
        "tags": ["a", f"b{number}"],
        **more,
    }


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")  # dlt's own, within our attempts
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.01")
    with serving() as found:
        yield found


def _project(lake: Lake, api: Api, retries: int = 2, seconds: float = 60) -> Lake:
    lake.write("models/raw_orders.py", REST)
    text = SCHEMA.replace("URL", api.url).replace("RETRIES", str(retries))
    lake.write("models/schema.yml", text.replace("TIME", str(seconds)))
    return lake


def _rows(lake: Lake) -> list[tuple[Any, ...]]:
    columns = "id, amount::varchar, address.zip, tags[2]"
    return lake.rows(f"select {columns} from lake.main.raw_orders order by id")


def test_a_rest_api_is_read_page_by_page_and_then_from_its_cursor(lake: Lake, api: Api) -> None:
    _project(lake, api)
    api.orders = [_order(number) for number in range(1, 10)]
    assert lake.dbt("build").code == 0
    assert _rows(lake) == [(n, f"{n}.50", "03012", f"b{n}") for n in range(1, 10)]
    asked = len(api.asked)
    api.orders += [_order(10), _order(9, amount="99.00")]
    done = lake.dbt("build")
    assert done.code == 0, done.text
    assert "since=2026-01-09" in api.asked[asked]
    assert len(api.asked) == asked + 1
    assert _rows(lake)[8:] == [(9, "99.00", "03012", "b9"), (10, "10.50", "03012", "b10")]


@pytest.mark.parametrize("fault", [500, 429, "broken"])
def test_a_page_that_fails_is_asked_for_again(lake: Lake, api: Api, fault: int | str) -> None:
    _project(lake, api)
    api.orders = [_order(number) for number in range(1, 10)]
    api.faults.extend([fault] * 2)
    done = lake.dbt("build")
    assert done.code == 0, done.text
    assert len(_rows(lake)) == 9


def test_a_page_that_stays_away_is_told_and_commits_nothing(lake: Lake, api: Api) -> None:
    api.orders = [_order(number) for number in range(1, 10)]
    api.faults.extend(["hang"])
    _project(lake, api, retries=0, seconds=2)
    done = lake.dbt("build")
    assert done.code == 1
    assert "did not end within 2 seconds" in done.text
    assert not lake.catalog().at("main").exists("main", "raw_orders")


def test_a_path_that_is_not_there_is_told_at_once(lake: Lake, api: Api) -> None:
    _project(lake, api)
    api.faults.extend([404] * 5)
    done = lake.dbt("build")
    # the rest_api source of dlt takes 404 for an error, unless its config says that it is none
    assert done.code == 1, done.text
    assert "404" in done.text
    assert len(api.asked) == 1


def test_a_database_is_read_table_by_table(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("create table orders (id integer primary key, state text, price real)")
        database.executemany(
            "insert into orders values (?, ?, ?)", [(n, "new", n / 4) for n in range(1, 1001)]
        )
    lake.write(
        "models/raw_orders.py",
        f"""
import dlt
from dlt.sources.sql_database import sql_table


def model(dbt, session):
    dbt.config(materialized="ingest")
    return sql_table(
        credentials="sqlite:///{path}",
        table="orders",
        incremental=dlt.sources.incremental("id"),
    )
""",
    )
    lake.write(
        "models/schema.yml",
        "models: [{name: raw_orders, columns: [{name: id, data_type: bigint},"
        " {name: state, data_type: varchar}, {name: price, data_type: double}]}]\n",
    )
    done = lake.dbt("build")
    assert done.code == 0, done.text
    with sqlite3.connect(path) as database:
        database.execute("insert into orders values (1001, 'paid', 1.5)")
    assert lake.dbt("build").code == 0
    found = lake.rows("select count(*), max(id), sum(price) from lake.main.raw_orders")
    assert found == [(1001, 1001, sum(n / 4 for n in range(1, 1001)) + 1.5)]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_files_are_read_with_codes_that_begin_with_zero(
    lake: Lake, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "delivered"
    folder.mkdir()
    rows = [{"code": "007", "n": 1}, {"code": "012", "n": 2}]
    _deliver(folder, kind, rows)
    lake.write(
        "models/raw_codes.py",
        f'''
from dlt.sources.filesystem import filesystem, read_csv, read_jsonl, read_parquet


def model(dbt, session):
    dbt.config(materialized="ingest")
    files = filesystem(bucket_url="{folder.as_uri()}", file_glob="*.{kind}")
    return files | read_{kind}({"dtype=str" if kind == "csv" else ""})
''',
    )
    lake.write(
        "models/schema.yml",
        "models: [{name: raw_codes, columns: [{name: code, data_type: varchar},"
        " {name: n, data_type: integer}]}]\n",
    )
    done = lake.dbt("build")
    assert done.code == 0, done.text
    assert lake.rows("select code, n from lake.main.raw_codes order by n") == [
        ("007", 1),
        ("012", 2),
    ]


def _deliver(folder: Path, kind: str, rows: list[dict[str, Any]]) -> None:
    import pandas

    frame = pandas.DataFrame(rows)
    file = folder / f"codes.{kind}"
    if kind == "csv":
        frame.to_csv(file, index=False)
    elif kind == "jsonl":
        frame.to_json(file, orient="records", lines=True)
    else:
        frame.to_parquet(file)
    assert file.stat().st_size
