"""A hand-written class over a table that is read in batches: the rows that fail each of its rules.

The class's own types, parsers, coercion and checks judge each batch. Uniqueness is left to SQL: no
batch shows it. Neither does one show what a check says that looks at other rows; such a check is
refused, unless the class asks for the whole table at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbt_phlo.contracts.pandera.hand_written import TABLE, HandWritten, Positions
from dbt_phlo.errors import ContractError
from dbt_phlo.extras import optional

PROBED_ROWS = 500
SAMPLE_ROWS = 20


@dataclass
class Counts:
    """What was found for one rule: how many rows fail, and the first of them."""

    column: str
    rule: str
    order: tuple[int, int]
    is_warning: bool = False
    failed: int = 0
    sample: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass
class Outcome:
    """What a class has said of a table. ``problems`` are about the table, not about its rows."""

    total: int = 0
    failed: int = 0
    """The rows that fail at least one rule which is no warning."""
    rules: dict[tuple[str, str], Counts] = field(default_factory=dict)
    problems: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def counted(self) -> list[Counts]:
        """The rules that rows have failed: columns in the class's order, then whole rows."""
        return sorted((one for one in self.rules.values() if one.failed), key=lambda c: c.order)


def run(
    of: HandWritten, batches: Iterable[Any], shown: Iterable[str], marks: Iterable[str]
) -> Outcome:
    """Judge Arrow tables, the batches of one table.

    ``shown`` are the columns of a sample besides the one that a rule is about. ``marks`` are
    further columns of the batches, true for a row that has failed already.
    Raises ``ContractError`` (PHLO924) for a check that no batch can answer.
    """
    outcome, marks = Outcome(), list(marks)
    for number, read in enumerate(batches):
        marked: Positions = set()
        for name in marks:
            marked.update(row for row, mark in enumerate(read.column(name).to_pylist()) if mark)
        judged = _Batch(of, outcome, read.drop_columns(marks) if marks else read, list(shown))
        outcome.failed += len(marked | judged.judge(is_first=number == 0))
        outcome.total += read.num_rows
    return outcome


