"""A contract as an entry of a dbt YAML file."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from dbt_phlo.contracts.contract import Column, Constraint, Contract
from dbt_phlo.contracts.data_tests import is_jinja
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Length,
    NotNull,
    Pattern,
    Range,
    Rule,
    Unique,
    columns_of,
)
from dbt_phlo.tables.duckdb_types import written

Test = str | dict[str, Any]
"""An item of ``data_tests``: a name, or a name with its arguments."""


_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass
class Entry:
    """What YAML says of a contract: columns in order, tests of the model, and what it has no word
    for."""

    columns: dict[str, dict[str, Any]]
    description: str = ""
    tests: list[Test] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def said(self, name: str) -> dict[str, Any]:
        """The entry of a model of that name."""
        return {
            "name": name,
            **({"description": self.description} if self.description else {}),
            **({"data_tests": self.tests} if self.tests else {}),
            "columns": [named(column, said) for column, said in self.columns.items()],
        }


def entry(contract: Contract) -> Entry:
    """A contract's columns and the tests that say its rules.

    What dbt would take for Jinja is left out, and told.
    """
    made = Entry({column.name: _column(column) for column in contract.columns})
    if is_jinja(contract.description):
        made.left.append("the description: dbt would take a part of it for Jinja")
    else:
        made.description = contract.description
    for column in contract.columns:
        if is_jinja(column.description):
            del made.columns[column.name]["description"]
            made.left.append(
                f"{column.name}: description, of which dbt would take a part for Jinja"
            )
    for constraint in contract.constraints:
        rule = _without_nulls(constraint.rule, contract)
        owner = made.columns.get(columns_of(rule)[0]) if len(columns_of(rule)) == 1 else None
        if isinstance(rule, Length) and owner is not None and _is_longest(rule):
            owner["data_type"] = f"varchar({rule.maximum})"
            continue
        test = _test(rule)
        is_lost = owner is None and len(columns_of(rule)) == 1
        if test is None or not constraint.is_hard or is_lost or is_jinja(test):
            made.left.append(_told(constraint))
        elif owner is not None:
            owner.setdefault("data_tests", []).append(test)
        else:
            made.tests.append(test)
    return made


def named(name: str, said: dict[str, Any]) -> dict[str, Any]:
    """A column's entry; a name that SQL needs in quotes is marked so."""
    is_plain = _PLAIN.fullmatch(name) is not None
    return {"name": name, **({} if is_plain else {"quote": True}), **said}


def _column(column: Column) -> dict[str, Any]:
    said: dict[str, Any] = {"data_type": _data_type(column)}
    if column.description:
        said["description"] = column.description
    if column.pii:
        said["config"] = {"meta": {"phlo": {"pii": True}}}
    return said


def _data_type(column: Column) -> str:
    text = written(column.type)
    return text.lower() if isinstance(column.type, str) else text


def _without_nulls(rule: Rule, contract: Contract) -> Rule:
    """Where no column may be NULL it does not matter whether NULLs are equal."""
    if isinstance(rule, Unique) and not any(map(contract.is_nullable, rule.columns)):
        return replace(rule, nulls_are_equal=False)
    return rule


def _is_longest(rule: Length) -> bool:
    return rule.maximum is not None and not rule.minimum


def _told(constraint: Constraint) -> str:
    from dbt_phlo.contracts.pandera.plan import wording

    why = f" ({constraint.softness})" if constraint.softness else ""
    return f"{wording(constraint)}{why}"


def _test(rule: Rule) -> Test | None:
    for kind, say in _TESTS.items():
        if isinstance(rule, kind):
            return say(rule)
    return None


def _unique(rule: Any) -> Test | None:
    if rule.nulls_are_equal:
        return None
    if len(rule.columns) == 1:
        return "unique"
    return _with("phlo_unique_combination", combination_of_columns=list(rule.columns))


def _accepted_values(rule: Any) -> Test | None:
    if all(isinstance(value, str) for value in rule.values):
        return _with("accepted_values", values=list(rule.values))
    if all(type(value) in (int, float, Decimal) for value in rule.values):
        return _with("accepted_values", values=[_plain(v) for v in rule.values], quote=False)
    return None


def _range(rule: Any) -> Test | None:
    bounds = {"min_value": rule.minimum, "max_value": rule.maximum}
    given = {key: _plain(value) for key, value in bounds.items() if value is not None}
    included = {
        includes
        for value, includes in (
            (rule.minimum, rule.includes_minimum),
            (rule.maximum, rule.includes_maximum),
        )
        if value is not None
    }
    if not given or len(included) > 1:
        return None
    return _with("phlo_range", **given, **({} if included == {True} else {"inclusive": False}))


def _with(name: str, **arguments: Any) -> Test:
    return {name: {"arguments": arguments}}


def _plain(value: Any) -> Any:
    """A value as YAML holds it; dates and exact decimals are text, as our tests take them."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    return value.isoformat() if isinstance(value, date | datetime | time) else value


_TESTS: dict[type, Callable[[Any], Test | None]] = {
    NotNull: lambda rule: "not_null",
    Unique: _unique,
    AcceptedValues: _accepted_values,
    Range: _range,
    Pattern: lambda rule: _with("phlo_pattern", regex=rule.regex),
}
