"""A rule whose values are in its column's type."""

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

from dbt_phlo.contracts import literals
from dbt_phlo.contracts.rules import AcceptedValues, Range
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
    if of in ("int", "long") and found != int(found):  # type: ignore[arg-type]
        raise ValueError(f"{value!r} is no value of type {of}")
    return int(found) if of in ("int", "long") else found  # type: ignore[arg-type]


def _bounds(rule: Range, of: Type) -> Range:
    """One between two integers becomes the next integer inside."""
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
