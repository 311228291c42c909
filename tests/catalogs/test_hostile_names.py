"""Names of refs, runs, schemas and tables that are hostile: refused, or taken literally."""

import pytest
from lakes import Lake

from dbt_phlo.errors import NameRefused

REFUSED_REFS = (
    "",
    "../main",
    "a/../../b",
    "a..b",
    "-rf",
    "1st",
    "a b",
    "a\nb",
    "main\n",
    "a'b",
    'a"b',
    "a;drop table phlo_refs",
    "'; DROP TABLE phlo_refs; --",
    "%2f",
    "a%2fb",
    "münchen",
    "a\x00b",
    "x" * 300,
    "pipeline-run-x",
    "Pipeline-Run-x",
)
TAKEN_REFS = ("pr/12", "ci_pr_1", "ci/pr-1", "a.b-c_d", "x" * 200, "PR", "pr")
REFUSED_RUNS = ("", "../x", "a/b", "-x", "a..b", "a b", "a'b", "ü", "x" * 300, "a\n", "%2f")
NAMES = (
    "plain",
    "with space",
    "quo'te",
    'dou"ble',
    "per%2fcent",
    "sla/sh",
    "back\\slash",
    "'; DROP TABLE iceberg_tables; --",
    "münchen 東京 🎉",
    "-dash",
    "...",
    "x" * 200,
    "?#&=+",
    "null",
    "select",
)


@pytest.mark.parametrize("name", REFUSED_REFS)
def test_a_hostile_branch_name_is_refused_and_nothing_is_made(lake: Lake, name: str) -> None:
    with pytest.raises(NameRefused):
        lake.catalog.create_ref(name, "main", kind="branch")
    assert [ref.name for ref in lake.catalog.refs()] == ["main"]


@pytest.mark.parametrize("name", REFUSED_RUNS)
def test_a_hostile_run_id_is_refused_and_nothing_is_made(lake: Lake, name: str) -> None:
    with pytest.raises(NameRefused):
        lake.run(name)
    with pytest.raises(NameRefused):
        lake.catalog.create_ref(f"pipeline-run-{name}", "main", kind="run")
    assert [ref.name for ref in lake.catalog.refs()] == ["main"]


def test_names_that_are_nearly_the_same_are_different_refs(lake: Lake) -> None:
    for name in TAKEN_REFS:
        lake.catalog.create_ref(name, "main", kind="branch")
        lake.table(f"s.{name.replace('.', '_')}", name)
    for name in TAKEN_REFS:
        assert list(lake.keys(name)) == [f"s.{name.replace('.', '_')}"]
    for name in TAKEN_REFS:
        lake.catalog.delete_ref(name)
    assert [ref.name for ref in lake.catalog.refs()] == ["main"]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_schema_or_table_name_is_taken_literally(lake: Lake, name: str) -> None:
    tables, run = lake.catalog.at("main"), None
    schema = name.replace(".", "-")
    tables.create_namespace(schema)
    run = lake.run("r1")
    tables = lake.catalog.at(run.ref)
    lake.table(f"{schema}.{name}", run.ref)
    tables.put_view(schema, f"v {name}"[:200], {"sql": f"select '{name}'"})
    lake.change(f"{schema}.{name}", run.ref)
    lake.catalog.promote(run.ref, run="r1")
    main = lake.catalog.at("main")
    assert main.tables(schema) == [name]
    assert main.metadata(schema, name)["location"].startswith(lake.configuration["warehouse"])
    assert main.views()[schema, f"v {name}"[:200]]["sql"] == f"select '{name}'"
    main.rename((schema, name), (schema, "b"))
    main.drop(schema, "b")
    main.drop_namespace(schema, cascade=True)
    assert lake.values() == {}


@pytest.mark.parametrize("name", ["", "a.b", "x" * 300, "a\x1fb", "a\x00b", "a\nb", "\ud800"])
def test_a_schema_name_that_iceberg_or_a_database_cannot_hold_is_refused(
    lake: Lake, name: str
) -> None:
    with pytest.raises(NameRefused) as caught:
        lake.catalog.at("main").create_namespace(name)
    assert caught.value.code == "PHLO205"


@pytest.mark.parametrize("name", ["", ".", "..", "x" * 300, "a\x1fb", "a\x00b", "\ud800"])
def test_a_table_name_that_iceberg_or_a_database_cannot_hold_is_refused(
    lake: Lake, name: str
) -> None:
    lake.table("s.a")
    tables = lake.catalog.at("main")
    for write in (
        lambda: lake.table(f"s.{name}"),
        lambda: tables.put_view("s", name, {}),
        lambda: tables.rename(("s", "a"), ("s", name)),
        lambda: tables.clone(("s", "a"), ("s", name)),
    ):
        with pytest.raises(NameRefused) as caught:
            write()
        assert caught.value.code == "PHLO206"
    assert lake.keys() == {"s.a": "table"}
