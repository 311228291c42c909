"""Run records: made with their ref, joined, ended for good; the ledger."""

import time

import pytest
from lakes import Lake

from dbt_phlo.catalogs.values import Key, LedgerEntry
from dbt_phlo.errors import AlreadyExists, CatalogError, NotFound, RunError

HOUR = 3600.0


def test_a_run_and_its_ref_are_made_in_one_step(lake: Lake) -> None:
    run = lake.run("r1", lease=60)
    assert lake.catalog.run("r1") == run
    assert run.invocations == ("invocation-r1",)
    ref = lake.catalog.ref(run.ref)
    assert (ref.kind, ref.base, ref.open) == ("run", "main", True)
    with pytest.raises(AlreadyExists):
        lake.run("r1")


def test_a_run_is_not_made_without_its_base(lake: Lake) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        lake.run("r1", base="nowhere")
    with pytest.raises(NotFound, match="run r1"):
        lake.catalog.run("r1")


def test_the_id_of_a_run_whose_ref_has_expired_is_not_used_again(lake: Lake) -> None:
    run = lake.run("r1")
    lake.catalog.delete_ref(run.ref)
    with pytest.raises(AlreadyExists, match="run r1"):
        lake.run("r1")
    with pytest.raises(NotFound):
        lake.catalog.ref(run.ref)


def test_a_run_that_is_forgotten_leaves_no_trace(lake: Lake) -> None:
    lake.table("s.t")
    run = lake.run("r1", lease=60)
    lake.catalog.record("r1", [LedgerEntry(0, "i", "node", "n", "success", {}, 1.0)])
    lake.catalog.forget_run("r1")
    assert lake.catalog.runs() == []
    assert [ref.name for ref in lake.catalog.refs()] == ["main"]
    assert lake.catalog.run_of_invocation("invocation-r1") is None
    assert lake.run("r1", lease=60).ref == run.ref, "as if it had never been"
    assert lake.catalog.ledger("r1") == []


