"""Which columns of failing rows are not shown: those that are ``pii``, and what is made of them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

HIDDEN = "***"


def hidden_columns(
    columns: Iterable[str],
    *,
    pii: Iterable[str],
    plain: Iterable[str] = (),
    sql: str = "",
) -> frozenset[str]:
    """The columns of a query's result whose values must not be seen.

    ``pii`` and ``plain`` are the declared columns of the models that the query reads, and ``sql``
    is the query as its author wrote it, empty for ``select *`` of one model. A query that names a
    ``pii`` column may give its values under any name: then only what is surely another column of
    the model is shown, not what the query calls so itself.

    >>> sorted(hidden_columns(["id", "e"], pii=["email"], plain=["id"],
    ...                       sql="select id, lower(email) as e from customers"))
    ['e']
    """
    secret = {name.lower() for name in pii}
    if not secret:
        return frozenset()
    known = {name.lower() for name in plain}
    text = sql.lower()
    mentioned = any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in secret)
    return frozenset(
        column
        for column in columns
        if column.lower() in secret
        or (mentioned and (column.lower() not in known or _is_alias(column.lower(), text)))
    )


def redacted(row: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    """The row with ``***`` for every hidden value that is there; a NULL stays one."""
    return {
        name: HIDDEN if name in hidden and value is not None else value
        for name, value in row.items()
    }


def kept(row: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """The row with some of its columns alone, in their order."""
    return {name: row[name] for name in columns}


def _is_alias(column: str, sql: str) -> bool:
    """Whether the query gives this name to something itself."""
    return re.search(rf'\bas\s+["`]?{re.escape(column)}(?!\w)', sql) is not None
