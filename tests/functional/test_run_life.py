"""A run from its binding to its end: what is promoted, what is kept, and what is said of it."""

import time
from pathlib import Path

import pytest
from lake import HOOKS, ORDERS, PROFILES, PROJECT, Lake

KILL_AT_THE_VERDICT = """
from dbt_phlo.runs.session import Session
Session.decide = lambda *arguments, **options: os.kill(os.getpid(), signal.SIGKILL)
cli()
"""
BROKEN = "select 1 as id, 1 as customer union all select 1, 2"


def test_a_build_that_passes_its_checks_becomes_true_on_the_branch(shop: Lake) -> None:
    outcome = shop.dbt("build")
    assert outcome.code == 0, outcome.text
    assert "into main: 2 tables added" in outcome.text
    assert shop.rows("select count(*), sum(orders) from lake.main.totals") == [(7, 100)]
    assert [state for state, _ in shop.runs().values()] == ["promoted"]


def test_a_failed_check_blocks_and_readers_keep_the_old_tables(shop: Lake) -> None:
    shop.dbt("build")
    before = shop.holds()
    shop.write("models/orders.sql", BROKEN)
    outcome = shop.dbt("build")
    assert outcome.code == 1
    assert "failed: unique_orders_id (fail)" in outcome.text
    assert "main is as it was" in outcome.text
    assert shop.holds() == before


def test_retry_finishes_the_kept_run_once_the_cause_is_mended(shop: Lake) -> None:
    shop.write("models/totals.sql", "select customer, nothing from {{ ref('orders') }}")
    assert shop.dbt("build").code == 1
    (run_id,) = shop.runs()
    orders = shop.holds(f"pipeline-run-{run_id}")["main.orders"]
    shop.shop()
    outcome = shop.dbt("retry")
    assert outcome.code == 0, outcome.text
    assert shop.runs() == {run_id: ("promoted", "")}
    assert shop.holds()["main.orders"] == orders, "what was good was not built again"


def test_dbt_run_alone_is_not_audited_and_exits_1(shop: Lake) -> None:
    outcome = shop.dbt("run")
    assert outcome.code == 1
    assert "not audited: main.orders (0 of 2 checks)" in outcome.text
    (run_id,) = shop.runs()
    assert f"PHLO_RUN_ID={run_id} dbt test" in outcome.text
    assert shop.holds() == {}


def test_run_then_test_under_one_run_id_are_one_transaction(shop: Lake) -> None:
    first = shop.dbt("run", PHLO_RUN_ID="nightly-1")
    assert first.code == 0, first.text
    assert "not audited" in first.text
    assert shop.holds() == {}
    second = shop.dbt("test", PHLO_RUN_ID="nightly-1")
    assert second.code == 0, second.text
    assert shop.runs() == {"nightly-1": ("promoted", "")}
    assert set(shop.holds()) == {"main.orders", "main.totals"}


def test_leaving_out_the_failing_check_does_not_get_around_it(shop: Lake) -> None:
    shop.write("models/orders.sql", BROKEN)
    outcome = shop.dbt("build", "--exclude", "unique_orders_id")
    assert outcome.code == 1
    assert "not audited: main.orders (1 of 2 checks)" in outcome.text


def test_a_check_does_not_count_for_a_table_that_was_rebuilt_after_it(shop: Lake) -> None:
    shop.dbt("build", "--exclude", "not_null_totals_customer", PHLO_RUN_ID="r")
    shop.dbt("run", "--select", "orders", PHLO_RUN_ID="r")
    outcome = shop.dbt("test", "--select", "totals", PHLO_RUN_ID="r")
    assert "not audited: main.orders (0 of 2 checks)" in outcome.text
    assert shop.runs()["r"][0] == "kept"


def test_a_check_behind_a_view_is_stale_when_the_table_below_the_view_moves(lake: Lake) -> None:
    lake.write("models/base.sql", ORDERS)
    lake.write(
        "models/seen.sql", "{{ config(materialized='view') }} select * from {{ ref('base') }}"
    )
    lake.write(
        "models/schema.yml",
        "models: [{name: seen, columns: [{name: id, data_tests: [unique, not_null]}]}]",
    )
    lake.dbt("build", "--exclude", "not_null_seen_id", PHLO_RUN_ID="r")
    lake.dbt("run", "--select", "base", PHLO_RUN_ID="r")
    outcome = lake.dbt("test", "--select", "not_null_seen_id", PHLO_RUN_ID="r")
    assert "not audited: main.seen (1 of 2 checks)" in outcome.text
    assert lake.holds() == {}
    assert lake.dbt("test", PHLO_RUN_ID="r").code == 0
    assert set(lake.holds()) == {"main.base", "main.seen"}


