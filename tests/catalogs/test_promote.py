"""Promotion: three-way by value, all or nothing, once."""

import pytest
from lakes import Lake

from dbt_phlo.catalogs import Catalog
from dbt_phlo.catalogs.values import Judged, Key
from dbt_phlo.errors import Conflict, NotFound, PromotionRefused, ReadOnly


def test_the_diff_names_what_a_ref_added_changed_and_dropped(lake: Lake) -> None:
    for name in ("s.same", "s.changed", "s.dropped"):
        lake.table(name)
    lake.view("s.old_view")
    run = lake.run("r1")
    lake.change("s.changed", run.ref)
    lake.drop("s.dropped", run.ref)
    lake.table("new.added", run.ref)
    lake.view("s.view", run.ref)
    lake.view("s.old_view", run.ref, "select 2")
    assert lake.changes(run.ref) == {
        ("changed", "table", "s.changed"),
        ("dropped", "table", "s.dropped"),
        ("added", "table", "new.added"),
        ("added", "namespace", "new"),
        ("added", "view", "s.view"),
        ("changed", "view", "s.old_view"),
    }


def test_the_diff_of_a_ref_that_changed_nothing_is_empty(lake: Lake) -> None:
    lake.table("s.a")
    run = lake.run("r1")
    lake.change("s.a")
    diff = lake.catalog.diff(run.ref)
    assert (diff.ref, diff.target, diff.changes, diff.stale_reads) == (run.ref, "main", (), ())


def test_a_promotion_makes_every_change_true_and_touches_nothing_else(lake: Lake) -> None:
    for name in ("s.same", "s.changed", "s.dropped"):
        lake.table(name)
    run = lake.run("r1")
    lake.change("s.changed", run.ref)
    lake.drop("s.dropped", run.ref)
    lake.table("new.added", run.ref)
    lake.view("s.view", run.ref)
    lake.change("s.same")  # moved on main meanwhile, not written by the run
    meanwhile = lake.values()["s.same"]
    promotion = lake.catalog.promote(run.ref, run="r1")
    assert not promotion.dry_run
    assert lake.values() == {**lake.values(run.ref), "s.same": meanwhile}
    assert lake.keys() == {
        "s.same": "table",
        "s.changed": "table",
        "new.added": "table",
        "s.view": "view",
    }
    assert lake.catalog.at("main").namespaces() == ["new", "s"]
    assert lake.catalog.at("main").views()["s", "view"]["sql"] == "select 1"


def test_a_promotion_closes_the_ref_and_ends_the_run(lake: Lake) -> None:
    run = lake.run("r1", lease=60)
    lake.table("s.a", run.ref)
    lake.catalog.promote(run.ref, run="r1", expires_at=4e9, reason="checked by hand")
    ref, record = lake.catalog.ref(run.ref), lake.catalog.run("r1")
    assert (ref.open, ref.expires_at) == (False, 4e9)
    assert (record.state, record.reason, record.lease_until) == ("promoted", "checked by hand", 0)


def test_a_second_promotion_is_refused(lake: Lake) -> None:
    run = lake.run("r1")
    lake.table("s.a", run.ref)
    lake.catalog.promote(run.ref, run="r1")
    before = lake.values()
    with pytest.raises(ReadOnly, match="closed"):
        lake.catalog.promote(run.ref, run="r1")
    assert lake.values() == before


def test_a_dry_run_tells_the_same_and_changes_nothing(lake: Lake) -> None:
    lake.table("s.a")
    run = lake.run("r1")
    lake.change("s.a", run.ref)
    before = lake.values()
    told = lake.catalog.promote(run.ref, run="r1", dry_run=True)
    assert told.dry_run
    assert told.diff == lake.catalog.diff(run.ref)
    assert lake.values() == before
    assert lake.catalog.ref(run.ref).open
    assert lake.catalog.run("r1").state == "open"
    assert lake.catalog.moved_by("main", [Key("table", "s", "a")]) == {}
    lake.change("s.a")
    with pytest.raises(PromotionRefused):
        lake.catalog.promote(run.ref, run="r1", dry_run=True)


def test_disjoint_runs_both_win(lake: Lake) -> None:
    lake.table("s.a")
    lake.table("s.b")
    first, second = lake.run("r1"), lake.run("r2")
    a, b = lake.change("s.a", first.ref), lake.change("s.b", second.ref)
    lake.catalog.promote(second.ref, run="r2")
    lake.catalog.promote(first.ref, run="r1")
    assert lake.values() == {"s.a": a, "s.b": b}


CONFLICTS = {
    "both change it": ("change s.a", "change s.a"),
    "ours changes what theirs drops": ("change s.a", "drop s.a"),
    "ours drops what theirs changes": ("drop s.a", "change s.a"),
    "both add it": ("table s.new", "table s.new"),
    "both add a view": ("view s.new", "view s.new"),
    "ours adds a table where theirs adds a view": ("table s.new", "view s.new"),
    "ours adds a view where theirs adds a table": ("view s.new", "table s.new"),
    "ours replaces by a view what theirs changes": ("view s.a", "change s.a"),
    "ours changes what theirs replaces by a view": ("change s.a", "view s.a"),
    "both replace it by a view": ("view s.a", "view s.a"),
}


