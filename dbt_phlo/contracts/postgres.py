"""A contract as a PostgreSQL table.

Identifiers are quoted as they are spelled. Nothing is cut off in silence: PostgreSQL shortens a
name over 63 bytes with a notice (its manual, 4.1.1), here it is an error.
"""

from dbt_phlo.contracts.contract import Column, Contract
from dbt_phlo.contracts.iceberg import digits
from dbt_phlo.contracts.rules import Length
from dbt_phlo.errors import NameRefused
from dbt_phlo.names import quoted
from dbt_phlo.tables.schema import Type

LONGEST_NAME = 63
"""Bytes in an identifier (``NAMEDATALEN`` - 1)."""

LONGEST_TEXT = 10_485_760
"""The most that PostgreSQL takes as n of varchar(n); beyond it a column is text."""

PRIMITIVES: dict[str, str] = {
    "boolean": "boolean",
    "int": "integer",
    "long": "bigint",
    "float": "real",
    "double": "double precision",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "string": "text",
    "uuid": "uuid",
    "binary": "bytea",
}


def create_table(contract: Contract, schema: str, table: str) -> str:
    """CREATE TABLE with every column. Raises ``NameRefused`` for a name that is too long."""
    columns = ",\n".join(f"  {definition}" for definition in definitions(contract))
    return f"create table {relation(schema, table)} (\n{columns}\n)"


def definitions(contract: Contract) -> list[str]:
    """A column definition for each column, in order."""
    return [_definition(column, contract) for column in contract.columns]


def comments(contract: Contract, schema: str, table: str) -> list[str]:
    """COMMENT ON statements for what is described."""
    target = relation(schema, table)
    found = []
    if contract.description:
        found.append(f"comment on table {target} is {literal(contract.description)}")
    found += [
        f"comment on column {target}.{identifier(column.name, contract)} is "
        f"{literal(column.description)}"
        for column in contract.columns
        if column.description
    ]
    return found


def data_type(of: Type) -> str:
    """The PostgreSQL type of an Iceberg type.

    A list of primitives is an array. Lists in lists are JSON, as PostgreSQL's arrays of arrays
    must be rectangular; so are structs and maps.

    >>> data_type({"type": "list", "element": "decimal(9, 2)"})
    'numeric(9, 2)[]'
    """
    if isinstance(of, str):
        if of.startswith("decimal"):
            return "numeric({}, {})".format(*digits(of))
        return "bytea" if of.startswith("fixed[") else PRIMITIVES[of]
    if of["type"] == "list" and isinstance(of["element"], str):
        return data_type(of["element"]) + "[]"
    return "jsonb"


def relation(schema: str, table: str) -> str:
    """A table's quoted name."""
    return f"{identifier(schema)}.{identifier(table)}"


def identifier(name: str, contract: Contract | None = None) -> str:
    """A quoted name, if PostgreSQL keeps it whole; else ``NameRefused``."""
    size = len(name.encode("utf-8", "surrogatepass"))
    if not name or "\0" in name or size > LONGEST_NAME:
        where = f"column {name} of {contract.name}" if contract else f"the name {name!r}"
        origin = contract.column(name) if contract else None
        line = f"{origin.origin}: " if origin and origin.origin.file else ""
        raise NameRefused(
            f"{line}{where} cannot be a name in PostgreSQL: it has {size} bytes of UTF-8, and "
            f"1 to {LONGEST_NAME} are allowed",
            remedy="give it a shorter name in the model that is published",
            code="PHLO241",
        )
    return quoted(name)


def literal(text: str) -> str:
    """A string literal that reads the same whatever ``standard_conforming_strings`` is.

    PostgreSQL's text holds no NUL character; the replacement character U+FFFD stands for it.
    """
    safe = text.replace("\0", "\ufffd").replace("'", "''")
    escaped = safe.replace("\\", "\\\\")
    return f"'{safe}'" if safe == escaped else f"E'{escaped}'"


def _definition(column: Column, contract: Contract) -> str:
    written = data_type(column.type)
    lengths = [
        constraint.rule.maximum
        for constraint in contract.about(column.name)
        if constraint.is_hard and isinstance(constraint.rule, Length) and constraint.rule.maximum
    ]
    if lengths and written == "text" and min(lengths) <= LONGEST_TEXT:
        written = f"varchar({min(lengths)})"
    required = "" if contract.is_nullable(column.name) else " not null"
    return f"{identifier(column.name, contract)} {written}{required}"
