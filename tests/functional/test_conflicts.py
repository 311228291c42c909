"""Several runs on one lake: who wins, who is told what, and what a run may have read."""

from lake import ORDERS, Lake


def test_of_two_runs_on_one_table_one_wins_and_the_other_is_told_who_did(shop: Lake) -> None:
    shop.dbt("run", PHLO_RUN_ID="slow")
    assert shop.dbt("build", PHLO_RUN_ID="fast").code == 0
    won = shop.holds()
    outcome = shop.dbt("test", PHLO_RUN_ID="slow")
    assert outcome.code == 1
    assert "main.orders was moved by run fast" in outcome.text
    assert "main.totals was moved by run fast" in outcome.text
    assert shop.holds() == won
    assert shop.runs()["slow"][0] == "kept"


def test_disjoint_runs_both_win(shop: Lake) -> None:
    shop.write("models/other.sql", ORDERS)
    shop.dbt("run", "--select", "orders", "totals", PHLO_RUN_ID="a")
    shop.dbt("build", "--select", "other", PHLO_RUN_ID="b")
    assert shop.dbt("test", PHLO_RUN_ID="a").code == 0
    assert set(shop.holds()) == {"main.orders", "main.totals", "main.other"}
    assert {state for state, _ in shop.runs().values()} == {"promoted"}


def test_a_table_that_was_only_read_may_move_and_is_reported(shop: Lake) -> None:
    shop.dbt("build")
    shop.dbt("run", "--select", "totals", PHLO_RUN_ID="reader")
    shop.dbt("build", "--select", "orders", PHLO_RUN_ID="writer")
    outcome = shop.dbt("test", "--select", "totals", PHLO_RUN_ID="reader")
    assert outcome.code == 0, outcome.text
    assert "read stale: main.orders" in outcome.text


def test_serializable_refuses_when_a_table_that_was_only_read_has_moved(shop: Lake) -> None:
    variables = ("--vars", "{phlo_isolation: serializable}")
    shop.dbt("build")
    shop.dbt("run", "--select", "totals", *variables, PHLO_RUN_ID="reader")
    shop.dbt("build", "--select", "orders", PHLO_RUN_ID="writer")
    outcome = shop.dbt("test", "--select", "totals", *variables, PHLO_RUN_ID="reader")
    assert outcome.code == 1
    assert "main.orders was read here and moved by run writer" in outcome.text
    assert shop.runs()["reader"][0] == "kept"


def test_retrying_a_refused_run_does_nothing_and_exits_1(shop: Lake) -> None:
    shop.dbt("run", PHLO_RUN_ID="slow")
    shop.dbt("build", PHLO_RUN_ID="fast")
    assert shop.dbt("test", PHLO_RUN_ID="slow").code == 1
    won = shop.holds()
    outcome = shop.dbt("retry")
    assert outcome.code == 1
    assert "nothing to retry" in outcome.text
    assert shop.holds() == won


def test_a_direct_write_on_the_branch_is_a_conflict_too(shop: Lake) -> None:
    shop.dbt("run", PHLO_RUN_ID="r")
    assert shop.dbt("run", "--select", "orders", PHLO_WAP="off").code == 0
    outcome = shop.dbt("test", PHLO_RUN_ID="r")
    assert outcome.code == 1
    assert "main.orders was moved by a write that was not a run" in outcome.text


def test_a_view_that_was_only_read_counts_as_read_too(lake: Lake) -> None:
    view = "{{ config(materialized='view') }} select id from {{ ref('orders') }}"
    lake.write("models/orders.sql", ORDERS)
    lake.write("models/seen.sql", view)
    lake.write("models/summed.sql", "select count(*) as n from {{ ref('seen') }}")
    lake.write(
        "models/schema.yml",
        "models: [{name: summed, columns: [{name: n, data_tests: [not_null]}]}]",
    )
    lake.dbt("build")
    lake.dbt("run", "--select", "summed", PHLO_RUN_ID="reader")
    lake.write("models/seen.sql", view + " where id > 1")
    lake.dbt("build", "--select", "seen", PHLO_RUN_ID="writer")
    outcome = lake.dbt("test", PHLO_RUN_ID="reader")
    assert "read stale: main.seen" in outcome.text
