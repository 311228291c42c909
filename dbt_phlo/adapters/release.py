"""The last step of a command: what its session and follow-up come to, and what is said of it."""

from dbt_phlo.adapters.output import announce
from dbt_phlo.adapters.problems import PhloDbtError
from dbt_phlo.adapters.project import HOOK_LINES
from dbt_phlo.errors import PhloError, RunError
from dbt_phlo.runs import followup
from dbt_phlo.runs.session import Session


def end(session: Session, *, failing: bool) -> bool:
    """Release a session; whether its run was left without an end although nothing went wrong.

    ``failing``: an exception is on its way, such as Ctrl-C's.
    """
    unended = session.run is not None and not session.ended
    session.release()
    if not unended or session.run is None:
        return False
    announce(
        f"run {session.run.id} did not reach its end; {session.run.branch} is as "
        f"it was. PHLO_RUN_ID={session.run.id} dbt build finishes it"
    )
    return session.started and not failing


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
