"""A Pandera schema's checks as keywords and rules: those that Pandera brings, ours, and others."""

import re
from collections.abc import Iterator
from typing import Any

from dbt_phlo.contracts.contract import Constraint
from dbt_phlo.contracts.pandera.data import rule_from
from dbt_phlo.contracts.pandera.shape import COMBINATION, COMBINATION_WITH_NULLS, Shape
from dbt_phlo.contracts.pandera.slots import Keywords, rule_in
from dbt_phlo.contracts.regexes import is_re2
from dbt_phlo.contracts.rules import AcceptedValues, NotNull, Other, Pattern, Range, Rule, Unique

SOURCE = "class"
_KEYWORDS = {
    "greater_than_or_equal_to": ("ge", "min_value"),
    "greater_than": ("gt", "min_value"),
    "less_than_or_equal_to": ("le", "max_value"),
    "less_than": ("lt", "max_value"),
    "isin": ("isin", "allowed_values"),
    "phlo_not_null": ("phlo_not_null", "enabled"),
    "phlo_unique": ("phlo_unique", "enabled"),
    "phlo_accepted_values": ("phlo_accepted_values", "values"),
    "phlo_pattern": ("phlo_pattern", "regex"),
    "phlo_rules": ("phlo_rules", "rules"),
}
"""The keyword of ``Field`` for a check's name, and the statistic that holds its value."""


_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}
"""Flags that RE2 has too."""


def shape_of(schema: Any) -> Shape:
    """What a generated class's schema enforces, as keywords."""
    shape = Shape({name: _column_keywords(column) for name, column in schema.columns.items()})
    for check in schema.checks:
        if check.name in (COMBINATION, COMBINATION_WITH_NULLS):
            shape.config[check.name] = check.statistics["combinations"]
    return shape


def constraints_of(schema: Any) -> Iterator[Constraint]:
    """The constraints of a hand-written class; what is no rule of ours is ``Other``, by name."""
    for name, column in schema.columns.items():
        if not column.required:  # the column may be missing, and its values NULL then
            yield Constraint(Other("optional", (name,), {"nullable": column.nullable}), SOURCE)
        elif not column.nullable:
            yield Constraint(NotNull(name), SOURCE)
        if column.unique:
            yield Constraint(Unique((name,), nulls_are_equal=True), SOURCE)
        for number, check in enumerate(column.checks, 1):
            for rule in _rules(check, name, number):
                yield _constraint(rule, check)
    unique = [schema.unique] if isinstance(schema.unique, str) else schema.unique
    if unique:
        yield Constraint(Unique(tuple(unique), nulls_are_equal=True), SOURCE)
    for number, check in enumerate(schema.checks, 1):
        if check.name in (COMBINATION, COMBINATION_WITH_NULLS):
            equal = check.name == COMBINATION_WITH_NULLS
            for columns in check.statistics["combinations"]:
                yield _constraint(Unique(tuple(columns), nulls_are_equal=equal), check)
        else:
            yield _constraint(Other(_name(check, number), (), _arguments(check)), check)


def _column_keywords(column: Any) -> Keywords:
    keywords: Keywords = {}
    if not column.nullable:
        keywords["nullable"] = False
    if column.unique:
        keywords["unique"] = True
    for check in column.checks:
        keywords |= _keywords(check)
    return keywords


def _keywords(check: Any) -> Keywords:
    if check.name in _KEYWORDS:
        keyword, statistic = _KEYWORDS[check.name]
        return {keyword: _python(check.statistics[statistic])}
    if check.name in ("str_length", "phlo_range", "phlo_length"):
        said = {k: _python(value) for k, value in check.statistics.items() if value is not None}
        return {check.name: said}
    return {}


def _rules(check: Any, column: str, number: int) -> list[Rule]:
    """A check's rules; more than one for ``phlo_rules`` alone."""
    if check.element_wise or check.groupby is not None:
        return [Other(_name(check, number), (column,), _arguments(check))]
    if check.name == "phlo_rules":
        return [rule_from(rule, column) for rule in check.statistics["rules"]]
    statistics = check.statistics or {}
    if check.name == "str_length" and statistics.get("exact_value") is not None:
        exact = statistics["exact_value"]
        found = rule_in({"str_length": {"min_value": exact, "max_value": exact}}, column)
    elif _keywords(check):
        found = rule_in(_keywords(check), column)
    else:
        found = _builtin(check.name, statistics, column)
    return [found or Other(_name(check, number), (column,), _arguments(check))]


def _builtin(name: str | None, statistics: dict[str, Any], column: str) -> Rule | None:
    """The rule of a check that Pandera brings and that our classes do not use."""
    if name == "in_range":
        return Range(
            column,
            _python(statistics["min_value"]),
            _python(statistics["max_value"]),
            bool(statistics.get("include_min", True)),
            bool(statistics.get("include_max", True)),
        )
    if name == "equal_to":
        return AcceptedValues(column, (_python(statistics["value"]),))
    if name == "str_startswith":
        return Pattern(column, "^" + re.escape(statistics["string"]))
    if name == "str_endswith":
        return Pattern(column, re.escape(statistics["string"]) + "$")
    pattern = _re2(statistics.get("pattern"))
    if name in ("str_matches", "str_contains") and pattern is not None:
        return Pattern(column, f"^(?:{pattern})" if name == "str_matches" else pattern)
    return None


def _re2(pattern: Any) -> str | None:
    """A pattern of Python's with its flags, where RE2 reads both: it has no lookaround, no
    backreferences, no ``re.VERBOSE`` and no ``re.ASCII``."""
    if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
        flags = pattern.flags & ~re.UNICODE
        letters = "".join(letter for flag, letter in _FLAGS.items() if flags & flag)
        known = not flags & ~sum(_FLAGS)
        pattern = f"(?{letters}:{pattern.pattern})" if letters else pattern.pattern
        return pattern if known and is_re2(pattern) else None
    return pattern if isinstance(pattern, str) and is_re2(pattern) else None


def _python(value: Any) -> Any:
    """A value without numpy's types, which no literal is written of."""
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(map(_python, value))
    if getattr(value, "dtype", None) is None or not hasattr(value, "item"):
        return value
    is_moment = value.dtype.kind == "M"  # numpy gives nanoseconds as a number
    return value.astype("datetime64[us]").item() if is_moment else value.item()


def _constraint(rule: Rule, check: Any) -> Constraint:
    severity = "warn" if check.raise_warning else "error"
    return Constraint(rule, SOURCE, severity=severity)  # type: ignore[arg-type]


def _name(check: Any, number: int) -> str:
    for name in (check.name, check.title, check.error):
        if isinstance(name, str) and name and name != "<lambda>":
            return name
    return f"check {number}"


def _arguments(check: Any) -> dict[str, Any]:
    said = dict(check.statistics or {})
    return {str(key): list(v) if isinstance(v, set | frozenset) else v for key, v in said.items()}