def test_warnings_never_block(shop: Lake) -> None:
    shop.write("models/orders.sql", BROKEN)
    shop.write(
        "models/schema.yml",
        "models: [{name: orders, columns: [{name: id, data_tests: "
        "[{unique: {config: {severity: warn}}}]}]}]",
    )
    outcome = shop.dbt("build")
    assert outcome.code == 0, outcome.text
    assert "unchecked: main.orders" in outcome.text
    assert shop.rows("select count(*) from lake.main.orders") == [(2,)]


def test_require_checks_all_holds_a_table_without_checks(shop: Lake) -> None:
    shop.write("models/schema.yml", "")
    outcome = shop.dbt("build", "--vars", "{phlo_require_checks: all}")
    assert outcome.code == 1
    assert "unchecked: main.orders, main.totals" in outcome.text
    assert shop.holds() == {}


def test_require_checks_off_promotes_what_nothing_has_failed_in(shop: Lake) -> None:
    outcome = shop.dbt("run", "--vars", "{phlo_require_checks: 'off'}")
    assert outcome.code == 0, outcome.text
    assert set(shop.holds()) == {"main.orders", "main.totals"}


def test_unit_tests_do_not_audit(shop: Lake) -> None:
    shop.write(
        "models/unit.yml",
        """
unit_tests:
  - name: counts
    model: totals
    given: [{input: ref('orders'), rows: [{id: 1, customer: 2}]}]
    expect: {rows: [{customer: 2, orders: 1}]}
""",
    )
    shop.dbt("run", PHLO_RUN_ID="r")
    outcome = shop.dbt("test", "--select", "test_type:unit", PHLO_RUN_ID="r")
    assert "not audited" in outcome.text
    assert shop.holds() == {}
    assert shop.dbt("build").code == 0


@pytest.mark.parametrize("flag", ["--empty", "--sample=1 hour"])
def test_empty_and_sample_are_never_promoted_and_exit_0(shop: Lake, flag: str) -> None:
    outcome = shop.dbt("build", flag)
    assert outcome.code == 0, outcome.text
    assert "is never promoted" in outcome.text
    assert shop.holds() == {}


def test_hold_keeps_a_run_that_passed(shop: Lake) -> None:
    outcome = shop.dbt("build", PHLO_WAP="hold")
    assert outcome.code == 0, outcome.text
    (run_id,) = shop.runs()
    assert f"phlo_promote --args '{{ref: pipeline-run-{run_id}}}'" in outcome.text
    assert shop.holds() == {}
    assert set(shop.holds(f"pipeline-run-{run_id}")) == {"main.orders", "main.totals"}


def test_off_writes_the_branch_itself_and_makes_it_from_the_base(shop: Lake) -> None:
    shop.dbt("build")
    outcome = shop.dbt("run", "--target", "dev", "--select", "totals")
    assert outcome.code == 0, outcome.text
    assert shop.holds("dev")["main.orders"] == shop.holds()["main.orders"]
    assert shop.holds("dev")["main.totals"] != shop.holds()["main.totals"]
    assert len(shop.runs()) == 1


def test_reading_commands_create_nothing(shop: Lake) -> None:
    shop.dbt("build")
    before = shop.runs(), [ref.name for ref in shop.catalog().refs()]
    for command in (
        ["compile"],
        ["docs", "generate"],
        ["ls"],
        ["show", "--inline", "select * from {{ ref('totals') }}"],
        ["test"],
        ["parse"],
    ):
        outcome = shop.dbt(*command, "--target", "prod")
        assert outcome.code == 0, outcome.text
    outcome = shop.dbt("show", "--select", "totals", PHLO_BRANCH="not-there-yet")
    assert outcome.code == 0, outcome.text
    assert (shop.runs(), [ref.name for ref in shop.catalog().refs()]) == before


