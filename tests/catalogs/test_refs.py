"""Refs: made from a base, listed, deleted."""

import pytest
from lakes import Lake

from dbt_phlo.catalogs import Catalog
from dbt_phlo.errors import AlreadyExists, CatalogError, NotFound, ReadOnly


def test_a_new_lake_has_one_empty_branch_main(catalog: Catalog) -> None:
    (ref,) = catalog.refs()
    assert (ref.name, ref.kind, ref.base, ref.open) == ("main", "branch", None, True)
    assert catalog.at("main").pointers() == {}


def test_a_ref_holds_what_its_base_held_when_it_was_made(lake: Lake) -> None:
    lake.table("s.a")
    lake.view("s.v")
    lake.catalog.create_ref("dev", "main", kind="branch")
    before = lake.values()
    lake.table("s.b")
    assert lake.values("dev") == before
    assert lake.catalog.at("dev").namespaces() == ["s"]


def test_a_write_on_a_ref_is_seen_on_no_other(lake: Lake) -> None:
    lake.table("s.a")
    lake.catalog.create_ref("dev", "main", kind="branch")
    before = lake.values()
    lake.change("s.a", "dev")
    lake.table("s.b", "dev")
    lake.view("s.v", "dev")
    assert lake.values() == before
    assert set(lake.values("dev")) == {"s.a", "s.b", "s.v"}


def test_a_ref_can_be_made_from_a_ref_that_is_not_main(lake: Lake) -> None:
    lake.catalog.create_ref("dev", "main", kind="branch")
    lake.table("s.a", "dev")
    run = lake.run("r1", base="dev")
    assert lake.values(run.ref) == lake.values("dev")
    lake.table("s.b", run.ref)
    lake.catalog.promote(run.ref, run="r1")
    assert set(lake.values("dev")) == {"s.a", "s.b"}
    assert lake.values("main") == {}


def test_refs_are_listed_with_branches_first(lake: Lake) -> None:
    lake.run("r1")
    lake.catalog.create_ref("dev", "main", kind="branch")
    listed = [(ref.name, ref.kind, ref.base) for ref in lake.catalog.refs()]
    assert listed == [
        ("dev", "branch", "main"),
        ("main", "branch", None),
        ("pipeline-run-r1", "run", "main"),
    ]


def test_a_ref_that_exists_is_not_made_again(lake: Lake) -> None:
    lake.table("s.a")
    lake.catalog.create_ref("dev", "main", kind="branch")
    lake.drop("s.a", "dev")
    with pytest.raises(AlreadyExists, match="dev"):
        lake.catalog.create_ref("dev", "main", kind="branch")
    assert lake.values("dev") == {}


@pytest.mark.parametrize("ask", ["ref", "at", "diff", "delete_ref", "base", "promote"])
def test_a_ref_that_does_not_exist_is_said_to_be_so(catalog: Catalog, ask: str) -> None:
    asked = {
        "base": lambda: catalog.create_ref("dev", "nowhere", kind="branch"),
        "promote": lambda: catalog.promote("nowhere", run="r"),
    }
    with pytest.raises(NotFound, match="nowhere"):
        asked.get(ask, lambda: getattr(catalog, ask)("nowhere"))()
    assert [ref.name for ref in catalog.refs()] == ["main"]


def test_a_deleted_ref_is_gone_and_the_others_stay(lake: Lake) -> None:
    lake.table("s.a")
    lake.catalog.create_ref("dev", "main", kind="branch")
    lake.catalog.create_ref("dev2", "dev", kind="branch")
    lake.catalog.delete_ref("dev")
    with pytest.raises(NotFound):
        lake.catalog.at("dev")
    assert lake.keys() == lake.keys("dev2") == {"s.a": "table"}
    lake.catalog.create_ref("dev", "main", kind="branch")
    assert lake.changes("dev") == set()


def test_main_cannot_be_deleted(catalog: Catalog) -> None:
    with pytest.raises(CatalogError) as caught:
        catalog.delete_ref("main")
    assert caught.value.code == "PHLO310"


def test_the_record_of_a_run_stays_when_its_ref_is_deleted(lake: Lake) -> None:
    run = lake.run("r1", lease=60)
    lake.catalog.delete_ref(run.ref)
    kept = lake.catalog.run("r1")
    assert (kept.state, kept.reason, kept.lease_until) == ("discarded", "its ref was deleted", 0)


def test_a_closed_ref_refuses_every_write(lake: Lake) -> None:
    lake.table("s.a")
    run = lake.run("r1")
    lake.view("s.v", run.ref)
    lake.catalog.promote(run.ref, run="r1")
    before = lake.values(run.ref)
    tables = lake.catalog.at(run.ref)
    for write in (
        lambda: lake.change("s.a", run.ref),
        lambda: lake.table("s.b", run.ref),
        lambda: lake.drop("s.a", run.ref),
        lambda: lake.view("s.v", run.ref, "select 2"),
        lambda: tables.rename(("s", "a"), ("s", "b")),
        lambda: tables.clone(("s", "a"), ("s", "b")),
        lambda: tables.document("s", "a", "text", {}),
        lambda: tables.create_namespace("t"),
        lambda: tables.drop_namespace("s", cascade=True),
    ):
        with pytest.raises(ReadOnly, match="closed"):
            write()
    assert lake.values(run.ref) == before


def test_a_handle_for_reading_refuses_every_write(lake: Lake) -> None:
    lake.table("s.a")
    before = lake.values()
    tables = lake.catalog.at("main", writable=False)
    assert tables.load("s", "a")[0] == before["s.a"]
    for write in (
        lambda: tables.commit([("s", "a", [], [])]),
        lambda: tables.create("s", {"name": "b", "schema": {"fields": []}}),
        lambda: tables.stage("s", {"name": "b", "schema": {"fields": []}}),
        lambda: tables.drop("s", "a"),
        lambda: tables.put_view("s", "v", {"sql": "select 1"}),
        lambda: tables.rename(("s", "a"), ("s", "b")),
        lambda: tables.replace("s", "a", "b"),
        lambda: tables.clone(("s", "a"), ("s", "b")),
        lambda: tables.document("s", "a", "text", {}),
        lambda: tables.create_namespace("t"),
        lambda: tables.drop_namespace("s", cascade=True),
    ):
        with pytest.raises(ReadOnly, match="may only read"):
            write()
    assert lake.values() == before


def test_a_catalog_that_is_opened_for_reading_reads_and_refuses_to_write(lake: Lake) -> None:
    lake.table("s.a")
    reader = lake.again(read_only=True)
    assert {str(key): v for key, v in reader.at("main").pointers().items()} == lake.values()
    for write in (
        lambda: reader.create_ref("dev", "main", kind="branch"),
        lambda: reader.at("main").drop("s", "a"),
        lambda: reader.delete_ref("main2"),
    ):
        with pytest.raises((ReadOnly, NotFound)):
            write()
    with pytest.raises(ReadOnly, match="only be read"):
        reader.create_ref("dev", "main", kind="branch")
    lake.table("s.b")
    assert len(reader.at("main").pointers()) == 2


def test_another_process_sees_what_was_written_at_once(lake: Lake) -> None:
    other = lake.again()
    lake.table("s.a")
    assert [str(key) for key in other.at("main").pointers()] == ["s.a"]
    other.create_ref("dev", "main", kind="branch")
    assert lake.keys("dev") == {"s.a": "table"}
