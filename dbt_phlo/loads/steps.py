"""The steps of a load, in their order. Reading ``load`` is reading what ingestion does."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from dbt_phlo.catalogs.iceberg import iceberg_table
from dbt_phlo.contracts import arrow_source
from dbt_phlo.errors import Conflict, LoadError, PhloError
from dbt_phlo.loads import attempts, cursor, dlt_source, source, target
from dbt_phlo.loads.deadline import Deadline
from dbt_phlo.loads.intake import Intake
from dbt_phlo.loads.load import Load
from dbt_phlo.loads.plan import Plan, Window
from dbt_phlo.loads.progress import Progress
from dbt_phlo.loads.quarantine import Quarantine
from dbt_phlo.loads.secrets import redacted, remember
from dbt_phlo.loads.target import Lake, Target
from dbt_phlo.loads.transient import causes
from dbt_phlo.loads.validate import Validator
from dbt_phlo.loads.writing import strategies
from dbt_phlo.loads.writing.commit import commit
from dbt_phlo.loads.writing.data_files import delete
from dbt_phlo.loads.writing.output import Output
from dbt_phlo.loads.writing.strategies import Change

ROW_ID_BITS = 40
"""A row's id is the table's next sequence number, then its place in the load: so no two loads of a
table share one, and ids rise from load to load."""


class Loading:
    """One load on its way. ``call`` runs the model, and returns what it returns."""

    def __init__(
        self,
        plan: Plan,
        lake: Lake,
        call: Callable[[], Any],
        tell: Callable[[str], None],
        root: Path,
    ) -> None:
        self.plan, self.lake, self.call, self.tell = plan, lake, call, tell
        self._began = time.monotonic()
        self._deadline = Deadline(plan.timeout_seconds)
        self._validator = Validator(plan.contract, plan.validator, plan.model, root)
        self._attempts = 1

    def load(self) -> Load:
        """Load the source into the table, in one commit, or change nothing.

        Raises ``PhloError``: rows that do not fit (``DataRefused``), a source that fails or hangs
        (``LoadError``), YAML that is wrong.
        """
        place = target.prepared(self.plan, self.lake)
        try:
            table = self._table(place)
            before = self._read_cursor(place, table)
            taken = self._extract(place, table, before)
            try:
                change = strategies.planned(self.plan, taken.table, taken.files)
            except BaseException:
                delete(taken.table, [file.file_path for file in taken.files])
                raise
            done = self._measured(taken, before, change)
            if self.plan.dry_run:
                delete(taken.table, [file.file_path for file in change.added])
                return replace(done, status="dry_run")
            return self._commit(place, before, taken, change, done)
        finally:
            target.dropped(self.lake, place)

    # ---- the steps

    def _read_cursor(self, place: Target, table: Any) -> cursor.State:
        """Step 1: where the source was read up to, on the ref that is written.

        It is that of the very snapshot which the commit asks for again. A window is read whatever
        the cursor says, and does not move it.
        """
        if place.is_new or self.plan.window is not None:
            return {}
        return cursor.read(_document(table), self.plan.table)

    def _extract(self, place: Target, table: Any, before: cursor.State) -> "Taken":
        """Steps 2 to 7: every page is extracted, conformed, validated and written to files."""
        columns = (*self.plan.contract.columns, *place.added)
        plan = replace(self.plan, contract=replace(self.plan.contract, columns=columns))
        first = (table.metadata.last_sequence_number + 1) << ROW_ID_BITS
        progress = Progress(self.plan.model, self.tell)

        def attempt(number: int) -> Taken:
            self._attempts = number
            output = Output(table, lambda new: self._grown(place, table, new))
            quarantine = Quarantine(self.plan, self.lake)
            with output, quarantine:
                intake = Intake(
                    plan,
                    self._validator,
                    output,
                    quarantine.add,
                    first_row_id=first,
                    now=datetime.now(timezone.utc),
                    progress=progress,
                )
                after = self._deadline.run(
                    lambda: self._run(intake, before), self.plan.model, intake.close
                )
                intake.finish()
            return Taken(output.table, output.files, quarantine, intake, after)

        def tell(number: int, delay: float, error: Exception) -> None:
            self.tell(
                f"{self.plan.model}: attempt {number} of {self.plan.retries + 1} in {delay:.0f} s, "
                f"after {redacted(_first(error))}"
            )

        try:
            return attempts.attempted(
                attempt,
                retries=self.plan.retries,
                delay_seconds=self.plan.retry_delay_seconds,
                deadline=self._deadline,
                tell=tell,
            )
        except Exception as error:  # the source's own code, whatever it does
            raise self._explained(error) from error

    def _run(self, intake: Intake, before: cursor.State) -> cursor.State:
        def extract(window: Window | None) -> cursor.State:
            result = self.call()
            remember()
            return source.extract(
                result,
                before,
                intake.take,
                model=self.plan.model,
                window=window,
                limit=self.plan.limit,
            )

        try:
            return extract(self.plan.window)
        except Exception as error:
            if not dlt_source.takes_no_interval(error) or intake.read:
                raise
            return extract(None)  # it gives all its rows, and those outside are left out

    def _commit(
        self, place: Target, before: cursor.State, taken: "Taken", change: Change, done: Load
    ) -> Load:
        """Steps 8 and 9: rows, cursor and provenance become the table's, in one commit."""
        plan = self.plan
        taken.quarantine.commit(commit)
        if not (change.added or change.removed or place.is_new or taken.after != before):
            return done
        after = taken.after
        if plan.window is not None:
            after = {} if place.is_new else cursor.read(_document(taken.table), plan.table)
        said = cursor.properties(after, plan.load_id, plan.run_id)
        try:
            snapshot = commit(
                taken.table,
                added=change.added,
                removed=change.removed,
                properties=said,
                summary=said,
            )
        except Conflict:  # certainly not committed; after any other error the files stay
            delete(taken.table, [file.file_path for file in change.added])
            raise
        target.settled(plan, self.lake, place)
        return replace(done, snapshot_id=snapshot)

    # ---- helpers

    def _table(self, place: Target) -> Any:
        return iceberg_table(self.lake.tables, place.namespace, place.name, self.lake.configuration)

    def _grown(self, place: Target, table: Any, new: Any) -> Any:
        """The table with the columns of ``new``, an Arrow schema, which the source has sent.

        Raises ``Conflict`` when it has other rows than the load began with.
        """
        target.grow(self.plan, self.lake, place, arrow_source.contract_of(place.name, new).columns)
        grown = self._table(place)
        if grown.metadata.current_snapshot_id != table.metadata.current_snapshot_id:
            raise Conflict(
                f"table {self.plan.namespace}.{self.plan.table} has moved while it was loaded",
                remedy="another writer was faster; run the model again",
            )
        return grown

    def _measured(self, taken: "Taken", before: cursor.State, change: Change) -> Load:
        intake = taken.intake
        return Load(
            table=f"{self.plan.namespace}.{self.plan.table}",
            status="success" if intake.rows or intake.rejected else "no_data",
            load_id=self.plan.load_id,
            read=intake.read,
            rows=intake.rows - change.duplicates,
            rejected=intake.rejected,
            duplicates=change.duplicates,
            outside=intake.outside,
            updated=change.updated,
            pages=intake.pages,
            attempts=self._attempts,
            files_added=len(change.added),
            files_removed=len(change.removed),
            bytes=sum(file.file_size_in_bytes for file in change.added),
            seconds=time.monotonic() - self._began,
            cursor_before=cursor.last_values(before),
            cursor_after=cursor.last_values(taken.after),
            unknown_columns=tuple(intake.conform.unknown),
            missing_columns=tuple(sorted(intake.conform.missing)) if intake.read else (),
        )

    def _explained(self, error: Exception) -> PhloError:
        """Our own error where one is behind what dlt says, else one that tells what the source's
        code has raised."""
        for cause in causes(error):
            if isinstance(cause, PhloError):
                return cause
        tries = f" after {self._attempts} attempts" if self._attempts > 1 else ""
        return LoadError(
            f"{self.plan.model}: the source failed{tries}: {redacted(_first(error))}; nothing was "
            "loaded",
            remedy="mend the source or its credentials; dbt's log has the whole traceback",
            code="PHLO651",
        )


def _document(table: Any) -> dict[str, Any]:
    """A pyiceberg table's metadata, as the file has it."""
    document: dict[str, Any] = json.loads(table.metadata.model_dump_json())
    return document


class Taken(NamedTuple):
    """What an attempt brought: files that are not committed yet, and the source's state."""

    table: Any
    files: list[Any]
    quarantine: Quarantine
    intake: Intake
    after: cursor.State


def _first(error: BaseException) -> str:
    """What a source's error says, in one line: dlt wraps it in longer ones."""
    last = error
    while last.__cause__ is not None:
        last = last.__cause__
    lines = str(last).strip().splitlines()
    return f"{type(last).__name__}: {lines[0]}" if lines else type(last).__name__
