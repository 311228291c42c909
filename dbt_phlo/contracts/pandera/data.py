"""Rules and constraints as plain data, to stand in a class's ``metadata`` and to come back."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any

from dbt_phlo.contracts import rules
from dbt_phlo.contracts.contract import Constraint
from dbt_phlo.contracts.rules import Rule

KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        rules.NotNull,
        rules.Unique,
        rules.AcceptedValues,
        rules.Range,
        rules.Length,
        rules.Pattern,
        rules.Relationship,
        rules.Expression,
        rules.Other,
    )
}
ABOUT = ("name", "severity", "where", "threshold", "error_if", "fail_calc")
"""What a constraint says beyond its rule and its source."""


def rule_data(rule: Rule, *, column: bool = True) -> dict[str, Any]:
    """A rule as a dictionary of what differs from the defaults.

    >>> rule_data(rules.Range("fare", minimum=0))
    {'rule': 'Range', 'column': 'fare', 'minimum': 0}
    """
    data: dict[str, Any] = {"rule": type(rule).__name__}
    for field in fields(rule):
        value = getattr(rule, field.name)
        is_default = field.default is not MISSING and _same(value, field.default)
        if is_default or (field.name == "column" and not column):
            continue
        if field.name in ("columns", "arguments") and not value:
            continue
        data[field.name] = plain(value)
    return data


def rule_from(data: Mapping[str, Any], column: str = "") -> Rule:
    """The rule that ``rule_data`` wrote."""
    values = {key: value for key, value in data.items() if key != "rule"}
    if column:
        values["column"] = column
    for key in ("columns", "values"):
        if key in values:
            values[key] = tuple(values[key])
    made: Rule = KINDS[data["rule"]](**values)
    return made


def about(constraint: Constraint) -> dict[str, Any]:
    """What a constraint says beyond its rule."""
    data: dict[str, Any] = {"source": constraint.source}
    data |= {name: getattr(constraint, name) for name in ABOUT if getattr(constraint, name)}
    if data.get("severity") == "error":
        del data["severity"]
    return data


def _in_utc(moment: datetime) -> datetime:
    """The same moment; the first and last hours of all keep their offset, UTC has no date there."""
    try:
        return moment.astimezone(timezone.utc)
    except OverflowError:
        return moment


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and value == default


def plain(value: Any) -> Any:
    """Data that ``literals`` can write; what it cannot (a test's odd argument) becomes text."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, datetime) and value.tzinfo:
        return _in_utc(value)
    if value is None or isinstance(
        value, bool | int | float | str | bytes | Decimal | date | datetime | time
    ):
        return value
    return str(value)
