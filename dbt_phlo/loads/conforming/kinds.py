"""What kind of value a source sends: one word a kind, for Python values and for Arrow types.

A value that only looks like another one is made plain first: an ``Enum`` member is its value, a
numpy scalar the number that it is, ``NaT`` and ``NA`` are NULL, a model or dataclass is an object.
"""

import dataclasses
import enum
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from dbt_phlo.extras import optional

Kind = Literal[
    "boolean",
    "integer",
    "float",
    "decimal",
    "text",
    "bytes",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "uuid",
    "object",
    "list",
    "map",
    "null",
    "other",
]

KINDS: dict[type, Kind] = {
    bool: "boolean",
    int: "integer",
    float: "float",
    Decimal: "decimal",
    str: "text",
    bytes: "bytes",
    date: "date",
    time: "time",
    datetime: "timestamp",
    UUID: "uuid",
    dict: "object",
    list: "list",
    type(None): "null",
}
"""The kinds of plain values; ``datetime`` is ``timestamptz`` when it has a zone."""

CALLED: dict[str, str] = {
    "boolean": "a boolean",
    "integer": "an integer",
    "float": "a float",
    "decimal": "a decimal",
    "text": "text",
    "bytes": "bytes",
    "date": "a date",
    "time": "a time",
    "timestamp": "a timestamp without a time zone",
    "timestamptz": "a timestamp with a time zone",
    "uuid": "a UUID",
    "object": "an object",
    "list": "a list",
    "map": "a map",
    "null": "NULL",
}

_MISSING = {("pandas", "NaTType"), ("pandas", "NAType")}


FINER = "has nanoseconds, and the lake keeps microseconds"
OUTSIDE = "is not within the years 1 to 9999"


class Unheld(str):
    """A date or time that neither Python nor the lake hold, as its text, and why not."""

    kind: Kind = "timestamp"
    why: str = FINER

    def __new__(cls, text: str, kind: Kind, why: str = FINER) -> "Unheld":
        made = super().__new__(cls, text)
        made.kind, made.why = kind, why
        return made


class Single(float):
    """A float of 32 bits; its text has the digits that such a float needs."""

    text: str = ""

    def __new__(cls, value: float, text: str) -> "Single":
        made = super().__new__(cls, value)
        made.text = text
        return made


def kind_of(value: Any) -> Kind:
    """The kind of a plain value.

    >>> kind_of(1), kind_of(True), kind_of(1.5), kind_of("x"), kind_of(object())
    ('integer', 'boolean', 'float', 'text', 'other')
    """
    kind = KINDS.get(type(value), "other")
    if kind == "timestamp":
        return "timestamp" if value.utcoffset() is None else "timestamptz"
    if kind == "other" and isinstance(value, Unheld):
        return value.kind
    return "float" if kind == "other" and isinstance(value, Single) else kind


def plain(value: Any) -> Any:  # noqa: PLR0911
    """A value of one of ``KINDS``, ``Unheld`` or ``Single``, else the value as it is."""
    if type(value) in KINDS or isinstance(value, Unheld | Single):
        return value
    if isinstance(value, enum.Enum):
        return plain(value.value)
    module = type(value).__module__.split(".")[0]
    if (module, type(value).__name__) in _MISSING:
        return None
    if module == "numpy":
        return _of_numpy(value)
    if module == "pandas" and isinstance(value, datetime):
        kind = kind_of(value.to_pydatetime(warn=False))  # type: ignore[attr-defined]
        fine = getattr(value, "nanosecond", 0)
        return Unheld(value.isoformat(), kind) if fine else value.to_pydatetime()  # type: ignore[attr-defined]
    if callable(dump := getattr(value, "model_dump", None)) and not isinstance(value, type):
        return dump(by_alias=True)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    return _as_base(value)


def _as_base(value: Any) -> Any:  # noqa: PLR0911
    """A value of a class that is made from a plain one."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, list):
        return list(value)
    return _moment(value)


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        clock = (value.hour, value.minute, value.second, value.microsecond)
        days = (value.year, value.month, value.day)
        return datetime(*days, *clock, tzinfo=value.tzinfo, fold=value.fold)
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    if isinstance(value, time):
        clock = (value.hour, value.minute, value.second, value.microsecond)
        return time(*clock, tzinfo=value.tzinfo, fold=value.fold)
    if isinstance(value, Decimal):
        return Decimal(value)
    return UUID(int=value.int) if isinstance(value, UUID) else value


def _of_numpy(value: Any) -> Any:
    name = type(value).__name__
    if name == "ndarray":
        return list(value)
    if name in ("float32", "float16"):
        return Single(float(value), repr(float(str(value))))
    if name == "datetime64":
        if str(value) == "NaT":
            return None
        coarse = value.astype("datetime64[us]")
        if coarse != value:
            return Unheld(str(value), "timestamp")
        made = coarse.item()
        return made if isinstance(made, datetime) else Unheld(str(value), "timestamp", OUTSIDE)
    made = value.item() if hasattr(value, "item") else value
    return made if type(made) in KINDS else value


def arrow_kind(of: Any) -> Kind:
    """The kind of an Arrow type, dictionaries and extensions looked through."""
    types = optional("pyarrow", extra="ingest").types
    for kind, is_one in (
        ("null", types.is_null),
        ("boolean", types.is_boolean),
        ("integer", types.is_integer),
        ("float", types.is_floating),
        ("decimal", types.is_decimal),
        ("date", types.is_date),
        ("time", types.is_time),
        ("map", types.is_map),
        ("object", types.is_struct),
    ):
        if is_one(of):
            return kind  # type: ignore[return-value]
    if types.is_timestamp(of):
        return "timestamptz" if of.tz else "timestamp"
    name = str(of)
    if name in ("string", "large_string", "string_view"):
        return "text"
    if name in ("binary", "large_binary", "binary_view") or types.is_fixed_size_binary(of):
        return "bytes"
    if name == "extension<arrow.uuid>":
        return "uuid"
    return "list" if hasattr(of, "value_field") and "list" in name else "other"
