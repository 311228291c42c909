"""A whole contract checked in one scan of its table: a failing count for every constraint.

The row rules are aggregates of one query, so memory is flat. Uniqueness is in the same scan: as
many distinct keys as keys means that no row fails (on DuckDB distinct 64-bit hashes of keys, which
can only be too few, never too many). Where there are fewer, a second query counts the rows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dbt_phlo.contracts.contract import Constraint, Contract
from dbt_phlo.contracts.drift import Difference, Found, differences
from dbt_phlo.contracts.rules import Unique, columns_of
from dbt_phlo.contracts.sql import (
    Dialect,
    duplicate_count,
    every,
    failing,
    is_row_rule,
    known,
)
from dbt_phlo.errors import TypeRefused, nearest
from dbt_phlo.names import quoted

Rows = Callable[[str], Sequence[Sequence[Any]]]
"""Runs an SQL query and gives its rows."""


@dataclass(frozen=True)
class Counted:
    """How many rows a constraint is about, and how many of them fail it (rows, not groups).

    ``failed_count`` is None where the constraint was not checked, and ``problem`` says why.
    """

    constraint: Constraint
    failed_count: int | None
    total_count: int
    problem: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether no more rows fail than the constraint's threshold allows."""
        if self.failed_count is None:
            return False
        return self.failed_count <= self.constraint.threshold * self.total_count


@dataclass(frozen=True)
class Scan:
    """A table's rows, where its schema differs from the contract, and its constraints in order."""

    total_count: int
    differences: tuple[Difference, ...]
    counted: tuple[Counted, ...]

    @property
    def hard(self) -> tuple[Counted, ...]:
        """The constraints of which one failing row is an error."""
        return tuple(one for one in self.counted if one.constraint.is_hard)

    @property
    def soft(self) -> tuple[Counted, ...]:
        """The others: warnings, filtered ones, those with a threshold."""
        return tuple(one for one in self.counted if not one.constraint.is_hard)


def scan(
    execute: Rows,
    contract: Contract,
    relation: str,
    found: Iterable[Found],
    *,
    dialect: Dialect = "duckdb",
    scope: str = "",
) -> Scan:
    """Check a table. ``found`` are its columns (``drift.found_columns`` of a DESCRIBE).

    ``scope`` is an SQL condition that narrows the row rules to a partition; uniqueness stays that
    of the whole table, and then takes a scan of its own. A constraint on a column that is missing,
    or that has become a type which the rule cannot be asked of, is told as a problem.
    """
    there = tuple(found)
    actual = _as_found(contract, there)
    problems = [_problem(one, actual, there, dialect) for one in contract.constraints]
    checked = [
        one for one, problem in zip(contract.constraints, problems, strict=True) if not problem
    ]
    scanned = [one for one in checked if not (scope and isinstance(one.rule, Unique))]
    apart = [one for one in checked if scope and isinstance(one.rule, Unique)]
    table = _Table(actual, relation, dialect)
    try:
        total, counts = _counts(execute, scanned, apart, table, scope)
        refused: dict[int, str] = {}
    except Exception:  # the engine's own, whose type only its adapter knows
        refused = _refused(execute, checked, table)
        if not refused:
            raise
        scanned, apart = (
            [one for one in some if id(one) not in refused] for some in (scanned, apart)
        )
        total, counts = _counts(execute, scanned, apart, table, scope)
    counted = []
    for one, problem in zip(contract.constraints, problems, strict=True):
        failed, of = counts.get(id(one), (None, total))
        counted.append(Counted(one, failed, of, problem or refused.get(id(one), "")))
    return Scan(total, differences(contract, there), tuple(counted))


