"""From what an author wrote to a ``Contract``: types are parsed, values typed, mistakes told."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dbt_phlo.contracts import consistency, data_types
from dbt_phlo.contracts.contract import Column, Constraint, Contract, Origin, Severity
from dbt_phlo.contracts.data_tests import is_jinja, misspelt, rules_of, unquoted
from dbt_phlo.contracts.declarations import ColumnDeclaration, Declaration, TestDeclaration
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Expression,
    NotNull,
    Other,
    Range,
    Rule,
    Unique,
    columns_of,
)
from dbt_phlo.contracts.typed_rule import typed_rule
from dbt_phlo.errors import ContractError, PhloError, TypeRefused, nearest

NO_THRESHOLD = ("!= 0", "!=0", "<> 0", "> 0", ">0", ">= 1", ">=1")
"""dbt's ``error_if`` where one failing row is an error."""

CONSTRAINTS = ("not_null", "unique", "primary_key", "foreign_key", "check", "custom")
"""dbt's types of constraints."""

LONGEST_DESCRIPTION = 50_000


def build(declared: Declaration, dialect: str = "duckdb") -> Contract:
    """The contract of a declaration; ``dialect`` is the one that ``data_type`` is written in.

    Raises ``ContractError`` or ``TypeRefused``, with file, line, model and column. Nothing is
    guessed, and nothing is left out in silence: what only SQL can check is a rule ``Other``.
    """
    _assert_short(declared, "", declared.description)
    types: dict[str, Column] = {}
    constraints: list[Constraint] = []
    for made, rules in _columns(declared, dialect):
        types[made.name.lower()] = made
        constraints += [Constraint(rule, "data_type") for rule in rules]
    constraints += [
        *_of_constraints(declared, types),
        *_of_tests(declared, types),
    ]
    contract = Contract(
        name=declared.name,
        columns=tuple(types.values()),
        constraints=tuple(_distinct(constraints)),
        description=declared.description,
        unique_key=_known(declared, types, declared.unique_key, "unique_key"),
        partition_by=declared.partition_by,
        is_enforced=declared.is_enforced,
        origin=declared.place("", "name"),
    )
    problem = consistency.problem(contract)
    if problem is not None:
        column, told = problem
        raise _mistake(
            declared, column, "name", told, code="PHLO905", remedy="correct one of the two"
        )
    return contract


def _columns(declared: Declaration, dialect: str) -> Iterator[tuple[Column, tuple[Rule, ...]]]:
    """Each column, and the rules that its type says beyond Iceberg's."""
    seen: set[str] = set()
    for column in declared.columns:
        folded = column.name.lower()
        if folded in seen:
            raise _mistake(
                declared,
                column.name,
                "name",
                "is declared twice",
                code="PHLO902",
                remedy="remove one of them",
            )
        seen.add(folded)
        _assert_short(declared, column.name, column.description)
        parsed = _parsed(declared, column, dialect)
        made = Column(
            column.name,
            parsed.type,
            description=column.description,
            pii=column.pii,
            written=column.data_type or "",
            origin=declared.place(column.name, "name"),
        )
        yield made, parsed.rules_for(column.name) if parsed.rules else ()


def _assert_short(declared: Declaration, column: str, description: str) -> None:
    """A description goes into every metadata file of the table, and into every file made of it."""
    if len(description) > LONGEST_DESCRIPTION:
        raise _mistake(
            declared,
            column,
            "description",
            f"has a description of {len(description):,} characters",
            code="PHLO907",
            remedy=f"write at most {LONGEST_DESCRIPTION:,}, and link to the rest",
        )


def _parsed(
    declared: Declaration, column: ColumnDeclaration, dialect: str
) -> data_types.ParsedType:
    if not (column.data_type or "").strip():
        raise _mistake(
            declared,
            column.name,
            "name",
            "has no data_type",
            code="PHLO901",
            remedy="add one, such as bigint",
        )
    try:
        return data_types.parse(str(column.data_type), dialect)
    except TypeRefused as error:
        place = declared.place(column.name, "data_type")
        raise TypeRefused(
            f"{_prefix(place)}{declared.name}.{column.name}: {error.message}",
            remedy=error.remedy,
            code=error.code,
        ) from error


def _of_constraints(declared: Declaration, types: Mapping[str, Column]) -> Iterator[Constraint]:
    """dbt's ``constraints``; of a column, or of the model with ``columns``."""
    for column in declared.columns:
        for constraint in column.constraints:
            yield from _of_constraint(declared, types, constraint, (column.name,))
    for constraint in declared.constraints:
        given = constraint.get("columns") or ()
        names = tuple(unquoted(str(name)) for name in given)
        yield from _of_constraint(declared, types, constraint, names)


