"""Every way in which people call dbt, each with the state that it must leave.

`test_run_life.py` has the life of a run; here are the commands, selections and materializations
that a run may be made of.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from lake import HOOKS, ORDERS, PROFILES, PROJECT, SCHEMA, TARGET, Lake

BROKEN = "select 1 as id, 1 as customer union all select 1, 2"
SNAPSHOT = """\
{% snapshot history %}
{{ config(schema='main', unique_key='id', strategy='check', check_cols=['customer']) }}
select * from {{ ref('orders') }}
{% endsnapshot %}
"""
EVENTS = """\
{{ config(event_time='seen') }}
select range::int as id, timestamp '2024-01-01 12:00' + to_days((range % 3)::int) as seen
from range(9)
"""
BATCHES = """\
{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen',
    begin='2024-01-01', batch_size='day', lookback=0) }}
select %s as id, seen from {{ ref('events') }}
"""
DAYS = ("--event-time-start", "2024-01-01", "--event-time-end", "2024-01-04")


def refs(lake: Lake) -> list[str]:
    catalog = lake.catalog()
    try:
        return [ref.name for ref in catalog.refs()]
    finally:
        catalog.close()


def snapshotting(shop: Lake) -> Lake:
    shop.write("snapshots/history.sql", SNAPSHOT)
    macro = "{% macro generate_schema_name(n, node) %}{{ n or target.schema }}{% endmacro %}"
    shop.write("macros/generate_schema_name.sql", macro)
    return shop


# ---- selections


def test_a_part_of_the_graph_reads_its_parents_from_the_branch(shop: Lake) -> None:
    assert shop.dbt("build").code == 0
    orders = shop.holds()["main.orders"]
    shop.write("models/orders.sql", BROKEN)
    shop.write("models/totals.sql", "select customer, 1 as orders from {{ ref('orders') }}")
    outcome = shop.dbt("build", "--select", "totals")
    assert outcome.code == 0, outcome.text
    assert shop.holds()["main.orders"] == orders, "what was not selected is as it was"
    assert shop.rows("select count(*) from lake.main.totals") == [(100,)]


def test_a_middle_of_the_graph_is_promoted_when_its_own_checks_pass(shop: Lake) -> None:
    shop.write("models/last.sql", "select * from {{ ref('totals') }}")
    assert shop.dbt("build", "--select", "+totals").code == 0
    assert set(shop.holds()) == {"main.orders", "main.totals"}
    outcome = shop.dbt("build", "--select", "totals+", "--exclude", "not_null_totals_customer")
    assert outcome.code == 1
    assert "not audited: main.totals (0 of 1 checks)" in outcome.text
    assert set(shop.holds()) == {"main.orders", "main.totals"}


def test_nothing_selected_begins_no_run(shop: Lake) -> None:
    assert shop.dbt("build").code == 0
    before = shop.runs(), shop.holds(), refs(shop)
    outcome = shop.dbt("build", "--select", "tag:nowhere")
    assert outcome.code == 0, outcome.text
    assert (shop.runs(), shop.holds(), refs(shop)) == before


def test_fail_fast_keeps_the_run_and_retry_does_the_rest(shop: Lake) -> None:
    shop.write("models/orders.sql", BROKEN)
    outcome = shop.dbt("build", "--fail-fast", PHLO_RUN_ID="r")
    assert outcome.code == 1, outcome.text
    assert shop.runs()["r"][0] == "kept"
    assert shop.holds() == {}
    shop.write("models/orders.sql", ORDERS)
    outcome = shop.dbt("build", PHLO_RUN_ID="r")
    assert outcome.code == 0, outcome.text
    assert set(shop.holds()) == {"main.orders", "main.totals"}


def test_a_second_dbt_run_of_one_run_id_replaces_what_the_first_wrote(shop: Lake) -> None:
    shop.write("models/orders.sql", BROKEN)
    assert shop.dbt("run", PHLO_RUN_ID="r").code == 0
    assert shop.dbt("test", PHLO_RUN_ID="r").code == 1
    shop.write("models/orders.sql", ORDERS)
    outcome = shop.dbt("run", PHLO_RUN_ID="r")
    assert outcome.code == 0, outcome.text
    assert "not audited: main.orders (0 of 2 checks)" in outcome.text
    assert shop.holds() == {}, "the checks of the first tables do not count for the second"
    outcome = shop.dbt("test", PHLO_RUN_ID="r")
    assert outcome.code == 0, outcome.text
    assert shop.rows("select count(*) from lake.main.orders") == [(100,)]


def test_warnings_alone_promote_and_are_dbts_exit_code(shop: Lake) -> None:
    shop.write("models/orders.sql", BROKEN)
    shop.write("models/schema.yml", SCHEMA.replace("[not_null, unique]", "[unique]"))
    shop.write("dbt_project.yml", PROJECT + HOOKS + "data_tests: {+severity: warn}\n")
    outcome = shop.dbt("build")
    assert outcome.code == 0, outcome.text
    assert "WARN" in outcome.text
    assert set(shop.holds()) == {"main.orders", "main.totals"}


def test_unit_tests_alone_create_nothing_on_the_branch(shop: Lake) -> None:
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
    assert shop.dbt("build").code == 0
    before = shop.runs(), shop.holds(), refs(shop)
    outcome = shop.dbt("test", "--select", "test_type:unit")
    assert outcome.code == 0, outcome.text
    assert (shop.runs(), shop.holds(), refs(shop)) == before


def test_a_disabled_check_is_not_waited_for(shop: Lake) -> None:
    shop.write(
        "models/schema.yml", SCHEMA.replace("unique]", "{unique: {config: {enabled: false}}}]")
    )
    shop.write("models/orders.sql", BROKEN)
    outcome = shop.dbt("build")
    assert outcome.code == 0, outcome.text
    assert shop.rows("select count(*) from lake.main.orders") == [(2,)]


def test_an_ephemeral_model_is_no_table_and_its_checks_count_for_what_it_reads(shop: Lake) -> None:
    between = "{{ config(materialized='ephemeral') }} select * from {{ ref('orders') }}"
    shop.write("models/between.sql", between)
    shop.write("models/totals.sql", "select customer from {{ ref('between') }}")
    shop.write(
        "models/schema.yml",
        "models: [{name: between, columns: [{name: id, data_tests: [unique]}]}]",
    )
    outcome = shop.dbt("build", "--exclude", "unique_between_id")
    assert outcome.code == 1
    assert "not audited: main.orders (0 of 1 checks)" in outcome.text
    outcome = shop.dbt("build")
    assert outcome.code == 0, outcome.text
    assert set(shop.holds()) == {"main.orders", "main.totals"}


# ---- materializations


def test_a_seed_alone_is_a_run(shop: Lake) -> None:
    shop.write("seeds/kinds.csv", "id,kind\n1,a\n2,b\n")
    outcome = shop.dbt("seed")
    assert outcome.code == 0, outcome.text
    assert "unchecked: main.kinds" in outcome.text
    assert shop.rows("select count(*) from lake.main.kinds") == [(2,)]
    shop.write("seeds/kinds.csv", "id,kind\n1,a\n1,b\n")
    shop.write("seeds/s.yml", "seeds: [{name: kinds, columns: [{name: id, data_tests: [unique]}]}]")
    outcome = shop.dbt("seed")
    assert outcome.code == 1
    assert "not audited: main.kinds (0 of 1 checks)" in outcome.text
    assert shop.dbt("build", "--select", "kinds").code == 1
    assert shop.rows("select count(distinct id) from lake.main.kinds") == [(2,)]


def test_a_snapshot_alone_is_a_run(shop: Lake) -> None:
    snapshotting(shop)
    assert shop.dbt("build").code == 0
    shop.write("models/orders.sql", ORDERS.replace("% 7", "% 5"))
    assert shop.dbt("build", "--select", "orders").code == 0
    outcome = shop.dbt("snapshot")
    assert outcome.code == 0, outcome.text
    closed = "select count(*) from lake.main.history where dbt_valid_to is not null"
    assert shop.rows(closed)[0][0] > 0
    assert len(shop.runs()) == 3


def test_a_snapshot_does_not_remember_what_a_rejected_run_has_seen(shop: Lake) -> None:
    snapshotting(shop)
    assert shop.dbt("build").code == 0
    shop.write(
        "models/orders.sql", "select range::int as id, null::bigint as customer from range(9)"
    )
    shop.write("models/schema.yml", SCHEMA.replace("not_null, unique", "unique"))
    assert shop.dbt("build").code == 1, "totals has no customer"
    everything = "select count(*), count(dbt_valid_to) from lake.main.history"
    assert shop.rows(everything) == [(100, 0)]
    shop.shop()
    assert shop.dbt("build").code == 0
    assert shop.rows(everything) == [(100, 0)]


def test_a_batch_that_failed_blocks_and_retry_does_that_batch_alone(lake: Lake) -> None:
    lake.write("models/events.sql", EVENTS)
    bad = "case when day(seen) = 2 then error('no such day')::int else id end"
    lake.write("models/daily.sql", BATCHES % bad)
    outcome = lake.dbt("build", *DAYS, PHLO_RUN_ID="r")
    assert outcome.code == 1, outcome.text
    assert "failed: daily (partial success)" in outcome.text
    assert lake.holds() == {}
    assert lake.rows("select count(*) from lake.main.daily", "pipeline-run-r") == [(6,)]
    events = lake.holds("pipeline-run-r")["main.events"]
    lake.write("models/daily.sql", BATCHES % "id")
    outcome = lake.dbt("retry")
    assert outcome.code == 0, outcome.text
    assert lake.runs() == {"r": ("promoted", "")}
    assert lake.rows("select count(*), count(distinct id) from lake.main.daily") == [(9, 9)]
    assert lake.holds()["main.events"] == events
    assert "batch 2024-01-01" not in outcome.text.lower()


def test_an_external_model_that_is_meant_writes_its_file_whatever_becomes_of_the_run(
    shop: Lake,
) -> None:
    out = shop.folder / "out.parquet"
    meta = "meta={'phlo': {'outside_wap': true}}"
    place = f"{{{{ config(materialized='external', location='{out}', {meta}) }}}}"
    shop.write("models/out.sql", place + " select count(*) as n from {{ ref('orders') }}")
    outcome = shop.dbt("build")
    assert outcome.code == 0, outcome.text
    assert duckdb.sql(f"select n from '{out}'").fetchall() == [(100,)]
    assert shop.dbt("build", "--target", "dev").code == 0


# ---- commands that are no run


def test_clone_is_refused_in_a_run_and_works_without_isolation(shop: Lake) -> None:
    assert shop.dbt("build").code == 0
    shutil.copytree(shop.folder / "target", shop.folder / "state")
    shop.write("profiles.yml", PROFILES.replace("schema: main", "schema: copy"))
    before = shop.holds(), shop.runs()
    outcome = shop.dbt("clone", "--state", "state")
    assert outcome.code != 0
    assert "PHLO304" in outcome.text
    assert "PHLO_WAP=off" in outcome.text
    assert "Traceback" not in outcome.text
    assert (shop.holds(), shop.runs()) == before
    outcome = shop.dbt("clone", "--state", "state", PHLO_WAP="off")
    assert outcome.code == 0, outcome.text
    assert shop.rows("select count(*) from lake.copy.orders") == [(100,)]


def test_store_failures_of_a_bare_test_are_refused_with_the_way_to_have_them(shop: Lake) -> None:
    assert shop.dbt("build").code == 0
    before = shop.holds(), shop.runs(), refs(shop)
    outcome = shop.dbt("test", "--store-failures")
    assert outcome.code != 0
    assert "PHLO304" in outcome.text
    assert "`dbt test --store-failures`" in outcome.text
    assert "Traceback" not in outcome.text
    assert (shop.holds(), shop.runs(), refs(shop)) == before
    outcome = shop.dbt("test", "--store-failures", PHLO_WAP="off")
    assert outcome.code == 0, outcome.text
    assert "main_dbt_test__audit.unique_orders_id" in shop.holds()


def test_docs_and_show_of_a_kept_run_describe_its_ref(shop: Lake) -> None:
    assert shop.dbt("build").code == 0
    shop.write("models/orders.sql", "select 1 as id, 1 as customer, 'x' as fresh from range(2)")
    assert shop.dbt("build", PHLO_RUN_ID="bad").code == 1
    outcome = shop.dbt("docs", "generate", PHLO_RUN_ID="bad")
    assert outcome.code == 0, outcome.text
    assert "fresh" in _documented(shop, "orders")
    outcome = shop.dbt(
        "show", "--inline", "select fresh from {{ ref('orders') }}", PHLO_RUN_ID="bad"
    )
    assert outcome.code == 0, outcome.text
    assert shop.dbt("docs", "generate").code == 0
    assert "fresh" not in _documented(shop, "orders")
    assert shop.runs()["bad"][0] == "kept"


@pytest.mark.parametrize(
    "command", [("compile",), ("ls",), ("parse",), ("debug",), ("source", "freshness")]
)
def test_a_command_that_only_looks_makes_no_ref(shop: Lake, command: tuple[str, ...]) -> None:
    shop.write(
        "models/sources.yml",
        "sources: [{name: main, database: lake, schema: main, loaded_at_field: seen, freshness: "
        "{warn_after: {count: 9999, period: day}}, tables: [{name: stamped}]}]",
    )
    shop.write("models/stamped.sql", "select 1 as id, current_timestamp::timestamp as seen")
    assert shop.dbt("build").code == 0
    before = shop.runs(), shop.holds(), refs(shop)
    outcome = shop.dbt(*command)
    assert outcome.code == 0, outcome.text
    assert (shop.runs(), shop.holds(), refs(shop)) == before


# ---- several projects, targets and commands on one lake


def test_two_projects_share_a_lake_and_are_told_who_moved_a_common_table(
    shop: Lake, tmp_path: Path
) -> None:
    other = Lake(tmp_path / "other")
    other.write("dbt_project.yml", (PROJECT + HOOKS).replace("shop", "other"))
    profiles = PROFILES.replace("./lake", str(shop.folder / "lake")).replace("shop:", "other:")
    other.write("profiles.yml", profiles)
    other.write("models/apart.sql", "select count(*) as n from lake.main.orders")
    assert shop.dbt("build").code == 0
    assert other.dbt("build", PHLO_RUN_ID="theirs").code == 0
    assert set(shop.holds()) == {"main.orders", "main.totals", "main.apart"}
    assert shop.dbt("run", PHLO_RUN_ID="ours").code == 0
    other.write("models/orders.sql", ORDERS)
    assert other.dbt("build", "--select", "orders", PHLO_RUN_ID="winner").code == 0
    outcome = shop.dbt("test", PHLO_RUN_ID="ours")
    assert outcome.code == 1
    assert "main.orders was moved by run winner" in outcome.text


def test_dev_and_prod_of_one_lake_do_not_see_each_other(shop: Lake) -> None:
    assert shop.dbt("build").code == 0
    prod = shop.holds()
    shop.write("models/orders.sql", ORDERS.replace("100", "10"))
    assert shop.dbt("build", "--target", "dev").code == 0
    assert shop.holds() == prod
    assert shop.rows("select count(*) from lake.main.orders", "dev") == [(10,)]
    dev = shop.holds("dev")
    shop.write("models/orders.sql", ORDERS.replace("100", "50"))
    assert shop.dbt("build").code == 0
    assert shop.holds("dev") == dev
    assert shop.rows("select count(*) from lake.main.orders") == [(50,)]


def test_one_runner_serves_several_targets_in_one_process(shop: Lake) -> None:
    runner, folder = dbtRunner(), str(shop.folder)
    places = ["--project-dir", folder, "--profiles-dir", folder]
    for target in ("prod", "dev", "prod"):
        result = runner.invoke(["build", "--target", target, *places])
        assert result.success, result.exception
    assert [state for state, _ in shop.runs().values()] == ["promoted", "promoted"]
    assert set(shop.holds("dev")) == set(shop.holds()) == {"main.orders", "main.totals"}
    assert shop.holds("dev")["main.orders"] != shop.holds()["main.orders"]


def test_a_runner_with_a_manifest_of_its_own_builds_as_the_program_does(shop: Lake) -> None:
    folder = str(shop.folder)
    places = ["--project-dir", folder, "--profiles-dir", folder]
    manifest: Any = dbtRunner().invoke(["parse", *places]).result
    runner = dbtRunner(manifest=manifest)
    assert not runner.invoke(["run", *places]).success, "nothing has audited it"
    assert runner.invoke(["build", *places]).success
    assert set(shop.holds()) == {"main.orders", "main.totals"}


def test_a_target_that_holds_keeps_until_it_is_approved(shop: Lake) -> None:
    held = f"    held: {TARGET}, branch: main, wap: hold}}\n"
    shop.write("profiles.yml", PROFILES + held)
    outcome = shop.dbt("build", "--target", "held", PHLO_RUN_ID="r")
    assert outcome.code == 0, outcome.text
    assert shop.holds() == {}
    assert shop.dbt("run-operation", "phlo_promote", "--args", "{ref: r}").code == 0
    assert set(shop.holds()) == {"main.orders", "main.totals"}


def _documented(shop: Lake, table: str) -> list[str]:
    """The columns that dbt's docs show of a model."""
    catalog = json.loads((shop.folder / "target/catalog.json").read_text())
    return list(catalog["nodes"][f"model.shop.{table}"]["columns"])