@pytest.mark.parametrize("ours, theirs", CONFLICTS.values(), ids=CONFLICTS)
def test_a_conflict_refuses_everything_and_names_the_key_and_the_run_that_won(
    lake: Lake, ours: str, theirs: str
) -> None:
    lake.table("s.a")
    lake.table("s.other")
    mine, winner = lake.run("mine"), lake.run("winner")
    _do(lake, ours, mine.ref)
    lake.change("s.other", mine.ref)
    _do(lake, theirs, winner.ref)
    lake.catalog.promote(winner.ref, run="winner")
    before = lake.values()
    key = ours.split(" ")[1]
    with pytest.raises(PromotionRefused) as caught:
        lake.catalog.promote(mine.ref, run="mine")
    assert caught.value.tables == (key,)
    assert f"{key} was moved by run winner" in caught.value.message
    assert caught.value.message.count(key) == 1
    assert lake.values() == before
    assert lake.catalog.ref(mine.ref).open
    assert lake.catalog.run("mine").state == "open"


def test_a_conflict_with_a_write_that_was_no_run_says_so(lake: Lake) -> None:
    lake.table("s.a")
    earlier = lake.run("earlier")
    lake.change("s.a", earlier.ref)
    lake.catalog.promote(earlier.ref, run="earlier")
    run = lake.run("r1")
    lake.change("s.a", run.ref)
    lake.change("s.a")
    with pytest.raises(PromotionRefused, match=r"s\.a was moved by a write that was not a run"):
        lake.catalog.promote(run.ref, run="r1")


def test_every_conflict_is_named(lake: Lake) -> None:
    run = lake.run("r1")
    for name in ("s.b", "s.a", "s.c"):
        lake.table(name)
        lake.table(name, run.ref)
    with pytest.raises(PromotionRefused) as caught:
        lake.catalog.promote(run.ref, run="r1")
    assert caught.value.tables == ("s.a", "s.b", "s.c")


@pytest.mark.parametrize("what", ["drop s.a", "drop s.v"])
def test_the_same_change_on_both_sides_is_no_conflict(lake: Lake, what: str) -> None:
    lake.table("s.a")
    lake.view("s.v")
    lake.table("s.b")
    run = lake.run("r1")
    _do(lake, what, run.ref)
    lake.change("s.b", run.ref)
    _do(lake, what, "main")
    lake.catalog.promote(run.ref, run="r1")
    assert lake.values() == lake.values(run.ref)


def test_the_same_new_schema_on_both_sides_is_no_conflict(lake: Lake) -> None:
    run = lake.run("r1")
    lake.table("s.a", run.ref)
    lake.table("s.b")
    lake.catalog.promote(run.ref, run="r1")
    assert set(lake.keys()) == {"s.a", "s.b"}


@pytest.mark.parametrize("first, second", [("table", "view"), ("view", "table")])
def test_a_table_that_became_a_view_and_back_is_promoted(
    lake: Lake, first: str, second: str
) -> None:
    lake.table("s.other")
    _do(lake, f"{first} s.a", "main")
    run = lake.run("r1")
    if second == "table":
        lake.catalog.at(run.ref).clone(("s", "other"), ("s", "a"))
    else:
        lake.view("s.a", run.ref)
    assert lake.changes(run.ref) == {("dropped", first, "s.a"), ("added", second, "s.a")}
    lake.catalog.promote(run.ref, run="r1")
    assert lake.keys() == {"s.a": second, "s.other": "table"}
    assert lake.values() == lake.values(run.ref)


def test_a_schema_that_the_branch_dropped_comes_back_with_the_tables_of_the_run(lake: Lake) -> None:
    lake.table("s.a")
    lake.drop("s.a")
    run = lake.run("r1")
    lake.table("s.new", run.ref)
    lake.catalog.at("main").drop_namespace("s")
    lake.catalog.promote(run.ref, run="r1")
    assert lake.catalog.at("main").namespaces() == ["s"]
    assert lake.keys() == {"s.new": "table"}


def test_a_dropped_schema_stays_while_the_branch_has_new_tables_in_it(lake: Lake) -> None:
    lake.table("s.a")
    run = lake.run("r1")
    lake.catalog.at(run.ref).drop_namespace("s", cascade=True)
    lake.table("s.new")
    lake.catalog.promote(run.ref, run="r1")
    assert lake.catalog.at("main").namespaces() == ["s"]
    assert lake.keys() == {"s.new": "table"}


def test_a_dropped_schema_goes_with_the_promotion(lake: Lake) -> None:
    lake.table("s.a")
    lake.table("t.b")
    run = lake.run("r1")
    lake.catalog.at(run.ref).drop_namespace("s", cascade=True)
    lake.catalog.promote(run.ref, run="r1")
    assert lake.catalog.at("main").namespaces() == ["t"]


