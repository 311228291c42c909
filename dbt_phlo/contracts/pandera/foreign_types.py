"""Iceberg types of the dtypes in hand-written Pandera classes: numpy, pandas, polars, Arrow."""

from collections.abc import Callable
from typing import Any

from dbt_phlo.extras import optional
from dbt_phlo.tables.schema import Type

NUMBERS: dict[str, Type] = {
    "bool": "boolean",
    "boolean": "boolean",
    "int8": "int",
    "int16": "int",
    "int32": "int",
    "int64": "long",
    "int128": "decimal(38, 0)",
    "uint8": "int",
    "uint16": "int",
    "uint32": "long",
    "uint64": "decimal(20, 0)",
    "float16": "float",
    "halffloat": "float",
    "float32": "float",
    "float": "float",
    "float64": "double",
    "double": "double",
}
"""Names of numbers in every library, in lower case; the next type that holds them all."""

PYTHON: dict[type, Type] = {bool: "boolean", int: "long", float: "double", str: "string"}

POLARS: dict[str, Type] = {
    "String": "string",
    "Categorical": "string",
    "Enum": "string",
    "Binary": "binary",
    "Date": "date",
    "Time": "time",
    "Datetime": "timestamp",
}
_MOST_DIGITS = 38


def iceberg_type(dtype: Any) -> Type | None:
    """The Iceberg type for a Pandera dtype, or None where there is none.

    Whole numbers without a sign become the next type that holds them; a decimal keeps its digits.
    """
    if hasattr(dtype, "of"):  # ours
        return dtype.of  # type: ignore[no-any-return]
    if type(dtype).__module__.startswith("pandera.engines.pandas"):
        if type(dtype).__name__ == "Decimal":
            return _decimal(dtype.precision, dtype.scale)
        if type(dtype).__name__ == "Date":
            return "date"
    return native_type(getattr(dtype, "type", dtype))


def native_type(of: Any) -> Type | None:
    """The Iceberg type for a dtype of numpy, pandas, polars or Arrow, or for a Python type."""
    if getattr(of, "__origin__", None) in (list, dict):
        parts = [native_type(argument) for argument in of.__args__]
        return _list(parts[0]) if len(parts) == 1 else _map(*parts)
    module = (of if isinstance(of, type) else type(of)).__module__
    if module.startswith("polars"):
        return _polars(of)
    if module.startswith("pyarrow"):
        return arrow(of)
    return arrow(of.pyarrow_dtype) if hasattr(of, "pyarrow_dtype") else _numpy_or_pandas(of)


def _numpy_or_pandas(of: Any) -> Type | None:
    if isinstance(of, type):
        return PYTHON.get(of)
    name, kind = str(getattr(of, "name", of)).lower(), getattr(of, "kind", "")
    if hasattr(of, "categories"):
        values = getattr(of.categories, "dtype", "str")
        name = "string" if str(values) in ("object", "str") else str(values)
    if kind == "M" or name.startswith("datetime64"):
        return "timestamptz" if getattr(of, "tz", None) is not None else "timestamp"
    if name.startswith("str"):
        return "string"
    return "binary" if kind == "S" else NUMBERS.get(name)


def _polars(of: Any) -> Type | None:
    pl = optional("polars", extra="polars")
    made: Callable[[Any], Type | None] | None = {
        pl.Datetime: lambda of: "timestamptz" if of.time_zone else "timestamp",
        pl.Decimal: lambda of: _decimal(of.precision or _MOST_DIGITS, of.scale),
        pl.List: lambda of: _list(_polars(of.inner)),
        pl.Array: lambda of: _list(_polars(of.inner)),
        pl.Struct: lambda of: _struct([(part.name, _polars(part.dtype)) for part in of.fields]),
    }.get(type(of))
    if made is not None:
        return made(of)
    name = of.__name__ if isinstance(of, type) else type(of).__name__
    return POLARS.get(name) or NUMBERS.get(name.lower())


def arrow(of: Any) -> Type | None:
    """The Iceberg type for an Arrow type, or None where there is none."""
    types = optional("pyarrow", extra="arrow").types
    makers: list[tuple[Callable[[Any], bool], Callable[[Any], Type | None]]] = [
        (types.is_decimal, lambda of: _decimal(of.precision, of.scale)),
        (types.is_timestamp, lambda of: "timestamptz" if of.tz else "timestamp"),
        (types.is_time, lambda of: "time"),
        (types.is_date, lambda of: "date"),
        (types.is_dictionary, lambda of: arrow(of.value_type)),
        (types.is_map, lambda of: _map(arrow(of.key_type), arrow(of.item_type))),
        (types.is_struct, lambda of: _struct([(part.name, arrow(part.type)) for part in of])),
        (types.is_nested, lambda of: _list(arrow(of.value_type))),
        (types.is_fixed_size_binary, lambda of: f"fixed[{of.byte_width}]"),
    ]
    for matches, make in makers:
        if matches(of):
            return make(of)
    name = str(of).removeprefix("large_").removesuffix("_view")
    return "uuid" if name == "extension<arrow.uuid>" else _PLAIN.get(name)


_PLAIN: dict[str, Type] = {**NUMBERS, "string": "string", "binary": "binary"}


def _decimal(precision: int, scale: int) -> Type | None:
    fits = 0 <= scale <= precision <= _MOST_DIGITS
    return f"decimal({precision}, {scale})" if fits else None


def _list(element: Type | None) -> Type | None:
    return None if element is None else {"type": "list", "element": element}


def _map(key: Type | None, value: Type | None) -> Type | None:
    return None if key is None or value is None else {"type": "map", "key": key, "value": value}


def _struct(parts: list[tuple[str, Type | None]]) -> Type | None:
    if any(of is None for _, of in parts):
        return None
    fields = [{"name": name, "required": False, "type": of} for name, of in parts]
    return {"type": "struct", "fields": fields}
