"""Branches and run refs, seen and removed by hand: list, show, discard, clean up."""

import time
from typing import NamedTuple

from dbt_phlo import names
from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import Ref, RunRecord
from dbt_phlo.errors import NotFound, RunError, nearest

ALL_RUNS = 1_000_000


class RefState(NamedTuple):
    """A ref; of the ref of a run also what became of the run."""

    ref: Ref
    run: RunRecord | None = None


class Removal(NamedTuple):
    """Refs that were removed or, dry, would be."""

    refs: tuple[Ref, ...]
    dry_run: bool


def listed(catalog: Catalog) -> list[RefState]:
    """Every ref: branches first, then the refs of runs, the newest first."""
    runs = {run.ref: run for run in catalog.runs(ALL_RUNS)}
    found = [RefState(ref, runs.get(ref.name)) for ref in catalog.refs()]
    branches = [state for state in found if state.ref.kind == "branch"]
    others = [state for state in found if state.ref.kind != "branch"]
    return branches + sorted(others, key=lambda state: -state.ref.created_at)


def found(catalog: Catalog, name: str) -> Ref:
    """The ref of that name, or the ref of the run with that id. Raises ``NotFound``."""
    known = {ref.name: ref for ref in catalog.refs()}
    ref = known.get(name) or known.get(names.RUN_PREFIX + name)
    if ref is not None:
        return ref
    ended = _ended_run(catalog, name)
    if ended is not None:
        raise NotFound(
            f"run {ended.id} is {ended.state} and its ref is deleted",
            remedy=f"`dbt-phlo runs show {ended.id}` shows what is recorded of it",
        )
    raise NotFound(
        f"there is no branch, run ref or run {name!r} in this lake.{nearest(name, known)}",
        remedy="`dbt-phlo branches list` shows the refs there are",
    )


def run_of(catalog: Catalog, name: str) -> RunRecord:
    """The run of a run ref or a bare run id. Raises ``NotFound`` or ``RunError``."""
    ref = next((ref for ref in catalog.refs() if ref.name == name), None)
    if ref is not None and ref.kind == "branch":
        raise RunError(
            f"{name} is a branch; only a run can be promoted",
            remedy="`dbt-phlo runs list` shows the runs that are kept",
            code="PHLO421",
        )
    try:
        return catalog.run(name.removeprefix(names.RUN_PREFIX))
    except NotFound:
        known = [run.id for run in catalog.runs(ALL_RUNS)]
        raise NotFound(
            f"there is no run {name!r} in this lake.{nearest(name, known)}",
            remedy="`dbt-phlo runs list` shows the runs there are",
        ) from None


def assert_idle(run: RunRecord) -> None:
    """Raise when the run is in progress: its lease is still being renewed.

    A kept run may be in progress too: one of its invocations has ended, another is at work.
    """
    if not run.over and run.lease_until > time.time():
        raise RunError(
            f"run {run.id} is in progress",
            remedy="wait for its end, or stop it; if its process was killed, its lease ends in "
            f"{run.lease_until - time.time():.0f} seconds",
            code="PHLO422",
        )


def assert_own_project(run: RunRecord, project: str, *, remedy: str) -> None:
    """Raise when the run is of another project, whose manifest declares other models and checks."""
    if run.project != project:
        raise RunError(
            f"run {run.id} is of project {run.project}, and this is {project}, which does not "
            "know its models and checks",
            remedy=remedy.format(project=run.project),
            code="PHLO426",
        )


def discard(catalog: Catalog, name: str, *, dry_run: bool = False) -> Removal:
    """Remove a run that was not promoted, or a branch, with what only they hold.

    A branch takes its runs that were not promoted with it: there is nothing left to promote into.
    """
    ref = found(catalog, name)
    gone = (*_runs_on(catalog, ref), ref) if ref.kind == "branch" else (ref,)
    runs = {one.name: _discardable(catalog, one) for one in gone if one.kind == "run"}
    if not dry_run:
        for one in gone:
            if one.name in runs:
                catalog.set_run_state(runs[one.name].id, "discarded", "discarded by hand")
            catalog.delete_ref(one.name)
    return Removal(gone, dry_run)


def _discardable(catalog: Catalog, ref: Ref) -> RunRecord:
    """The run of a ref, if it is neither promoted nor in progress."""
    run = catalog.run(ref.name.removeprefix(names.RUN_PREFIX))
    assert_idle(run)
    if run.state == "promoted":
        raise RunError(
            f"run {run.id} was promoted into {run.branch}: there is nothing to discard",
            remedy="`dbt-phlo branches cleanup` removes its ref when its time is over",
            code="PHLO423",
        )
    return run


def _ended_run(catalog: Catalog, name: str) -> RunRecord | None:
    try:
        return catalog.run(name.removeprefix(names.RUN_PREFIX))
    except NotFound:
        return None


def _runs_on(catalog: Catalog, branch: Ref) -> list[Ref]:
    """The open refs of runs that a branch was the base of.

    Raises when the branch is the lake's first one, or another branch stands on it.
    """
    if branch.base is None:
        raise RunError(
            f"{branch.name} is the lake's first branch and cannot be discarded",
            remedy="to empty a lake, delete its folder",
            code="PHLO424",
        )
    standing = [ref for ref in catalog.refs() if ref.base == branch.name and ref.open]
    branches = sorted(ref.name for ref in standing if ref.kind == "branch")
    if branches:
        raise RunError(
            f"{branch.name} is what {', '.join(branches)} was made from",
            remedy="discard these first",
            code="PHLO424",
        )
    return standing
