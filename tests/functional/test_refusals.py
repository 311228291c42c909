"""Wrong settings, and models that a run cannot isolate, are refused with what to write instead."""

import pytest
from lake import PROFILES, Lake

NAMES = ["pipeline-run-x", "../x", "a..b", "-lead", "a b", "a'b", "x" * 300, "a%2fb", "ünïcode"]


@pytest.mark.parametrize("name", NAMES)
def test_a_branch_name_that_is_not_allowed_is_refused(shop: Lake, name: str) -> None:
    outcome = shop.dbt("build", PHLO_BRANCH=name)
    assert outcome.code != 0
    assert "PHLO201" in outcome.text or "PHLO202" in outcome.text
    assert not (shop.folder / "lake").exists(), "nothing was written"


@pytest.mark.parametrize("name", ["../x", "a/b", "-lead", "a b", "a'b", "x" * 300, "a%2fb"])
def test_a_run_id_that_is_not_allowed_is_refused(shop: Lake, name: str) -> None:
    outcome = shop.dbt("build", PHLO_RUN_ID=name)
    assert outcome.code != 0
    assert "PHLO203" in outcome.text


def test_an_empty_variable_counts_as_unset(shop: Lake) -> None:
    outcome = shop.dbt("build", PHLO_RUN_ID="", PHLO_BRANCH="", PHLO_WAP="")
    assert outcome.code == 0, outcome.text
    assert "into main" in outcome.text


def test_a_wrong_mode_is_told_the_nearest_one(shop: Lake) -> None:
    outcome = shop.dbt("build", PHLO_WAP="atuo")
    assert outcome.code != 0
    assert "PHLO_WAP is 'atuo'. Did you mean `auto`?" in outcome.text


def test_an_unknown_key_of_the_profile_is_told_the_nearest_one(shop: Lake) -> None:
    shop.write("profiles.yml", PROFILES.replace("warehouse:", "warehose:"))
    outcome = shop.dbt("build")
    assert outcome.code != 0
    assert "no key 'warehose'. Did you mean `warehouse`?" in outcome.text


@pytest.mark.parametrize("key", ["path: shop.duckdb", "remote: {host: h, port: 1, user: u}"])
def test_a_key_that_would_be_ignored_is_refused(shop: Lake, key: str) -> None:
    shop.write("profiles.yml", PROFILES.replace("threads: 2", f"threads: 2, {key}"))
    outcome = shop.dbt("build")
    assert outcome.code != 0
    assert "PHLO119" in outcome.text
    assert not (shop.folder / "lake").exists()


def test_an_unknown_key_of_meta_phlo_is_told_with_its_file(shop: Lake) -> None:
    shop.write(
        "models/schema.yml",
        "models:\n  - name: orders\n    config:\n      meta:\n        phlo:\n"
        "          publsh: true\n",
    )
    outcome = shop.dbt("build")
    assert outcome.code != 0
    assert "models/schema.yml:6: orders: meta.phlo has no key 'publsh'." in outcome.text
    assert "Did you mean `publish`?" in outcome.text


def test_an_external_model_is_refused_unless_it_says_that_it_is_meant(shop: Lake) -> None:
    shop.write(
        "models/out.sql",
        "{{ config(materialized='external', location=project_root ~ '/out.parquet') }} select 1 a",
    )
    shop.write("models/out.sql", "{{ config(materialized='external') }} select 1 as a")
    outcome = shop.dbt("build")
    assert outcome.code != 0
    assert "PHLO406" in outcome.text
    assert shop.holds() == {}


def test_a_model_of_another_database_is_refused_unless_it_says_that_it_is_meant(
    shop: Lake,
) -> None:
    shop.write(
        "profiles.yml",
        PROFILES.replace(
            "threads: 2", f"threads: 2, attach: [{{path: '{shop.folder}/side.db', alias: side}}]"
        ),
    )
    shop.write("models/side.sql", "{{ config(database='side') }} select 1 as a")
    outcome = shop.dbt("build")
    assert outcome.code != 0
    assert "writes to database side" in outcome.text
    shop.write(
        "models/side.sql",
        "{{ config(database='side', meta={'phlo': {'outside_wap': true}}) }} select 1 as a",
    )
    outcome = shop.dbt("build")
    assert outcome.code == 0, outcome.text
    assert "main.side" not in shop.holds()


def test_grants_are_refused_because_a_folder_has_no_users(shop: Lake) -> None:
    shop.write(
        "models/orders.sql", "{{ config(grants={'select': ['bi']}) }} select 1 as id, 1 as customer"
    )
    outcome = shop.dbt("build")
    assert outcome.code == 1
    assert "PHLO116" in outcome.text


@pytest.mark.parametrize("name", ["or'ders", 'or"ders', "o;drop", "ünï çode", "a.b", "x" * 120])
def test_a_hostile_table_name_is_a_table_name(lake: Lake, name: str) -> None:
    mark = "'" if '"' in name else '"'
    quoted = name.replace('"', '""')
    config = f"{{{{ config(alias={mark}{name}{mark}) }}}}"
    lake.write("models/m.sql", f'{config} select 1 as "{quoted}"')
    outcome = lake.dbt("build")
    assert outcome.code == 0, outcome.text
    assert lake.rows(f'select "{quoted}" from lake.main."{quoted}"') == [(1,)]
