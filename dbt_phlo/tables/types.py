"""Which DuckDB types an Iceberg v2 table can hold, and what becomes of the others.

One visible table. ``WIDENED`` types become the next wider one without changing a value (a cast that
would is an error of DuckDB's); ``REFUSED`` types are an error that names the column and what to
write instead. ``EXACT`` types are cast with a check that nothing is cut off.
Source: Iceberg specification v2, "Primitive Types"; DuckDB 1.5 refuses the rest itself, except
TIMESTAMP_NS, which it writes silently into a v2 table.
"""

import re

from dbt_phlo.errors import TypeRefused
from dbt_phlo.names import quoted

WIDENED = {
    "TINYINT": "INTEGER",
    "SMALLINT": "INTEGER",
    "UTINYINT": "INTEGER",
    "USMALLINT": "INTEGER",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)",
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "JSON": "VARCHAR",
    "ENUM": "VARCHAR",
    "BIT": "VARCHAR",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
}
EXACT = {
    "TIMESTAMP_NS": "TIMESTAMP",
}
REFUSED = {
    "INTERVAL": "a number of seconds, as in epoch(x)",
    "TIME WITH TIME ZONE": "x::time to drop the offset, or x::varchar to keep it",
    "TIME_NS": "x::time",
    "BIGNUM": "x::decimal(38,0), or x::varchar",
    "UNION": "a struct with one field for each member",
    "GEOMETRY": "ST_AsWKB(x)",
    "VARIANT": "x::json, or a struct",
}
INSIDE = {
    "TIMESTAMP_NS": "x::timestamp",
}
"""Refused inside of a nested type, where no check can be made of what a cast would cut off."""
NESTED = ("STRUCT", "MAP", "LIST", "ARRAY")


def projection(columns: list[tuple[str, str]], table: str) -> list[str]:
    """The casts that make a query's columns fit: items for ``select * replace (...)``.

    ``columns`` are (name, DuckDB type) as DESCRIBE tells them; no items when everything fits.
    Raises ``TypeRefused`` with the table, the column and the remedy.
    """
    items = []
    for name, written in columns:
        kind = base(written)
        refused = _refused(written)
        if refused:
            advice = {**REFUSED, **INSIDE}[refused]
            if kind == refused:
                advice = f"write {name.join(re.split(_X, advice))} instead"
            else:
                advice = f"write {advice} for each {refused} x in it"
            raise TypeRefused(
                f"column {name} of {table} has type {written}, which Iceberg cannot hold",
                remedy=advice,
            )
        column = quoted(name)
        if kind in EXACT:
            problem = f"column {name} of {table} holds nanoseconds that a timestamp would cut off"
            items.append(
                f"CASE WHEN epoch_ns({column}) % 1000 = 0 OR {column} IS NULL "
                f"THEN {column}::{EXACT[kind]} ELSE error('{problem.replace(chr(39), '')}') END "
                f"AS {column}"
            )
        elif widened(written) != written:
            items.append(f"CAST({column} AS {widened(written)}) AS {column}")
    return items


def widened(written: str) -> str:
    """A DuckDB type with every part that Iceberg lacks made wider.

    >>> widened("SMALLINT")
    'INTEGER'
    >>> widened("STRUCT(a UTINYINT, b VARCHAR)[]")
    'STRUCT(a INTEGER, b VARCHAR)[]'
    """
    kind = base(written)
    if kind in WIDENED:
        return WIDENED[kind]
    if "[" in written or "(" in written:
        fixed = re.sub(r"\[\d+\]", "[]", written)  # a fixed-length array is a list
        enum = re.sub(r"\bENUM\((?:'(?:[^']|'')*'(?:, )?)*\)", "VARCHAR", fixed)
        return _WORD.sub(lambda match: WIDENED.get(match[0], match[0]), enum)
    return written


def _refused(written: str) -> str:
    """The part of a type that cannot be held, or nothing.

    >>> _refused("STRUCT(a INTERVAL[], b INTEGER)")
    'INTERVAL'
    >>> _refused('STRUCT("INTERVAL" INTEGER)')
    ''
    """
    if base(written) not in NESTED:
        return base(written) if base(written) in REFUSED else ""
    if written.startswith("UNION"):
        return "UNION"
    text = _QUOTED.sub("", written)
    for kind in (*REFUSED, *INSIDE):
        if re.search(rf"(?<![A-Za-z_]){kind}(?![A-Za-z_])", text):
            return kind
    return ""


_X = re.compile(r"\bx\b")
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
_WORD = re.compile(r'"(?:[^"]|"")*"|[A-Z_]+')


def base(written: str) -> str:
    """The name of a type without its parameters; nested types give their outermost kind.

    >>> base("DECIMAL(18,3)"), base("INTEGER[]"), base("ENUM('a', 'b')")
    ('DECIMAL', 'LIST', 'ENUM')
    """
    if written.endswith("]"):
        return "LIST"
    return written.split("(", 1)[0].strip('"')
