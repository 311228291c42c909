"""After a refusal: the run moves onto what its branch holds now, and says what to build again.

What nobody else has touched is kept. What the branch has overtaken, and what was built from it, is
planned anew in the run's ledger in the same step, so that no promotion can leave it out.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import LedgerEntry, Rebase, RunRecord, TableName
from dbt_phlo.errors import RunError
from dbt_phlo.runs import promotion, refs
from dbt_phlo.runs.verdict import CheckSpec, Policy, Verdict, decide
from dbt_phlo.settings import Settings


class BuiltNode(NamedTuple):
    """A model, seed or snapshot that makes a table or view of the lake."""

    node: str
    name: str
    """As dbt's ``--select`` finds it."""
    table: TableName
    is_view: bool
    reads: tuple[TableName, ...]
    """The tables that it reads, through views and ephemeral models too."""


class Rebased(NamedTuple):
    """A run on its new base (or, dry, what it would be)."""

    run: RunRecord
    rebase: Rebase
    rebuild: tuple[str, ...]
    """What to build again, as ``--select`` finds it; the checks that need to run come with it."""
    orphans: tuple[str, ...]
    """Tables that were overtaken and that no node of this project makes."""
    verdict: Verdict


def rebase(
    catalog: Catalog,
    settings: Settings,
    name: str,
    *,
    nodes: Sequence[BuiltNode],
    checks: Sequence[CheckSpec],
    blocking: Mapping[str, str],
    dry_run: bool = False,
) -> Rebased:
    """Move the run called ``name`` (its ref or id) onto its branch.

    ``nodes``, ``checks`` and ``blocking`` are those of the project's manifest. Raises ``RunError``
    when the run is over, in progress, or of another project.
    """
    run = refs.run_of(catalog, name)
    _assert_possible(run, settings)
    planned: list[BuiltNode] = []

    def entries(done: Rebase) -> list[LedgerEntry]:
        planned.extend(to_rebuild(done, nodes))
        now = time.time()
        return [LedgerEntry(0, "", "plan", node.node, "rebased", {}, now) for node in planned]

    done = catalog.rebase(run.ref, run=run.id, now=time.time(), entries=entries, dry_run=dry_run)
    evidence = promotion.evidence(catalog, run, checks, blocking)
    verdict = decide(evidence, Policy("auto", settings.require_checks))
    names = {node.node: node.name for node in nodes}
    undone = _nodes(verdict, "failed", "unfinished")
    rebuild = {node.name for node in planned} | {names[node] for node in undone if node in names}
    rebuild.update(_lone_checks(verdict, checks, nodes, rebuild))
    made = {str(node.table).lower() for node in nodes}
    lost = sorted({str(change.key) for change in done.lost})
    orphans = tuple(table for table in lost if table.lower() not in made)
    if not dry_run:
        reason = f"rebased onto {run.branch}"
        reason += f"; to build again: {', '.join(sorted(rebuild))}" if rebuild else ""
        promotion.keep(catalog, run, settings, reason)
    return Rebased(run, done, tuple(sorted(rebuild)), orphans, verdict)


def to_rebuild(done: Rebase, nodes: Sequence[BuiltNode]) -> list[BuiltNode]:
    """The nodes whose tables are overtaken, or were built by the run from what has moved since.

    A view is its definition: what it reads may move under it.
    """
    lost = {str(change.key).lower() for change in done.lost}
    kept = {str(change.key).lower() for change in done.kept if change.ours is not None}
    moved = {str(key).lower() for key in done.moved if key.kind != "namespace"} | lost
    chosen = {node.node: node for node in nodes if str(node.table).lower() in lost}
    while True:  # what is built again moves too
        found = [
            node
            for node in nodes
            if node.node not in chosen
            and not node.is_view
            and str(node.table).lower() in kept
            and any(str(table).lower() in moved for table in node.reads)
        ]
        if not found:
            return [node for node in nodes if node.node in chosen]
        chosen |= {node.node: node for node in found}
        moved |= {str(node.table).lower() for node in found}


def _assert_possible(run: RunRecord, settings: Settings) -> None:
    refs.assert_idle(run)
    if run.over:
        raise RunError(
            f"run {run.id} is {run.state} already",
            remedy="`dbt build` begins a new run",
            code="PHLO423",
        )
    refs.assert_own_project(run, settings.project, remedy="rebase it from {project}")


def _nodes(verdict: Verdict, *codes: str) -> list[str]:
    return [node for reason in verdict.reasons if reason.code in codes for node in reason.nodes]


def _lone_checks(
    verdict: Verdict,
    checks: Sequence[CheckSpec],
    nodes: Sequence[BuiltNode],
    rebuild: Collection[str],
) -> list[str]:
    """Checks that must pass again and that dbt does not select with the nodes of ``rebuild``."""
    tables = {str(node.table) for node in nodes if node.name in rebuild}
    missing = set(_nodes(verdict, "failed", "unfinished", "not audited"))
    return [c.name for c in checks if c.node in missing and not tables.intersection(c.audits)]
