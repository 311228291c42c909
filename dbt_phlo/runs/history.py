"""What is recorded of one run: its record, what each node came to, what it changed."""

from typing import NamedTuple

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import LedgerEntry, Ref, RunRecord
from dbt_phlo.errors import NotFound
from dbt_phlo.runs import changes, refs
from dbt_phlo.runs.changes import RefDiff
from dbt_phlo.tables.statistics import Count


class RunHistory(NamedTuple):
    """``ref`` and ``diff`` are None once the run's ref is deleted."""

    run: RunRecord
    ref: Ref | None
    nodes: tuple[LedgerEntry, ...]
    """The last entry of each node, in the order in which they happened."""
    diff: RefDiff | None


def of(catalog: Catalog, name: str, count: Count) -> RunHistory:
    """The history of the run called ``name`` (its id or its ref)."""
    run = refs.run_of(catalog, name)
    latest = {entry.node: entry for entry in catalog.ledger(run.id) if entry.kind != "partial"}
    nodes = tuple(sorted(latest.values(), key=lambda entry: entry.sequence))
    try:
        ref = catalog.ref(run.ref)
    except NotFound:
        return RunHistory(run, None, nodes, None)
    return RunHistory(run, ref, nodes, changes.compared(catalog, run.ref, None, count))
