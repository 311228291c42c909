"""The columns that a rule or a key names, and what it names besides: expressions, fields."""

import re
from collections.abc import Mapping

from dbt_phlo.contracts.contract import Column
from dbt_phlo.contracts.declarations import Declaration
from dbt_phlo.contracts.mistakes import mistake
from dbt_phlo.errors import nearest

_WORD = re.compile(r"\w+")
_PATH = re.compile(r"([^\W\d]\w*)(\.\w+)+")
"""A column, and a field of a struct, as ``phlo_test_column`` tells them from expressions."""


def split(
    declared: Declaration, types: Mapping[str, Column], names: tuple[str, ...], key: str
) -> tuple[tuple[str, ...], list[str]]:
    """The columns of some names, and those names that are expressions or fields of a struct.

    Columns are as their declarations write them. Raises ``ContractError`` (PHLO903) for a plain
    word that is no column; ``key`` says what names it.
    """
    further = [n for n in names if n.lower() not in types and not _WORD.fullmatch(n)]
    if not further:
        return _known(declared, types, names, key), further
    paths = [found[1] for name in further if (found := _PATH.fullmatch(name))]
    plain = [name for name in names if name not in further]
    return _known(declared, types, (*plain, *paths), key), further


def _known(
    declared: Declaration, types: Mapping[str, Column], names: tuple[str, ...], key: str
) -> tuple[str, ...]:
    """The names as their columns are written. Raises for one that is no column."""
    found = []
    for name in names:
        column = types.get(name.lower())
        if column is None:
            known = [column.name for column in types.values()]
            raise mistake(
                declared,
                "",
                key.rpartition(".")[2],
                f"{key} names {name}, which is no column of it.{nearest(name, known)}",
                code="PHLO903",
                remedy="declare the column with its data_type, or correct the name",
            )
        found.append(column.name)
    return tuple(found)
