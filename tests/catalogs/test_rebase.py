"""A ref moves onto what its base holds now; what nobody else has touched is kept."""

import time

import pytest
from lakes import DAY, Lake

from dbt_phlo.catalogs.values import Rebase
from dbt_phlo.errors import Conflict


def rebased(lake: Lake, run: str, *, dry_run: bool = False) -> Rebase:
    return lake.catalog.rebase(
        f"pipeline-run-{run}", run=run, now=time.time(), entries=lambda _: [], dry_run=dry_run
    )


def told(done: Rebase) -> tuple[set[str], set[str]]:
    """The names that are lost and those that are kept."""
    return {str(c.key) for c in done.lost}, {str(c.key) for c in done.kept}


def test_a_table_that_became_a_view_is_lost_whole_when_the_branch_has_moved_it(lake: Lake) -> None:
    lake.table("s.t")
    lake.table("s.other")
    run = lake.run("a")
    lake.drop("s.t", run.ref)
    lake.view("s.t", run.ref)
    kept = lake.change("s.other", run.ref)
    theirs = lake.change("s.t")
    for dry_run in (True, False):
        assert told(rebased(lake, "a", dry_run=dry_run)) == ({"s.t"}, {"s.other"})
    assert lake.values(run.ref) == {"s.t": theirs, "s.other": kept}
    assert not lake.catalog.diff(run.ref).conflicts


def test_a_view_that_became_a_table_is_lost_whole_when_the_branch_has_moved_it(lake: Lake) -> None:
    lake.view("s.t")
    run = lake.run("a")
    lake.catalog.at(run.ref).drop("s", "t")
    lake.table("s.t", run.ref)
    lake.view("s.t", sql="select 2")
    assert told(rebased(lake, "a")) == ({"s.t"}, set())
    assert lake.keys(run.ref) == {"s.t": "view"}


def test_a_dry_run_takes_nobodys_right_to_write(lake: Lake) -> None:
    lake.table("s.t")
    run = lake.run("a")
    lake.catalog.begin_writing("sleeper", run.ref, time.time() - 60)
    rebased(lake, "a", dry_run=True)
    assert [writer.id for writer in lake.catalog.writers()] == ["sleeper"]
    rebased(lake, "a")
    assert lake.catalog.writers() == []


def test_nobody_may_write_while_the_ref_moves(lake: Lake) -> None:
    run = lake.run("a")
    lake.catalog.begin_writing("busy", run.ref, time.time() + DAY)
    with pytest.raises(Conflict, match="busy of run a still writes"):
        rebased(lake, "a")
