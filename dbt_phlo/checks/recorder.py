"""Makes a ``Check`` of every data test of an invocation, and writes it when the test has ended."""

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, NamedTuple

from dbt_phlo.checks import record
from dbt_phlo.checks.check import Check, Status, status_of
from dbt_phlo.checks.declared import Declarations, Declared
from dbt_phlo.checks.jsonl import JsonLines
from dbt_phlo.checks.samples import ROWS


class Place(NamedTuple):
    """Where an invocation runs its checks."""

    run_id: str
    ref: str
    invocation_id: str


@dataclass(frozen=True)
class Evidence:
    """What was measured while a test ran."""

    failed_count: int | None = None
    total_count: int | None = None
    failures: int | None = None
    allow_threshold: str | None = None
    query: str | None = None
    rows_sql: str | None = None
    """The query of the failing rows, without a limit."""
    sample: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = field(default=())
    is_of_table: bool = False
    """Whether something is wrong that no share and no number of failing rows allows."""


class Recorder:
    """The checks of one invocation; its methods are called from dbt's threads."""

    def __init__(
        self, declarations: Declarations, file: JsonLines, place: Callable[[], Place]
    ) -> None:
        self.declarations = declarations
        self._file = file
        self._place = place
        self._lock = threading.Lock()
        self._planned: dict[str, None] = {}
        self._started: dict[str, str] = {}
        self._measured: dict[str, Evidence] = {}
        self._supplied: dict[str, Evidence] = {}
        self._partitions: dict[str, str] = {}
        self._ended: set[str] = set()
        self.documents: list[dict[str, Any]] = []
        """What was written so far."""

    def plan(self, nodes: Iterable[str]) -> None:
        """The data tests among these nodes are to run."""
        self._planned.update((n, None) for n in nodes if self.declarations.node(n) is not None)

    def limit(self, node: str, partition_key: str) -> None:
        """A test looks at one partition only."""
        self._partitions[node] = partition_key

    def begin(self, node: str) -> None:
        """A node begins; only data tests count."""
        if self.declarations.node(node) is not None:
            self._started[node] = _now()

    def supply(self, node: str, evidence: Evidence) -> None:
        """A test that measures by itself, while it runs, says what it has found."""
        self._supplied[node] = evidence

    def supplied(self, node: str) -> Evidence | None:
        """What a test has said itself."""
        return self._supplied.pop(node, None)

    def measure(self, node: str, evidence: Evidence, status: Status) -> Check:
        """Note what a test has found; returns the check as it will be if dbt agrees."""
        self._measured[node] = evidence
        return self._check(self.declarations.of(node), status, None)

    def end(self, node: str, dbt_status: str, message: str | None = None) -> None:
        """A node has ended; what is written first counts."""
        if self.declarations.node(node) is None:
            return
        with self._lock:
            if node in self._ended:
                return
            self._ended.add(node)
        check = self._check(self.declarations.of(node), status_of(dbt_status), message or None)
        document = record.document(check)
        self.documents.append(document)
        self._file.append(document)

    def close(self) -> None:
        """The invocation is over: what began did not end, and what was planned was left out."""
        for node in list(self._started):
            self.end(node, "error", "interrupted before its end")
        for node in list(self._planned):
            self.end(node, "skipped", "the invocation ended before it")
        self._file.close()

    def _check(self, declared: Declared, status: Status, message: str | None) -> Check:
        node = self.declarations.node(declared.node)
        place = self._place()
        found = self._measured.get(declared.node)
        if found is None or status in ("error", "skipped"):
            found = self._unmeasured(node, found, status)
        return Check(
            name=declared.name,
            node=declared.node,
            status=status,
            severity=declared.severity,
            source=declared.source,
            test=declared.test,
            model=declared.model,
            model_node=declared.model_node,
            column=declared.column,
            arguments=declared.arguments,
            partition_key=self._partitions.get(declared.node),
            failed_count=found.failed_count,
            total_count=found.total_count,
            failures=found.failures,
            allow_threshold=found.allow_threshold,
            query_or_sql=found.query,
            repro_sql=repro(found.rows_sql),
            sample=found.sample,
            run_id=place.run_id,
            ref=place.ref,
            invocation_id=place.invocation_id,
            started_at=self._started.get(declared.node),
            finished_at=_now(),
            message=_told(message, declared, status),
            notes=found.notes,
        )

    def _unmeasured(self, node: Any, found: Evidence | None, status: Status) -> Evidence:
        """A test that has no result: its query at most, if it came so far."""
        if found is not None:
            return replace(found, failed_count=None, total_count=None, failures=None, sample=())
        if status == "skipped":
            return Evidence()
        sql = getattr(node, "compiled_code", None) or None
        return Evidence(query=sql, rows_sql=sql)


def repro(rows_sql: str | None) -> str | None:
    """A query of at most 20 failing rows; ``dbt show`` can put a limit of its own behind it."""
    if rows_sql is None:
        return None
    limited = f"select * from (\n{rows_sql.strip()}\n) as failing limit {ROWS}"
    return f"select * from (\n{limited}\n) as failing_rows"


_OURS = re.compile(r"\[PHLO[1-9]\d\d\]")
"""The code of an error of ours about a test, which quotes no value of a row."""


def _told(message: str | None, declared: Declared, status: Status) -> str | None:
    """dbt's message; an engine's errors quote values."""
    if message and status == "error" and declared.pii and not _OURS.search(message):
        return "left out, because the test reads columns that are pii; dbt's log has it"
    return message


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()
