"""From evidence to truth: what a run holds, and the atomic step that promotes it."""

import time
from collections.abc import Iterable, Mapping, Sequence

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import Judged, Promotion, RunRecord, TableName
from dbt_phlo.errors import (
    CatalogError,
    Conflict,
    NotFound,
    PhloError,
    PromotionRefused,
    ReadOnly,
    RunError,
)
from dbt_phlo.runs.verdict import CheckSpec, Evidence
from dbt_phlo.settings import Settings


def evidence(
    catalog: Catalog,
    run: RunRecord,
    checks: Sequence[CheckSpec],
    nodes: Mapping[str, str],
    failed_hooks: Sequence[str] = (),
) -> Evidence:
    """Everything that the verdict on ``run`` depends on, as it is now.

    What has changed is read first: the promotion compares it again, so that what is read here
    between the two is of the same state, whoever else writes the ref.
    """
    diff = catalog.diff(run.ref)
    pointers = {str(key): value for key, value in catalog.at(run.ref).pointers().items()}
    ledger, dropped = catalog.ledger(run.id), diff.outcome.keys() - diff.written.keys()
    return Evidence(diff.written, pointers, checks, ledger, nodes, failed_hooks, dropped)


def pointers_of(catalog: Catalog, ref: str, wanted: Iterable[TableName]) -> dict[str, str]:
    """The values of tables and views on ``ref``, by ``schema.name``; what is absent is left out."""
    tables = catalog.at(ref)
    found = {table: tables.pointer(table.namespace, table.name) for table in wanted}
    if None in found.values():  # DuckDB finds names without regard to case
        folded = {str(key).lower(): value for key, value in tables.pointers().items()}
        found = {t: pointer or folded.get(str(t).lower()) for t, pointer in found.items()}
    return {str(table): pointer for table, pointer in found.items() if pointer is not None}


def promote(
    catalog: Catalog,
    run: RunRecord,
    settings: Settings,
    *,
    judged: Judged | None = None,
    dry_run: bool = False,
    reason: str = "",
) -> Promotion:
    """Record the intent, merge in one atomic step, and be sure of the answer.

    ``judged`` is what the verdict saw (``Evidence.judged``): if another invocation of the run has
    written or planned something since, nothing is promoted. ``reason`` is kept in the run's record.
    Raises ``PromotionRefused`` when the branch has moved under the run. When the catalog's answer
    is lost, the run's own record tells whether the merge was done: it is part of the merge.
    """
    serializable = settings.isolation == "serializable"
    if dry_run:
        return catalog.promote(run.ref, run=run.id, serializable=serializable, dry_run=True)
    now = catalog.run(run.id)
    if now.over:
        raise RunError(
            f"run {run.id} was {now.state} by another invocation",
            remedy="`dbt-phlo runs show` tells which; `dbt build` begins a new run",
            code="PHLO412",
        )
    catalog.set_run_state(run.id, "promoting", f"into {run.branch}")
    try:
        return catalog.promote(
            run.ref,
            run=run.id,
            serializable=serializable,
            judged=judged,
            reason=reason,
            expires_at=time.time() + settings.retention_seconds,
        )
    except (PromotionRefused, Conflict, ReadOnly, NotFound):
        raise  # the catalog's own answer: nothing was lost, somebody else was faster
    except CatalogError as error:
        if _was_promoted(catalog, run):
            return Promotion(catalog.diff(run.ref), time.time(), dry_run=False)
        raise error


def keep(
    catalog: Catalog, run: RunRecord, settings: Settings, reason: str, *, by: str = ""
) -> None:
    """Keep a run that is not promoted, for as long as failed runs are kept.

    ``by``: the invocation that does it; none, if it is done by hand.
    """
    expires_at = time.time() + settings.failed_retention_seconds
    catalog.set_run_state(run.id, "kept", reason, expires_at=expires_at, by=by)


def _was_promoted(catalog: Catalog, run: RunRecord) -> bool:
    """Whether the merge was done whose answer was lost.

    Noting the intent again changes nothing of a promoted run, and waits for the end of a merge
    that a database server goes on with although its client is gone.
    """
    try:
        catalog.set_run_state(run.id, "promoting", f"into {run.branch}")
        return catalog.run(run.id).state == "promoted"
    except PhloError:
        return False
