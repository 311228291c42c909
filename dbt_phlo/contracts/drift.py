"""Where a table and its contract differ, in words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from dbt_phlo.contracts.contract import Column, Contract, Origin
from dbt_phlo.contracts.data_types import parse
from dbt_phlo.contracts.iceberg import plain
from dbt_phlo.errors import TypeRefused, nearest
from dbt_phlo.tables.duckdb_types import written
from dbt_phlo.tables.schema import Type

_LENGTHS = re.compile(r"\[\d+\]")
SYSTEM_PREFIX = "_phlo_"
"""The names of columns that loading adds to a table."""


@dataclass(frozen=True)
class Found:
    """A column as a table has it; ``type`` is None where Iceberg has no such type.

    ``is_required`` is None where the table cannot tell.
    """

    name: str
    type: Type | None
    written: str = ""
    is_required: bool | None = None


@dataclass(frozen=True)
class Difference:
    """One difference; ``text`` names the column and, where one is close, the nearest known name.

    ``nullable``: an enforced contract forbids NULL and the table's schema allows it. ``broken``: a
    view cannot be read; it names no column.
    """

    kind: Literal["missing", "extra", "type", "nullable", "broken"]
    column: str
    text: str
    remedy: str

    def __str__(self) -> str:
        return self.text


def found_columns(
    described: Iterable[tuple[str, str]], dialect: str = "duckdb"
) -> tuple[Found, ...]:
    """Columns from (name, type) as DESCRIBE or information_schema tell them."""
    return tuple(Found(name, _parsed(text, dialect), text) for name, text in described)


def columns_of_contract(contract: Contract) -> tuple[Found, ...]:
    """Columns from a contract that was read from a table (``iceberg.contract_of``)."""
    return tuple(
        Found(c.name, c.type, written(c.type), not contract.is_nullable(c.name))
        for c in contract.columns
    )


def differences(contract: Contract, found: Iterable[Found]) -> tuple[Difference, ...]:
    """What differs: the contract's columns in their order, then the table's further ones.

    Names are compared as SQL compares them, without regard to case; the order of columns is no
    difference. Columns that loading adds (``_phlo_...``) are known.
    """
    there = {column.name.lower(): column for column in found}
    told: list[Difference] = []
    for column in contract.columns:
        other = there.pop(column.name.lower(), None)
        if other is None:
            told.append(_missing(column, contract, there.values()))
            continue
        if other.type is None or not same_type(column.type, other.type):
            told.append(_other_type(column, contract, other))
        enforced = contract.is_enforced and not contract.is_nullable(column.name)
        if enforced and other.is_required is False:
            told.append(_nullable(column, contract))
    declared = [column.name for column in contract.columns]
    for other in there.values():
        if not other.name.startswith(SYSTEM_PREFIX):
            told.append(
                Difference(
                    "extra",
                    other.name,
                    f"{_at(contract.origin)}{contract.name} has the column {other.name} "
                    f"({other.written}), which its contract lacks.{nearest(other.name, declared)}",
                    f"add {other.name} with data_type: {other.written.lower()} to the YAML, or "
                    "drop it from the model",
                )
            )
    return tuple(told)


def same_type(one: Type, other: Type) -> bool:
    """Whether two types hold the same values; the case of nested names does not count."""
    return _folded(one) == _folded(other)


def _folded(of: Type) -> object:
    of = plain(of)
    if isinstance(of, str):
        return "binary" if of.startswith("fixed") else of
    if of["type"] == "struct":
        return [(field["name"].lower(), _folded(field["type"])) for field in of["fields"]]
    return [of["type"], *(_folded(of[part]) for part in ("key", "element", "value") if part in of)]


def _parsed(text: str, dialect: str) -> Type | None:
    lists = _LENGTHS.sub("[]", text)  # the lake holds an array of DuckDB's as a list
    for one in dict.fromkeys((text, lists)):
        try:
            return parse(one, dialect).type
        except TypeRefused:
            continue
    return None


def _place(column: Column) -> str:
    return _at(column.origin)


def _at(origin: Origin) -> str:
    return f"{origin}: " if origin.file else ""


def _missing(column: Column, contract: Contract, others: Iterable[Found]) -> Difference:
    return Difference(
        "missing",
        column.name,
        f"{_place(column)}{contract.name} lacks the column {column.name} "
        f"({column.written or written(column.type)})."
        f"{nearest(column.name, [other.name for other in others])}",
        f"select {column.name} in the model, or remove it from the YAML",
    )


def _other_type(column: Column, contract: Contract, other: Found) -> Difference:
    declared = column.written or written(column.type)
    return Difference(
        "type",
        column.name,
        f"{_place(column)}column {column.name} of {contract.name} is declared {declared} "
        f"and is {other.written}",
        f"cast({column.name} as {declared}) in the model, or declare "
        f"data_type: {other.written.lower()}",
    )


def _nullable(column: Column, contract: Contract) -> Difference:
    return Difference(
        "nullable",
        column.name,
        f"{_place(column)}column {column.name} of {contract.name} is declared not null, and the "
        "table's schema allows NULL",
        "rebuild the table with dbt build --full-refresh, or remove the constraint",
    )
