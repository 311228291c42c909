"""A column of a page into its type: all at once where that works, else value by value."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timezone
from functools import lru_cache
from itertools import chain
from types import NoneType
from typing import Any, NamedTuple

from dbt_phlo.extras import optional
from dbt_phlo.loads.conforming import arrow_values, nested_columns
from dbt_phlo.loads.conforming.column_rules import Undecided, python_decimals
from dbt_phlo.loads.conforming.conversions import RULES, Rule, family
from dbt_phlo.loads.conforming.kinds import KINDS, Kind, arrow_kind, plain
from dbt_phlo.loads.conforming.misfit import MISSING, Misfit
from dbt_phlo.loads.conforming.nested import Fields, Target, convert

MOST_BYTES = 1 << 30
"""Larger arrays are cut: a string array holds 2 GiB (Arrow columnar format, 32-bit offsets)."""
PIECE = 500
"""So many values are looked at one by one where one of them does not fit."""

_FAILURES = (ValueError, TypeError, ArithmeticError, NotImplementedError, AttributeError)


class Converted(NamedTuple):
    """``array`` has NULL where ``misfits`` has a row (from 0)."""

    array: Any
    misfits: dict[int, Misfit]


def converted(values: Any, target: Target, fields: Fields) -> Converted:
    """A list of Python values, or a ``pyarrow.ChunkedArray``, as the target's type."""
    arrow = optional("pyarrow", extra="ingest")
    is_list = isinstance(values, list)
    chunks: list[Any] = []
    misfits: dict[int, Misfit] = {}
    row = 0
    for chunk in [values] if is_list else chain.from_iterable(map(_cut, values.chunks)):
        for made in _pieces(chunk, target, fields):
            chunks += getattr(made.array, "chunks", [made.array])
            misfits.update({row + place: one for place, one in made.misfits.items()})
            row += len(made.array)
    return Converted(arrow.chunked_array(chunks, target.arrow), misfits)


def fast(values: Any, target: Target, fields: Fields) -> Any:
    """The array, at once. Raises what ``_FAILURES`` has where a value may not fit."""
    if isinstance(values, list):
        array = _of_python(values, target, fields)
    else:
        array = _of_arrow(arrow_values.decoded(values), target, fields)
    if target.required and array.null_count:
        raise Undecided
    return array


def slow(values: Sequence[Any], target: Target, fields: Fields) -> Converted:
    """Value by value, with what is wrong with each."""
    made, misfits = [], {}
    for row, value in enumerate(values):
        try:
            found = convert(value, target.type, fields, target.path)
            if found is None and target.required:
                raise Misfit(MISSING)
        except Misfit as misfit:
            found, misfits[row] = None, misfit
        made.append(found)
    return Converted(array_of(made, target), misfits)


def _pieces(values: Any, target: Target, fields: Fields) -> Iterator[Converted]:
    """All at once, else piece by piece, so that one misfit does not make all the others slow."""
    arrow = optional("pyarrow", extra="ingest")
    try:
        yield Converted(fast(values, target, fields), {})
        return
    except (*_FAILURES, arrow.ArrowException):
        if len(values) <= PIECE:
            python = values if isinstance(values, list) else arrow_values.python(values)
            yield slow(python, target, fields)
            return
    for first in range(0, len(values), PIECE):
        yield from _pieces(_slice(values, first, PIECE), target, fields)


def _slice(values: Any, first: int, size: int) -> Any:
    return values[first : first + size] if isinstance(values, list) else values.slice(first, size)


def _cut(array: Any) -> Iterator[Any]:
    if array.nbytes > MOST_BYTES and len(array) > 1:
        half = len(array) // 2
        yield from _cut(array.slice(0, half))
        yield from _cut(array.slice(half))
    else:
        yield array


