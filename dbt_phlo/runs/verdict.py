"""Whether a run may be promoted: a pure function of what happened and what was promised.

The verdict belongs to the ref, not to an invocation: it is computed from the ledger of the whole
run, so ``dbt run`` followed by ``dbt test``, ``--exclude a_failing_test`` or a step-wise
orchestrator are all decided by the same rule.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from dbt_phlo.catalogs.values import Judged, LedgerEntry, TableName
from dbt_phlo.names import REJECTED

PASSED = ("pass", "warn")
FINISHED = ("success", "no-op", *PASSED)

Decision = Literal["promote", "hold", "block"]


class CheckSpec(NamedTuple):
    """An enabled data test of error severity, as the manifest declares it.

    ``audits`` are the tables whose nodes it depends on, as ``schema.name``; ``reads`` is all that
    it reads, through views and ephemeral models too.
    """

    node: str
    name: str
    audits: tuple[str, ...]
    reads: tuple[TableName, ...]
    stores: str = ""
    """The table that holds the rows that fail, if the test stores them."""


class Policy(NamedTuple):
    """What was asked for: mode ``auto`` or ``hold``, and how much must be checked."""

    mode: str = "auto"
    require_checks: str = "declared"
    partial: str = ""
    """``--empty`` or ``--sample``: the run holds no real data and is never promoted."""


class Evidence(NamedTuple):
    """What is known when the verdict is asked for; pointers are by key, ``schema.name``."""

    written: Mapping[str, str]
    """Tables and views that the run has added or changed, with their values now."""
    pointers: Mapping[str, str]
    """Every table and view on the ref, with its value now."""
    checks: Sequence[CheckSpec]
    ledger: Sequence[LedgerEntry]
    nodes: Mapping[str, str]
    """The nodes of the project that may block, with the name to tell of each."""
    failed_hooks: Sequence[str] = ()
    """Hooks of the deciding invocation that failed."""
    dropped: Collection[str] = ()
    """Tables and views that the run has dropped."""

    @property
    def judged(self) -> Judged:
        """What a verdict on this evidence is about, for the promotion to compare."""
        plans = sum(entry.kind == "plan" for entry in self.ledger)
        return Judged({**dict.fromkeys(self.dropped), **self.written}, plans)


class Reason(NamedTuple):
    """Why a run is not promoted, for people (``text``) and for programs (``code``)."""

    code: Literal["failed", "unfinished", "not audited", "unchecked", "partial", "hold"]
    text: str
    nodes: tuple[str, ...] = ()


class Verdict(NamedTuple):
    """``promote``; ``hold`` (nothing is wrong, something is missing or asked for); ``block``."""

    decision: Decision
    reasons: tuple[Reason, ...] = ()
    unchecked: tuple[str, ...] = ()
    """Written tables that no check audits."""

    def has(self, *codes: str) -> bool:
        return any(reason.code in codes for reason in self.reasons)


def decide(evidence: Evidence, policy: Policy) -> Verdict:
    """The verdict on a run."""
    latest = _latest(evidence.ledger)
    unchecked = _unchecked(evidence)
    overtaken = _overtaken(evidence, latest)
    reasons = [*_failures(evidence, latest, overtaken), *_unfinished(evidence, latest)]
    if policy.require_checks != "off":
        reasons += _not_audited(evidence, latest)
    else:
        reasons += _failed_before(evidence, latest, overtaken)
    if policy.require_checks == "all" and unchecked:
        reasons.append(Reason("unchecked", f"unchecked: {', '.join(unchecked)}"))
    decision: Decision = "promote"
    if any(reason.code == "failed" for reason in reasons):
        decision = "block"
    elif reasons:
        decision = "hold"
    elif partial := policy.partial or _partial(evidence.ledger):
        reasons.append(Reason("partial", f"a run with {partial} is never promoted"))
        decision = "hold"
    elif policy.mode == "hold":
        reasons.append(Reason("hold", "wap is `hold`: waiting for phlo_promote"))
        decision = "hold"
    return Verdict(decision, tuple(reasons), unchecked)


def _latest(ledger: Iterable[LedgerEntry]) -> dict[str, LedgerEntry]:
    """The last entry of each node; a plan is overtaken by the result that it announced."""
    return {entry.node: entry for entry in sorted(ledger, key=lambda entry: entry.sequence)}


def _partial(ledger: Iterable[LedgerEntry]) -> str:
    """``--empty`` or ``--sample``, if an earlier invocation of the run was given one."""
    return next((entry.status for entry in ledger if entry.kind == "partial"), "")


def _overtaken(evidence: Evidence, latest: Mapping[str, LedgerEntry]) -> set[str]:
    """The checks that have seen a table that was written again since: they say nothing of it now.

    One that failed then has to run again before the run is promoted.
    """
    declared = {check.node for check in evidence.checks}
    pointers = {name.lower(): value for name, value in evidence.pointers.items()}
    return {
        node
        for node, entry in latest.items()
        if entry.kind == "check"
        and node in declared
        and any(pointers.get(name.lower()) != value for name, value in entry.tables.items())
    }


def _failures(
    evidence: Evidence, latest: Mapping[str, LedgerEntry], overtaken: Collection[str]
) -> list[Reason]:
    bad = {
        node: entry.status
        for node, entry in latest.items()
        if entry.kind != "plan"
        and entry.status not in FINISHED
        and node in evidence.nodes
        and node not in overtaken
    }
    skipped = sum(status == "skipped" for status in bad.values())
    told = [
        f"{evidence.nodes[node]} ({status})"
        for node, status in sorted(bad.items())
        if status != "skipped"
    ]
    told += [f"hook {name}" for name in evidence.failed_hooks]
    told += [f"{skipped} skipped"] if skipped else []
    return [Reason("failed", f"failed: {', '.join(told)}", tuple(sorted(bad)))] if told else []


def _failed_before(
    evidence: Evidence, latest: Mapping[str, LedgerEntry], overtaken: Collection[str]
) -> list[Reason]:
    """Checks that failed on an earlier table, where nothing else asks for them to run again."""
    nodes = sorted(
        node for node in overtaken if node in evidence.nodes and latest[node].status not in FINISHED
    )
    text = f"not run again since they failed: {', '.join(evidence.nodes[n] for n in nodes)}"
    return [Reason("not audited", text, tuple(nodes))] if nodes else []


def _unfinished(evidence: Evidence, latest: Mapping[str, LedgerEntry]) -> list[Reason]:
    nodes = sorted(
        node for node, entry in latest.items() if entry.kind == "plan" and node in evidence.nodes
    )
    if not nodes:
        return []
    text = ", ".join(evidence.nodes[node] for node in nodes)
    return [Reason("unfinished", f"not finished: {text}", tuple(nodes))]


def _not_audited(evidence: Evidence, latest: Mapping[str, LedgerEntry]) -> list[Reason]:
    reasons = []
    pointers = {name.lower(): value for name, value in evidence.pointers.items()}
    for table in sorted(evidence.written):
        checks = [check for check in evidence.checks if table.lower() in _covered(check)]
        passed = [check for check in checks if _passed(check, table, latest, pointers)]
        if len(passed) < len(checks):
            missing = tuple(check.node for check in checks if check not in passed)
            text = f"not audited: {table} ({len(passed)} of {len(checks)} checks)"
            reasons.append(Reason("not audited", text, missing))
    return reasons


def _covered(check: CheckSpec) -> set[str]:
    """The tables that a check says something about: those of its nodes, and what it reads.

    A check on a view speaks of the tables below it: the view's own definition may be as it was.
    Names are compared as DuckDB finds them, without regard to case.
    """
    return {name.lower() for name in check.audits} | {str(table).lower() for table in check.reads}


def _passed(
    check: CheckSpec,
    table: str,
    latest: Mapping[str, LedgerEntry],
    pointers: Mapping[str, str],
) -> bool:
    """Whether a check passed on ``table``, and on exactly what would be promoted."""
    entry = latest.get(check.node)
    if entry is None or entry.kind != "check" or entry.status not in PASSED:
        return False
    seen = {name.lower(): value for name, value in entry.tables.items()}
    names = {str(read).lower() for read in check.reads}
    return table.lower() in seen and all(seen.get(name) == pointers.get(name) for name in names)


def _unchecked(evidence: Evidence) -> tuple[str, ...]:
    audited = {name for check in evidence.checks for name in _covered(check)}
    audited |= {check.stores.lower() for check in evidence.checks if check.stores}
    written = {name.lower() for name in evidence.written}
    return tuple(
        sorted(
            name
            for name in evidence.written
            if name.lower() not in audited and not _is_rejected(name.lower(), written)
        )
    )


def _is_rejected(name: str, written: Collection[str]) -> bool:
    """Whether a table holds the bad rows of a load of another one, which nobody can check."""
    return name.endswith(REJECTED) and name.removesuffix(REJECTED) in written
