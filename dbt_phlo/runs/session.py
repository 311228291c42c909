"""The one run (or reading) of an invocation, from its binding to its release.

A session is made by the adapter when dbt first touches the catalog. Its methods are the steps of
the run's life, in the order in which they are called.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import Judged, LedgerEntry, Promotion, RunRecord, TableName
from dbt_phlo.errors import PhloError
from dbt_phlo.runs import promotion
from dbt_phlo.runs.binding import Binding, Invocation, bind
from dbt_phlo.runs.lease import Lease
from dbt_phlo.runs.verdict import CheckSpec, Policy, Verdict, decide
from dbt_phlo.settings import Settings


class Session:
    """Binds on creation, if it is not given a binding.

    ``run`` is None where nothing is isolated: reading, or WAP off.
    """

    def __init__(
        self,
        catalog: Catalog,
        settings: Settings,
        invocation: Invocation,
        binding: Binding | None = None,
    ) -> None:
        self.catalog = catalog
        self.settings = settings
        self.invocation = invocation
        self.binding: Binding = binding or bind(catalog, settings, invocation)
        self.verdict: Verdict | None = None
        self.promotion: Promotion | None = None
        self.refusal: PhloError | None = None
        self.judged: Judged | None = None
        self.started = False
        """Whether on-run-start was reached, so that on-run-end is due."""
        self.decided = False
        """Whether the verdict is being carried out: what happens now is not the run's any more."""
        self.ended = False
        """Whether the run was promoted or kept, as the verdict says."""
        self._recorded: set[str] = set()
        self._lease: Lease | None = None
        if self.binding.writable:
            run_id = self.binding.run.id if self.binding.run else ""
            self._lease = Lease(catalog, invocation.id, self.binding.ref, run_id)

    @property
    def run(self) -> RunRecord | None:
        return self.binding.run

    # ---- while it runs

    def plan(self, nodes: Iterable[str], *, partial: str = "") -> None:
        """Note what this invocation will execute; what never ends blocks the promotion.

        ``partial`` is ``--empty`` or ``--sample``: noted before the first node, so that an
        interrupted run with hardly any rows is not promoted by a later command. A retry takes up
        nodes of a plan that is in the ledger already.
        """
        self.started = True
        if partial:
            self._record("partial", [("", partial, {})])
        if self.invocation.retried:
            return
        self._record("plan", [(node, "planned", {}) for node in nodes])

    def pointers_of(self, tables: Iterable[TableName]) -> dict[str, str]:
        """The values of tables and views, by ``schema.name``, as they are on the ref now."""
        return promotion.pointers_of(self.catalog, self.binding.ref, tables)

    def node_ended(self, node: str, status: str) -> None:
        """A model, seed or snapshot ended."""
        self._recorded.add(node)
        self._record("node", [(node, status, {})])

    def check_ended(self, node: str, status: str, tables: Mapping[str, str]) -> None:
        """A data test ended; ``tables`` are the values of what it read, taken before it began."""
        self._recorded.add(node)
        self._record("check", [(node, status, tables)])

    def results(self, statuses: Mapping[str, str]) -> None:
        """The final statuses of the nodes, for what was not recorded while it ran."""
        late = {node: status for node, status in statuses.items() if node not in self._recorded}
        self._record("node", [(node, status, {}) for node, status in late.items()])

    # ---- at its end

    def decide(
        self,
        checks: Sequence[CheckSpec],
        nodes: Mapping[str, str],
        *,
        failed_hooks: Sequence[str] = (),
    ) -> Verdict:
        """The verdict on everything that happened on the ref so far."""
        assert self.run is not None
        evidence = promotion.evidence(self.catalog, self.run, checks, nodes, failed_hooks)
        self.judged = evidence.judged
        policy = Policy(self.settings.wap, self.settings.require_checks)
        self.verdict = decide(evidence, policy)
        return self.verdict

    def promote(self) -> Promotion | None:
        """Make the run true if the verdict says so; else keep it, with the reason."""
        assert self.run is not None and self.verdict is not None
        self.decided = True
        if self.verdict.decision != "promote":
            self.keep("; ".join(reason.text for reason in self.verdict.reasons))
        else:
            try:
                self.promotion = promotion.promote(
                    self.catalog, self.run, self.settings, judged=self.judged
                )
            except PhloError as error:
                self.refusal = error
                self.keep(f"refused: {error.message}")
        self.ended = True
        return self.promotion

    def discard(self) -> None:
        """Forget a run that has written nothing, as if it had never begun."""
        assert self.run is not None
        self.catalog.forget_run(self.run.id)
        self.binding = self.binding._replace(run=None)

    def release(self) -> PhloError | None:
        """The last step, always: a run that did not reach its end is kept.

        Returns the first error. No step is left out for it: a lease that is not given back lapses.
        """
        lease, self._lease = self._lease, None
        steps: list[Callable[[], None]] = []
        if lease is not None:
            lease.stop()
        if self.run is not None:
            run_id = self.run.id
            if not self.ended:
                steps.append(lambda: self.keep("interrupted before its end"))
            steps.append(lambda: self.catalog.end_invocation(run_id, self.invocation.id))
        if lease is not None:
            steps.append(lease.release)
        problems = [problem for step in steps if (problem := _tried(step)) is not None]
        self.decided = self.ended = True
        return problems[0] if problems else None

    def keep(self, reason: str) -> None:
        assert self.run is not None
        by = self.invocation.id
        promotion.keep(self.catalog, self.run, self.settings, reason, by=by)

    def _record(self, kind: str, entries: Sequence[tuple[str, str, Mapping[str, str]]]) -> None:
        if self.run is None or not entries:
            return
        now = time.time()
        self.catalog.record(
            self.run.id,
            [
                LedgerEntry(0, self.invocation.id, kind, node, status, tables, now)
                for node, status, tables in entries
            ],
        )


def _tried(step: Callable[[], None]) -> PhloError | None:
    try:
        step()
    except PhloError as error:
        return error
    return None
