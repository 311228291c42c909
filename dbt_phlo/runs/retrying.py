"""Which run ``dbt retry`` takes up, or why it must not.

dbt takes up whatever target/run_results.json holds. A command that was killed has not written it,
so that the file may be of an earlier run than the one that the user means.
"""

import time
from typing import NamedTuple

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import RunRecord
from dbt_phlo.errors import NotFound, RunError
from dbt_phlo.runs import followup
from dbt_phlo.runs.binding import WRITING, retried_run
from dbt_phlo.settings import Settings

LOOKED_AT = 200
"""How many of the newest runs are looked through for one that was begun later."""


class Retried(NamedTuple):
    """The invocation whose results ``dbt retry`` finds."""

    invocation: str
    command: str
    began: float
    """Seconds since the epoch (UTC)."""
    work_left: bool
    """Whether it left a node that dbt would do again."""


def assert_retryable(catalog: Catalog, settings: Settings, retried: Retried) -> None:
    """Raise ``RunError`` unless ``dbt retry`` would go on with the run that is meant.

    PHLO_RUN_ID names the run that is meant, whatever the results are of.
    """
    if settings.wap == "off":
        return
    if retried.command not in (*WRITING, "test"):
        _assert_none_waits(catalog, settings, retried)
        return
    run = _run(catalog, settings, retried)
    if run is None:
        return
    if not settings.run_id:
        newer = _newest(catalog, run.project, run.branch)
        is_newer = newer is not None and newer.id != run.id and newer.created_at > retried.began
        if newer is not None and is_newer and not newer.over:
            raise _ambiguous(run, newer)
    if run.over and retried.work_left:
        raise RunError(
            f"run_results.json is of run {run.id}, which is {run.state} and takes no more work",
            remedy="`dbt build` begins a new run",
            code="PHLO416",
        )
    if not run.over and not retried.work_left:
        raise RunError(
            f"nothing to retry: no node of run {run.id} is left to do again, but it was not "
            f"promoted ({run.reason or _state(run)})",
            remedy=f"`dbt build` starts anew; PHLO_RUN_ID={run.id} dbt build finishes this run",
            code="PHLO410",
        )


def _run(catalog: Catalog, settings: Settings, retried: Retried) -> RunRecord | None:
    """The run to go on with; None where there is none to judge."""
    if settings.run_id:
        try:
            return catalog.run(settings.run_id)
        except NotFound:
            return None
    if retried.command == "test":  # a test of the branch is no run
        return catalog.run_of_invocation(retried.invocation)
    return retried_run(catalog, retried.invocation)


def _newest(catalog: Catalog, project: str, branch: str) -> RunRecord | None:
    """The run of a project on a branch that was begun last."""
    for run in catalog.runs(LOOKED_AT):
        if (run.project, run.branch) == (project, branch) and not followup.is_followup(run):
            return run
    return None


def _assert_none_waits(catalog: Catalog, settings: Settings, retried: Retried) -> None:
    """A command that is no part of a run (`dbt compile`) writes a run_results.json too."""
    newest = _newest(catalog, settings.project, settings.branch)
    if retried.work_left or newest is None or newest.over:
        return
    raise RunError(
        f"run_results.json is of `dbt {retried.command}`, which left nothing to retry; run "
        f"{newest.id} is not promoted ({_state(newest)})",
        remedy=f"PHLO_RUN_ID={newest.id} dbt build finishes it",
        code="PHLO415",
    )


def _ambiguous(run: RunRecord, newer: RunRecord) -> RunError:
    ways = [] if newer.over else [f"PHLO_RUN_ID={newer.id} dbt build finishes the newer one"]
    ways += [] if run.over else [f"PHLO_RUN_ID={run.id} dbt retry insists on the older one"]
    return RunError(
        f"run_results.json is of run {run.id} ({_state(run)}), but run {newer.id} was begun after "
        f"it ({_state(newer)}); nothing was done",
        remedy="; ".join(ways) or "`dbt build` begins a new run",
        code="PHLO415",
    )


def _state(run: RunRecord) -> str:
    """What became of a run, in words."""
    if run.state not in ("open", "promoting"):
        return f"{run.state}: {run.reason}" if run.reason else run.state
    if run.lease_until > time.time():
        return "in progress, or killed in the last two minutes"
    return "interrupted"
