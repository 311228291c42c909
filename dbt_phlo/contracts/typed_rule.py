"""A rule whose values are in its column's type."""

import math
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dbt_phlo.contracts import literals
from dbt_phlo.contracts.iceberg import digits
from dbt_phlo.contracts.rules import AcceptedValues, Range, Value
from dbt_phlo.tables.schema import Type


def typed_rule(rule: AcceptedValues | Range, of: Type) -> AcceptedValues | Range:
    """The rule with values of the Iceberg type ``of``. Raises ``ValueError`` for what is none.

    >>> typed_rule(Range("id", minimum=1, maximum=Decimal("2.5")), "int")
    Range(column='id', minimum=1, maximum=2, includes_minimum=True, includes_maximum=True)
    """
    if isinstance(rule, AcceptedValues):
        return replace(rule, values=tuple(_whole(value, of) for value in rule.values))
    return _bounds(rule, of)


def _whole(value: Any, of: Type) -> Any:
    found = literals.typed(value, of)
    if isinstance(found, Decimal) and of not in ("int", "long"):
        precision, scale = digits(of)
        units = Fraction(found) * 10**scale
        if units.denominator > 1 or abs(units) >= 10**precision:  # DuckDB would round it
            raise ValueError(f"{value!r} is no value of type {of}")
    if of in ("int", "long") and found != int(found):  # type: ignore[arg-type]
        raise ValueError(f"{value!r} is no value of type {of}")
    return int(found) if of in ("int", "long") else found  # type: ignore[arg-type]


def _bounds(rule: Range, of: Type) -> Range:
    """One between two integers becomes the next integer inside."""
    rule = _whole_days(rule) if of == "date" else rule
    low, high = (None if b is None else literals.typed(b, of) for b in (rule.minimum, rule.maximum))
    found = replace(rule, minimum=low, maximum=high)
    if isinstance(low, Decimal) and of in ("int", "long"):
        whole = low == int(low)
        found = replace(found, minimum=math.ceil(low))
        found = found if whole else replace(found, includes_minimum=True)
    if isinstance(high, Decimal) and of in ("int", "long"):
        whole = high == int(high)
        found = replace(found, maximum=math.floor(high))
        found = found if whole else replace(found, includes_maximum=True)
    return found


def _whole_days(rule: Range) -> Range:
    """Noon is no day: what lies above it begins with the next day, what lies below ends with it."""
    low, high = _within_a_day(rule.minimum), _within_a_day(rule.maximum)
    if low is not None and low.date() < date.max:
        rule = replace(rule, minimum=low.date() + timedelta(days=1), includes_minimum=True)
    return rule if high is None else replace(rule, maximum=high.date(), includes_maximum=True)


def _within_a_day(bound: Value | None) -> datetime | None:
    is_moment = isinstance(bound, datetime) and bound.timetz() != time() and not bound.tzinfo
    return bound if is_moment else None  # type: ignore[return-value]
