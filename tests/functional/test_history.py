"""What runs and checks came to is kept in the lake, and read there by models or by anybody."""

import json

import pytest
from lake import Lake

import dbt_phlo
from dbt_phlo.runs.changes import compared

VARS = "vars: {phlo_history_models: true}\n"


@pytest.fixture(autouse=True)
def with_history(without_history: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PHLO_HISTORY")


def history(lake: Lake, table: str, columns: str) -> list[tuple[object, ...]]:
    return lake.rows(f"select {columns} from lake._phlo.{table} order by all")


def test_a_run_its_checks_and_their_failing_rows_are_kept_whatever_became_of_it(shop: Lake) -> None:
    assert shop.dbt("build", PHLO_RUN_ID="good").code == 0
    shop.write("models/orders.sql", "select 1 as id, null::int as customer")
    assert shop.dbt("build", PHLO_RUN_ID="bad").code == 1
    assert history(shop, "runs", "run_id, project, branch, command, state") == [
        ("bad", "shop", "main", "build", "kept"),
        ("good", "shop", "main", "build", "promoted"),
    ]
    written = dict(history(shop, "runs", "run_id, written"))
    assert json.loads(str(written["good"])) == ["main.orders", "main.totals"]
    found = history(shop, "checks", "run_id, name, status, failed_count, total_count")
    assert ("good", "dbt__unique__orders__id", "pass", 0, 100) in found
    bad = [row for row in found if row[0] == "bad"]
    assert [row[2] for row in bad if row[1] == "dbt__not_null__totals__customer"] == ["fail"]
    failures = history(shop, "check_failures", "run_id, name, position, failing_row")
    assert failures[0][:3] == ("bad", "dbt__not_null__totals__customer", 1)
    assert json.loads(str(failures[0][3]))["customer"] is None
    with dbt_phlo.connect(shop.folder) as reader:
        assert reader.execute("select count(*) from lake._phlo.runs").fetchall() == [(2,)]


def test_changes_of_columns_are_kept(shop: Lake) -> None:
    assert shop.dbt("build", PHLO_RUN_ID="first").code == 0
    shop.write("models/orders.sql", "select 1::bigint as id, 'a' as customer, 1.5::double as price")
    shop.dbt("build", PHLO_RUN_ID="second")
    found = history(
        shop, "contract_changes", '"table", "column", change, compatible, before, after'
    )
    assert ("main.orders", "price", "added", True, "", "DOUBLE") in found
    assert ("main.orders", "id", "widened", True, "INTEGER", "BIGINT") in found
    kinds = {(row[1], row[3]) for row in found if row[0] == "main.orders"}
    assert ("customer", False) in kinds


def test_the_models_read_the_history_and_are_there_before_the_first_run(shop: Lake) -> None:
    shop.write("dbt_project.yml", shop.folder.joinpath("dbt_project.yml").read_text() + VARS)
    outcome = shop.dbt("build", PHLO_RUN_ID="one")
    assert outcome.code == 0, outcome.text
    assert shop.dbt("build", PHLO_RUN_ID="two").code == 0
    with dbt_phlo.connect(shop.folder) as reader:
        ask = "select run_id, state, commands from lake.main.phlo_runs order by run_id"
        assert reader.execute(ask).fetchall() == [("one", "promoted", 1), ("two", "promoted", 1)]
        ask = "select distinct status from lake.main.phlo_checks where model = 'orders'"
        assert reader.execute(ask).fetchall() == [("pass",)]
        for view in ("phlo_check_failures", "phlo_contract_changes"):
            assert reader.execute(f"select count(*) from lake.main.{view}").fetchall() == [(0,)]


def test_every_table_of_history_is_there_after_the_first_run(shop: Lake) -> None:
    assert shop.dbt("build").code == 0
    for table in ("runs", "checks", "check_failures", "contract_changes"):
        assert f"_phlo.{table}" in shop.holds(history=True)


def test_the_models_are_checked_enough_for_a_project_that_asks_for_checks_of_everything(
    shop: Lake,
) -> None:
    strict = VARS.replace("}", ", phlo_require_checks: all}")
    shop.write("dbt_project.yml", shop.folder.joinpath("dbt_project.yml").read_text() + strict)
    outcome = shop.dbt("build")
    assert outcome.code == 0, outcome.text


def test_a_change_is_told_once_however_many_commands_a_run_has(shop: Lake) -> None:
    shop.write("dbt_project.yml", shop.folder.joinpath("dbt_project.yml").read_text() + VARS)
    assert shop.dbt("build").code == 0
    shop.write("models/orders.sql", "select 1 as id, 2 as customer, 3 as extra")
    for command in ("run", "test"):
        assert shop.dbt(command, PHLO_RUN_ID="two").code == 0
    assert shop.dbt("build", "-s", "phlo_contract_changes").code == 0
    asked = "select table_name, column_name, promoted from lake.main.phlo_contract_changes"
    wanted = "run_id = 'two' and change = 'added' and column_name = 'extra'"
    with dbt_phlo.connect(shop.folder) as reader:
        told = reader.execute(f"{asked} where {wanted}").fetchall()
    assert told == [("main.orders", "extra", True)]


def test_the_models_are_disabled_until_they_are_asked_for(shop: Lake) -> None:
    assert "phlo_runs" not in shop.dbt("ls").text


def test_history_can_be_turned_off(shop: Lake) -> None:
    assert shop.dbt("build", PHLO_HISTORY="off").code == 0
    assert all(not name.startswith("_phlo") for name in shop.holds(history=True))


def test_a_difference_between_refs_is_told_without_their_histories(shop: Lake) -> None:
    assert shop.dbt("build", PHLO_RUN_ID="promoted").code == 0
    assert shop.dbt("build", PHLO_RUN_ID="held", PHLO_WAP="hold").code == 0
    assert shop.dbt("build", "-s", "orders", PHLO_RUN_ID="later").code == 0
    for pair in (("held", "main"), ("main", "pipeline-run-held")):
        told = compared(shop.catalog(), *pair, lambda location: 0)
        assert {str(change) for change in told.changes} == {"main.orders", "main.totals"}
        assert told.schemas_added == ()


@pytest.mark.parametrize("schema", ["_phlo", "_PHLO"])
def test_the_schema_of_history_is_no_models(shop: Lake, schema: str) -> None:
    shop.write(
        "macros/generate_schema_name.sql",
        "{% macro generate_schema_name(name, node) %}{{ name or target.schema }}{% endmacro %}",
    )
    shop.write("models/mine.sql", f"{{{{ config(schema='{schema}') }}}} select 1 as i")
    outcome = shop.dbt("build")
    assert outcome.code != 0
    assert "PHLO126" in outcome.text and "models/mine.sql" in outcome.text