def query(
    constraints: Sequence[Constraint],
    contract: Contract,
    relation: str,
    scope: str = "",
    dialect: Dialect = "duckdb",
) -> str:
    """One query of one row: the number of rows, then for each constraint the rows that it is about
    and the rows that fail; for uniqueness the keys less the distinct ones."""
    selected = ["count(*)"]
    for one in constraints:
        selected.append(_number(one.where))
        if isinstance(one.rule, Unique):
            selected.append(_repeated(one.rule, one.where, dialect))
        else:
            condition = failing(one.rule, contract, dialect)  # type: ignore[arg-type]
            selected.append(_number(one.where, condition))
    where = f"\nWHERE {every(scope)}" if scope else ""
    return "SELECT " + ",\n  ".join(selected) + f"\nFROM {relation}{where}"


@dataclass(frozen=True)
class _Table:
    contract: Contract
    relation: str
    dialect: Dialect


def _counts(
    execute: Rows,
    scanned: Sequence[Constraint],
    apart: Sequence[Constraint],
    table: _Table,
    scope: str,
) -> tuple[int, dict[int, tuple[int | None, int]]]:
    """The number of rows, and all counts; ``apart`` are those of the whole table."""
    total, counts = _count(execute, scanned, table, scope)
    return total, counts | (_count(execute, apart, table, "")[1] if apart else {})


def _refused(execute: Rows, constraints: Sequence[Constraint], table: _Table) -> dict[int, str]:
    """What the engine says of each constraint whose SQL it cannot bind, by identity."""
    refused = {}
    for one in constraints:
        text = query([one], table.contract, table.relation, "", table.dialect)
        try:
            execute(f"{text}\nLIMIT 0")
        except Exception as error:  # the engine's own, as above
            refused[id(one)] = " ".join(str(error).split()).partition(" LINE ")[0]
    return refused


def _count(
    execute: Rows, constraints: Sequence[Constraint], table: _Table, scope: str
) -> tuple[int, dict[int, tuple[int | None, int]]]:
    """The number of rows, and (failed, total) by the identity of each constraint."""
    text = query(constraints, table.contract, table.relation, scope, table.dialect)
    (row,) = execute(text)
    counts: dict[int, tuple[int | None, int]] = {}
    for number, one in enumerate(constraints):
        total, failed = int(row[1 + 2 * number]), int(row[2 + 2 * number])
        if failed and isinstance(one.rule, Unique):
            ((failed,),) = execute(
                duplicate_count(one.rule, table.relation, every(one.where, scope))
            )
        counts[id(one)] = (int(failed), total)
    return int(row[0]), counts


def _repeated(rule: Unique, where: str, dialect: Dialect) -> str:
    keys = ", ".join(map(quoted, rule.columns))
    counted = every(known(rule), where)
    if dialect == "duckdb":
        key = f"hash({keys})"
    else:
        key = keys if len(rule.columns) == 1 and not rule.nulls_are_equal else f"ROW({keys})"
    distinct = f"CASE WHEN {counted} THEN {key} END" if counted else key
    return f"{_number(known(rule), where)} - count(DISTINCT {distinct})"


def _number(*conditions: str) -> str:
    """How many rows keep all conditions; 0 of none (DuckDB's ``count_if`` is NULL then)."""
    condition = every(*conditions)
    return f"count(*) FILTER (WHERE {condition})" if condition else "count(*)"


def _as_found(contract: Contract, found: tuple[Found, ...]) -> Contract:
    """The contract with the types that the table has: rules are asked of what is there."""
    types = {one.name.lower(): one.type for one in found}
    return replace(
        contract,
        columns=tuple(
            replace(column, type=types.get(column.name.lower()) or column.type)
            for column in contract.columns
        ),
    )


def _problem(
    one: Constraint, contract: Contract, found: tuple[Found, ...], dialect: Dialect
) -> str:
    names = {column.name.lower(): column for column in found}
    for column in columns_of(one.rule):
        if column.lower() not in names:
            close = nearest(column, [known.name for known in found])
            return f"{contract.name} lacks the column {column}.{close}"
    if isinstance(one.rule, Unique):
        return ""
    if not is_row_rule(one.rule):
        return "no single row shows it; it needs a query of its own"
    try:
        failing(one.rule, contract, dialect)  # type: ignore[arg-type]
    except TypeRefused as refused:
        return refused.message
    return ""
