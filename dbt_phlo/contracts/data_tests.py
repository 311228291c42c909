"""What dbt's data tests promise: one table from the name of a test to a rule.

Names and arguments are those of dbt-core, dbt-utils 1.3, dbt-expectations 0.10 and of this package.
A test is known by its bare name and its arguments, so that a project's own copy of one counts too.
What stands in no line here is ``Other``: only SQL can make it, and nobody forgets it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from dbt_phlo.contracts import literals, sql_literals
from dbt_phlo.contracts.declarations import TestDeclaration
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Expression,
    Length,
    NotNull,
    Other,
    Pattern,
    Range,
    Relationship,
    Rule,
    Unique,
    Value,
)
from dbt_phlo.errors import nearest
from dbt_phlo.names import quoted

CONFIGURING = ("allow_threshold", "arguments", "config", "description", "meta", "name", "tags")
"""Arguments that say how a test runs, and nothing of what it tests."""


class Unreadable(ValueError):
    """What is wrong with an argument, and what to write instead."""

    def __init__(self, told: str, remedy: str) -> None:
        super().__init__(told)
        self.remedy = remedy


def rules_of(test: TestDeclaration) -> tuple[Rule, ...]:
    """The rules that a test is; their values are not typed yet.

    A test with arguments that the line of its name does not read, or that dbt has yet to render, is
    ``Other``: what they mean is not known here. ``pandera_contract`` asks for all other rules, and
    is none. Raises ``Unreadable`` for an argument that the test's own macro refuses.
    """
    if test.bare == "pandera_contract":
        return ()
    rule = _rule_of(test)
    line = TESTS.get(test.bare)
    if line is not None and line.refuses_null and not isinstance(rule, Other):
        return rule, NotNull(test.column)
    return (rule,)


def misspelt(test: TestDeclaration) -> str:
    """The argument of a test that nobody reads, with the nearest known word; or nothing.

    Tests of this package have no other arguments than these. Any other test may be a project's own
    copy with more: there, only what looks like an argument that is missing counts.
    """
    line = TESTS.get(test.bare)
    for argument in test.arguments if line is not None else ():
        known = [*line.arguments, *line.further, *CONFIGURING] if line is not None else []
        if argument in known:
            continue
        near = nearest(argument, [one for one in known if one not in test.arguments])
        if near or test.test.startswith("phlo_"):
            return f"{argument!r}.{near}"
    return ""


def _rule_of(test: TestDeclaration) -> Rule:
    line = TESTS.get(test.bare)
    columns = (test.column,) if test.column else ()
    if is_jinja(test.arguments):
        return Other(test.test, columns, dict(test.arguments))
    arguments = {k: v for k, v in test.arguments.items() if k not in CONFIGURING}
    if line is not None and (test.column or line.is_of_model):
        found = line.read(test.column, arguments) if set(arguments) <= set(line.arguments) else None
        if found is not None:
            return found
    return Other(test.test, columns, arguments)


def _not_null(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    return NotNull(column)


def _unique(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    return Unique((column,))


def _accepted_values(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    """dbt compares with texts, unless ``quote: false`` says that the values are SQL."""
    values = arguments.get("values", arguments.get("value_set"))
    if not isinstance(values, list | tuple) or not values:
        return None
    is_text = arguments.get("quote", arguments.get("quote_values", True))
    found = [str(v) if is_text else literals.of_argument(v) for v in values]
    if any(value is None for value in found):
        listed = ", ".join(map(str, values))
        return Expression(f"{quoted(column)} in ({listed})", (column,))
    return AcceptedValues(column, tuple(v for v in found if v is not None))


def _value_set(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    """dbt-expectations looks for each value in the set by a join, in which a NULL finds none.
    Its values stand in quotes unless ``quote_values`` is false."""
    return _accepted_values(column, arguments) if arguments.get("value_set") else None


def _range(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    return _bounds(column, arguments, bool(arguments.get("inclusive", True)))


def _range_of_ours(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    """As ``phlo_range.sql`` reads it: ``inclusive`` may be a text, and a bound ISO 8601."""
    inclusive = str(arguments.get("inclusive", True)).lower()
    if inclusive not in ("true", "false"):
        raise Unreadable(f"inclusive is {arguments['inclusive']!r}", "write true or false")
    return _bounds(column, arguments, inclusive == "true", literals.of_bound)


def _between(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    return _bounds(column, arguments, not arguments.get("strictly", False))


def _bounds(
    column: str,
    arguments: Mapping[str, Any],
    inclusive: bool,
    read: Callable[[Any], Value | None] = literals.of_argument,
) -> Rule | None:
    given = (arguments.get("min_value"), arguments.get("max_value"))
    if given == (None, None):
        return None
    minimum, maximum = (None if v is None else read(v) for v in given)
    if (minimum is None) != (given[0] is None) or (maximum is None) != (given[1] is None):
        signs = (">=", "<=") if inclusive else (">", "<")
        parts = [
            f"{quoted(column)} {sign} {_written(bound, value)}"
            for sign, bound, value in zip(signs, given, (minimum, maximum), strict=True)
            if bound is not None
        ]
        return Expression(" and ".join(parts), (column,))
    return Range(column, minimum, maximum, inclusive, inclusive)


def _written(bound: Any, value: Value | None) -> str:
    """A bound beside an expression: as it stands, but a day, which SQL takes for a subtraction."""
    return sql_literals.literal(value) if isinstance(value, date) else f"({bound})"


def _combination(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    columns = _columns(arguments.get("combination_of_columns"))
    return Unique(columns) if columns else None


def _combination_with_nulls(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    """dbt-utils groups by the columns, and a group holds equal NULLs."""
    columns = _columns(arguments.get("combination_of_columns"))
    return Unique(columns, nulls_are_equal=True) if columns else None


def _compound(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    """dbt-expectations leaves out rows whose values are all missing, or any of them."""
    columns = _columns(arguments.get("column_list"))
    ignored = arguments.get("ignore_row_if", "all_values_are_missing")
    if not columns or ignored != "any_value_is_missing":
        return None
    return Unique(columns)


def _pattern(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    regex = arguments.get("regex")
    return Pattern(column, regex) if isinstance(regex, str) else None


def _lengths(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    bounds = [arguments.get("min_value"), arguments.get("max_value")]
    if bounds == [None, None] or not all(b is None or type(b) is int for b in bounds):
        return None
    step = 1 if arguments.get("strictly", False) else 0
    minimum, maximum = bounds
    return Length(
        column,
        None if minimum is None else minimum + step,
        None if maximum is None else maximum - step,
    )


def _relationships(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    to, other = arguments.get("to"), arguments.get("field")
    return Relationship(column, str(to), str(other)) if to and other else None


def of_expression(test: TestDeclaration, columns: tuple[str, ...]) -> Other:
    """A test of an expression, or of a field of a struct (``address.city``): only SQL can make it.

    ``columns`` are those that are known to be in it.
    """
    arguments = {k: v for k, v in test.arguments.items() if k not in CONFIGURING}
    named = {"column_name": test.column} if test.column else {}
    return Other(test.test, columns, named | arguments)


def _expression(column: str, arguments: Mapping[str, Any]) -> Rule | None:
    """dbt-utils: rows fail where ``not (expression)``; of a column, it stands before."""
    written = arguments.get("expression")
    if not isinstance(written, str):
        return None
    sql = f"{quoted(column)} {written}" if column else written
    return Expression(sql, (column,) if column else ())


def _columns(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not given:
        return ()
    return tuple(unquoted(str(name)) for name in given)


def is_jinja(given: Any) -> bool:
    """Whether any text in a value is left for dbt to render.

    >>> is_jinja(["a", "{{ var('x') }}"]), is_jinja("a{2}")
    (True, False)
    """
    if isinstance(given, str):
        return any(opening in given for opening in ("{{", "{%", "{#"))
    if isinstance(given, Mapping):
        return any(is_jinja(one) for one in given.values())
    return isinstance(given, list | tuple) and any(is_jinja(one) for one in given)


def unquoted(name: str) -> str:
    """A column's name as the table has it.

    >>> unquoted('"order"'), unquoted("id")
    ('order', 'id')
    """
    if len(name) > 1 and name[0] == name[-1] and name[0] in '"`':
        inside = name[1:-1].replace(name[0] * 2, "")
        return name if name[0] in inside else name[1:-1].replace(name[0] * 2, name[0])
    return name


Read = Callable[[str, Mapping[str, Any]], Rule | None]


class Line:
    """How one test is read, and the arguments that it may have.

    ``further`` are known arguments with which only SQL can make the test. ``refuses_null``: the
    test's SQL also fails for a NULL.
    """

    def __init__(
        self,
        read: Read,
        arguments: Sequence[str] = (),
        *,
        further: Sequence[str] = (),
        is_of_model: bool = False,
        refuses_null: bool = False,
    ) -> None:
        self.read = read
        self.arguments = arguments
        self.further = further
        self.is_of_model = is_of_model
        self.refuses_null = refuses_null


_CONDITION = ("row_condition",)

TESTS: Mapping[str, Line] = {
    "not_null": Line(_not_null),
    "unique": Line(_unique),
    "accepted_values": Line(_accepted_values, ("values", "quote")),
    "relationships": Line(_relationships, ("to", "field")),
    "phlo_range": Line(_range_of_ours, ("min_value", "max_value", "inclusive")),
    "phlo_unique_combination": Line(_combination, ("combination_of_columns",), is_of_model=True),
    "phlo_pattern": Line(_pattern, ("regex",)),
    "accepted_range": Line(_range, ("min_value", "max_value", "inclusive")),
    "unique_combination_of_columns": Line(
        _combination_with_nulls, ("combination_of_columns", "quote_columns"), is_of_model=True
    ),
    "expression_is_true": Line(_expression, ("expression",), is_of_model=True),
    "expect_column_values_to_not_be_null": Line(_not_null, further=_CONDITION),
    "expect_column_values_to_be_unique": Line(_unique, further=_CONDITION),
    "expect_column_values_to_be_in_set": Line(
        _value_set, ("value_set", "quote_values"), further=_CONDITION, refuses_null=True
    ),
    "expect_column_values_to_be_between": Line(
        _between, ("min_value", "max_value", "strictly"), further=_CONDITION
    ),
    "expect_column_values_to_match_regex": Line(
        _pattern, ("regex",), further=("is_raw", "flags", *_CONDITION)
    ),
    "expect_column_value_lengths_to_be_between": Line(
        _lengths, ("min_value", "max_value", "strictly"), further=_CONDITION
    ),
    "expect_compound_columns_to_be_unique": Line(
        _compound,
        ("column_list", "ignore_row_if", "quote_columns"),
        further=_CONDITION,
        is_of_model=True,
    ),
}
"""A test's bare name, how it is read, and its arguments."""
