"""Promoting a kept run by hand: the verdict of a run's end, or a reason for doing without."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import Promotion, RunRecord
from dbt_phlo.errors import PhloError, RunError
from dbt_phlo.runs import promotion, refs
from dbt_phlo.runs.verdict import CheckSpec, Evidence, Policy, Verdict, decide
from dbt_phlo.settings import Settings


class Approval(NamedTuple):
    """A promotion by hand; ``forced`` is the reason that was given instead of a verdict."""

    run: RunRecord
    verdict: Verdict
    promotion: Promotion
    forced: str = ""


def approve(
    catalog: Catalog,
    settings: Settings,
    name: str,
    *,
    checks: Sequence[CheckSpec],
    nodes: Mapping[str, str],
    dry_run: bool = False,
    force: bool = False,
    reason: str = "",
) -> Approval:
    """Promote the run called ``name`` (its ref or its id), or say why not.

    Raises ``RunError`` when the verdict is not to promote and it is not forced, and
    ``PromotionRefused`` when the branch has moved under the run, forced or not.
    """
    run = promotable(catalog, name, force=force, reason=reason)
    if not force:
        remedy = "promote it from {project}, or with `force` and a `reason`"
        refs.assert_own_project(run, settings.project, remedy=remedy)
    evidence = promotion.evidence(catalog, run, checks, nodes)
    verdict = decide(evidence, Policy("auto", settings.require_checks))
    if verdict.decision != "promote" and not force:
        raise RunError(
            f"run {run.id} cannot be promoted: " + "; ".join(r.text for r in verdict.reasons),
            remedy=f"PHLO_RUN_ID={run.id} dbt {_missing(verdict)} finishes it; or promote it with "
            "`force` and a `reason`",
            code="PHLO420",
        )
    forced = _forced(reason, verdict) if force else ""
    if dry_run:
        done = promotion.promote(catalog, run, settings, dry_run=True)
    else:
        done = _promoted(catalog, run, settings, evidence, forced)
    return Approval(run, verdict, done, forced)


def promotable(catalog: Catalog, name: str, *, force: bool, reason: str) -> RunRecord:
    """The run, if it can still be promoted at all."""
    if force and not reason.strip():
        raise RunError(
            "a forced promotion needs a reason, which is recorded with the run",
            remedy="add --reason 'why', or in dbt `reason: why`",
            code="PHLO425",
        )
    run = refs.run_of(catalog, name)
    refs.assert_idle(run)
    if run.over:
        raise RunError(
            f"run {run.id} is {run.state} already",
            remedy="`dbt build` begins a new run",
            code="PHLO423",
        )
    return run


def _promoted(
    catalog: Catalog, run: RunRecord, settings: Settings, evidence: Evidence, forced: str
) -> Promotion:
    """The promotion; a refused one leaves the run kept, with the reason."""
    try:
        return promotion.promote(catalog, run, settings, judged=evidence.judged, reason=forced)
    except PhloError as error:
        promotion.keep(catalog, run, settings, f"refused: {error.message}")
        raise


def _forced(reason: str, verdict: Verdict) -> str:
    """What the run's record says: the reason, and what the verdict would have been."""
    objections = "; ".join(entry.text for entry in verdict.reasons)
    return f"forced: {reason.strip()}" + (f" (against: {objections})" if objections else "")


def _missing(verdict: Verdict) -> str:
    """The dbt command that brings what the verdict misses."""
    return "build" if verdict.has("failed", "unfinished", "partial") else "test"
