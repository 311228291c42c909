"""``Contract``: everything that a table must be, whoever declared it.

It is plain data. It is built from a manifest node, from a YAML file, from a Pandera class or from a
table that is there (``*_source.py``), and each renderer beside this file makes one thing of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from dbt_phlo.contracts.rules import NotNull, Rule, Unique, columns_of
from dbt_phlo.tables.schema import Type

Severity = Literal["error", "warn"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a declaration stands: a file, relative to its project, and a line from 1."""

    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Constraint:
    """A rule, and how seriously it is meant.

    ``source`` says what declared it: ``data_type``, ``constraint``, ``class`` (a Pandera class) or
    the name of a dbt test. ``threshold`` is the share of rows that may break it, from 0 to 1.
    """

    rule: Rule
    source: str
    name: str = ""
    severity: Severity = "error"
    where: str = ""
    threshold: float = 0.0
    error_if: str = ""
    """dbt's condition on the number of failures, where it is not ``!= 0``."""
    fail_calc: str = ""
    """How dbt counts failures, where it does not count rows."""

    @property
    def is_hard(self) -> bool:
        """Whether one row that breaks the rule is an error, wherever the row is."""
        return not self.softness

    @property
    def softness(self) -> str:
        """Why a validator of single rows must not enforce it, or nothing."""
        if self.severity != "error":
            return "its severity is warn"
        if self.where:
            return f"it has a filter: {self.where}"
        if self.threshold:
            return f"it allows {self.threshold:g} of the rows to fail"
        if self.fail_calc:
            return f"its failures are counted by {self.fail_calc}"
        return f"it is an error only if failures {self.error_if}" if self.error_if else ""


@dataclass(frozen=True)
class Column:
    """One column; ``type`` is an Iceberg type as in a table's metadata, without field ids."""

    name: str
    type: Type
    description: str = ""
    pii: bool = False
    written: str = field(default="", compare=False)
    """The type as its author wrote it, for messages."""
    origin: Origin = field(default_factory=Origin, compare=False)


@dataclass(frozen=True)
class Contract:
    """A table's columns in their order, its constraints, its key and its partitioning."""

    name: str
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...] = ()
    description: str = ""
    unique_key: tuple[str, ...] = ()
    partition_by: tuple[str, ...] = ()
    primary_key: tuple[str, ...] = ()
    """The columns of the declared ``primary_key``; its rules are constraints too."""
    is_enforced: bool = False
    """dbt's ``contract: {enforced: true}``: a build that breaks the contract writes nothing."""
    origin: Origin = field(default_factory=Origin, compare=False)

    @property
    def hard(self) -> tuple[Constraint, ...]:
        """The constraints that no row may break."""
        return tuple(constraint for constraint in self.constraints if constraint.is_hard)

    def column(self, name: str) -> Column | None:
        """The column of that name, without regard to case, as SQL finds it."""
        folded = name.lower()
        return next((column for column in self.columns if column.name.lower() == folded), None)

    def about(self, name: str) -> Iterator[Constraint]:
        """The constraints on one column alone."""
        for constraint in self.constraints:
            if [column.lower() for column in columns_of(constraint.rule)] == [name.lower()]:
                yield constraint

    def is_nullable(self, name: str) -> bool:
        """Whether a column may hold NULL."""
        return not any(isinstance(c.rule, NotNull) and c.is_hard for c in self.about(name))

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """The column sets that tell rows apart: the declared unique ones, then ``unique_key``."""
        found = {c.rule.columns: None for c in self.hard if isinstance(c.rule, Unique)}
        if self.unique_key:
            found[self.unique_key] = None
        return tuple(found)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that name a row: ``unique_key``, else the primary key, else the first unique
        ones that are never NULL. Nothing where there are none."""
        if self.unique_key or self.primary_key:
            return self.unique_key or self.primary_key
        full = {c.rule.column.lower() for c in self.hard if isinstance(c.rule, NotNull)}
        return next((key for key in self.keys if full.issuperset(map(str.lower, key))), ())
