"""A table checked by a hand-written Pandera class: uniqueness in SQL, the rest by the class."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.drift import SYSTEM_PREFIX, Found
from dbt_phlo.contracts.failing_rows import repeated, sample_query
from dbt_phlo.contracts.judged import Finding, Judged
from dbt_phlo.contracts.one_scan import Counted, Rows, scan
from dbt_phlo.contracts.pandera.batches import SAMPLE_ROWS, Counts, Outcome, run
from dbt_phlo.contracts.pandera.hand_written import HandWritten
from dbt_phlo.contracts.rules import Unique
from dbt_phlo.contracts.wording import words
from dbt_phlo.names import quoted

Read = Callable[[str], Iterator[Any]]
"""Runs an SQL query and gives its rows as Arrow tables, one after another."""
MARK = "phlo_repeated_"


@dataclass(frozen=True)
class Table:
    """What a class judges; ``rows`` and ``whole`` (no partition) are items of FROM.

    ``columns`` are its columns, ``shown`` those that a sample shows besides the one at fault.
    """

    name: str
    rows: str
    whole: str
    columns: tuple[str, ...]
    shown: tuple[str, ...] = ()


def scan_class(
    of: HandWritten, table: Table, execute: Rows, read: Read
) -> tuple[Judged, tuple[Mapping[str, Any], ...]]:
    """What a class says of a table, and a few of the rows that fail.

    The columns that the class needs are read once, batch by batch (at once, if the class says so);
    memory is that of a batch. Raises ``ContractError``.
    """
    missing = of.missing(table.columns)
    if missing:
        ((total,),) = execute(f"SELECT count(*) FROM {table.rows}")
        told = tuple(map(Finding, missing))
        return Judged(int(total), told, ("its rows were not judged",)), ()
    unique = _unique(of, table, execute)
    repeated_keys = [one for one in unique if one.failed_count]
    marks = {
        f"{MARK}{number}": repeated(one.constraint.rule, table.whole)  # type: ignore[arg-type]
        for number, one in enumerate(repeated_keys)
    }
    outcome = run(of, read(_query(of, table, marks)), table.shown, marks)
    outcome.problems |= {f"{of.place()}: {one.problem}": None for one in unique if one.problem}
    judged = _judged(outcome, repeated_keys)
    return judged, _sample(outcome, repeated_keys, table, execute)


def _unique(of: HandWritten, table: Table, execute: Rows) -> tuple[Counted, ...]:
    """The uniqueness rules, judged in one scan of the whole table."""
    rules = tuple(of.unique(table.columns))
    if not rules:
        return ()
    found = [Found(name, None) for name in table.columns]
    return scan(execute, Contract(table.name, (), rules), table.whole, found).counted


def _query(of: HandWritten, table: Table, marks: Mapping[str, str]) -> str:
    names = [name for name in table.columns if not name.startswith(SYSTEM_PREFIX)]
    if not of.needs_every_column():
        wanted = {*map(str, of.schema.columns), *table.shown}
        names = [name for name in table.columns if name in wanted]
    else:
        names = [n for n in table.columns if n in names or n in of.schema.columns]
    selected = [f"phlo_rows.{quoted(name)}" for name in names]
    selected += [f"{condition} AS {quoted(name)}" for name, condition in marks.items()]
    return f"SELECT {', '.join(selected)} FROM (SELECT * FROM {table.rows}) AS phlo_rows"


def _judged(outcome: Outcome, keys: Sequence[Counted]) -> Judged:
    findings = [Finding(problem) for problem in outcome.problems]
    notes = list(outcome.notes)
    for one in keys:
        rule = one.constraint.rule
        assert isinstance(rule, Unique)
        told = _told(", ".join(rule.columns), words(rule), one.failed_count or 0, one.total_count)
        findings.append(Finding(told, None, one.failed_count, one.total_count))
    for counts in outcome.counted():
        told = _told(counts.column, counts.rule, counts.failed, outcome.total)
        if counts.is_warning:
            notes.append(f"{told} (a warning)")
        else:
            findings.append(Finding(told, None, counts.failed, outcome.total))
    total = max([outcome.total, *(one.total_count for one in keys)])
    failed = max([outcome.failed, *(one.failed_count or 0 for one in keys)])
    return Judged(total, tuple(findings), tuple(notes), failed_count=failed)


def _told(column: str, rule: str, failed: int, total: int) -> str:
    place = f"{column}: " if column else ""
    return f"{place}{rule}: {failed:,} of {total:,} rows fail"


def _sample(
    outcome: Outcome, keys: Sequence[Counted], table: Table, execute: Rows
) -> tuple[Mapping[str, Any], ...]:
    """Rows of each rule that is broken, in the order of the findings."""
    counted: list[Counts] = [one for one in outcome.counted() if not one.is_warning]
    most = max(1, SAMPLE_ROWS // max(1, len(counted) + len(keys)))
    found: list[Mapping[str, Any]] = []
    for one in keys:
        rule = one.constraint.rule
        assert isinstance(rule, Unique)
        names = tuple(dict.fromkeys((*table.shown, *rule.columns)))
        rows = execute(sample_query(rule, names, table.whole, most))
        found += [dict(zip(names, row, strict=True)) for row in rows]
    for counts in counted:
        found += counts.sample[:most]
    return tuple(found[:SAMPLE_ROWS])
