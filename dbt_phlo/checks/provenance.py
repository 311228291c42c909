"""Which columns of tables each column of a query's result is made of."""

from typing import Any

STAR = "*"
"""Stands for every column of the tables, under its own name."""


def made_of(sql: str) -> dict[str, frozenset[str] | None] | None:
    """By the name of each column of the result, the columns in its expression; all in lower case.

    None as a value: the expression may hold any column, as a whole row does. None altogether: the
    query is not a plain SELECT from tables, and nothing can be said.

    >>> made_of("select id, lower(email) as e, to_json(c) as j from customers as c")
    {'id': frozenset({'id'}), 'e': frozenset({'email'}), 'j': None}
    >>> made_of("with x as (select 1 as i) select i from x")
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    try:
        tree = parse_one(sql, dialect="duckdb")
    except (SqlglotError, RecursionError):
        return None
    tables = _tables(tree)
    if tables is None:
        return None
    made: dict[str, frozenset[str] | None] = {}
    for projection in tree.expressions:
        if isinstance(projection, exp.Star):
            if any(projection.args.values()):  # exclude, replace, rename
                return None
            made[STAR] = None
            continue
        name = projection.alias_or_name.lower()
        made[name] = _columns(projection, tables)
    return made


def _tables(tree: Any) -> set[str] | None:
    """The names that stand for whole rows; None where the query is no plain SELECT from tables."""
    from sqlglot import exp

    if not isinstance(tree, exp.Select) or tree.args.get("with_") or tree.args.get("with"):
        return None
    origin = tree.args.get("from_") or tree.args.get("from")
    items = [origin.this] if origin is not None else []
    items += [join.this for join in tree.args.get("joins") or ()]
    names: set[str] = set()
    for item in items:
        if isinstance(item, exp.Subquery):
            inner = item.this
            is_all = isinstance(inner, exp.Select) and all(
                isinstance(one, exp.Star) and not any(one.args.values())
                for one in inner.expressions
            )
            if not is_all or _tables(inner) is None:
                return None
        elif not isinstance(item, exp.Table):
            return None
        names.add(item.alias_or_name.lower())
    return names


def _columns(projection: Any, tables: set[str]) -> frozenset[str] | None:
    from sqlglot import exp

    found = set()
    for node in projection.walk():
        if isinstance(node, exp.Star) and isinstance(node.parent, exp.Count):
            continue
        if isinstance(node, exp.Star | exp.Columns | exp.Subquery | exp.Select):
            return None
        if isinstance(node, exp.Column):
            if node.name.lower() in tables and not node.table:
                return None
            found |= {part.name.lower() for part in node.parts}
        if isinstance(node, exp.Anonymous) and node.name.lower() == "columns":
            return None
    return frozenset(found)