def _of_constraint(
    declared: Declaration,
    types: Mapping[str, Column],
    constraint: Mapping[str, Any],
    named: tuple[str, ...],
) -> Iterator[Constraint]:
    kind = str(getattr(constraint.get("type"), "value", constraint.get("type")))
    if kind not in CONSTRAINTS:
        raise _mistake(
            declared,
            named[0] if len(named) == 1 else "",
            "constraints",
            f"there is no constraint {kind!r}.{nearest(kind, CONSTRAINTS)}",
            code="PHLO908",
            remedy=f"write type: and one of {', '.join(CONSTRAINTS)}",
        )
    columns = _known(declared, types, named, "constraints")
    expression = constraint.get("expression")
    name = str(constraint.get("name") or "")
    rules: list[Rule] = []
    if kind in ("not_null", "primary_key"):
        rules += [NotNull(column) for column in columns]
    if kind in ("unique", "primary_key"):
        rules.append(Unique(columns))
    if kind == "check" and expression:
        rules.append(Expression(str(expression), columns))
    if not rules or (kind in ("not_null", "unique", "primary_key") and not columns):
        told = {k: str(v) for k, v in constraint.items() if k not in ("type", "columns") and v}
        rules = [Other(f"constraint {kind}", columns, told)]
    for rule in rules:
        yield Constraint(rule, "constraint", name)


def _of_tests(declared: Declaration, types: Mapping[str, Column]) -> Iterator[Constraint]:
    for test in declared.tests:
        _assert_spelt(declared, test)
        severity: Severity = "warn" if test.severity == "warn" else "error"
        for rule in rules_of(test):
            columns = _known(declared, types, columns_of(rule), test.test)
            # SQL finds a column without regard to case
            known = rule if columns == columns_of(rule) else _renamed(rule, columns)
            yield Constraint(
                _typed(declared, types, test, known),
                source=test.test,
                name=test.name,
                severity=severity,
                where=test.where,
                threshold=_threshold(declared, test),
                error_if="" if test.error_if.strip() in NO_THRESHOLD else test.error_if.strip(),
            )


def _assert_spelt(declared: Declaration, test: TestDeclaration) -> None:
    told = misspelt(test)
    if told:
        raise _mistake(
            declared,
            test.column,
            test.bare,
            f"{test.test} has no argument {told}",
            code="PHLO909",
            remedy="correct the argument's name",
        )


def _renamed(rule: Rule, columns: tuple[str, ...]) -> Rule:
    if isinstance(rule, Unique | Expression | Other):
        return replace(rule, columns=columns)
    return replace(rule, column=columns[0])


def _threshold(declared: Declaration, test: TestDeclaration) -> float:
    given = test.arguments.get("allow_threshold")
    if is_jinja(given):  # such a test is a rule that nobody enforces
        return 0.0
    try:
        share = 0.0 if given is None else float(given)
    except (TypeError, ValueError):
        share = math.nan
    if not 0 <= share <= 1:
        told = f"allow_threshold of {test.test} is {given!r}"
        raise _mistake(
            declared,
            test.column,
            test.bare,
            told,
            code="PHLO906",
            remedy="write a share of rows from 0 to 1",
        )
    return share


def _typed(
    declared: Declaration, types: Mapping[str, Column], test: TestDeclaration, rule: Rule
) -> Rule:
    """The rule with its values in the column's type."""
    if not isinstance(rule, AcceptedValues | Range):
        return rule
    try:
        return typed_rule(rule, types[rule.column.lower()].type)
    except ValueError as error:
        raise _mistake(
            declared,
            test.column or rule.column,
            test.bare,
            f"{test.test}: {error}",
            code="PHLO904",
            remedy="write values of the column's type, or correct its data_type",
        ) from error


def _known(
    declared: Declaration, types: Mapping[str, Column], names: tuple[str, ...], key: str
) -> tuple[str, ...]:
    """The names as their columns are written. Raises for one that is no column."""
    found = []
    for name in names:
        column = types.get(name.lower())
        if column is None:
            known = [column.name for column in types.values()]
            raise _mistake(
                declared,
                "",
                key.rpartition(".")[2],
                f"{key} names {name}, which is no column of it.{nearest(name, known)}",
                code="PHLO903",
                remedy="declare the column with its data_type, or correct the name",
            )
        found.append(column.name)
    return tuple(found)


def _distinct(constraints: list[Constraint]) -> list[Constraint]:
    """Each once, in their order; what is declared twice is one promise."""
    found: list[Constraint] = []
    alike: dict[tuple[type, tuple[str, ...]], list[Constraint]] = {}
    for constraint in constraints:
        known = alike.setdefault((type(constraint.rule), columns_of(constraint.rule)), [])
        if constraint not in known:
            known.append(constraint)
            found.append(constraint)
    return found


def _mistake(
    declared: Declaration, column: str, key: str, told: str, *, code: str, remedy: str
) -> PhloError:
    """``key`` is where it stands below the column (or, without one, the model)."""
    place = _prefix(declared.place(column, key))
    owner = f"{declared.name}.{column}" if column else declared.name
    joint = " " if told.startswith(("has ", "is ")) else ": "
    return ContractError(f"{place}{owner}{joint}{told}", remedy=remedy, code=code)


def _prefix(place: Origin) -> str:
    return f"{place}: " if place.file else ""
