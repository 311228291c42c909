"""After a refusal: the run moves onto its branch's head, and one command finishes it."""

import re

import pytest
from cli import phlo
from lake import Lake

LAST = "{{ config(materialized='table') }} select max(id) as last from {{ ref('orders') }}"
ALONE = "select 7 as seven"


@pytest.fixture
def shop(lake: Lake) -> Lake:
    """orders -> totals -> (view) shares -> top; and `alone`, which reads nothing."""
    lake.shop()
    lake.write("models/alone.sql", ALONE)
    lake.write(
        "models/shares.sql",
        "{{ config(materialized='view') }} select orders from {{ ref('totals') }}",
    )
    lake.write("models/top.sql", "select max(orders) as top from {{ ref('shares') }}")
    assert lake.dbt("build").code == 0
    return lake


def refused_over(lake: Lake, *others: str, run: str = "mine") -> str:
    """Build everything in a run that is held while others build ``others``; then promote it."""
    assert lake.dbt("build", PHLO_RUN_ID=run, PHLO_WAP="hold").code == 0
    orders = lake.folder / "models/orders.sql"
    mine = orders.read_text()
    if "orders" in others:
        lake.write("models/orders.sql", mine.replace("range(100)", "range(90)"))
    assert lake.dbt("build", "--select", *others, PHLO_RUN_ID="other").code == 0
    orders.write_text(mine)
    done = lake.dbt("run-operation", "phlo_promote", "--args", f"{{ref: {run}}}")
    assert done.code != 0
    return done.text


def operation(lake: Lake, name: str, arguments: str):
    return lake.dbt("run-operation", name, "--args", arguments)


def test_what_was_overtaken_and_what_stands_on_it_is_built_again_and_the_rest_kept(
    shop: Lake,
) -> None:
    told = refused_over(shop, "orders")
    assert "main.orders was moved by run other" in told
    assert "phlo_rebase" in told
    before = shop.holds("pipeline-run-mine")
    main = shop.holds()
    rebased = operation(shop, "phlo_rebase", "{ref: mine}")
    assert rebased.code == 0
    assert "taken from main: main.orders" in rebased.text
    assert "kept: main.alone" in rebased.text
    command = re.search(r"build again: PHLO_RUN_ID=mine dbt build --select (.*)", rebased.text)
    assert command is not None
    assert set(command[1].split()) == {"orders", "totals", "top"}
    after = shop.holds("pipeline-run-mine")
    assert after["main.orders"] == main["main.orders"]
    assert after["main.alone"] == before["main.alone"] != main["main.alone"]
    assert shop.runs()["mine"][0] == "kept"
    assert shop.runs()["mine"][1].startswith("rebased onto main; to build again: orders")

    refused = operation(shop, "phlo_promote", "{ref: mine}")  # not before it is built again
    assert refused.code != 0
    assert "not finished" in refused.text
    done = shop.dbt("build", "--select", *command[1].split(), PHLO_RUN_ID="mine")
    assert done.code == 0, done.text
    assert shop.runs()["mine"][0] == "promoted"
    assert shop.rows("select count(*) from lake.main.orders") == [(100,)]
    assert shop.holds()["main.alone"] == before["main.alone"]


def test_a_run_that_nobody_touched_has_nothing_to_build_again(shop: Lake) -> None:
    shop.write("models/another.sql", "select 1 as i")
    assert shop.dbt("build", "--select", "another", PHLO_RUN_ID="mine", PHLO_WAP="hold").code == 0
    assert shop.dbt("build", "--select", "alone", PHLO_RUN_ID="other").code == 0
    rebased = operation(shop, "phlo_rebase", "{ref: mine}")
    assert "taken from main: main.alone" in rebased.text
    assert "nothing to build again" in rebased.text
    assert operation(shop, "phlo_promote", "{ref: mine}").code == 0
    assert shop.rows("select * from lake.main.another") == [(1,)]


def test_a_kept_table_whose_input_moved_is_built_again(shop: Lake) -> None:
    shop.write("models/orders.sql", "select range::int as id, 1 as customer from range(100)")
    assert shop.dbt("build", "--select", "totals", PHLO_RUN_ID="mine", PHLO_WAP="hold").code == 0
    assert shop.dbt("build", "--select", "orders", PHLO_RUN_ID="other").code == 0
    rebased = operation(shop, "phlo_rebase", "{ref: mine}")
    assert "--select totals" in rebased.text
    done = shop.dbt("build", "--select", "totals", PHLO_RUN_ID="mine")
    assert done.code == 0, done.text
    assert shop.rows("select * from lake.main.totals") == [(1, 100)]


def test_a_dry_run_tells_the_same_and_moves_nothing(shop: Lake) -> None:
    refused_over(shop, "orders")
    before = shop.holds("pipeline-run-mine")
    dry = operation(shop, "phlo_rebase", "{ref: mine, dry_run: true}")
    assert "would be rebased" in dry.text
    assert "--select orders top totals" in dry.text
    assert shop.holds("pipeline-run-mine") == before
    assert shop.runs()["mine"][1].startswith("refused")


def test_the_command_line_does_the_same(shop: Lake) -> None:
    refused_over(shop, "orders", "alone")
    dry = phlo("branches", "rebase", "mine", "--dry-run", "--json", lake=shop).document
    done = phlo("branches", "rebase", "pipeline-run-mine", "--json", lake=shop).document
    assert done["rebuild"] == dry["rebuild"] == ["alone", "orders", "top", "totals"]
    assert done["overtaken"] == ["main.alone", "main.orders"]
    again = phlo("branches", "rebase", "mine", lake=shop)
    assert "PHLO_RUN_ID=mine dbt build --select alone orders top totals" in again.out


def test_a_check_between_kept_tables_is_named_when_what_it_read_has_moved(shop: Lake) -> None:
    shop.write("models/pairs.sql", "select 7 as seven")
    shop.write(
        "tests/pairs_are_known.sql",
        "select * from {{ ref('pairs') }} where seven not in (from {{ ref('alone') }})",
    )
    assert shop.dbt("build", "--select", "pairs").code == 0
    shop.write("models/pairs.sql", "select 7 as seven, 1 as n")
    assert shop.dbt("build", "--select", "pairs", PHLO_RUN_ID="mine", PHLO_WAP="hold").code == 0
    shop.write("models/alone.sql", "select 7 as seven union all select 8")
    assert shop.dbt("build", "--select", "alone").code == 0
    rebased = operation(shop, "phlo_rebase", "{ref: mine}")
    assert "dbt build --select pairs_are_known" in rebased.text
    assert shop.dbt("build", "--select", "pairs_are_known", PHLO_RUN_ID="mine").code == 0
    assert shop.runs()["mine"][0] == "promoted"


def test_a_table_that_no_model_makes_is_told(shop: Lake) -> None:
    hook = "create table if not exists lake.main.log as select count(*) as n from {{ this }}"
    shop.write("models/alone.sql", f'{{{{ config(post_hook="{hook}") }}}} {ALONE}')
    refused_over(shop, "alone")
    rebased = operation(shop, "phlo_rebase", "{ref: mine}")
    assert "main.log is main's now, and no model of this project makes it" in rebased.text


def test_what_cannot_be_rebased_says_why(shop: Lake) -> None:
    assert shop.dbt("build", PHLO_RUN_ID="done").code == 0
    for name, code in (("done", "PHLO423"), ("main", "PHLO421"), ("nope", "PHLO301")):
        refused = operation(shop, "phlo_rebase", f"{{ref: {name}}}")
        assert refused.code != 0
        assert code in refused.text
