"""Which columns may be a table's key, judged by the rows that are there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from dbt_phlo.contracts.contract import Constraint
from dbt_phlo.contracts.rules import NotNull, Unique
from dbt_phlo.tables.schema import Type

SOURCE = "inferred"
"""The source of a constraint that nobody declared."""

FEWEST_ROWS = 2
"""In fewer rows everything is unique, and nothing is shown."""

MOST_PAIRED = 8
"""Columns from which pairs are made: 28 pairs."""

NO_KEYS = ("boolean", "float", "double", "binary")

Distinct = Callable[[Sequence[tuple[str, ...]]], Sequence[int]]
"""Counts the distinct values of each set of columns, exactly."""


@dataclass(frozen=True)
class Seen:
    """A column in the data: its type, its NULLs, about how many distinct values it has."""

    name: str
    type: Type
    nulls: int
    distinct: int


def constraints_of(
    rows: int, seen: Sequence[Seen], distinct: Distinct, pairs: bool
) -> tuple[Constraint, ...]:
    """Not-null constraints of what has no NULL, and uniqueness of each candidate key.

    A key is one column, or, where no column is one and ``pairs`` says so, two. Counts in ``Seen``
    may be off by a fifth (DuckDB's sketch is within some percent); candidates are counted exactly.
    """
    if not rows:
        return ()
    full = [column for column in seen if not column.nulls]
    found = [Constraint(NotNull(column.name), SOURCE) for column in full]
    if rows < FEWEST_ROWS:
        return tuple(found)
    able = [column for column in full if isinstance(column.type, str)]
    able = [column for column in able if column.type not in NO_KEYS]
    keys = list(_unique(rows, [(c.name,) for c in able if c.distinct >= 0.8 * rows], distinct))
    if not keys and pairs:
        many = sorted((c for c in able if c.distinct > 1), key=lambda c: -c.distinct)
        chosen = [column for column in able if column in many[:MOST_PAIRED]]
        tried = [
            (one.name, other.name)
            for one, other in combinations(chosen, 2)
            if one.distinct * other.distinct >= 0.64 * rows
        ]
        keys = list(_unique(rows, tried, distinct))
    return (*found, *(Constraint(Unique(key), SOURCE) for key in keys))


def _unique(
    rows: int, candidates: Sequence[tuple[str, ...]], distinct: Distinct
) -> Iterator[tuple[str, ...]]:
    counts = distinct(candidates) if candidates else ()
    for candidate, count in zip(candidates, counts, strict=True):
        if count == rows:
            yield candidate
