"""What a contract can promise about the values of a table: one small frozen class a rule.

A NULL breaks ``NotNull`` alone. Every other rule is about the values that are there, as dbt's tests
are: ``unique`` and ranges pass over NULL. A composite ``Unique`` passes over a row in which any of
its columns is NULL (SQL:2016, 11.7, unique constraints), unless ``nulls_are_equal``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

Value = bool | int | float | Decimal | str | bytes | date | datetime | time
"""A literal that a rule compares with."""


@dataclass(frozen=True)
class NotNull:
    """Every value is there."""

    column: str


@dataclass(frozen=True)
class Unique:
    """No two rows have the same values in all ``columns``."""

    columns: tuple[str, ...]
    nulls_are_equal: bool = False
    """Whether two NULLs count as the same value, as in ``dbt_utils``' combination of columns."""


@dataclass(frozen=True)
class AcceptedValues:
    """Every value is one of ``values``, in the column's type."""

    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Range:
    """Every value lies between two bounds; None is no bound. NaN is above every number."""

    column: str
    minimum: Value | None = None
    maximum: Value | None = None
    includes_minimum: bool = True
    includes_maximum: bool = True


@dataclass(frozen=True)
class Length:
    """Every text has so many characters (Unicode code points)."""

    column: str
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True)
class Pattern:
    """A part of every text matches an RE2 regular expression; ``^`` and ``$`` anchor it."""

    column: str
    regex: str


@dataclass(frozen=True)
class Relationship:
    """Every value is one of ``field`` in the model ``to``."""

    column: str
    to: str
    field: str


@dataclass(frozen=True)
class Expression:
    """An SQL condition holds for every row: it is true, or NULL."""

    sql: str
    columns: tuple[str, ...] = ()
    null_passes: bool = True


@dataclass(frozen=True)
class Other:
    """A test that only SQL can make: a singular test, a count, a package's own."""

    test: str
    columns: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)


Rule = (
    NotNull | Unique | AcceptedValues | Range | Length | Pattern | Relationship | Expression | Other
)


def columns_of(rule: Rule) -> tuple[str, ...]:
    """The columns that a rule names."""
    if isinstance(rule, Unique | Expression | Other):
        return rule.columns
    return (rule.column,)