class _Batch:
    def __init__(self, of: HandWritten, outcome: Outcome, batch: Any, shown: list[str]) -> None:
        self._of = of
        self._frames = of.frames
        self._outcome = outcome
        self._batch = batch
        self._shown = shown
        self._kept = list(range(batch.num_rows))
        """The rows that are still judged: where each row of the frame stands in the batch."""

    def judge(self, *, is_first: bool) -> Positions:
        """The rows that fail; counts go into the outcome."""
        of, frames = self._of, self._frames
        failed = self._without_values()
        frame = self._parsed(failed)
        if frame is None:
            return failed
        for name, number, column in of.columns(frame.columns):
            if not column.nullable:
                failed |= self._count(name, "not null", (number, 0), frames.nulls(frame, name))
        for pattern, order, check in of.checks():
            names = [TABLE]
            if pattern:
                names = [
                    name for name, number, _ in of.columns(frame.columns) if number == order[0]
                ]
            for name in names:
                found = self._failing(check, frame, name, is_first)
                told = check_name(check)
                failed |= self._count(name, told, order, found, bool(check.raise_warning))
        return failed

    def _without_values(self) -> Positions:
        """Rows that have no value where NULL is forbidden and the class's type cannot hold one."""
        failed: Positions = set()
        for name, number, column in self._of.columns(self._batch.column_names):
            values = self._batch.column(name)
            if column.nullable or not values.null_count or column.default is not None:
                continue
            if column.dtype is not None and not _holds_null(column.dtype):
                rows = {row for row, null in enumerate(values.is_null().to_pylist()) if null}
                failed |= self._count(name, "not null", (number, 0), rows)
        self._leave_out(failed)
        return failed

    def _leave_out(self, failed: Positions) -> None:
        self._kept = [row for row in self._kept if row not in failed]

    def _parsed(self, failed: Positions) -> Any:
        """The frame in the class's types, without the rows that do not fit them."""
        of = self._of
        numbers = {name: number for name, number, _ in of.columns(self._batch.column_names)}
        for _ in range(2):
            batch = self._batch
            if len(self._kept) < batch.num_rows:
                arrow = optional("pyarrow", extra="arrow")
                batch = batch.take(arrow.array(self._kept, arrow.int64()))
            frame, misfits, problems = self._frames.parsed(
                of.bare, self._frames.frame(batch, of.schema)
            )
            if not misfits:
                break
            left: Positions = set()
            for name, rows in misfits.items():
                described = of.schema.columns.get(name)
                told = f"fits {described.dtype}" if described is not None else "fits its type"
                left |= self._count(name, told, (numbers.get(name, 0), 1), rows)
            failed |= left
            self._leave_out(left)
        for column, problem in problems:
            self._outcome.problems[f"{of.place(column)}: {problem}"] = None
        return None if problems else frame

    def _failing(self, check: Any, frame: Any, column: str, is_first: bool) -> Positions:
        about = f" of {column}" if column else ""
        place = f"{self._of.place()}: the check {check_name(check)}{about}"
        try:
            if is_first and not self._of.is_whole:
                self._assert_of_rows(check, frame, column, place)
            found = self._frames.failing(check, frame, column)
        except ContractError:
            raise
        except Exception as error:  # the project's own code, whatever it does
            first = f": {str(error).splitlines()[0]}" if self._of.quotes and str(error) else ""
            self._outcome.problems[f"{place} raised {type(error).__name__}{first}"] = None
            return set()
        if found is None and not self._frames.passes(check, frame, column):
            told = self._outcome.notes if check.raise_warning else self._outcome.problems
            told[f"{place} fails"] = None
        return found or set()

    def _assert_of_rows(self, check: Any, frame: Any, column: str, place: str) -> None:
        """A check of rows says the same of a row whatever stands around it."""
        size = min(len(frame), PROBED_ROWS)
        part = self._frames.rows(frame, list(range(size)))
        answer = None if check.groupby else self._frames.failing(check, part, column)
        if answer is not None:
            others = [
                [*range(size), *range(size)],
                list(reversed(range(size))),
                [*range(size // 2)],
            ]
            answers = [
                {rows[at] for at in found}
                for rows in others
                if (found := self._frames.failing(check, self._frames.rows(part, rows), column))
                is not None
            ]
            half = {row for row in answer if row < size // 2}
            if answers == [answer, answer, half]:
                return
        raise ContractError(
            f"{place} looks at more than one row, which a table that is read in batches "
            "cannot answer",
            remedy='say Config.metadata = {"phlo": {"whole_table": True}}, and the table is read '
            "at once, in as much memory as it needs; or write it as a data test, such as phlo_sql",
            code="PHLO924",
        )

    def _count(
        self, column: str, rule: str, order: tuple[int, int], rows: Positions, warns: bool = False
    ) -> Positions:
        """Note that rows of the frame fail a rule; the places of these rows in the batch."""
        if not rows:
            return set()
        places = {self._kept[row] for row in rows}
        counts = self._outcome.rules.setdefault(
            (column, rule), Counts(column, rule, order, is_warning=warns)
        )
        counts.failed += len(places)
        for row in sorted(places)[: SAMPLE_ROWS - len(counts.sample)]:
            counts.sample.append(self._row(row, column))
        return set() if warns else places

    def _row(self, row: int, column: str) -> Mapping[str, Any]:
        there = self._batch.column_names
        wanted = [*self._shown, column] if column else there
        names = [name for name in dict.fromkeys(wanted) if name in there] or there
        (found,) = self._batch.select(names).slice(row, 1).to_pylist()
        shown: Mapping[str, Any] = found
        return shown


def check_name(check: Any) -> str:
    """A check in a few words: its error text, its name with what it compares with, its function."""
    if isinstance(check.error, str) and check.error:
        return check.error
    name = check.name or check.title or getattr(check._check_fn, "__name__", "check")
    return str(name)


def _holds_null(dtype: Any) -> bool:
    """Whether a column of the type can have NULLs; numpy's whole numbers and truths cannot."""
    kind = getattr(getattr(dtype, "type", None), "kind", "")
    is_numpy = type(getattr(dtype, "type", None)).__module__.startswith("numpy")
    return not (is_numpy and kind in "iub")
