"""What a class enforces, as keywords: the same for a planned class and for one that is read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbt_phlo.contracts.contract import Constraint
from dbt_phlo.contracts.pandera.data import ABOUT, rule_from
from dbt_phlo.contracts.pandera.slots import Keywords, rule_in
from dbt_phlo.contracts.rules import Rule, Unique

COMBINATION = "phlo_unique_combination"
COMBINATION_WITH_NULLS = "phlo_unique_combination_with_nulls"
SOURCES = {
    "NotNull": "not_null",
    "Unique": "unique",
    "AcceptedValues": "accepted_values",
    "Range": "phlo_range",
    "Pattern": "phlo_pattern",
    "Length": "data_type",
}
"""What declared a rule, where a generated class does not say it."""


@dataclass
class Shape:
    """Keywords by column, those of the whole table, and a class's other checks (Other rules)."""

    columns: dict[str, Keywords]
    config: Keywords = field(default_factory=dict)

    def add_combination(self, rule: Unique, exact: tuple[str, ...]) -> Keywords:
        """Put a rule on several columns; return where it stands."""
        name = COMBINATION_WITH_NULLS if rule.nulls_are_equal else COMBINATION
        combinations: list[list[str]] = self.config.setdefault(name, [])
        if list(exact) not in combinations:
            combinations.append(list(exact))
        return {"checks": [name], "number": combinations.index(list(exact))}


def default_constraints(shape: Shape, source: str = "") -> tuple[Constraint, ...]:
    """The constraints that keywords alone say, column by column."""
    rules: list[Rule] = []
    for column, keywords in shape.columns.items():
        if not keywords:
            continue
        rest = dict(keywords)
        bounds = {key: rest.pop(key) for key in ("ge", "gt", "le", "lt") if key in rest}
        groups = [{key: value} for key, value in rest.items() if key != "phlo_rules"]
        groups += [bounds] if bounds else []
        rules += [rule for group in groups if (rule := rule_in(group, column))]
        rules += [rule_from(data, column) for data in rest.get("phlo_rules", [])]
    rules += _combinations(shape.config)
    return tuple(Constraint(r, source or SOURCES[type(r).__name__]) for r in rules)


def constraints_from(shape: Shape, entries: Iterable[Mapping[str, Any]]) -> tuple[Constraint, ...]:
    """The constraints that a class's metadata lists, taking the values from its checks."""
    return tuple(
        Constraint(
            _rule(shape, entry),
            entry["source"],
            **{key: entry[key] for key in ABOUT if key in entry},
        )
        for entry in entries
    )


def _rule(shape: Shape, entry: Mapping[str, Any]) -> Rule:
    if "checks" not in entry:
        data = {k: v for k, v in entry.items() if k not in (*ABOUT, "source")}
        return rule_from(data)
    checks, column = entry["checks"], entry.get("column", "")
    if not column:
        columns = shape.config[checks[0]][entry["number"]]
        return Unique(tuple(columns), nulls_are_equal=checks[0] == COMBINATION_WITH_NULLS)
    keywords = shape.columns[column]
    if checks[0] == "phlo_rules":
        return rule_from(keywords["phlo_rules"][entry["number"]], column)
    rule = rule_in({check: keywords[check] for check in checks}, column)
    assert rule is not None
    return rule


def _combinations(config: Keywords) -> list[Rule]:
    found: list[Rule] = [Unique(tuple(columns)) for columns in config.get(COMBINATION, [])]
    found += [
        Unique(tuple(columns), nulls_are_equal=True)
        for columns in config.get(COMBINATION_WITH_NULLS, [])
    ]
    return found
