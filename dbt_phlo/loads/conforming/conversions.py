"""Which kind of value becomes which Iceberg type, and when not: the one table, and how it is used.

A pair that ``RULES`` lacks is refused. Each rule has two halves that agree, one for a whole column
and one for a value; ``columns.convert`` takes the first and falls back on the second.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from dbt_phlo.loads.conforming import column_rules as columns
from dbt_phlo.loads.conforming import moment_rules as moments
from dbt_phlo.loads.conforming import number_rules as numbers
from dbt_phlo.loads.conforming import text_rules as texts
from dbt_phlo.loads.conforming.kinds import CALLED
from dbt_phlo.tables.schema import Type


@dataclass(frozen=True)
class Rule:
    """``when`` completes 'it becomes the type ...'. Without ``column`` there is no fast half;
    without both the conversion is nested, see ``nested``."""

    when: str
    column: Callable[[Any, str, Any], Any] | None = None
    value: Callable[[Any, str], Any] | None = None


class Documented(NamedTuple):
    """One row of the generated page; ``source`` and ``target`` may be several, with commas."""

    source: str
    target: str
    what: str


_INTEGERS, _FLOATS = ("int", "long"), ("float", "double")

_TABLE: tuple[tuple[str, tuple[str, ...], Rule], ...] = (
    ("boolean", ("boolean",), Rule("as it is", columns.same, texts.same)),
    (
        "text",
        ("boolean",),
        Rule("'true' and 'false', in any case", columns.text_boolean, texts.text_boolean),
    ),
    ("integer", _INTEGERS, Rule("within its range", columns.whole, numbers.whole)),
    (
        "float",
        _INTEGERS,
        Rule(
            "a whole number within its range, as 1.0; above 2**53 only with all its digits",
            columns.float_whole,
            numbers.float_whole,
        ),
    ),
    (
        "decimal",
        _INTEGERS,
        Rule("a whole number within its range", columns.decimal_whole, numbers.decimal_whole),
    ),
    (
        "text",
        _INTEGERS,
        Rule(
            "digits with or without a sign, within its range; no leading zeros, spaces, "
            "underscores, points or exponents",
            columns.text_whole,
            numbers.text_whole,
        ),
    ),
    ("integer", _FLOATS, Rule("held exactly", columns.integer_float, numbers.integer_float)),
    (
        "float",
        _FLOATS,
        Rule(
            "any, NaN and infinities too; 64 bits into a float where it gives back the same digits",
            columns.float_float,
            numbers.float_float,
        ),
    ),
    (
        "decimal",
        _FLOATS,
        Rule("where it gives back the same number", columns.decimal_float, numbers.decimal_float),
    ),
    (
        "text",
        _FLOATS,
        Rule(
            "a number, with or without an exponent, where it gives back the same number; NaN, "
            "Infinity, -Infinity; no leading zeros",
            columns.text_float,
            numbers.text_float,
        ),
    ),
    (
        "integer",
        ("decimal",),
        Rule("within its precision", columns.integer_decimal, numbers.integer_decimal),
    ),
    (
        "float",
        ("decimal",),
        Rule(
            "its shortest text has no more digits than the type: 1.25 is 1.25",
            columns.float_decimal,
            numbers.float_decimal,
        ),
    ),
    (
        "decimal",
        ("decimal",),
        Rule(
            "within its precision and scale; zeros at the end do not count",
            columns.decimal_decimal,
            numbers.decimal_decimal,
        ),
    ),
    (
        "text",
        ("decimal",),
        Rule(
            "a number within its precision and scale; no leading zeros, spaces or exponents",
            columns.text_decimal,
            numbers.text_decimal,
        ),
    ),
    ("date", ("date",), Rule("years 1 to 9999", columns.day, moments.day)),
    (
        "timestamp",
        ("date",),
        Rule("at midnight", columns.timestamp_date, moments.timestamp_date),
    ),
    (
        "text",
        ("date",),
        Rule(
            "ISO 8601, as 2024-01-31, or with a time of midnight",
            columns.text_date,
            moments.text_date,
        ),
    ),
    ("time", ("time",), Rule("without a zone and nanoseconds", columns.clock, moments.clock)),
    ("text", ("time",), Rule("ISO 8601, as 23:59:00.5", columns.text_time, moments.text_time)),
    (
        "timestamp",
        ("timestamp",),
        Rule("without nanoseconds; years 1 to 9999", columns.timestamp, moments.timestamp),
    ),
    ("date", ("timestamp",), Rule("its midnight", columns.timestamp, moments.date_timestamp)),
    (
        "text",
        ("timestamp",),
        Rule(
            "ISO 8601 without a time zone and nanoseconds",
            columns.text_timestamp,
            moments.text_timestamp,
        ),
    ),
    (
        "timestamptz",
        ("timestamptz",),
        Rule("the same instant, without nanoseconds", columns.timestamp, moments.timestamptz),
    ),
    (
        "text",
        ("timestamptz",),
        Rule(
            "ISO 8601 with Z or an offset, without nanoseconds",
            columns.text_timestamp,
            moments.text_timestamptz,
        ),
    ),
    ("text", ("string",), Rule("as it is, if it is Unicode", columns.same, texts.text)),
    ("boolean", ("string",), Rule("'true' or 'false'", columns.same, texts.boolean_text)),
    ("integer", ("string",), Rule("its digits", columns.same, texts.integer_text)),
    ("float", ("string",), Rule("its shortest text; not NaN", None, texts.float_text)),
    ("decimal", ("string",), Rule("all its digits; not NaN", None, texts.decimal_text)),
    ("bytes", ("string",), Rule("if they are UTF-8", columns.bytes_text, texts.bytes_text)),
    *(
        (kind, ("string",), Rule("ISO 8601", None, texts.iso_text))
        for kind in ("date", "time", "timestamp", "timestamptz")
    ),
    ("uuid", ("string",), Rule("with hyphens, in lower case", None, texts.iso_text)),
    *(
        (
            kind,
            ("string",),
            Rule("compact JSON; decimals, dates and UUIDs in it are text", None, texts.json_text),
        )
        for kind in ("object", "list", "map")
    ),
    ("uuid", ("uuid",), Rule("as it is", columns.same, texts.same)),
    (
        "text",
        ("uuid",),
        Rule("with its hyphens, in any case", columns.text_uuid, texts.text_uuid),
    ),
    ("bytes", ("binary",), Rule("as they are", columns.same, texts.same)),
    ("bytes", ("fixed",), Rule("of that many bytes", columns.fixed, texts.fixed)),
    ("object", ("struct",), Rule("field by field; others are unknown columns")),
    ("list", ("list",), Rule("element by element")),
    ("object", ("map",), Rule("key by key and value by value")),
    ("map", ("map",), Rule("key by key and value by value")),
)

RULES: Mapping[tuple[str, str], Rule] = {
    (source, target): rule for source, targets, rule in _TABLE for target in targets
}

EPOCH = "does not say since when and in which unit it counts"

REFUSED: Mapping[tuple[str, str], str] = {
    ("timestamp", "timestamptz"): moments.ZONELESS,
    ("timestamptz", "timestamp"): moments.ZONED,
    ("timestamptz", "date"): "has a time zone, which a date would lose",
    ("date", "timestamptz"): moments.ZONELESS,
    ("integer", "date"): EPOCH,
    ("integer", "timestamp"): EPOCH,
    ("integer", "timestamptz"): EPOCH,
    ("integer", "boolean"): "is no boolean: write true or false",
    ("boolean", "int"): "is no number",
    ("boolean", "long"): "is no number",
    ("text", "binary"): "does not say its encoding: give the source's value as bytes",
    ("text", "struct"): "is no object: read the JSON in the source",
    ("text", "list"): "is no list: read the JSON in the source",
    ("text", "map"): "is no object: read the JSON in the source",
}
"""Pairs that people expect, and why they are no rules."""


def family(of: Type) -> str:
    """The name by which ``RULES`` knows an Iceberg type.

    >>> family("decimal(9, 2)"), family({"type": "list", "element": "int"})
    ('decimal', 'list')
    """
    if not isinstance(of, str):
        return str(of["type"])
    return of.partition("(")[0].partition("[")[0]


def refusal(kind: str, of: Type, name: str) -> str:
    """Why a kind never becomes a type; ``name`` is the class of a value of no kind."""
    special = REFUSED.get((kind, family(of)))
    called = CALLED.get(kind, f"of the type {name}, which no column takes")
    if special:
        return f"is {called} and {special}" if special.startswith("does") else special
    return f"is {called}" + (f", and {family(of)} takes none" if kind in CALLED else "")


def documented() -> list[Documented]:
    """The rows of the generated page: what each kind becomes, then what it does not."""
    rows = [Documented(source, ", ".join(targets), rule.when) for source, targets, rule in _TABLE]
    refused = [
        Documented(source, target, f"refused: the value {why}")
        for (source, target), why in REFUSED.items()
    ]
    return [*rows, *refused]
