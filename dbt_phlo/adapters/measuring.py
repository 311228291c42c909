"""What is measured of one data test that has run: rows that fail, rows in all, and a sample."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from dbt.flags import get_flags
from dbt_common.clients.agate_helper import table_from_data_flat
from dbt_common.exceptions import DbtRuntimeError

from dbt_phlo.checks import Evidence, Recorder, record, redaction, samples, threshold
from dbt_phlo.checks.check import Status
from dbt_phlo.checks.declared import Declared

Ask = Callable[[str, int], tuple[list[str], list[tuple[Any, ...]]]]
"""Asks the engine for the first rows of a query."""

NAMES = ("failures", "should_warn", "should_error")
TOTAL = "phlo_total_count"
"""The column that ``get_test_sql`` adds where the total must be counted."""
WIDE = 20
"""From so many columns on, rows of a test's own query are narrowed to what tells them apart."""


class Outcome(NamedTuple):
    """The one row of a test's result; ``is_whole`` if dbt can be given the table as it is."""

    failures: int
    should_warn: bool
    should_error: bool
    total: int | None = None
    is_whole: bool = True


def outcome(table: Any) -> Outcome | None:
    """A test's result; None for one that dbt will refuse."""
    names = [str(name).lower() for name in table.column_names]
    if len(table.rows) != 1 or not set(NAMES) <= set(names):
        return None
    row = dict(zip(names, table.rows[0], strict=True))
    if any(row[name] is None for name in NAMES):
        return None
    total = row.get(TOTAL)
    return Outcome(
        int(row["failures"]),
        _truth(row["should_warn"]),
        _truth(row["should_error"]),
        None if total is None else int(total),
        TOTAL not in names,
    )


@dataclass(frozen=True)
class Asked:
    """A test and its queries, see ``phlo_check_ran``."""

    declared: Declared
    query: str
    target: str
    rows: str
    counted: str
    share: Decimal | None


