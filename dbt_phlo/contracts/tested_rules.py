"""From the data tests of a declaration to its constraints: names are known, values typed."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from dbt_phlo.contracts.column_names import split
from dbt_phlo.contracts.contract import Column, Constraint, Severity
from dbt_phlo.contracts.data_tests import Unreadable, is_jinja, misspelt, of_expression, rules_of
from dbt_phlo.contracts.declarations import Declaration, TestDeclaration
from dbt_phlo.contracts.mistakes import mistake
from dbt_phlo.contracts.regexes import is_re2
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Expression,
    Other,
    Pattern,
    Range,
    Rule,
    Unique,
    columns_of,
)
from dbt_phlo.contracts.typed_rule import typed_rule
from dbt_phlo.errors import PhloError

NO_THRESHOLD = ("!= 0", "!=0", "<> 0", "> 0", ">0", ">= 1", ">=1")
"""dbt's ``error_if`` where one failing row is an error."""

ROWS = "count(*)"
"""dbt's ``fail_calc`` where each row that a test returns is a failure."""


def of_tests(
    declared: Declaration, types: Mapping[str, Column], dialect: str
) -> Iterator[Constraint]:
    """The constraints that data tests say, of the columns ``types`` (by name in lower case).

    Raises ``ContractError`` with the test's line for what a test cannot mean.
    """
    for test in declared.tests:
        _assert_spelt(declared, test)
        severity: Severity = "warn" if test.severity == "warn" else "error"
        for rule in _rules(declared, types, test, dialect):
            yield Constraint(
                _typed(declared, types, test, rule),
                source=test.test,
                name=test.name,
                severity=severity,
                where=test.where,
                threshold=_threshold(declared, test),
                fail_calc="" if "".join(test.fail_calc.lower().split()) == ROWS else test.fail_calc,
                error_if="" if test.error_if.strip() in NO_THRESHOLD else test.error_if.strip(),
            )


def _assert_spelt(declared: Declaration, test: TestDeclaration) -> None:
    told = misspelt(test)
    if told:
        raise mistake(
            declared,
            test.column,
            test.bare,
            f"{test.test} has no argument {told}",
            code="PHLO909",
            remedy="correct the argument's name",
        )


def _rules(
    declared: Declaration, types: Mapping[str, Column], test: TestDeclaration, dialect: str
) -> Iterator[Rule]:
    try:
        found = rules_of(test)
    except Unreadable as error:
        raise _unreadable(declared, test, str(error), error.remedy) from error
    for rule in found:
        columns, paths = split(declared, types, columns_of(rule), test.test)
        if paths:
            yield of_expression(test, columns)
        elif isinstance(rule, Pattern) and not is_re2(rule.regex):
            if dialect == "duckdb":
                raise _unreadable(
                    declared,
                    test,
                    f"regex {rule.regex!r} is not one that the engine can read",
                    "check brackets and what stands before *, + and ?; RE2 has no lookaround and "
                    "no backreferences",
                )
            yield of_expression(replace(test, column=""), columns)  # Trino may read more
        else:
            # SQL finds a column without regard to case
            yield rule if columns == columns_of(rule) else _renamed(rule, columns)


def _unreadable(declared: Declaration, test: TestDeclaration, told: str, remedy: str) -> PhloError:
    told = f"{test.test}: {told}"
    return mistake(declared, test.column, test.bare, told, code="PHLO950", remedy=remedy)


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
        raise mistake(
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
        raise mistake(
            declared,
            test.column or rule.column,
            test.bare,
            f"{test.test}: {error}",
            code="PHLO904",
            remedy="write values of the column's type, or correct its data_type",
        ) from error
