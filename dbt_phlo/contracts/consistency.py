"""Whether the rules of a column can all hold at once."""

from collections.abc import Iterable
from typing import Any

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.rules import AcceptedValues, Length, Range, Rule


def problem(contract: Contract) -> tuple[str, str] | None:
    """The first column whose hard rules no value can keep, and why; None when there is none."""
    rules: dict[str, list[Rule]] = {}
    for constraint in contract.hard:
        if isinstance(constraint.rule, Range | Length | AcceptedValues):
            rules.setdefault(constraint.rule.column, []).append(constraint.rule)
    for column, some in rules.items():
        told = _conflict(some)
        if told:
            return column, told
    return None


def _conflict(rules: Iterable[Rule]) -> str:
    rules = list(rules)
    ranges = [rule for rule in rules if isinstance(rule, Range)]
    low = max((_low(r) for r in ranges if r.minimum is not None), default=None)
    high = min((_high(r) for r in ranges if r.maximum is not None), default=None)
    if low and high and (low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1]))):
        return f"no value is both at least {low[0]} and at most {high[0]}"
    lengths = [rule for rule in rules if isinstance(rule, Length)]
    shortest = max((r.minimum for r in lengths if r.minimum is not None), default=0)
    longest = min((r.maximum for r in lengths if r.maximum is not None), default=None)
    if longest is not None and shortest > longest:
        return f"no text has both at least {shortest} and at most {longest} characters"
    sets = [rule for rule in rules if isinstance(rule, AcceptedValues)]
    left = [
        value
        for value in (sets[0].values if sets else ())
        if all(value in other.values for other in sets)
        and all(_inside(value, rule) for rule in ranges)
        and all(_fits(value, rule) for rule in lengths)
    ]
    if sets and not left:
        return "none of its accepted values keeps its other rules"
    return ""


def _low(rule: Range) -> tuple[Any, int]:
    return rule.minimum, 0 if rule.includes_minimum else 1


def _high(rule: Range) -> tuple[Any, int]:
    return rule.maximum, 0 if rule.includes_maximum else -1


def _inside(value: Any, rule: Range) -> bool:
    above = rule.minimum is None or value > rule.minimum
    below = rule.maximum is None or value < rule.maximum
    above = above or (rule.includes_minimum and value == rule.minimum)
    below = below or (rule.includes_maximum and value == rule.maximum)
    return bool(above and below)


def _fits(value: Any, rule: Length) -> bool:
    length = len(value if isinstance(value, str | bytes) else str(value))
    return (rule.minimum is None or length >= rule.minimum) and (
        rule.maximum is None or length <= rule.maximum
    )