def test_runs_are_listed_newest_first(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        monkeypatch.setattr("time.time", lambda now=1e9 + number: now)
        lake.run(f"r{number}")
    assert [run.id for run in lake.catalog.runs(limit=3)] == ["r3", "r2", "r1"]


def test_an_invocation_that_joins_is_found_with_its_run(lake: Lake) -> None:
    lake.run("r1")
    joined = lake.catalog.join_run("r1", "second", time.time() + 60)
    assert joined.invocations == ("invocation-r1", "second")
    assert joined.lease_until > time.time()
    for invocation in joined.invocations:
        found = lake.catalog.run_of_invocation(invocation)
        assert found is not None
        assert found.id == "r1"
    assert lake.catalog.run_of_invocation("unknown") is None
    assert lake.catalog.join_run("r1", "second", time.time()).invocations == joined.invocations


@pytest.mark.parametrize("state", ["open", "kept", "promoting"])
def test_a_run_that_is_not_over_is_joined_and_open_again(lake: Lake, state: str) -> None:
    lake.run("r1")
    lake.catalog.set_run_state("r1", state, "why")  # type: ignore[arg-type]
    joined = lake.catalog.join_run("r1", "second", time.time() + 60, expires_at=4e9)
    assert (joined.state, joined.reason) == ("open", "")
    assert lake.catalog.ref(joined.ref).expires_at == 4e9
    lake.table("s.a", joined.ref)


@pytest.mark.parametrize("state", ["promoted", "discarded"])
def test_a_run_that_is_over_stays_so(lake: Lake, state: str) -> None:
    run = lake.run("r1", lease=60)
    if state == "promoted":
        lake.catalog.promote(run.ref, run="r1")
    else:
        lake.catalog.set_run_state("r1", "discarded", "by hand")
    before = lake.catalog.run("r1")
    assert (before.state, before.lease_until) == (state, 0)
    assert not lake.catalog.ref(run.ref).open
    for other in ("open", "kept", "promoting", "promoted", "discarded"):
        lake.catalog.set_run_state("r1", other, "no", expires_at=1.0)  # type: ignore[arg-type]
    lake.catalog.renew_lease("r1", time.time() + 999)
    with pytest.raises(RunError) as caught:
        lake.catalog.join_run("r1", "late", time.time())
    assert caught.value.code == "PHLO402"
    assert lake.catalog.run("r1") == before
    assert lake.catalog.run_of_invocation("late") is None
    with pytest.raises(CatalogError, match="closed"):
        lake.catalog.promote(run.ref, run="r1")


def test_a_kept_run_gives_its_lease_back_and_can_still_be_promoted(lake: Lake) -> None:
    run = lake.run("r1", lease=60)
    lake.table("s.a", run.ref)
    reason = "not audited: s.a (0 of 1 checks)"
    by = run.invocations[0]
    lake.catalog.set_run_state("r1", "kept", reason, expires_at=4e9, by=by)
    kept = lake.catalog.run("r1")
    assert (kept.state, kept.reason, kept.lease_until) == (
        "kept",
        "not audited: s.a (0 of 1 checks)",
        0,
    )
    lake.catalog.promote(run.ref, run="r1")
    assert lake.keys() == {"s.a": "table"}


@pytest.mark.parametrize("ask", ["run", "join_run", "set_run_state"])
def test_a_run_that_does_not_exist_is_said_to_be_so(lake: Lake, ask: str) -> None:
    arguments = {"join_run": ("i", 0.0), "set_run_state": ("kept", "why")}.get(ask, ())
    with pytest.raises(NotFound, match="run nobody"):
        getattr(lake.catalog, ask)("nobody", *arguments)


def test_the_ledger_keeps_what_happened_in_its_order(lake: Lake) -> None:
    lake.run("r1")
    lake.run("r2")
    other = lake.again()
    told = [
        LedgerEntry(0, "i1", "plan", f"model.shop.{'long' * 300}", "planned", {}, 1.0),
        LedgerEntry(0, "i1", "node", "model.shop.a", "success", {}, 0.5),
        LedgerEntry(0, "i2", "check", "test.shop.a", "pass", {"s.a": "one", "ü.'": "two"}, 2.0),
    ]
    lake.catalog.record("r1", told[:2])
    other.record("r2", told[:1])
    other.record("r1", told[2:])
    found = lake.catalog.ledger("r1")
    assert [entry.sequence for entry in found] == [1, 2, 3]
    assert [entry._replace(sequence=0) for entry in found] == told
    assert len(lake.catalog.ledger("r2")) == 1
    assert lake.catalog.ledger("nobody") == []


def test_reads_of_a_closed_or_unknown_ref_are_not_kept(lake: Lake) -> None:
    value = lake.table("s.a")
    run = lake.run("r1")
    lake.catalog.set_run_state("r1", "discarded", "")
    for ref in (run.ref, "pipeline-run-nobody"):
        lake.catalog.record_reads(ref, {Key("table", "s", "a"): value})
    lake.change("s.a")
    assert lake.catalog.diff(run.ref).stale_reads == ()


def test_an_invocation_that_was_killed_does_not_hold_the_lease_of_those_after_it(
    lake: Lake,
) -> None:
    run = lake.run("r1", lease=HOUR)
    lake.catalog.begin_writing("invocation-r1", run.ref, time.time() - 1)  # killed long ago
    lake.catalog.join_run("r1", "retry", time.time() + HOUR)
    lake.catalog.begin_writing("retry", run.ref, time.time() + HOUR)
    lake.catalog.set_run_state("r1", "kept", "refused", by="retry")
    assert lake.catalog.run("r1").lease_until == 0


def test_the_lease_stays_while_another_invocation_of_the_run_is_at_work(lake: Lake) -> None:
    run = lake.run("r1", lease=HOUR)
    lake.catalog.begin_writing("invocation-r1", run.ref, time.time() + HOUR)
    lake.catalog.join_run("r1", "other", time.time() + HOUR)  # it has not come to write yet
    lake.catalog.set_run_state("r1", "kept", "refused", by="invocation-r1")
    assert lake.catalog.run("r1").lease_until > 0
    lake.catalog.end_invocation("r1", "other")
    assert lake.catalog.run("r1").lease_until > 0
    lake.catalog.end_invocation("r1", "invocation-r1")
    assert lake.catalog.run("r1").lease_until == 0
