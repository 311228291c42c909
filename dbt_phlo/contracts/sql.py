"""A contract's rules as SQL: for each the rows that break it.

The condition of a row rule is true for a row that fails, and false or NULL for every other; only
``NotNull`` fails a NULL. Both dialects give the same rows.
"""

import math
from collections.abc import Sequence

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Expression,
    Length,
    NotNull,
    Pattern,
    Range,
    Rule,
    Unique,
    Value,
)
from dbt_phlo.contracts.sql_literals import Dialect, literal
from dbt_phlo.contracts.sql_ranges import outside
from dbt_phlo.errors import TypeRefused
from dbt_phlo.names import quoted
from dbt_phlo.tables.schema import Type

ROW_RULES = (NotNull, AcceptedValues, Range, Length, Pattern, Expression)
"""The rules that one row is enough to decide."""

RowRule = NotNull | AcceptedValues | Range | Length | Pattern | Expression


def failing(rule: RowRule, contract: Contract, dialect: Dialect = "duckdb") -> str:
    """The SQL condition of the rows that fail a rule.

    Types are the contract's. Raises ``TypeRefused`` for a value that the column's type cannot hold
    and for a rule that its type cannot have.

    >>> failing(Range("a", 1, 9), Contract("t", ()))
    '"a" < 1 OR "a" > 9'
    """
    if isinstance(rule, Expression):
        # the line break ends a comment at the end of what the user wrote
        return f"NOT ({rule.sql}\n)" if rule.null_passes else f"NOT coalesce(({rule.sql}\n), FALSE)"
    found = contract.column(rule.column)
    column, of = quoted(rule.column), found.type if found else None
    place = f"{found.origin}: " if found and found.origin.file else ""
    where = f"{place}column {rule.column} of {contract.name}"
    if isinstance(rule, NotNull):
        return f"{column} IS NULL"
    if isinstance(rule, AcceptedValues):
        return _not_in(column, rule.values, of, dialect, where)
    if isinstance(rule, Range):
        return " OR ".join(outside(rule, column, of, dialect, where)) or "FALSE"
    if isinstance(rule, Length):
        return _length(rule, column, of, dialect, where)
    if of not in (None, "string"):
        raise _misfit("a pattern", where, of)
    function = "regexp_like" if dialect == "trino" else "regexp_matches"
    return f"NOT {function}({column}, {literal(rule.regex, 'string', dialect, where)})"


def is_row_rule(rule: Rule) -> bool:
    """Whether ``failing`` can write a rule."""
    return isinstance(rule, ROW_RULES)


def duplicates(
    rule: Unique, relation: str, dialect: Dialect = "duckdb", where: str = "", columns: str = "*"
) -> str:
    """A query of all rows whose key another row has too: ``columns`` of the relation, quoted.

    On DuckDB only the keys that occur twice are held in memory while rows are read, on Trino a
    window sorts all of them (a join there would miss NaN, which equals nothing).
    """
    keys = ", ".join(map(quoted, rule.columns))
    source = f"{relation}{_condition(rule, where)}"
    if dialect == "trino":
        return (
            f"SELECT {columns} FROM (SELECT *, count(*) OVER (PARTITION BY {keys}) AS phlo_copies "
            f"FROM {source}) AS phlo_rows WHERE phlo_copies > 1"
        )
    same = " AND ".join(
        f"phlo_rows.{key} IS NOT DISTINCT FROM phlo_keys.{key}" for key in map(quoted, rule.columns)
    )
    return (
        f"SELECT {columns} FROM (SELECT * FROM {source}) AS phlo_rows SEMI JOIN "
        f"(SELECT {keys} FROM {source} GROUP BY {keys} HAVING count(*) > 1) AS phlo_keys ON {same}"
    )


def duplicate_count(rule: Unique, relation: str, where: str = "") -> str:
    """A query of how many rows ``duplicates`` gives: rows, not groups."""
    keys = ", ".join(map(quoted, rule.columns))
    return (
        f"SELECT coalesce(sum(phlo_copies), 0) FROM (SELECT count(*) AS phlo_copies FROM {relation}"
        f"{_condition(rule, where)} GROUP BY {keys} HAVING count(*) > 1) AS phlo_groups"
    )


def known(rule: Unique) -> str:
    """The condition of the rows that a uniqueness rule is about, or nothing for all."""
    if rule.nulls_are_equal:
        return ""
    return " AND ".join(f"{quoted(column)} IS NOT NULL" for column in rule.columns)


def every(*conditions: str) -> str:
    """Conditions joined by AND, without the empty ones; each may end in a comment."""
    return " AND ".join(f"({condition}\n)" for condition in conditions if condition)


def _condition(rule: Unique, where: str) -> str:
    condition = every(known(rule), where)
    return f" WHERE {condition}" if condition else ""


def _not_in(
    column: str, values: Sequence[Value], of: Type | None, dialect: Dialect, where: str
) -> str:
    """A value that the column cannot hold (1.5 for whole numbers) equals no row, and is left."""
    exact = isinstance(of, str) and (of in ("int", "long") or of.startswith("decimal"))
    written: dict[str, None] = {}
    nan = False
    for value in values:
        if dialect == "trino" and of in ("float", "double", None) and _is_nan(value):
            nan = True
            continue
        try:
            written[literal(value, of, dialect, where)] = None
        except TypeRefused:
            if not exact or isinstance(value, bool | str | bytes):
                raise
    accepted = [f"{column} IN ({', '.join(written)})"] if written else []
    accepted += [f"is_nan({column})"] if nan else []
    return f"NOT ({' OR '.join(accepted)})" if accepted else f"{column} IS NOT NULL"


def _is_nan(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _length(rule: Length, column: str, of: Type | None, dialect: Dialect, where: str) -> str:
    if of not in (None, "string", "binary"):
        raise _misfit("a length", where, of)
    function = "octet_length" if of == "binary" and dialect == "duckdb" else "length"
    found = [] if rule.minimum is None else [f"{function}({column}) < {int(rule.minimum)}"]
    found += [] if rule.maximum is None else [f"{function}({column}) > {int(rule.maximum)}"]
    return " OR ".join(found) or "FALSE"


def _misfit(what: str, where: str, of: Type | None) -> TypeRefused:
    kind = of if isinstance(of, str) else "nested"
    return TypeRefused(
        f"{where}: {what} is a rule of texts, and the column's type is {kind}",
        remedy="remove the rule, or declare the column as varchar",
        code="PHLO543",
    )
