"""Which keywords of Pandera's ``Field`` say a rule on one column.

Pandera's own checks are taken where they judge as SQL does, which holds for whole numbers and text
alone: on other types NaN, the scale of a decimal or a time zone make a difference. Everything else
is a check of ours (``checks``), whose name begins with ``phlo_``.
"""

import uuid
from collections.abc import Iterator
from typing import Any

from dbt_phlo.contracts.contract import Column, Contract
from dbt_phlo.contracts.pandera.data import plain, rule_data
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Length,
    NotNull,
    Pattern,
    Range,
    Rule,
    Unique,
    Value,
)
from dbt_phlo.contracts.sql import failing
from dbt_phlo.errors import TypeRefused
from dbt_phlo.tables.schema import Type

Keywords = dict[str, Any]

WHOLE = {"int": 2**31, "long": 2**63}
ORDINARY = ("int", "long", "string", "date", "boolean")
"""Types on which equality is the same everywhere."""


def choices(rule: Rule, of: Type, nullable: bool) -> Iterator[Keywords]:
    """The keywords that say a rule on a column of a type, the best first."""
    match rule:
        case Unique(nulls_are_equal=False):
            if of in ORDINARY and not nullable:
                yield {"unique": True}
            yield {"phlo_unique": True}
        case Range():
            builtin = _bounds(rule, of)
            if builtin:
                yield builtin
            yield {"phlo_range": _without_rule(rule)}
        case AcceptedValues(values=values):
            if values and all(_is_builtin(value, of) for value in values):
                yield {"isin": list(values)}
            yield {"phlo_accepted_values": plain(values)}
        case Length(minimum=minimum, maximum=maximum):
            if of == "string" and _is_interval(minimum, maximum):
                named = {"min_value": minimum, "max_value": maximum}
                yield {"str_length": {k: v for k, v in named.items() if v is not None}}
            yield {"phlo_length": _without_rule(rule)}
        case Pattern(regex=regex):
            yield {"phlo_pattern": regex}


def refusal(rule: Rule, column: Column) -> str:
    """Why no check on values can say a rule about a column, or nothing."""
    if isinstance(rule, NotNull | Unique):
        return ""
    if column.type == "uuid" and not all(map(_is_canonical, _values(rule))):
        return "a uuid is compared as its text here: write it in lower case, with hyphens"
    try:
        without_origin = Column(
            column.name, column.type
        )  # a line is looked for where there is an origin
        failing(rule, Contract("it", (without_origin,)))  # type: ignore[arg-type]
    except TypeRefused as error:
        return error.message
    return ""


def _values(rule: Rule) -> tuple[Value | None, ...]:
    if isinstance(rule, AcceptedValues):
        return rule.values
    return (rule.minimum, rule.maximum) if isinstance(rule, Range) else ()


def rule_in(keywords: Keywords, column: str) -> Rule | None:
    """The rule that keywords say: the way back from ``choices``."""
    name, value = next(iter(keywords.items()))
    match name:
        case "nullable" | "phlo_not_null":
            rule: Rule | None = NotNull(column)
        case "unique" | "phlo_unique":
            rule = Unique((column,))
        case "ge" | "gt" | "le" | "lt":
            rule = Range(
                column,
                minimum=keywords.get("ge", keywords.get("gt")),
                maximum=keywords.get("le", keywords.get("lt")),
                includes_minimum="gt" not in keywords,
                includes_maximum="lt" not in keywords,
            )
        case "isin" | "phlo_accepted_values":
            rule = AcceptedValues(column, tuple(value))
        case "str_length":
            rule = Length(column, value.get("min_value"), value.get("max_value"))
        case "phlo_range":
            rule = Range(column, **_given(value))
        case "phlo_length":
            rule = Length(column, **_given(value))
        case "phlo_pattern":
            rule = Pattern(column, value)
        case _:
            rule = None
    return rule


def _given(value: Keywords) -> Keywords:
    return {key: of for key, of in value.items() if of is not None}


def _bounds(rule: Range, of: Type) -> Keywords:
    """The built-in checks of a range over whole numbers; they must be what NaN cannot reach."""
    found: Keywords = {}
    if rule.minimum is not None:
        found["ge" if rule.includes_minimum else "gt"] = rule.minimum
    if rule.maximum is not None:
        found["le" if rule.includes_maximum else "lt"] = rule.maximum
    idle = (rule.minimum is None and not rule.includes_minimum) or (
        rule.maximum is None and not rule.includes_maximum
    )
    whole = (
        isinstance(of, str)
        and of in WHOLE
        and all(_is_builtin(value, of) for value in found.values())
    )
    return found if whole and not idle else {}


def _is_builtin(value: Any, of: Type) -> bool:
    if of == "string":
        return isinstance(value, str)
    if not isinstance(of, str) or of not in WHOLE or type(value) is not int:
        return False
    return bool(-WHOLE[of] <= value < WHOLE[of])


def _is_interval(minimum: int | None, maximum: int | None) -> bool:
    if minimum is None and maximum is None:
        return False
    low, high = minimum or 0, maximum if maximum is not None else minimum or 0
    return 0 <= low <= high < WHOLE["int"]


def _is_canonical(value: Any) -> bool:
    """Whether text is a uuid's own: polars holds uuids as text, and compares them so."""
    if value is None:
        return True
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False


def _without_rule(rule: Rule) -> Keywords:
    data = rule_data(rule, column=False)
    del data["rule"]
    return data
