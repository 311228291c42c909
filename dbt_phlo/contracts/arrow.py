"""A contract as an Arrow schema: the types that DuckDB and pyiceberg both read as they are meant.

Without metadata: field ids belong to a table, not to a contract. Strings, lists and binaries have
32-bit offsets, times are microseconds, a timestamp with time zone is in UTC, and a UUID is Arrow's
extension type (DuckDB 1.5 and pyiceberg 0.12 give bytes for a plain 16-byte binary).
"""

from typing import Any

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.iceberg import digits
from dbt_phlo.extras import optional
from dbt_phlo.tables.schema import Type

PRIMITIVES: dict[str, str] = {
    "boolean": "bool_",
    "int": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "date": "date32",
    "string": "string",
    "binary": "binary",
    "uuid": "uuid",
}
"""Iceberg's name of a type, and the function of pyarrow that makes it."""


def schema(contract: Contract) -> Any:
    """The ``pyarrow.Schema``; a column is nullable unless a hard constraint forbids it."""
    arrow = optional("pyarrow", extra="arrow")
    return arrow.schema(
        [
            arrow.field(column.name, data_type(column.type), contract.is_nullable(column.name))
            for column in contract.columns
        ]
    )


def data_type(of: Type) -> Any:
    """The ``pyarrow.DataType`` of an Iceberg type."""
    arrow = optional("pyarrow", extra="arrow")
    if isinstance(of, str):
        return _primitive(arrow, of)
    if of["type"] == "list":
        nullable = not of.get("element-required", False)
        return arrow.list_(arrow.field("element", data_type(of["element"]), nullable))
    if of["type"] == "map":
        nullable = not of.get("value-required", False)
        return arrow.map_(
            data_type(of["key"]), arrow.field("value", data_type(of["value"]), nullable)
        )
    return arrow.struct(
        [
            arrow.field(field["name"], data_type(field["type"]), not field.get("required", False))
            for field in of["fields"]
        ]
    )


def _primitive(arrow: Any, of: str) -> Any:
    if of == "time":
        return arrow.time64("us")
    if of == "timestamp":
        return arrow.timestamp("us")
    if of == "timestamptz":
        return arrow.timestamp("us", tz="UTC")
    if of.startswith("decimal"):
        return arrow.decimal128(*digits(of))
    if of.startswith("fixed["):
        return arrow.binary(int(of[len("fixed[") : -1]))
    return getattr(arrow, PRIMITIVES[of])()
