"""Retention: what is over goes, what is leased stays, whatever the clock says."""

import threading
import time

import pytest
from lakes import DAY, Lake

from dbt_phlo.errors import NotFound, RunError
from dbt_phlo.runs import lease as leases

LATER = 400 * DAY


def test_run_refs_whose_time_is_over_are_deleted_and_their_records_stay(lake: Lake) -> None:
    lake.table("s.a")
    promoted, kept, fresh = lake.run("promoted"), lake.run("kept"), lake.run("fresh")
    now = time.time()
    lake.catalog.promote(promoted.ref, run="promoted", expires_at=now + 7 * DAY)
    lake.catalog.set_run_state("kept", "kept", "not audited", expires_at=now + 14 * DAY)
    lake.catalog.set_run_state("fresh", "kept", "not audited", expires_at=now + 30 * DAY)
    assert lake.expire(now + 1 * DAY, project="shop") == []
    gone = lake.expire(now + 20 * DAY, project="shop")
    assert {ref.name for ref in gone} == {promoted.ref, kept.ref}
    assert [ref.name for ref in lake.catalog.refs()] == ["main", fresh.ref]
    assert lake.catalog.run("promoted").state == "promoted"
    record = lake.catalog.run("kept")
    assert record.state == "discarded"
    assert record.reason == "not audited; its time was over and its ref was deleted"
    with pytest.raises(RunError, match="takes no more work"):
        lake.catalog.join_run("kept", "again", now)
    assert lake.keys() == {"s.a": "table"}


def test_branches_and_refs_without_an_end_stay(lake: Lake) -> None:
    lake.catalog.create_ref("dev", "main", kind="branch", expires_at=1.0)
    lake.run("endless", expires_in=None)
    assert lake.expire(time.time() + LATER, project=None) == []


def test_a_dry_run_tells_the_same_and_deletes_nothing(lake: Lake) -> None:
    run = lake.run("r1", expires_in=0.0)
    now = time.time() + 1
    told = lake.expire(now, project=None, dry_run=True)
    assert [ref.name for ref in told] == [run.ref]
    assert lake.catalog.ref(run.ref).open
    assert lake.expire(now, project=None) == told


def test_it_acts_on_one_projects_runs_unless_told_otherwise(lake: Lake) -> None:
    mine, other = lake.run("mine", project="shop"), lake.run("other", project="hr")
    now = time.time() + LATER
    assert [r.name for r in lake.expire(now, project="shop")] == [mine.ref]
    assert lake.catalog.ref(other.ref).open
    assert [r.name for r in lake.expire(now, project=None)] == [other.ref]


def test_a_lease_is_honoured_whatever_the_age(lake: Lake) -> None:
    run = lake.run("r1", lease=3600, expires_in=0.0)
    assert lake.expire(time.time() + 60, project=None, patience=0) == []
    lake.catalog.renew_lease(run.id, time.time() + LATER * 2)
    assert lake.expire(time.time() + LATER, project=None, patience=0) == []


def test_a_run_at_work_stays_although_the_clock_jumped(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease looks lapsed by a year; that it renews is seen by watching, not by the clock."""
    run = lake.run("r1", lease=3600, expires_in=0.0)
    lease = leases.Lease(lake.again(), "w", run.ref, run.id, every=0.05)
    try:
        now = time.time() + LATER
        assert lake.expire(now, project=None, patience=1.0) == []
        assert lake.expire(now, project=None, patience=1.0, dry_run=True) == []
    finally:
        lease.release()
    assert lake.catalog.run("r1").renewals > 3
    assert lake.catalog.ref(run.ref).open


def test_a_run_that_was_killed_goes_when_it_was_silent_long_enough(lake: Lake) -> None:
    run = lake.run("r1", lease=60, expires_in=0.0)
    begun = time.monotonic()
    gone = lake.expire(time.time() + LATER, project=None, patience=0.3)
    assert time.monotonic() - begun >= 0.3
    assert [ref.name for ref in gone] == [run.ref]


def test_nobody_waits_when_every_lease_was_given_back(lake: Lake) -> None:
    lake.run("r1", expires_in=0.0)
    begun = time.monotonic()
    assert lake.expire(time.time() + LATER, project=None, patience=30.0)
    assert time.monotonic() - begun < 10


def test_a_run_that_is_taken_up_while_it_is_watched_stays(lake: Lake) -> None:
    run, other = lake.run("r1", lease=60, expires_in=0.0), lake.again()
    timer = threading.Timer(0.2, lambda: other.join_run("r1", "again", time.time() + 60))
    timer.start()
    assert lake.expire(time.time() + LATER, project=None, patience=0.8) == []
    timer.join()
    assert lake.catalog.ref(run.ref).open


def test_a_run_that_is_taken_up_at_the_last_moment_stays(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it was found to be over, and before it is deleted."""
    run, listed = lake.run("r1", expires_in=0.0), lake.catalog._refs.expired  # type: ignore[attr-defined]

    def expired(now: float, project: str | None) -> object:
        found = listed(now, project)
        lake.catalog.join_run("r1", "again", now)
        return found

    monkeypatch.setattr(lake.catalog._refs, "expired", expired)  # type: ignore[attr-defined]
    assert lake.expire(time.time() + LATER, project=None) == []
    assert lake.catalog.ref(run.ref).open


def test_the_thread_renews_until_it_is_released(lake: Lake) -> None:
    run = lake.run("r1", lease=60)
    lease = leases.Lease(lake.catalog, "w", run.ref, run.id, every=0.02)
    deadline = time.monotonic() + 20
    while lake.catalog.run("r1").renewals < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    lease.release()
    renewed = lake.catalog.run("r1")
    assert renewed.renewals >= 3
    assert renewed.lease_until > time.time() + leases.LEASE_SECONDS / 2
    time.sleep(0.1)
    assert lake.catalog.run("r1").renewals == renewed.renewals


def test_the_thread_goes_on_after_a_renewal_that_failed(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run, renew, failures = lake.run("r1"), lake.catalog.renew_lease, [1, 2]

    def fails_at_first(run_id: str, until: float) -> None:
        if failures:
            failures.pop()
            raise NotFound("the server is away")
        renew(run_id, until)

    monkeypatch.setattr(lake.catalog, "renew_lease", fails_at_first)
    lease = leases.Lease(lake.catalog, "w", run.ref, run.id, every=0.02)
    deadline = time.monotonic() + 20
    while lake.catalog.run("r1").renewals < 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    lease.release()
    assert lake.catalog.run("r1").renewals >= 1
    assert caplog.text.count("not renewed") == 2


def test_patience_is_longer_than_two_renewals() -> None:
    from dbt_phlo.runs.cleanup import PATIENCE_SECONDS

    assert PATIENCE_SECONDS > 2 * leases.RENEW_SECONDS
    assert leases.LEASE_SECONDS > PATIENCE_SECONDS
