"""Tables, views and namespaces at one ref: every write is one compare-and-swap."""

import pytest
from lakes import Lake, columns

from dbt_phlo.catalogs import Catalog
from dbt_phlo.errors import AlreadyExists, CatalogError, NotFound


def test_an_empty_namespace_is_dropped_and_a_full_one_only_with_cascade(lake: Lake) -> None:
    tables = lake.catalog.at("main")
    tables.create_namespace("empty")
    lake.table("s.a")
    lake.view("s.v")
    tables.drop_namespace("empty")
    with pytest.raises(CatalogError, match="not empty: a, v") as caught:
        tables.drop_namespace("s")
    assert caught.value.code == "PHLO308"
    assert tables.namespaces() == ["s"]
    tables.drop_namespace("s", cascade=True)
    assert tables.namespaces() == []
    assert lake.values() == {}


def test_a_namespace_is_made_once_and_dropped_once(catalog: Catalog) -> None:
    tables = catalog.at("main")
    tables.create_namespace("s")
    with pytest.raises(AlreadyExists):
        tables.create_namespace("s")
    tables.drop_namespace("s")
    with pytest.raises(NotFound):
        tables.drop_namespace("s")


def test_nothing_is_made_in_a_namespace_that_is_not_there(lake: Lake) -> None:
    lake.table("s.a")
    tables = lake.catalog.at("main")
    for write in (
        lambda: tables.create("nowhere", {"name": "a", "schema": columns(id="int")}),
        lambda: tables.put_view("nowhere", "v", {"sql": "select 1"}),
        lambda: tables.rename(("s", "a"), ("nowhere", "a")),
        lambda: tables.clone(("s", "a"), ("nowhere", "a")),
    ):
        with pytest.raises(NotFound, match="namespace nowhere"):
            write()
    assert lake.keys() == {"s.a": "table"}


def test_a_table_takes_a_views_place_and_a_view_a_tables(lake: Lake) -> None:
    lake.table("s.a")
    lake.view("s.a")
    assert lake.keys() == {"s.a": "view"}
    lake.table("s.b")
    lake.catalog.at("main").clone(("s", "b"), ("s", "a"))
    assert lake.keys() == {"s.a": "table", "s.b": "table"}
    assert lake.catalog.at("main").views() == {}


def test_a_table_is_not_made_over_another_or_over_a_view(lake: Lake) -> None:
    lake.table("s.a")
    lake.view("s.v")
    for name in ("s.a", "s.v"):
        with pytest.raises(AlreadyExists):
            lake.table(name)
    with pytest.raises(AlreadyExists):
        lake.change("s.v")
    with pytest.raises(AlreadyExists):
        lake.catalog.at("main").rename(("s", "a"), ("s", "v"))
    assert lake.keys() == {"s.a": "table", "s.v": "view"}


def test_rename_moves_tables_and_views_with_their_values(lake: Lake) -> None:
    value = lake.table("s.a")
    lake.view("s.v", sql="select 7")
    tables = lake.catalog.at("main")
    tables.rename(("s", "a"), ("s", "b"))
    tables.rename(("s", "v"), ("s", "w"))
    assert lake.values()["s.b"] == value
    assert tables.views()["s", "w"]["sql"] == "select 7"
    assert set(lake.keys()) == {"s.b", "s.w"}
    with pytest.raises(NotFound):
        tables.rename(("s", "a"), ("s", "c"))


def test_an_equal_view_put_again_is_no_change(lake: Lake) -> None:
    lake.view("s.v")
    before = lake.values()
    lake.view("s.v")
    assert lake.values() == before
    lake.view("s.v", sql="select 2")
    assert lake.values() != before


def test_comments_reach_tables_and_views_and_an_equal_one_is_no_change(lake: Lake) -> None:
    lake.table("s.a", id="int", Name="string")
    lake.view("s.v")
    tables = lake.catalog.at("main")
    for name in ("a", "v"):
        tables.document("s", name, "what it is", {"ID": "the key", "name": "the name"})
    before = lake.values()
    tables.document("s", "a", "what it is", {"id": "the key"})
    assert lake.values() == before
    metadata = tables.metadata("s", "a")
    assert metadata["properties"]["comment"] == "what it is"
    assert [field["doc"] for field in metadata["schemas"][-1]["fields"]] == ["the key", "the name"]
    view = tables.views()["s", "v"]
    assert (view["comment"], view["column_comments"]["ID"]) == ("what it is", "the key")
    assert lake.catalog.content(lake.values()["s.v"]) == view
    assert lake.catalog.content(lake.values()["s.a"]) == metadata


def test_a_commit_of_several_tables_is_all_or_nothing(lake: Lake) -> None:
    lake.table("s.a")
    lake.table("s.b")
    before = lake.values()
    update = [{"action": "set-properties", "updates": {"x": "1"}}]
    with pytest.raises(NotFound):
        lake.catalog.at("main").commit([("s", "a", [], update), ("s", "gone", [], update)])
    assert lake.values() == before
    lake.catalog.at("main").commit([("s", "a", [], update), ("s", "b", [], update)])
    assert not set(before.values()) & set(lake.values().values())


def test_a_clone_has_an_identity_and_a_future_of_its_own(lake: Lake) -> None:
    lake.table("s.a")
    tables = lake.catalog.at("main")
    tables.clone(("s", "a"), ("s", "b"))
    lake.change("s.b", to="2")
    first, second = tables.metadata("s", "a"), tables.metadata("s", "b")
    assert first["table-uuid"] != second["table-uuid"]
    assert first["location"] != second["location"]
    assert "version" not in first["properties"]


def test_two_tables_staged_under_one_name_do_not_mix(lake: Lake) -> None:
    lake.catalog.at("main").create_namespace("s")
    tables = lake.catalog.at("main")
    first = tables.stage("s", {"name": "t", "schema": columns(a="int")})
    second = tables.stage("s", {"name": "t", "schema": columns(b="string")})
    create = [{"type": "assert-create"}]

    def updates(staged: dict[str, str]) -> list[dict[str, str]]:
        return [{"action": "assign-uuid", "uuid": staged["table-uuid"]}]

    (done,) = tables.commit([("s", "t", create, updates(first))])
    assert done[1]["location"] == first["location"]
    with pytest.raises(AlreadyExists):
        tables.commit([("s", "t", create, updates(second))])
    assert tables.metadata("s", "t")["schemas"] == first["schemas"]