def test_moved_reads_are_reported_and_refused_when_serializable(lake: Lake) -> None:
    for name in ("s.read", "s.read_and_written", "s.unread"):
        lake.table(name)
    run, winner = lake.run("r1"), lake.run("winner")
    values = lake.catalog.at(run.ref).pointers()
    reads = {key: value for key, value in values.items() if key.name != "unread"}
    lake.catalog.record_reads(run.ref, reads)
    lake.catalog.record_reads(run.ref, reads)
    lake.change("s.read_and_written", run.ref)
    assert lake.catalog.diff(run.ref).stale_reads == ()
    lake.change("s.read", winner.ref)
    lake.change("s.unread", winner.ref)
    lake.catalog.promote(winner.ref, run="winner")
    assert lake.catalog.diff(run.ref).stale_reads == (Key("table", "s", "read"),)
    before = lake.values()
    with pytest.raises(PromotionRefused) as caught:
        lake.catalog.promote(run.ref, run="r1", serializable=True)
    assert caught.value.tables == ("s.read",)
    assert "s.read was read here and moved by run winner" in caught.value.message
    assert lake.values() == before
    promotion = lake.catalog.promote(run.ref, run="r1")
    assert promotion.diff.stale_reads == (Key("table", "s", "read"),)


def test_a_read_table_that_was_dropped_on_the_branch_has_moved(lake: Lake) -> None:
    value = lake.table("s.read")
    run = lake.run("r1")
    lake.catalog.record_reads(run.ref, {Key("table", "s", "read"): value})
    lake.drop("s.read")
    assert lake.catalog.diff(run.ref).stale_reads == (Key("table", "s", "read"),)


def test_what_was_not_judged_is_not_promoted(lake: Lake) -> None:
    lake.table("s.a")
    run = lake.run("r1")
    lake.change("s.a", run.ref)
    judged = Judged({"s.a": lake.values(run.ref)["s.a"]}, plans=0)
    lake.change("s.a", run.ref)
    lake.table("s.b", run.ref)
    before = lake.values()
    with pytest.raises(Conflict, match=r"after its verdict: s\.a, s\.b"):
        lake.catalog.promote(run.ref, run="r1", judged=judged)
    assert lake.values() == before
    assert lake.catalog.ref(run.ref).open
    lake.catalog.promote(run.ref, run="r1", judged=Judged(lake.values(run.ref), plans=0))


def test_the_run_that_made_a_key_what_it_is_can_be_asked_for(lake: Lake) -> None:
    lake.table("s.a")
    lake.table("s.b")
    keys = [Key("table", "s", "a"), Key("table", "s", "b"), Key("table", "s", "gone")]
    for name in ("r1", "r2"):
        run = lake.run(name)
        lake.change("s.a", run.ref)
        lake.catalog.promote(run.ref, run=name)
    assert lake.catalog.moved_by("main", keys) == {keys[0]: "r2"}
    lake.change("s.a")
    assert lake.catalog.moved_by("main", keys) == {}


def test_the_last_run_is_named_although_the_clock_ran_backwards(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.table("s.a")
    for name, now in (("r1", 3e9), ("r2", 1e9), ("r3", 2e9)):
        monkeypatch.setattr("time.time", lambda now=now: now)
        run = lake.run(name)
        lake.change("s.a", run.ref, to=name)
        lake.catalog.promote(run.ref, run=name)
    assert lake.catalog.moved_by("main", [Key("table", "s", "a")])[Key("table", "s", "a")] == "r3"


def test_a_ref_whose_base_is_gone_is_not_promoted_elsewhere(lake: Lake) -> None:
    lake.catalog.create_ref("dev", "main", kind="branch")
    run = lake.run("r1", base="dev")
    lake.table("s.a", run.ref)
    lake.catalog.delete_ref("dev")
    with pytest.raises(NotFound, match="dev"):
        lake.catalog.promote(run.ref, run="r1")
    assert lake.values() == {}


def test_a_promotion_that_fails_half_way_changes_nothing(
    lake: Lake, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure comes from the catalog's own code, after its first writes."""
    lake.table("s.a")
    lake.table("s.b")
    run = lake.run("r1")
    for name in ("s.a", "s.b", "s.c"):
        if name == "s.c":
            lake.table(name, run.ref)
        else:
            lake.change(name, run.ref)
    before = lake.values()
    with monkeypatch.context() as patched:
        patched.setattr(type(catalog._promotions), "_close", _interrupt)  # type: ignore[attr-defined]
        with pytest.raises(KeyboardInterrupt):
            catalog.promote(run.ref, run="r1")
    assert lake.values() == before
    assert catalog.run("r1").state == "open"
    catalog.promote(run.ref, run="r1")
    assert lake.values() == lake.values(run.ref)


def _interrupt(*arguments: object) -> None:
    raise KeyboardInterrupt


def _do(lake: Lake, what: str, ref: str) -> None:
    verb, name = what.split(" ")
    if verb == "view":
        lake.view(name, ref, f"select '{ref}'")
    else:
        getattr(lake, verb)(name, ref)
