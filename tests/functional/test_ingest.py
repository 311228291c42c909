"""A dbt Python model that returns a source is a whole pipeline: rows and cursor in one commit."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from lake import Lake

from dbt_phlo.loads import cursor

ORDERS = """
import json
from pathlib import Path

import dlt

UPSTREAM = Path(__file__).parents[1] / "upstream.json"


@dlt.resource(name="orders", primary_key="id")
def orders(at=dlt.sources.incremental("id", initial_value=0)):
    yield [row for row in json.loads(UPSTREAM.read_text()) if row["id"] >= at.last_value]


def model(dbt, session):
    dbt.config(materialized="ingest")
    return orders()
"""
SCHEMA = """
models:
  - name: raw_orders
    config: {CONFIG}
    columns:
      - {name: id, data_type: bigint, data_tests: [not_null, unique]}
      - name: amount
        data_type: decimal(9, 2)
        data_tests: [{phlo_range: {arguments: {max_value: MAX}}}]
"""


class Shop(Lake):
    """A lake with one ingested table, from a file that stands for the system upstream."""

    def ingesting(self, config: str = "", most: int = 1000, code: str = ORDERS) -> "Shop":
        self.write("models/raw_orders.py", code)
        text = SCHEMA.replace("CONFIG", config).replace("MAX", str(most))
        self.write("models/schema.yml", text)
        return self

    def upstream(self, ids: Iterable[int], **more: Any) -> None:
        rows = [{"id": number, "amount": number, **more} for number in ids]
        self.write("upstream.json", json.dumps(rows))

    def ids(self, ref: str = "main") -> list[int]:
        return [row[0] for row in self.rows("select id from lake.main.raw_orders order by id", ref)]

    def reached(self, ref: str = "main") -> Any:
        metadata = self.catalog().at(ref).metadata("main", "raw_orders")
        return cursor.last_values(cursor.read(metadata, "raw_orders")).get("orders.id")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop").ingesting()


def test_rows_and_cursor_arrive_together_and_the_next_run_goes_on(shop: Shop) -> None:
    shop.upstream(range(1, 11))
    first = shop.dbt("build")
    assert first.code == 0, first.text
    assert "10 rows" in first.text
    assert shop.ids() == list(range(1, 11))
    assert shop.reached() == 10
    shop.upstream(range(1, 16))
    assert shop.dbt("build").code == 0
    assert shop.ids() == list(range(1, 16))
    again = shop.dbt("build")
    assert again.code == 0
    assert "no data" in again.text
    assert shop.ids() == list(range(1, 16))


def test_the_system_columns_say_where_a_row_is_from(shop: Shop) -> None:
    shop.upstream(range(1, 4))
    assert shop.dbt("build", PHLO_RUN_ID="nightly-1").code == 0
    shop.upstream(range(1, 6))
    assert shop.dbt("build", PHLO_RUN_ID="nightly-2").code == 0
    rows = shop.rows(
        "select id, _phlo_run_id, _phlo_partition_date = current_date, _phlo_ingested_at <= now(),"
        " _phlo_row_id from lake.main.raw_orders order by id"
    )
    assert [row[1] for row in rows] == ["nightly-1"] * 3 + ["nightly-2"] * 2
    assert all(row[2] and row[3] for row in rows)
    ids = [row[4] for row in rows]
    assert ids == sorted(set(ids))


def test_a_failed_audit_takes_rows_and_cursor_back_and_the_next_run_has_them_all(
    shop: Shop,
) -> None:
    shop.upstream(range(1, 6))
    assert shop.dbt("build").code == 0
    shop.ingesting(most=7)
    shop.upstream(range(1, 11))
    assert shop.dbt("build").code == 1
    assert (shop.ids(), shop.reached()) == (list(range(1, 6)), 5)
    shop.ingesting(most=1000)
    assert shop.dbt("build").code == 0
    assert (shop.ids(), shop.reached()) == (list(range(1, 11)), 10)


@pytest.mark.parametrize("cursorless", [False, True])
def test_a_second_load_of_the_same_run_takes_the_place_of_the_first(
    shop: Shop, cursorless: bool
) -> None:
    if cursorless:
        code = ORDERS.replace("return orders()", "return json.loads(UPSTREAM.read_text())")
        shop.ingesting(code=code)
    shop.upstream(range(1, 4))
    for _ in range(2):
        shop.dbt("run", PHLO_RUN_ID="r1")
        assert shop.ids("pipeline-run-r1") == [1, 2, 3]
    shop.upstream(range(1, 6))
    shop.dbt("run", PHLO_RUN_ID="r1")
    assert shop.dbt("test", PHLO_RUN_ID="r1").code == 0
    assert shop.ids() == [1, 2, 3, 4, 5]


def test_a_table_is_made_from_its_yaml_where_the_source_has_nothing(shop: Shop) -> None:
    shop.upstream([])
    done = shop.dbt("build")
    assert done.code == 0, done.text
    assert "no data" in done.text
    assert shop.ids() == []
    described = dict(
        shop.rows("select column_name, column_type from (describe lake.main.raw_orders)")
    )
    assert (described["id"], described["amount"]) == ("BIGINT", "DECIMAL(9,2)")


def test_empty_makes_the_table_and_asks_no_source(shop: Shop) -> None:
    shop.write("models/raw_orders.py", ORDERS.replace("yield [", "1 / 0; yield ["))
    done = shop.dbt("build", "--empty", PHLO_RUN_ID="trial")
    assert done.code == 0, done.text
    assert shop.ids("pipeline-run-trial") == []


def test_full_refresh_begins_anew_in_one_commit(shop: Shop) -> None:
    shop.upstream(range(1, 6))
    assert shop.dbt("build").code == 0
    shop.upstream(range(3, 8))
    assert shop.dbt("build", "--full-refresh").code == 0
    assert (shop.ids(), shop.reached()) == ([3, 4, 5, 6, 7], 7)
    metadata = shop.catalog().at("main").metadata("main", "raw_orders")
    assert len(metadata["snapshots"]) == 2


def test_merge_updates_rows_of_a_key_and_adds_others(shop: Shop) -> None:
    code = ORDERS.replace("return orders()", "return json.loads(UPSTREAM.read_text())")
    shop.ingesting("incremental_strategy: merge, unique_key: id", code=code)
    shop.upstream(range(1, 6))
    assert shop.dbt("build").code == 0
    shop.write(
        "upstream.json",
        json.dumps([{"id": 4, "amount": 40}, {"id": 6, "amount": 1}, {"id": 6, "amount": 60}]),
    )
    done = shop.dbt("build")
    assert done.code == 0, done.text
    assert "1 updated, 1 duplicates left out" in done.text
    found = shop.rows("select id, amount::int from lake.main.raw_orders order by id")
    assert found == [(1, 1), (2, 2), (3, 3), (4, 40), (5, 5), (6, 60)]


def test_a_bad_row_fails_the_load_and_names_everything(shop: Shop) -> None:
    shop.write("upstream.json", json.dumps([{"id": 1, "amount": 1}, {"id": 2, "amount": 1.239}]))
    done = shop.dbt("build")
    assert done.code == 1
    for told in ("raw_orders: row 2", "amount", "1.239", "on_bad_rows: quarantine"):
        assert told in done.text, done.text
    assert not shop.catalog().at("main").exists("main", "raw_orders")


def test_bad_rows_go_into_quarantine_with_their_reasons(shop: Shop) -> None:
    shop.ingesting("meta: {phlo: {on_bad_rows: quarantine}}", most=100)
    rows = [{"id": 1, "amount": 1}, {"id": None, "amount": 2}, {"id": 3, "amount": "x"}]
    shop.write("upstream.json", json.dumps([*rows, {"id": 4, "amount": 400}]))
    code = ORDERS.replace("return orders()", "return json.loads(UPSTREAM.read_text())")
    shop.write("models/raw_orders.py", code)
    done = shop.dbt("build")
    assert done.code == 0, done.text
    assert "1 rows, 3 rejected" in done.text
    assert shop.ids() == [1]
    rejected = shop.rows(
        "select row_number, row, reasons from lake.main.raw_orders__rejected order by row_number"
    )
    assert [row[0] for row in rejected] == [2, 3, 4]
    assert json.loads(rejected[1][1]) == {"id": 3, "amount": "x"}
    assert [json.loads(row[2])[0]["column"] for row in rejected] == ["id", "amount", "amount"]


def test_a_load_that_is_begun_again_rejects_each_row_once(shop: Shop) -> None:
    code = ORDERS.replace("return orders()", "return json.loads(UPSTREAM.read_text())")
    shop.ingesting("meta: {phlo: {on_bad_rows: quarantine}}", code=code)
    shop.write("upstream.json", json.dumps([{"id": 1, "amount": 1}, {"id": 2, "amount": "x"}]))
    for _ in range(2):
        shop.dbt("run", PHLO_RUN_ID="r1")
    ref = "pipeline-run-r1"
    assert shop.rows("select count(*) from lake.main.raw_orders__rejected", ref) == [(1,)]
    assert shop.ids(ref) == [1]


@pytest.mark.parametrize(("most", "code"), [("2", 1), ("3", 0), ("0.5", 1), ("0.75", 0)])
def test_more_bad_rows_than_are_allowed_fail_the_load(shop: Shop, most: str, code: int) -> None:
    meta = f"meta: {{phlo: {{on_bad_rows: quarantine, max_bad_rows: {most}}}}}"
    shop.ingesting(meta)
    shop.upstream([1])
    text = json.loads((shop.folder / "upstream.json").read_text())
    shop.write("upstream.json", json.dumps([*text, *({"id": n, "amount": "x"} for n in (2, 3, 4))]))
    done = shop.dbt("build")
    assert done.code == code, done.text
    if code:
        assert "rows are bad so far" in done.text
        assert not shop.catalog().at("main").exists("main", "raw_orders__rejected")


@pytest.mark.parametrize("what", ["fail", "ignore", "add"])
def test_columns_that_the_yaml_does_not_declare(shop: Shop, what: str) -> None:
    shop.ingesting(f"meta: {{phlo: {{on_unknown_columns: {what}}}}}")
    shop.upstream(range(1, 3))
    assert shop.dbt("build").code == 0
    shop.upstream(range(1, 5), coupon="X")
    done = shop.dbt("build")
    assert done.code == (1 if what == "fail" else 0), done.text
    if what == "fail":
        assert "coupon" in done.text
    described = shop.rows("select column_name from (describe lake.main.raw_orders)")
    columns = [row[0] for row in described]
    assert ("coupon" in columns) == (what == "add")
    if what == "add":
        found = shop.rows("select id, coupon from lake.main.raw_orders order by id")
        assert found == [(1, None), (2, None), (3, "X"), (4, "X")]
        shop.upstream(range(1, 7), coupon="Y")
        assert shop.dbt("build").code == 0
        assert shop.rows("select count(coupon) from lake.main.raw_orders") == [(4,)]


def test_a_source_that_fails_is_told_without_a_traceback(shop: Shop) -> None:
    shop.ingesting("meta: {phlo: {retries: 2, retry_delay_seconds: 0.01}}")
    shop.write("models/raw_orders.py", ORDERS.replace("yield [", "1 / 0; yield ["))
    shop.upstream([1])
    done = shop.dbt("build")
    assert done.code == 1
    assert "the source failed: ZeroDivisionError: division by zero" in done.text


def test_secrets_of_a_source_do_not_reach_the_log(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP__API_KEY", "s3cr3t-k3y")
    fails = """key = dlt.secrets["shop.api_key"]
    raise ValueError(f"401 for /orders?key={key}")
    yield ["""
    shop.write("models/raw_orders.py", ORDERS.replace("yield [", fails))
    shop.upstream([1])
    done = shop.dbt("build")
    assert done.code == 1
    assert "ValueError: 401 for /orders?key=***" in done.text
    assert "s3cr3t-k3y" not in done.text
    assert "s3cr3t-k3y" not in (shop.folder / "logs" / "dbt.log").read_text()


def test_two_loads_at_once_of_one_branch_do_not_both_commit(shop: Shop) -> None:
    """Without a run, the one that is slower is refused: it has read an older cursor."""
    shop.upstream(range(1, 4))
    assert shop.dbt("build", PHLO_WAP="off").code == 0
    shop.upstream(range(1, 6))
    inner = """
    import os, subprocess, sys
    if not os.environ.get("INNER"):
        command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "run"]
        subprocess.run(command, cwd=UPSTREAM.parent, env={**os.environ, "INNER": "1"}, check=True)
    yield ["""
    shop.write("models/raw_orders.py", ORDERS.replace("\n    yield [", inner))
    done = shop.dbt("run", PHLO_WAP="off")
    assert done.code == 1
    assert "has moved" in done.text
    assert shop.ids() == [1, 2, 3, 4, 5]


def test_a_source_that_recovers_is_loaded_once(shop: Shop) -> None:
    shop.ingesting("meta: {phlo: {retries: 2, retry_delay_seconds: 0.01}}")
    flaky = """
    flag = UPSTREAM.with_name("seen")
    yield [{"id": 1, "amount": 1}]
    if not flag.exists():
        flag.touch()
        raise ConnectionResetError("reset by the server")
    yield ["""
    shop.write("models/raw_orders.py", ORDERS.replace("\n    yield [", flaky))
    shop.upstream([2, 3])
    done = shop.dbt("build")
    assert done.code == 0, done.text
    assert "attempt 2 of 3" in done.text
    assert "ConnectionResetError: reset by the server" in done.text
    assert shop.ids() == [1, 2, 3]


def test_a_source_that_hangs_is_ended_at_its_time(shop: Shop) -> None:
    shop.ingesting("meta: {phlo: {timeout_seconds: 2}}")
    shop.write(
        "models/raw_orders.py",
        ORDERS.replace("yield [", "import time; time.sleep(600); yield ["),
    )
    shop.upstream([1])
    done = shop.dbt("build")
    assert done.code == 1
    assert "did not end within 2 seconds" in done.text


def test_two_runs_of_one_source_the_second_is_refused_and_catches_up(shop: Shop) -> None:
    shop.upstream(range(1, 4))
    assert shop.dbt("build").code == 0
    shop.upstream(range(1, 6))
    for run in ("a", "b"):
        shop.dbt("run", PHLO_RUN_ID=run)
    assert shop.dbt("test", PHLO_RUN_ID="a").code == 0
    refused = shop.dbt("test", PHLO_RUN_ID="b")
    assert refused.code == 1
    assert "main.raw_orders" in refused.text
    assert shop.ids() == [1, 2, 3, 4, 5]
    shop.upstream(range(1, 8))
    assert shop.dbt("build").code == 0
    assert shop.ids() == [1, 2, 3, 4, 5, 6, 7]


def test_an_ingested_table_is_read_by_models_and_by_pyiceberg(shop: Shop) -> None:
    shop.upstream(range(1, 4))
    shop.write("models/orders.sql", "select sum(amount) as total from {{ ref('raw_orders') }}")
    assert shop.dbt("build").code == 0
    assert shop.rows("select total::int from lake.main.orders") == [(6,)]


def test_keys_of_ingestion_are_refused_on_other_models(shop: Shop) -> None:
    shop.write("models/x.sql", "{{ config(meta={'phlo': {'retries': 1}}) }} select 1 as a")
    done = shop.dbt("parse")
    assert done.code != 0
    assert "PHLO118" in done.text


def test_a_model_without_columns_is_told_what_to_do(shop: Shop) -> None:
    shop.write("models/schema.yml", "models: []\n")
    shop.upstream([1])
    done = shop.dbt("build")
    assert done.code == 1
    assert "PHLO940" in done.text
