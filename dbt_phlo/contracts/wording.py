"""A rule in a few words, for messages; never a value of a row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Expression,
    Length,
    NotNull,
    Other,
    Pattern,
    Range,
    Relationship,
    Rule,
    Unique,
)

CHARACTERS = 80
"""Longer words are cut."""


def words(rule: Rule) -> str:
    """What a rule asks of its columns.

    >>> words(Range("fare", minimum=0, includes_minimum=False))
    'above 0'
    >>> words(AcceptedValues("grade", ("a", "b")))
    "one of 'a', 'b'"
    """
    text = _WORDS[type(rule)](rule)
    return text if len(text) <= CHARACTERS else f"{text[:CHARACTERS]}…"


def _unique(rule: Unique) -> str:
    return "unique together" if len(rule.columns) > 1 else "unique"


def _bounds(rule: Range) -> Sequence[str]:
    low = "at least" if rule.includes_minimum else "above"
    high = "at most" if rule.includes_maximum else "below"
    found = [f"{low} {_value(rule.minimum)}"] if rule.minimum is not None else []
    return [*found, *([f"{high} {_value(rule.maximum)}"] if rule.maximum is not None else [])]


def _lengths(minimum: int | None, maximum: int | None) -> Sequence[str]:
    if minimum == maximum:
        return [f"{minimum} characters long"]
    found = [f"at least {minimum} characters long"] if minimum is not None else []
    return [*found, *([f"at most {maximum} characters long"] if maximum is not None else [])]


def _value(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)


_WORDS: Mapping[type, Callable[[Any], str]] = {
    NotNull: lambda rule: "not null",
    Unique: _unique,
    AcceptedValues: lambda rule: "one of " + ", ".join(map(_value, rule.values)),
    Range: lambda rule: " and ".join(_bounds(rule)),
    Length: lambda rule: " and ".join(_lengths(rule.minimum, rule.maximum)),
    Pattern: lambda rule: f"matches {rule.regex}",
    Relationship: lambda rule: f"is in {rule.to}.{rule.field}",
    Expression: lambda rule: " ".join(rule.sql.split()),
    Other: lambda rule: rule.test,
}
