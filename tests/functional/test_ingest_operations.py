"""Run-operations of ingestion: phlo_ingest, phlo_state, phlo_rejected; and a process that dies."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from lake import Lake, Outcome
from test_ingest import ORDERS, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop").ingesting()


def _operate(shop: Lake, operation: str, wap: str = "off", **arguments: Any) -> Outcome:
    return shop.dbt("run-operation", operation, "--args", json.dumps(arguments), PHLO_WAP=wap)


def test_a_cursor_is_shown_set_and_forgotten(shop: Shop) -> None:
    shop.upstream(range(1, 11))
    assert "raw_orders: not loaded on main" in _operate(shop, "phlo_state").text
    assert shop.dbt("build", PHLO_RUN_ID="nightly").code == 0
    shown = _operate(shop, "phlo_state", action="show", model="raw_orders")
    assert "raw_orders on main, last loaded by nightly: orders.id = 10" in shown.text
    refused = _operate(shop, "phlo_state", wap="auto", action="set", model="raw_orders", value=7)
    assert refused.code != 0
    assert "PHLO_WAP=off" in refused.text
    assert _operate(shop, "phlo_state", action="set", model="raw_orders", value=7).code == 0
    assert shop.reached() == 7
    wrong = _operate(shop, "phlo_state", action="set", model="raw_orders", value="soon")
    assert "no int" in wrong.text
    assert _operate(shop, "phlo_state", action="reset", model="raw_orders").code == 0
    assert shop.reached() is None
    assert shop.ids() == list(range(1, 11))
    for arguments, told in (
        ({"action": "sho"}, "Did you mean `show`"),
        ({"action": "reset", "model": "raw_order"}, "Did you mean `raw_orders`"),
    ):
        wrong = _operate(shop, "phlo_state", **arguments)
        assert wrong.code != 0
        assert told in wrong.text


def test_rejected_rows_are_shown_loaded_again_and_thrown_away(shop: Shop) -> None:
    code = ORDERS.replace("return orders()", "return json.loads(UPSTREAM.read_text())")
    shop.ingesting("meta: {phlo: {on_bad_rows: quarantine}}", most=100, code=code)
    rows = [{"id": 1, "amount": 1}, {"id": 2, "amount": "x"}, {"id": 3, "amount": 300}]
    shop.write("upstream.json", json.dumps(rows))
    assert shop.dbt("build").code == 0
    shown = _operate(shop, "phlo_rejected", action="show", model="raw_orders")
    assert "main.raw_orders__rejected on main: 2 rows" in shown.text
    assert '{"id": 2, "amount": "x"}' in shown.text
    schema = (shop.folder / "models/schema.yml").read_text()
    shop.write(
        "models/schema.yml",
        schema.replace("(9, 2)", "(9, 2)\n        config: {meta: {phlo: {pii: true}}}"),
    )
    hidden = _operate(shop, "phlo_rejected", action="show", model="raw_orders")
    assert '{"id": 2, "amount": "(pii)"}' in hidden.text
    shop.ingesting("meta: {phlo: {on_bad_rows: quarantine}}", most=1000, code=code)
    done = _operate(shop, "phlo_rejected", action="replay", model="raw_orders")
    assert done.code == 0, done.text
    assert "1 rows, 1 rejected, of 2 that were rejected" in done.text
    assert shop.ids() == [1, 3]
    left = shop.rows("select row from lake.main.raw_orders__rejected")
    assert [json.loads(row[0]) for row in left] == [{"id": 2, "amount": "x"}]
    assert _operate(shop, "phlo_rejected", action="purge", model="raw_orders").code == 0
    gone = _operate(shop, "phlo_rejected", action="show", model="raw_orders")
    assert "has no rejected rows on main" in gone.text


def test_a_trial_changes_nothing(shop: Shop) -> None:
    shop.upstream(range(1, 4))
    assert shop.dbt("build").code == 0
    held = shop.holds()
    shop.upstream(range(1, 9))
    done = _operate(shop, "phlo_ingest", model="raw_orders", dry_run=True)
    assert done.code == 0, done.text
    assert "5 rows (dry run)" in done.text
    assert "cursor orders.id: 8" in done.text
    assert shop.holds() == held


def test_one_model_is_loaded_alone_and_for_some_rows(shop: Shop) -> None:
    code = ORDERS.replace("return orders()", "return json.loads(UPSTREAM.read_text())")
    shop.ingesting(code=code)
    shop.upstream(range(1, 9))
    done = _operate(shop, "phlo_ingest", model="raw_orders", limit=3)
    assert done.code == 0, done.text
    assert shop.ids() == [1, 2, 3]
    for arguments, told in (
        ({"limit": "many"}, "limit is"),
        ({"start": "2024-01-01"}, "a window needs start and end"),
        ({"start": "2024-01-01", "end": "2024-01-02"}, "has no event_time"),
    ):
        wrong = _operate(shop, "phlo_ingest", model="raw_orders", **arguments)
        assert wrong.code != 0
        assert told in wrong.text


SOURCES = """
sources:
  - name: raw
    schema: main
    tables:
      - name: raw_orders
        freshness: {error_after: {count: COUNT, period: day}}
        data_tests:
          - phlo_freshness: {arguments: {max_age_hours: HOURS}}
"""


@pytest.mark.parametrize(("count", "hours", "code"), [(1, 1, 0), (0, 0.00001, 1)])
def test_how_new_a_table_is_comes_from_its_snapshots(
    shop: Shop, count: int, hours: float, code: int
) -> None:
    shop.upstream(range(1, 4))
    assert shop.dbt("build").code == 0
    text = SOURCES.replace("COUNT", str(count)).replace("HOURS", f"{hours:.5f}")
    shop.write("models/sources.yml", text)
    asked = shop.dbt("source", "freshness")
    assert asked.code == code, asked.text
    done = shop.dbt("test", "--select", "source:raw")
    assert done.code == code, done.text


WAITING = """
    yield [{"id": 1, "amount": 1}]
    import time
    UPSTREAM.with_name("reached").touch()
    time.sleep(600)
    yield ["""


def test_a_load_that_is_killed_leaves_nothing_and_the_next_one_has_it_all(shop: Shop) -> None:
    shop.upstream([2, 3])
    shop.write("models/raw_orders.py", ORDERS.replace("\n    yield [", WAITING))
    process = shop.start("build")
    deadline = time.monotonic() + 240
    while not (shop.folder / "reached").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not shop.catalog().at("main").exists("main", "raw_orders")
    shop.write("models/raw_orders.py", ORDERS)
    assert shop.dbt("build").code == 0
    assert shop.ids() == [2, 3]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_that_dies_at_the_commit_loads_each_row_once(shop: Shop, moment: str) -> None:
    """The commit is cut short; the same run, begun again, has every row once."""
    shop.upstream(range(1, 4))
    assert shop.dbt("build").code == 0
    shop.upstream(range(1, 8))
    after = "found = whole(*a, **k)" if moment == "after" else ""
    script = f"""
import os
from dbt_phlo.loads import steps
whole = steps.commit
def cut(*a, **k):
    {after}
    os._exit(9)
steps.commit = cut
from dbt.cli.main import cli
cli()
"""
    process = shop.start("run", script=script, PHLO_RUN_ID="r1")
    process.communicate()
    assert process.returncode == 9
    assert shop.ids() == [1, 2, 3]
    shop.dbt("run", PHLO_RUN_ID="r1")
    tested = shop.dbt("test", PHLO_RUN_ID="r1")
    assert tested.code == 0, tested.text
    assert shop.ids() == list(range(1, 8))