class Measurement:
    """Asks no query of a test that found nothing, or that has measured by itself (``supplied``)."""

    def __init__(
        self,
        ask: Ask,
        asked: Asked,
        answer: Outcome,
        *,
        samples: bool,
        supplied: Evidence | None = None,
    ) -> None:
        self._ask = ask
        self._asked = asked
        self._answer = answer
        self._samples = samples
        self._supplied = supplied
        self._notes: list[str] = list(supplied.notes) if supplied else []
        if supplied is not None and supplied.total_count is not None:
            self._answer = answer._replace(total=supplied.total_count)
        self._given = answer

    def result(self, recorder: Recorder, main: Mapping[str, Any]) -> dict[str, Any]:
        """The result for dbt: with the verdict of ``allow_threshold``, and the check with it."""
        failed = self._failed_count()
        answer = self._decided(failed)
        evidence = Evidence(
            failed_count=failed,
            total_count=self._answer.total,
            failures=answer.failures,
            allow_threshold=None if self._asked.share is None else str(self._asked.share),
            query=(self._supplied and self._supplied.query) or self._asked.query.strip(),
            rows_sql=(self._supplied and self._supplied.rows_sql) or self._asked.rows,
            sample=self._sample() if failed else (),
            notes=tuple(self._notes),
        )
        declared = self._asked.declared
        check = recorder.measure(declared.node, evidence, status(declared.severity, answer))
        table = main["table"]
        if answer[:3] != self._given[:3] or not answer.is_whole:
            table = table_from_data_flat([dict(zip(NAMES, answer, strict=False))], NAMES)
        return {
            "table": table,
            "response": CheckResponse(main["response"], record.document(check)),
        }

    def _failed_count(self) -> int | None:
        """The rows that fail; dbt's number may be of groups, and no higher than its ``limit``."""
        answer, asked = self._answer, self._asked
        if self._supplied is not None and self._supplied.failed_count is not None:
            return self._supplied.failed_count
        if not (answer.failures or answer.should_warn or answer.should_error):
            return 0
        shape = asked.declared.shape
        if asked.declared.counts_rows and not shape.counted and shape.kind != "combination":
            return answer.failures
        return self._number(asked.counted)

    def _decided(self, failed: int | None) -> Outcome:
        """The answer, without consequences if so many failing rows are allowed."""
        answer, asked = self._answer, self._asked
        if self._supplied is not None and self._supplied.is_of_table:
            return answer._replace(should_warn=True, should_error=True)
        if asked.share is None or not failed:
            return answer
        if answer.total is None and asked.target:
            total = self._number(f"select count(*) from {asked.target}")
            answer = self._answer = answer._replace(total=total)
        if threshold.within(failed, answer.total, asked.share, test=asked.declared.test):
            return answer._replace(should_warn=False, should_error=False)
        of = "" if answer.total is None else f" of {answer.total:,}"
        self._notes.append(f"{failed:,}{of} rows fail; allow_threshold is {asked.share}")
        return answer

    def _sample(self) -> tuple[dict[str, Any], ...]:
        if not self._samples:
            self._notes.append("no sample: samples are off")
            return ()
        if self._supplied is not None:
            return tuple(map(dict, self._supplied.sample[: samples.ROWS]))
        declared, asked = self._asked.declared, self._asked
        sql = f"select * from (\n{asked.rows}\n) as failing_rows limit {samples.ROWS}"
        try:
            columns, values = self._ask(sql, samples.ROWS)
        except DbtRuntimeError as error:
            first = "" if declared.pii else f": {str(error).strip().splitlines()[0]}"
            self._notes.append(f"no sample: its query failed{first}")
            return ()
        rows = samples.rows(columns, values)
        names = list(rows[0]) if rows else []
        hidden = redaction.hidden_columns(
            names,
            pii=declared.pii,
            sql="" if declared.shape.is_of_model else asked.query,
        )
        shown = _shown(names, declared)
        return tuple(redaction.redacted(redaction.kept(row, shown), hidden) for row in rows)

    def _number(self, sql: str) -> int | None:
        """The answer of a count; without ``allow_threshold`` nothing hangs on it."""
        try:
            return int(self._ask(sql, 1)[1][0][0])
        except DbtRuntimeError:
            if self._asked.share is not None:
                raise
            self._notes.append("no count of failing rows: its query failed")
            return None


class CheckResponse:
    """The adapter's response with the check in it, as run_results.json is to have it."""

    def __init__(self, response: Any, check: Mapping[str, Any]) -> None:
        self._response = response
        self._check = check

    def __str__(self) -> str:
        return str(self._response)

    def to_dict(self, omit_none: bool = True) -> dict[str, Any]:
        """dbt's keys and the check's."""
        return {**self._response.to_dict(omit_none=omit_none), **self._check}


def status(severity: str, answer: Outcome) -> Status:
    """The status that dbt gives a test (dbt 1.10 to 1.12: ``TestRunner.build_test_run_result``)."""
    if severity == "error" and answer.should_error:
        return "fail"
    if not answer.should_warn:
        return "pass"
    flags = get_flags()
    strict = flags.WARN_ERROR or flags.WARN_ERROR_OPTIONS.includes("LogTestResult")
    return "fail" if strict else "warn"


def _shown(names: list[str], declared: Declared) -> list[str]:
    """The columns of a sample: the keys and what was tested, where the key is known."""
    exact = {name.lower(): name for name in names}
    wanted = [exact[name.lower()] for name in declared.shown if name.lower() in exact]
    has_key = bool(declared.keys) and all(key.lower() in exact for key in declared.keys)
    narrow = declared.shape.is_of_model or len(names) > WIDE
    return list(dict.fromkeys(wanted)) if has_key and narrow else names


def _truth(value: Any) -> bool:
    """A condition's value; an engine may give it as text or a number."""
    if isinstance(value, str):
        return value.strip().lower() in ("true", "t", "yes", "y", "on", "1")
    return bool(value)
