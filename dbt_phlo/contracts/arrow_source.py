"""A contract from an Arrow schema, or from a sample of rows as an Arrow table."""

from collections.abc import Sequence
from typing import Any

from dbt_phlo.contracts.candidate_keys import Seen, constraints_of
from dbt_phlo.contracts.contract import Column, Constraint, Contract
from dbt_phlo.contracts.rules import NotNull
from dbt_phlo.errors import TypeRefused
from dbt_phlo.extras import optional
from dbt_phlo.tables.schema import Type

MOST_ROWS_FOR_PAIRS = 100_000

SIMPLE: dict[str, str] = {
    "bool": "boolean",
    "int8": "int",
    "int16": "int",
    "int32": "int",
    "uint8": "int",
    "uint16": "int",
    "int64": "long",
    "uint32": "long",
    "uint64": "decimal(20, 0)",
    "halffloat": "float",
    "float": "float",
    "double": "double",
    "date32[day]": "date",
    "date64[ms]": "date",
    "string": "string",
    "large_string": "string",
    "string_view": "string",
    "binary": "binary",
    "large_binary": "binary",
    "binary_view": "binary",
    "extension<arrow.uuid>": "uuid",
    "extension<arrow.json>": "string",
}
"""Arrow's name of a type, and the Iceberg type."""

LISTS = ("list", "large_list", "fixed_size_list", "list_view", "large_list_view")


def contract_of(name: str, schema: Any) -> Contract:
    """A contract with the columns of a ``pyarrow.Schema``; a field that is not nullable is not
    null. Raises ``TypeRefused`` for a type that Iceberg v2 cannot hold (PHLO544)."""
    return Contract(
        name,
        tuple(Column(field.name, _column_type(name, field)) for field in schema),
        tuple(
            Constraint(NotNull(field.name), "constraint") for field in schema if not field.nullable
        ),
    )


def infer(name: str, sample: Any) -> Contract:
    """A contract that a ``pyarrow.Table`` keeps: types, what has no NULL, and candidate keys.

    It says what was seen in these rows, no more: a proposal to read, not a promise.
    """
    arrow = optional("pyarrow", extra="arrow")
    plain = arrow.table([_plain(one) for one in sample.columns], names=sample.schema.names)

    def distinct(keys: Sequence[tuple[str, ...]]) -> list[int]:
        return [
            len(plain[key[0]].unique())
            if len(key) == 1
            else plain.select(key).group_by(list(key)).aggregate([]).num_rows
            for key in keys
        ]

    seen = []
    for field, column in zip(sample.schema, plain.columns, strict=True):
        of = _column_type(name, field)
        count = len(column.unique()) if isinstance(of, str) else 0
        seen.append(Seen(field.name, of, column.null_count, count))
    rows = sample.num_rows
    constraints = constraints_of(rows, seen, distinct, rows <= MOST_ROWS_FOR_PAIRS)
    return Contract(name, tuple(Column(one.name, one.type) for one in seen), constraints)


def iceberg_type(of: Any) -> Type:
    """The Iceberg type of a ``pyarrow.DataType``, which holds each of its values.

    Nanoseconds become microseconds, as in every table of the lake. Raises ``ValueError`` with the
    type, or the part of it, that Iceberg v2 lacks.
    """
    types = optional("pyarrow", extra="arrow").types
    written = SIMPLE.get(str(of), "")
    if types.is_dictionary(of):
        return iceberg_type(of.value_type)
    if types.is_decimal(of) and of.precision <= 38 and 0 <= of.scale <= of.precision:
        written = f"decimal({of.precision}, {of.scale})"
    elif types.is_time(of):
        written = "time"
    elif types.is_timestamp(of):
        written = "timestamptz" if of.tz else "timestamp"
    elif types.is_fixed_size_binary(of):
        written = "binary"
    return written or _nested(types, of)


def _nested(types: Any, of: Any) -> Type:
    if types.is_map(of):
        key, value = iceberg_type(of.key_type), iceberg_type(of.item_type)
        required = {} if of.item_field.nullable else {"value-required": True}
        return {"type": "map", "key": key, "value": value, **required}
    if types.is_struct(of) and of.num_fields:
        fields = [
            {"name": one.name, "required": not one.nullable, "type": iceberg_type(one.type)}
            for one in of.fields
        ]
        return {"type": "struct", "fields": fields}
    if any(is_list(of) for is_list in (getattr(types, f"is_{kind}") for kind in LISTS)):
        required = {} if of.value_field.nullable else {"element-required": True}
        return {"type": "list", "element": iceberg_type(of.value_type), **required}
    raise ValueError(str(of))


def _column_type(table: str, field: Any) -> Type:
    try:
        return iceberg_type(field.type)
    except ValueError as error:
        empty = str(error) == "null"
        raise TypeRefused(
            f"column {field.name} of {table} has the Arrow type {field.type}, "
            + ("which shows no type" if empty else f"and Iceberg cannot hold {error}"),
            remedy="give it a sample with a value in that column, or cast it"
            if empty
            else "cast the column, for example to a string, before it is loaded",
            code="PHLO544",
        ) from error


def _plain(column: Any) -> Any:
    """A column that pyarrow can count: dictionaries decoded, UUIDs as the bytes that they are."""
    arrow = optional("pyarrow", extra="arrow")
    if arrow.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    if str(column.type).startswith("extension<"):
        return column.cast(column.type.storage_type)
    return column