def test_a_kept_run_can_be_read_by_its_id(shop: Lake) -> None:
    shop.write("models/orders.sql", BROKEN)
    shop.dbt("build")
    (run_id,) = shop.runs()
    outcome = shop.dbt(
        "show", "--inline", "select count(*) as n from {{ ref('orders') }}", PHLO_RUN_ID=run_id
    )
    assert outcome.code == 0, outcome.text
    assert "| 2 |" in outcome.text


def test_a_hand_written_write_outside_of_a_run_is_refused(shop: Lake) -> None:
    shop.dbt("build")
    before = shop.holds()
    shop.write(
        "macros/wipe.sql",
        "{% macro wipe() %}{% do run_query('delete from lake.main.orders') %}{% endmacro %}",
    )
    outcome = shop.dbt("run-operation", "wipe")
    assert outcome.code != 0
    assert "may only read" in outcome.text
    assert shop.holds() == before
    assert shop.dbt("run-operation", "wipe", PHLO_WAP="off").code == 0
    assert shop.rows("select count(*) from lake.main.orders") == [(0,)]


@pytest.mark.parametrize(
    "hooks",
    [
        "",
        'on-run-start: "{{ phlo_run_start() }}"\n',
        HOOKS.replace(
            '"{{ phlo_run_end(results) }}"', '["{{ phlo_run_end(results) }}", "select 1"]'
        ),
    ],
    ids=["missing", "half", "not last"],
)
def test_without_its_hook_lines_a_run_fails_before_it_writes(shop: Lake, hooks: str) -> None:
    shop.write("dbt_project.yml", PROJECT + hooks)
    outcome = shop.dbt("build")
    assert outcome.code != 0
    assert "PHLO405" in outcome.text
    assert all(line in outcome.text for line in HOOKS.splitlines()), "both lines to add"
    assert shop.dbt("build", "--target", "dev").code == 0


def test_joining_a_promoted_run_is_refused(shop: Lake) -> None:
    shop.dbt("build", PHLO_RUN_ID="r")
    outcome = shop.dbt("build", PHLO_RUN_ID="r")
    assert outcome.code != 0
    assert "run r is promoted" in outcome.text


def test_joining_from_another_branch_is_refused(shop: Lake) -> None:
    shop.dbt("run", PHLO_RUN_ID="r")
    outcome = shop.dbt("test", PHLO_RUN_ID="r", PHLO_BRANCH="other")
    assert outcome.code != 0
    assert "run r builds into branch main" in outcome.text


SKIPS = "skip_nodes_if_on_run_start_fails"  # what dbt 1.12 does unless told otherwise


@pytest.mark.parametrize("skips", ["true", "false"])
def test_a_hook_that_fails_blocks(shop: Lake, skips: str) -> None:
    shop.write(
        "dbt_project.yml",
        PROJECT.replace("flags: {", f"flags: {{{SKIPS}: {skips}, ")
        + HOOKS.replace(
            '"{{ phlo_run_start() }}"', '["{{ phlo_run_start() }}", "select * from nowhere"]'
        ),
    )
    outcome = shop.dbt("build")
    assert outcome.code == 1
    assert "failed: hook shop-on-run-start-1" in outcome.text
    assert shop.holds() == {}


def test_a_hook_that_fails_before_any_node_blocks_what_was_audited_before(shop: Lake) -> None:
    assert shop.dbt("build", PHLO_WAP="hold", PHLO_RUN_ID="r").code == 0
    start = '["select * from nowhere", "{{ phlo_run_start() }}"]'
    shop.write(
        "dbt_project.yml",
        PROJECT.replace("flags: {", f"flags: {{{SKIPS}: true, ")
        + HOOKS.replace('"{{ phlo_run_start() }}"', start),
    )
    outcome = shop.dbt("build", PHLO_RUN_ID="r")
    assert outcome.code == 1
    assert "failed: hook shop-on-run-start-0" in outcome.text
    assert shop.holds() == {}


def test_a_table_below_a_tested_view_needs_the_checks_of_the_view(lake: Lake) -> None:
    lake.write("models/base.sql", ORDERS)
    view = "{{ config(materialized='view') }} select * from {{ ref('base') }}"
    lake.write("models/seen.sql", view)
    lake.write(
        "models/schema.yml", "models: [{name: seen, columns: [{name: id, data_tests: [not_null]}]}]"
    )
    assert lake.dbt("build").code == 0
    lake.write("models/base.sql", "select null::int as id, 1 as customer")
    outcome = lake.dbt("run")
    assert outcome.code == 1
    assert "not audited: main.base (0 of 1 checks)" in outcome.text
    assert lake.rows("select count(*) from lake.main.base") == [(100,)]


