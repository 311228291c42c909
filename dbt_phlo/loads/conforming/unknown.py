"""Fields that are no columns: what was seen of them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dbt_phlo.errors import nearest
from dbt_phlo.loads.conforming.kinds import CALLED, arrow_kind, kind_of, plain
from dbt_phlo.loads.conforming.pages import first_values

SEARCHED = 10_000
"""So many rows of an Arrow column are searched for a field within its values."""
SHOWN = 10


class Unknown(NamedTuple):
    """The kind of the first value of a field that is no column, and its row in the load from 1."""

    kind: str
    row: int


def first_kind(values: Any, within: str = "") -> tuple[int, str]:
    """The row, from 0, of the first value that is not NULL, and its kind; ``within`` is the name of
    a field that lies somewhere in the values."""
    if not within and not isinstance(values, list):
        valid = values.is_valid().index(True).as_py()
        return (valid, arrow_kind(values.type)) if valid >= 0 else (0, "null")
    found = values if isinstance(values, list) else first_values(values, 0, SEARCHED)
    for row, value in enumerate(found):
        for one in _within(value, within) if within else [value]:
            if (kind := kind_of(plain(one))) != "null":
                return row, kind
    return 0, "null"


def told(new: Mapping[str, Unknown], columns: Sequence[str]) -> str:
    """The fields with their kinds, and the nearest column for a single one.

    >>> told({"emial": Unknown("text", 3)}, ["email"])
    'emial (text, first in row 3; Did you mean `email`?)'
    """
    near = "".join(f";{nearest(name, columns)}" for name in new if nearest(name, columns))
    shown = [
        f"{name} ({'only NULL' if seen.kind == 'null' else CALLED.get(seen.kind, seen.kind)}, "
        f"first in row {seen.row:,}{near if len(new) == 1 else ''})"
        for name, seen in list(new.items())[:SHOWN]
    ]
    more = [f"{len(new) - SHOWN} more"] if len(new) > SHOWN else []
    return ", ".join(shown + more)


def _within(value: Any, name: str) -> list[Any]:
    value = plain(value)
    if isinstance(value, dict):
        here = [value[name]] if name in value else []
        return here + [one for inner in value.values() for one in _within(inner, name)]
    if isinstance(value, list):
        return [one for inner in value for one in _within(inner, name)]
    return []
