"""What the on-run-end hooks of packages write once the run is decided: a small run of its own.

Such hooks (elementary's, dbt_artifacts') run after ours, when the run's ref is closed or kept. They
are given a *follow-up ref*, made from the branch as the verdict has left it, and what they wrote
there is promoted at the end whatever became of the run.
"""

from typing import NamedTuple

from dbt_phlo import names
from dbt_phlo.catalogs.values import RunRecord
from dbt_phlo.errors import AlreadyExists, NameRefused, NotFound, PhloError, PromotionRefused
from dbt_phlo.runs import promotion
from dbt_phlo.runs.binding import Binding, Invocation, begun
from dbt_phlo.runs.session import Session

SUFFIX = ".after"
"""What the id of a follow-up ends with, after the id of the run that it follows."""


class Closing(NamedTuple):
    """How a follow-up ended: the lines to print; ``kept`` says that it was not promoted."""

    lines: tuple[str, ...] = ()
    kept: bool = False


def is_followup(run: RunRecord) -> bool:
    """Whether a run was made for hooks: dbt's own invocation ids do not end as its do."""
    return bool(run.invocations) and all(one.endswith(SUFFIX) for one in run.invocations)


def follow(session: Session) -> Session:
    """A session on a new follow-up ref of ``session``, whose run is decided.

    A command that only read its branch (``dbt test``) is followed too, unless there is no branch
    yet: then it goes on reading.
    """
    if session.run is None:
        try:
            session.catalog.ref(session.settings.branch)
        except NotFound:
            return session
    invocation = Invocation(session.invocation.id + SUFFIX, "hooks")
    settings = session.settings._replace(isolation="snapshot")
    binding = _bound(session, invocation)
    return Session(session.catalog, settings, invocation, binding)


def close(followup: Session, *, interrupted: bool = False) -> Closing:
    """Promote what the hooks wrote; what cannot be promoted is kept, and told.

    A follow-up that wrote nothing leaves no trace.
    """
    run = followup.run
    assert run is not None
    try:
        changes = followup.catalog.diff(run.ref).changes
        tables = ", ".join(dict.fromkeys(str(change.key) for change in changes if change.key.name))
        if not changes:
            followup.discard()
            return Closing()
        if interrupted:
            told = f"packages' hooks were interrupted; what they wrote ({tables}) is kept"
            return Closing(_ways_out(run, told), kept=True)
        return _promoted(followup, run, tables)
    finally:
        followup.release()


def _promoted(followup: Session, run: RunRecord, tables: str) -> Closing:
    try:
        promotion.promote(followup.catalog, run, followup.settings)
        followup.ended = True
    except PhloError as error:
        followup.keep(f"refused: {error.message}")
        followup.ended = True
        told = f"what packages' hooks wrote ({tables}) is kept, not promoted: {error.message}"
        return Closing(_ways_out(run, told, conflict=isinstance(error, PromotionRefused)), True)
    written = tables or "schemas alone"
    return Closing((f"what packages' hooks wrote is on {run.branch} too: {written}",))


def _ways_out(run: RunRecord, told: str, *, conflict: bool = False) -> tuple[str, ...]:
    """What happened, and the commands that look at it, finish it or throw it away."""
    finish = (
        f"dbt-phlo branches rebase {run.id}, then dbt-phlo branches promote {run.id} (keeps what "
        "nobody else moved)"
        if conflict
        else f"dbt-phlo branches promote {run.id}"
    )
    return (
        told,
        f"  look: PHLO_RUN_ID={run.id} dbt show ..., or dbt-phlo branches diff {run.id}",
        f"  promote: {finish}; discard: dbt-phlo branches discard {run.id}",
    )


def _bound(session: Session, invocation: Invocation) -> Binding:
    """The first free id: a run of several invocations has a follow-up for each."""
    stem = session.run.id if session.run else session.invocation.id
    try:
        names.run_id(f"{stem}{SUFFIX}-999")
    except NameRefused:  # longer than allowed
        stem = session.invocation.id
    number = 1
    while True:
        run_id = f"{stem}{SUFFIX}" + (f"-{number}" if number > 1 else "")
        try:
            session.catalog.run(run_id)
        except NotFound:
            try:
                return begun(session.catalog, session.settings, run_id, invocation)
            except AlreadyExists:  # another invocation of the run was faster
                pass
        number += 1
