"""Iceberg types as Arrow and polars hold them (Iceberg specification v2, "Primitive Types")."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dbt_phlo.errors import TypeRefused, nearest
from dbt_phlo.extras import optional
from dbt_phlo.tables.schema import Type

if TYPE_CHECKING:
    import polars

_NUMBERS = re.compile(r"\d+")


def arrow_type(of: Type) -> Any:
    """The ``pyarrow.DataType`` that holds every value of an Iceberg type, and no other.

    Raises ``TypeRefused`` (PHLO571) for what is no Iceberg type.
    """
    pyarrow = optional("pyarrow", extra="arrow")
    if isinstance(of, str):
        return _primitive(of)
    if of["type"] == "list":
        return pyarrow.list_(arrow_type(of["element"]))
    if of["type"] == "map":
        return pyarrow.map_(arrow_type(of["key"]), arrow_type(of["value"]))
    return pyarrow.struct([(field["name"], arrow_type(field["type"])) for field in of["fields"]])


def polars_type(of: Type) -> "polars.DataType":
    """The polars type: a map is a list of key and value, a uuid its text."""
    pl: Any = optional("polars", extra="polars")
    if not isinstance(of, str):
        if of["type"] == "list":
            return pl.List(polars_type(of["element"]))  # type: ignore[no-any-return]
        if of["type"] == "map":
            entry = {"key": polars_type(of["key"]), "value": polars_type(of["value"])}
            return pl.List(pl.Struct(entry))  # type: ignore[no-any-return]
        fields = [pl.Field(field["name"], polars_type(field["type"])) for field in of["fields"]]
        return pl.Struct(fields)  # type: ignore[no-any-return]
    if of.startswith("decimal("):
        return pl.Decimal(*_numbers(of))  # type: ignore[no-any-return]
    primitives = {
        "boolean": pl.Boolean(),
        "int": pl.Int32(),
        "long": pl.Int64(),
        "float": pl.Float32(),
        "double": pl.Float64(),
        "date": pl.Date(),
        "time": pl.Time(),
        "timestamp": pl.Datetime("us"),
        "timestamptz": pl.Datetime("us", "UTC"),
        "string": pl.String(),
        "uuid": pl.String(),
        "binary": pl.Binary(),
        "fixed": pl.Binary(),
    }
    kind = of.split("[")[0]
    if kind not in primitives:
        raise _unknown(of)
    return primitives[kind]  # type: ignore[no-any-return]


@lru_cache(maxsize=512)
def _primitive(of: str) -> Any:
    pyarrow = optional("pyarrow", extra="arrow")
    if of.startswith("decimal("):
        return pyarrow.decimal128(*_numbers(of))
    if of.startswith("fixed["):
        return pyarrow.binary(*_numbers(of))
    made = {
        "boolean": pyarrow.bool_,
        "int": pyarrow.int32,
        "long": pyarrow.int64,
        "float": pyarrow.float32,
        "double": pyarrow.float64,
        "date": pyarrow.date32,
        "time": lambda: pyarrow.time64("us"),
        "timestamp": lambda: pyarrow.timestamp("us"),
        "timestamptz": lambda: pyarrow.timestamp("us", "UTC"),
        "string": pyarrow.string,
        "uuid": pyarrow.uuid,
        "binary": pyarrow.binary,
    }
    if of not in made:
        raise _unknown(of)
    return made[of]()


def _numbers(of: str) -> list[int]:
    return [int(number) for number in _NUMBERS.findall(of)]


def _unknown(of: str) -> TypeRefused:
    known = ["boolean", "int", "long", "float", "double", "decimal(18, 3)", "date", "time"]
    known += ["timestamp", "timestamptz", "string", "uuid", "binary", "fixed[16]"]
    return TypeRefused(f"{of!r} is no Iceberg type.{nearest(of, known)}", code="PHLO571")
