"""Which field of a source is which column: by name, else without case, else in snake case."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

_ALPHABET = str.maketrans("+-*@|", "x_xal")
_OTHER = re.compile(r"[^a-zA-Z\d_]+")
_BREAKS = (re.compile("([^_])([A-Z][a-z]+)"), re.compile("([a-z0-9])([A-Z])"))


class Matched(NamedTuple):
    """``fields`` is, by a column's place, the name that the source gives it; ``clash`` are two
    names that lead to the same column."""

    fields: dict[int, str]
    unknown: tuple[str, ...]
    clash: tuple[str, str] | None = None


@lru_cache(maxsize=4096)
def snake_case(name: str) -> str:
    """A name as dlt 1.31 writes it (its ``snake_case`` naming, without a greatest length).

    >>> snake_case("userId"), snake_case("HTTPCode"), snake_case("2nd-try"), snake_case("a__b_")
    ('user_id', 'http_code', '_2nd_try', 'a_bx')
    """
    found = _OTHER.sub("_", name.strip().translate(_ALPHABET))
    for pattern in _BREAKS:
        found = pattern.sub(r"\1_\2", found)
    found = found.lower()
    if found[:1].isdigit():
        found = f"_{found}"
    bare = found.rstrip("_")
    return re.sub("__+", "_", bare + "x" * (len(found) - len(bare)))


@lru_cache(maxsize=512)
def matched(names: Sequence[str], columns: Sequence[str]) -> Matched:
    """The columns that a source's names stand for.

    >>> matched(("userId", "x"), ("id", "user_id"))
    Matched(fields={1: 'userId'}, unknown=('x',), clash=None)
    """
    exact = {column: place for place, column in enumerate(columns)}
    folded = {column.lower(): place for place, column in reversed(list(enumerate(columns)))}
    fields: dict[int, str] = {}
    unknown = []
    for name in names:
        place = _place(name, exact, folded)
        if place is None:
            unknown.append(name)
        elif place in fields:
            return Matched(fields, tuple(unknown), (fields[place], name))
        else:
            fields[place] = name
    return Matched(fields, tuple(unknown))


def _place(name: str, exact: dict[str, int], folded: dict[str, int]) -> int | None:
    if name in exact:
        return exact[name]
    lower = folded.get(name.lower())
    return lower if lower is not None else folded.get(snake_case(name))