def test_a_schema_in_another_case_is_audited_too(shop: Lake) -> None:
    assert shop.dbt("build", "--select", "orders").code == 0
    shop.write("profiles.yml", PROFILES.replace("schema: main", "schema: MAIN"))
    outcome = shop.dbt("run", "--select", "totals")
    assert outcome.code == 1
    assert "not audited: main.totals (0 of 1 checks)" in outcome.text
    assert set(shop.holds()) == {"main.orders"}
    outcome = shop.dbt("build", "--select", "totals")
    assert outcome.code == 0, outcome.text
    assert set(shop.holds()) == {"main.orders", "main.totals"}


def test_an_interrupted_empty_run_is_never_promoted(shop: Lake) -> None:
    script = "import os, signal, sys; from dbt.cli.main import cli\n" + KILL_AT_THE_VERDICT
    process = shop.start("build", "--empty", script=script, PHLO_RUN_ID="r")
    process.communicate(timeout=60)
    assert process.returncode == -9
    outcome = shop.dbt("build", "--select", "totals", PHLO_RUN_ID="r")
    assert outcome.code == 0, outcome.text
    assert "--empty is never promoted" in outcome.text
    assert shop.holds() == {}


def test_another_project_cannot_join_a_run(shop: Lake, tmp_path: Path) -> None:
    shop.write("models/orders.sql", BROKEN)
    shop.dbt("build", PHLO_RUN_ID="shared")
    other = Lake(tmp_path / "other").shop()
    other.write("dbt_project.yml", (PROJECT + HOOKS).replace("name: shop", "name: other"))
    other.write("profiles.yml", PROFILES.replace("./lake", str(shop.folder / "lake")))
    outcome = other.dbt("build", PHLO_RUN_ID="shared")
    assert outcome.code != 0
    assert "PHLO413" in outcome.text
    assert shop.holds() == {}


def test_hook_lines_behind_a_condition_are_not_hook_lines(shop: Lake) -> None:
    hooks = HOOKS.replace("phlo_run_end(results)", "phlo_run_end(results) if false")
    shop.write("dbt_project.yml", PROJECT + hooks)
    outcome = shop.dbt("build")
    assert outcome.code != 0
    assert "PHLO405" in outcome.text


def test_a_run_that_ends_without_its_end_hook_fails(shop: Lake) -> None:
    shop.write("macros/off.sql", "{% macro phlo_run_end(results) %}{% endmacro %}")
    outcome = shop.dbt("build")
    assert outcome.code != 0
    assert "PHLO414" in outcome.text
    assert shop.holds() == {}


def test_retrying_a_failed_test_command_of_a_run_tests_the_run(shop: Lake) -> None:
    shop.write("models/orders.sql", BROKEN)
    shop.dbt("run", PHLO_RUN_ID="r")
    assert shop.dbt("test", PHLO_RUN_ID="r").code == 1
    outcome = shop.dbt("retry")
    assert outcome.code == 1
    assert "unique_orders_id" in outcome.text
    assert shop.runs()["r"][0] == "kept"


def test_tables_of_stored_failures_need_no_checks(shop: Lake) -> None:
    outcome = shop.dbt("build", "--store-failures", "--vars", "{phlo_require_checks: all}")
    assert outcome.code == 0, outcome.text
    assert "main_dbt_test__audit.unique_orders_id" in shop.holds()


def test_a_run_is_in_progress_while_any_of_its_invocations_is(shop: Lake) -> None:
    shop.dbt("run", PHLO_RUN_ID="r")
    catalog = shop.catalog()
    run = catalog.join_run("r", "another-invocation", time.time() + 60)
    shop.dbt("run", "--select", "orders", PHLO_RUN_ID="r")
    outcome = shop.dbt("run-operation", "phlo_discard", "--args", "{ref: r}")
    assert outcome.code != 0
    assert "PHLO422" in outcome.text
    catalog.end_invocation(run.id, "another-invocation")
    catalog.close()
    assert shop.dbt("run-operation", "phlo_discard", "--args", "{ref: r}").code == 0
