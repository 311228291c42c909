"""The last step of a command: what its session and follow-up come to, and what is said of it."""

from dbt_phlo.adapters.output import announce
from dbt_phlo.adapters.problems import PhloDbtError
from dbt_phlo.adapters.project import HOOK_LINES
from dbt_phlo.catalogs.values import RunRecord
from dbt_phlo.errors import PhloError, RunError
from dbt_phlo.runs import followup
from dbt_phlo.runs.session import Session

_NOT_GIVEN_BACK = "the run's lease is not given back, and lapses in two minutes"


def end(session: Session, *, failing: bool) -> bool:
    """Release a session; whether its run was left without an end although nothing went wrong.

    ``failing``: an exception is on its way, such as Ctrl-C's.
    """
    unended = session.run is not None and not session.ended
    problem = session.release()
    if problem is not None:
        announce(f"{_NOT_GIVEN_BACK}: {problem}", loud=True)
    if not unended or session.run is None:
        return False
    announce(_unended(session, session.run))
    return session.started and not failing


def _unended(session: Session, run: RunRecord) -> str:
    """What became of a run that was interrupted, perhaps while it was promoted."""
    try:
        state = session.catalog.run(run.id).state
    except PhloError:
        return f"run {run.id} was interrupted; `dbt-phlo runs show {run.id}` tells how it ended"
    if state == "promoted":
        return f"run {run.id} was interrupted when it was promoted into {run.branch} already"
    return (
        f"run {run.id} did not reach its end; {run.branch} is as it was. "
        f"PHLO_RUN_ID={run.id} dbt build finishes it"
    )


def end_followup(session: Session, error: type[BaseException] | None) -> None:
    """Make true what the hooks of packages wrote, or say why not and what to do.

    What a hook wrote before it failed (``error``) counts, as on any database; Ctrl-C does not.
    """
    interrupted = error is not None and not issubclass(error, Exception)
    try:
        closing = followup.close(session, interrupted=interrupted)
    except PhloError as refusal:
        announce(f"what packages' hooks wrote is not promoted: {refusal}", loud=True)
        return
    for line in closing.lines:
        announce(line, loud=closing.kept)


def without_its_end() -> PhloDbtError:
    """The error of a run that came to its end without ``phlo_run_end``."""
    return PhloDbtError(
        RunError(
            "the run came to its end without phlo_run_end, so it was not audited",
            remedy="call it without a condition, as the last on-run-end hook:\n" + HOOK_LINES,
            code="PHLO414",
        )
    )
