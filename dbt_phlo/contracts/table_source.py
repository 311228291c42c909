"""A contract inferred from a table: what ``dbt-phlo schema infer`` proposes.

One scan counts the rows, the values and, by a sketch, the distinct values of each column. A second
query counts the few candidates exactly, and reads the values of columns that have few.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from dbt_phlo.contracts.candidate_keys import Seen, constraints_of
from dbt_phlo.contracts.contract import Column, Contract
from dbt_phlo.contracts.data_types import parse
from dbt_phlo.contracts.rules import AcceptedValues
from dbt_phlo.names import quoted
from dbt_phlo.tables.schema import Type

Rows = Callable[[str], Sequence[Sequence[Any]]]
"""Runs an SQL query and gives its rows."""

MOST_VALUES = 10
"""Distinct texts up to which a column looks like one of a few words."""

MOST_ROWS_FOR_PAIRS = 1_000_000
LONGEST_VALUE = 100


@dataclass(frozen=True)
class Inferred:
    """What the rows keep, and what they make one think of: accepted values, to be read first."""

    contract: Contract
    suggestions: tuple[AcceptedValues, ...]
    row_count: int


def infer(
    execute: Rows,
    name: str,
    relation: str,
    columns: Sequence[tuple[str, str]],
    pii: Collection[str] = (),
) -> Inferred:
    """A contract that a table of DuckDB keeps; ``columns`` are (name, type) as DESCRIBE says.

    The values of columns named in ``pii`` are not read. Raises ``TypeRefused`` for a type that
    Iceberg lacks (a view of another database may have one).
    """
    types = {column: parse(text).type for column, text in columns}
    rows, seen = _measure(execute, relation, types)

    def distinct(keys: Sequence[tuple[str, ...]]) -> Sequence[int]:
        counted = ", ".join(f"count(DISTINCT {_key(key)})" for key in keys)
        return [int(count) for count in execute(f"SELECT {counted} FROM {relation}")[0]]

    constraints = constraints_of(rows, seen, distinct, rows <= MOST_ROWS_FOR_PAIRS)
    hidden = {column.lower() for column in pii}
    few = [
        column.name
        for column in seen
        if column.type == "string" and column.name.lower() not in hidden
        if 0 < column.distinct <= 2 * MOST_VALUES and rows > 2 * MOST_VALUES
    ]
    contract = Contract(
        name,
        tuple(Column(c, types[c], pii=c.lower() in hidden, written=text) for c, text in columns),
        constraints,
    )
    return Inferred(contract, tuple(_values(execute, relation, few)), rows)


def _measure(execute: Rows, relation: str, types: dict[str, Type]) -> tuple[int, list[Seen]]:
    counted = ["count(*)"]
    for column in types:
        counted += [f"count({quoted(column)})", f"approx_count_distinct({quoted(column)})"]
    row = [int(count) for count in execute(f"SELECT {', '.join(counted)} FROM {relation}")[0]]
    values, distinct = row[1::2], row[2::2]
    return row[0], [
        Seen(column, of, row[0] - values[number], distinct[number])
        for number, (column, of) in enumerate(types.items())
    ]


def _key(key: tuple[str, ...]) -> str:
    return quoted(key[0]) if len(key) == 1 else f"({', '.join(map(quoted, key))})"


def _values(execute: Rows, relation: str, columns: Sequence[str]) -> list[AcceptedValues]:
    if not columns:
        return []
    lists = ", ".join(
        f"list_sort(list(DISTINCT {name}) FILTER (WHERE {name} IS NOT NULL))"
        for name in map(quoted, columns)
    )
    found = execute(f"SELECT {lists} FROM {relation}")[0]
    return [
        AcceptedValues(column, tuple(values))
        for column, values in zip(columns, found, strict=True)
        if len(values) <= MOST_VALUES and max(map(len, values)) <= LONGEST_VALUE
    ]
