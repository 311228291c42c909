"""How the end of a run is told: the lines to print, and whether the command must exit 1."""

from typing import NamedTuple

from dbt_phlo.catalogs.values import Change, Promotion
from dbt_phlo.runs.session import Session


class Ending(NamedTuple):
    """``failure`` is empty when the exit code is dbt's own."""

    lines: tuple[str, ...]
    failure: str = ""


def tell(session: Session, *, failed_here: bool) -> Ending:
    """The ending of a session whose promotion was decided.

    ``failed_here``: a node failed in this invocation, so that dbt exits 1 by itself. Whatever
    ``auto`` does not promote must exit 1, but for two cases that say so: ``--empty`` and
    ``--sample``, and a joined run that still awaits its checks. Under ``hold`` nobody waits for a
    promotion, so the exit code is dbt's own.
    """
    assert session.run is not None and session.verdict is not None
    run, verdict = session.run, session.verdict
    held = session.settings.wap == "hold"
    if session.promotion is not None:
        lines = [f"promoted run {run.id} into {run.branch}: {summary(session.promotion)}"]
        lines += [
            f"  read stale: {key} has moved since" for key in session.promotion.diff.stale_reads
        ]
        lines += [f"  unchecked: {table}" for table in verdict.unchecked]
        return Ending(tuple(lines))
    kept = f"{run.branch} is as it was; the run is kept as {run.ref}"
    if session.refusal is not None:
        return _failing([f"promotion of run {run.id} refused; {kept}", str(session.refusal)])
    reasons = [reason.text for reason in verdict.reasons]
    look = f"look: PHLO_RUN_ID={run.id} dbt show ..., or dbt-phlo branches diff {run.ref}"
    if verdict.has("failed"):
        lines = [f"run {run.id} is not promoted; {kept}", *reasons]
        # dbt retries what this command has failed in, and knows nothing of an earlier one's
        again = "`dbt retry`" if failed_here else f"PHLO_RUN_ID={run.id} dbt build"
        lines += [look, f"mend the cause, then {again}, or `dbt build` for a new run"]
        return Ending(tuple(lines)) if failed_here or held else _failing(lines)
    if verdict.has("partial", "hold"):
        finish = f"promote it: dbt run-operation phlo_promote --args '{{ref: {run.ref}}}'"
        tail = [finish] if verdict.has("hold") else []
        return Ending((f"run {run.id} is not promoted; {kept}", *reasons, *tail))
    lines = [f"run {run.id} is not promoted yet; {kept}", *reasons]
    if session.binding.joined:
        return Ending((*lines, f"it awaits: PHLO_RUN_ID={run.id} dbt test"))
    finish = (
        f"finish it: PHLO_RUN_ID={run.id} dbt {'build' if verdict.has('unfinished') else 'test'}"
    )
    return Ending((*lines, finish)) if held else _failing([*lines, finish])


def summary(promotion: Promotion) -> str:
    """'2 tables changed, 1 view added': what a promotion did, in words."""
    changes = [change for change in promotion.diff.changes if change.key.kind != "namespace"]
    parts = []
    for kind in ("table", "view"):
        for what in ("added", "changed", "dropped"):
            number = sum(1 for c in changes if _is(c, kind, what))
            if number:
                parts.append(f"{number} {kind}{'s' if number > 1 else ''} {what}")
    return ", ".join(parts) or "nothing was changed"


def _is(change: Change, kind: str, what: str) -> bool:
    return change.key.kind == kind and change.kind == what


def _failing(lines: list[str]) -> Ending:
    return Ending((), "\n  ".join(lines))
