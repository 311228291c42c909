"""Pages on their way into files: conformed, cut to the window, validated, with system columns."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any, Protocol

from dbt_phlo.contracts.contract import Constraint, Contract
from dbt_phlo.contracts.rules import NotNull
from dbt_phlo.errors import DataRefused
from dbt_phlo.extras import optional
from dbt_phlo.loads import plan as plans
from dbt_phlo.loads.conforming.conform import Conform
from dbt_phlo.loads.conforming.rejected import Reason, Rejected, value_text
from dbt_phlo.loads.plan import Plan
from dbt_phlo.loads.progress import Progress
from dbt_phlo.loads.source import Enough
from dbt_phlo.loads.validate import Validator
from dbt_phlo.loads.writing.delete_insert import bound_of
from dbt_phlo.loads.writing.reading import rising

if TYPE_CHECKING:
    import pyarrow


class Writer(Protocol):
    """Where the rows go: see ``data_files.DataFileWriter``."""

    def write(self, batch: "pyarrow.Table") -> None: ...


class Abandoned(Exception):
    """A page of a load that nobody waits for any more."""


class Intake:
    """One attempt at a load. ``first_row_id`` is that of its first row.

    ``read`` counts what the source gave; ``rows`` what was written.
    """

    def __init__(
        self,
        plan: Plan,
        validator: Validator,
        writer: Writer,
        reject: Callable[[Rejected], None],
        *,
        first_row_id: int,
        now: datetime,
        progress: Progress,
    ) -> None:
        self._plan, self._validator, self._writer, self._reject = plan, validator, writer, reject
        self.conform = Conform(
            _with_whole_keys(plan),
            on_unknown=plan.on_unknown_columns,
            on_bad_rows=plan.on_bad_rows,
            reject=self._rejected,
        )
        self._first_row_id = first_row_id
        self._gone: set[int] = set()
        self._now = now
        self._progress = progress
        self._lock = threading.Lock()
        self._is_open = True
        self.pages = 0
        self.read = 0
        self.rows = 0
        self.rejected = 0
        self.outside = 0

    def close(self) -> None:
        """Take no page any more; one that is under way is finished first."""
        with self._lock:
            self._is_open = False

    def finish(self) -> None:
        """The source has ended: raise where more of it is bad than may be."""
        self.close()
        most = self._plan.max_bad_rows
        if most is not None and 0 < most < 1 and self.rejected > most * self.conform.rows:
            raise self._too_many()

    def take(self, item: Any) -> None:
        """Take what the source gives: one row, a page of rows, a frame, an Arrow table."""
        with self._lock:
            if not self._is_open:
                raise Abandoned
            before, self._gone = self.conform.rows, set()
            page = self.conform.page(item)
            self.pages += 1
            self.read = self.conform.rows
            if page is not None and page.num_rows:
                self._write(self._numbered(page, before))
            self._progress.note(self.read, self.pages)
            if self._plan.limit is not None and self.rows >= self._plan.limit:
                raise Enough

    def _numbered(self, page: "pyarrow.Table", before: int) -> "pyarrow.Table":
        """The page with its rows' ids: each says which of the load's rows it is."""
        arrow = optional("pyarrow", extra="ingest")
        ids = rising(self._first_row_id + before, self.conform.rows - before)
        if self._gone:
            places = range(before + 1, self.conform.rows + 1)
            ids = ids.filter(arrow.array([place not in self._gone for place in places]))
        return page.append_column(arrow.field(plans.ROW_ID, arrow.int64()), ids)

    def _write(self, page: "pyarrow.Table") -> None:
        page = self._valid(self._inside(page))
        if self._plan.limit is not None:
            page = page.slice(0, self._plan.limit - self.rows)
        if page.num_rows:
            self._writer.write(self._with_system_columns(page))
            self.rows += page.num_rows

    def _inside(self, page: "pyarrow.Table") -> "pyarrow.Table":
        """The rows of the window; those without an event time are in none."""
        window, column = self._plan.window, self._plan.event_time
        if window is None or not column:
            return page
        compute = optional("pyarrow.compute", extra="ingest")
        described = self._plan.contract.column(column)
        kind = str(described.type) if described is not None else ""
        first, last = (bound_of(kind, moment) for moment in window)
        times = page.column(column)
        mask = compute.and_(compute.greater_equal(times, first), compute.less(times, last))
        kept = page.filter(compute.fill_null(mask, False))
        self.outside += page.num_rows - kept.num_rows
        return kept

    def _valid(self, page: "pyarrow.Table") -> "pyarrow.Table":
        if not self._validator.is_needed:
            return page
        ids = page.column(plans.ROW_ID)
        failing = self._validator.failing(page.drop_columns([plans.ROW_ID]))
        if not failing:
            return page
        arrow = optional("pyarrow", extra="ingest")
        for row in sorted(failing):
            (values,) = page.slice(row, 1).drop_columns([plans.ROW_ID]).to_pylist()
            reasons = tuple(
                Reason(column, self._shown(column, values.get(column)), f"breaks the rule {rule}")
                for column, rule in failing[row]
            )
            rejected = Rejected(values, reasons, ids[row].as_py() - self._first_row_id + 1)
            if self._plan.on_bad_rows == "fail":
                raise self._refused(rejected, len(failing))
            self._rejected(rejected)
        return page.filter(arrow.array([row not in failing for row in range(page.num_rows)]))

    def _shown(self, column: str, value: Any) -> str:
        described = self._plan.contract.column(column)
        return value_text(value, described is not None and described.pii)

    def _refused(self, rejected: Rejected, count: int) -> DataRefused:
        reason = rejected.reasons[0]
        place = f"column {reason.column}: {reason.value_text} " if reason.column else ""
        return DataRefused(
            f"{self._plan.model}: row {rejected.position:,}, {place}{reason.text} "
            f"({count:,} bad rows in this page); nothing was loaded",
            remedy="mend the source, or set meta.phlo.on_bad_rows: quarantine to load the others",
            code="PHLO625",
        )

    def _rejected(self, rejected: Rejected) -> None:
        self.rejected += 1
        self._gone.add(rejected.position)
        most = self._plan.max_bad_rows
        if most is not None and (most >= 1 or most == 0) and self.rejected > most:
            raise self._too_many()
        self._reject(rejected)

    def _too_many(self) -> DataRefused:
        """The error of a load with more bad rows than it may have."""
        return DataRefused(
            f"{self._plan.model}: {self.rejected:,} rows are bad so far, and max_bad_rows is "
            f"{self._plan.max_bad_rows:g}; nothing was loaded",
            remedy="mend the source, or raise meta.phlo.max_bad_rows",
            code="PHLO626",
        )

    def _with_system_columns(self, page: "pyarrow.Table") -> "pyarrow.Table":
        arrow = optional("pyarrow", extra="ingest")
        rows = page.num_rows
        columns = {
            plans.INGESTED_AT: _repeated(self._now, arrow.timestamp("us", tz="UTC"), rows, arrow),
            plans.PARTITION_DATE: self._days(page, arrow),
            plans.RUN_ID: _repeated(self._plan.run_id or None, arrow.string(), rows, arrow),
        }
        for name, values in columns.items():
            page = page.append_column(arrow.field(name, values.type), values)
        return page

    def _days(self, page: "pyarrow.Table", arrow: Any) -> Any:
        """The UTC day of each row's event time; that of the load where there is none."""
        today = self._now.astimezone(timezone.utc).date()
        column = self._plan.event_time
        if not column:
            return _repeated(today, arrow.date32(), page.num_rows, arrow)
        compute = optional("pyarrow.compute", extra="ingest")
        times = page.column(column)
        if arrow.types.is_timestamp(times.type) and times.type.tz:
            times = compute.cast(times, arrow.timestamp("us", tz="UTC"))
            times = compute.local_timestamp(times)
        days = compute.floor_temporal(times, unit="day").cast(arrow.date32())
        return compute.fill_null(days, arrow.scalar(today, arrow.date32()))


def _with_whole_keys(plan: Plan) -> Contract:
    """The contract, in which no column of the key may be NULL: such a key names no row."""
    missing = [name for name in plan.key if plan.contract.is_nullable(name)]
    further = tuple(Constraint(NotNull(name), "unique_key") for name in missing)
    return replace(plan.contract, constraints=(*plan.contract.constraints, *further))


def _repeated(value: date | datetime | str | None, of: Any, rows: int, arrow: Any) -> Any:
    return arrow.repeat(arrow.scalar(value, of), rows)
