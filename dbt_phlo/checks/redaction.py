"""Which columns of failing rows are not shown: those that are ``pii``, and what is made of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dbt_phlo.checks import provenance

HIDDEN = "***"


def hidden_columns(
    columns: Iterable[str],
    *,
    pii: Iterable[str],
    sql: str = "",
) -> frozenset[str]:
    """The columns of a query's result whose values must not be seen.

    ``pii`` are columns of the models that the query reads, and ``sql``
    is the query, empty for ``select *`` of one model. A query may give the values of a ``pii``
    column under any name: what it makes of other columns alone is shown. Where that cannot be told,
    as behind a ``with``, nothing but ``***`` is.

    >>> sorted(hidden_columns(["id", "e"], pii=["email"],
    ...                       sql="select id, lower(email) as e from customers"))
    ['e']
    """
    secret = {name.lower() for name in pii}
    if not secret:
        return frozenset()
    if not sql:
        return frozenset(column for column in columns if column.lower() in secret)
    made = provenance.made_of(sql)
    return frozenset(column for column in columns if _is_hidden(column.lower(), secret, made))


def _is_hidden(
    column: str, secret: set[str], made: Mapping[str, frozenset[str] | None] | None
) -> bool:
    if made is None or column in secret:
        return True
    if column not in made:
        return provenance.STAR not in made
    of = made[column]
    return of is None or bool(of & secret)


def redacted(row: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    """The row with ``***`` for every hidden value that is there; a NULL stays one."""
    return {
        name: HIDDEN if name in hidden and value is not None else value
        for name, value in row.items()
    }


def kept(row: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """The row with some of its columns alone, in their order."""
    return {name: row[name] for name in columns}