def _of_python(values: list[Any], target: Target, fields: Fields) -> Any:
    arrow = optional("pyarrow", extra="ingest")
    kinds = set(map(type, values))
    if not kinds <= KINDS.keys():
        values = [plain(value) for value in values]
        kinds = set(map(type, values))
    kinds.discard(NoneType)
    if not kinds:
        return arrow.nulls(len(values), target.arrow)
    kind = _kind(kinds, values, family(target.type))
    rule = _rule(kind, target)
    if rule.value is None:
        return nested_columns.of_python(values, kind, target, fields, fast)
    if rule.column is None or (kind == "decimal" and family(target.type) != "decimal"):
        return _each(values, rule, target)
    if kind == "uuid":
        return array_of(values, target)
    if kind == "decimal":
        python_decimals(values, str(target.type))
    if kind == "timestamptz":
        values = _in_utc(values)
    source = target.arrow if kind == "decimal" else _source(kind)
    return rule.column(arrow.array(values, source), str(target.type), target.arrow)


def _in_utc(values: list[Any]) -> list[Any]:
    """Moments in UTC: pyarrow 26 takes no notice of an offset once pandera is imported."""
    if all(value is None or not value.utcoffset() for value in values):
        return values
    return [None if value is None else value.astimezone(timezone.utc) for value in values]


def _of_arrow(array: Any, target: Target, fields: Fields) -> Any:
    arrow = optional("pyarrow", extra="ingest")
    kind = arrow_kind(array.type)
    if kind == "null":
        return arrow.nulls(len(array), target.arrow)
    rule = _rule(kind, target)
    if rule.value is None:
        return nested_columns.of_arrow(array, kind, target, fields, fast)
    if rule.column is None:
        return _each(arrow_values.python(array), rule, target)
    return rule.column(array, str(target.type), target.arrow)


def _each(values: list[Any], rule: Rule, target: Target) -> Any:
    make, of = rule.value, str(target.type)
    assert make is not None
    return array_of([None if value is None else make(value, of) for value in values], target)


def array_of(values: list[Any], target: Target) -> Any:
    """The array of values that the type takes as they are."""
    arrow = optional("pyarrow", extra="ingest")
    if target.type == "uuid":
        raw = [None if value is None else value.bytes for value in values]
        return arrow.ExtensionArray.from_storage(target.arrow, arrow.array(raw, arrow.binary(16)))
    if isinstance(target.type, str):
        return arrow.array(values, target.arrow)
    return _of_python(values, target, Exact())


class Exact:
    """The fields of an object that was made for a struct."""

    def of(self, path: str, names: Sequence[str], struct: Any) -> dict[int, str]:
        return {place: field["name"] for place, field in enumerate(struct["fields"])}


def _rule(kind: str, target: Target) -> Rule:
    rule = RULES.get((kind, family(target.type)))
    if rule is None:
        raise Undecided  # a refusal, which ``slow`` words
    return rule


def _kind(kinds: set[type], values: list[Any], to: str) -> Kind:
    """The one kind of plain values. What Arrow would mix without a word is looked at singly."""
    if kinds == {int, float} and to != "string":
        return "float"
    if kinds == {dict, list} and to == "string":
        return "object"
    if len(kinds) > 1 or not kinds <= KINDS.keys():
        raise Undecided
    (one,) = kinds
    kind = KINDS[one]
    if one is datetime:
        zoneless = {value.utcoffset() is None for value in values if value is not None}
        if len(zoneless) > 1:
            raise Undecided
        return "timestamp" if True in zoneless else "timestamptz"
    if one is time and any(value is not None and value.tzinfo for value in values):
        raise Undecided
    return kind


@lru_cache(maxsize=32)
def _source(kind: Kind) -> Any:
    """The Arrow type in which plain values of a kind are what they are."""
    arrow = optional("pyarrow", extra="ingest")
    return {
        "boolean": arrow.bool_(),
        "integer": arrow.int64(),
        "float": arrow.float64(),
        "text": arrow.string(),
        "bytes": arrow.binary(),
        "date": arrow.date32(),
        "time": arrow.time64("us"),
        "timestamp": arrow.timestamp("us"),
        "timestamptz": arrow.timestamp("us", tz="UTC"),
    }[kind]
