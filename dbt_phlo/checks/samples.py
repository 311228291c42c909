"""Values of failing rows as JSON: exact, and never longer than a reader needs."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

ROWS = 20
"""The most rows of a sample."""
CHARACTERS = 500
BYTES = 64
ITEMS = 20
_EXACT = 2**53
"""Integers up to here are the same in every reader of JSON (RFC 8259, section 6)."""


def rows(columns: Sequence[str], values: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    """At most ``ROWS`` rows as objects; a name that comes twice is numbered.

    >>> rows(["id", "id"], [(1, 2)])
    [{'id': 1, 'id_2': 2}]
    """
    names = _distinct(columns)
    return [
        {name: json_value(value) for name, value in zip(names, row, strict=True)}
        for _, row in zip(range(ROWS), values, strict=False)
    ]


def json_value(value: Any) -> Any:
    """A value as JSON has it.

    Decimals, and integers that other readers would round, are text; so are dates and times (ISO
    8601), NaN and the infinities, and bytes (hexadecimal). What is long is cut, with its length.

    >>> from decimal import Decimal
    >>> json_value([Decimal("1.10"), float("nan"), b"abc", 2**60])
    ['1.10', 'NaN', '0x616263', '1152921504606846976']
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return _cut(value)
    return _other(value)


def _other(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return _hexadecimal(bytes(value))
    if isinstance(value, dict):
        return {_cut(str(key)): json_value(inner) for key, inner in _first(value.items())} | (
            {"…": f"{len(value)} entries"} if len(value) > ITEMS else {}
        )
    if isinstance(value, list | tuple | set):
        more = [f"… ({len(value)} items)"] if len(value) > ITEMS else []
        return [json_value(inner) for inner in _first(value)] + more
    return _cut(str(value))


def _number(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _cut(text: str) -> str:
    if len(text) <= CHARACTERS:
        return text
    return f"{text[:CHARACTERS]}… ({len(text)} characters)"


def _hexadecimal(value: bytes) -> str:
    text = f"0x{value[:BYTES].hex()}"
    return text if len(value) <= BYTES else f"{text}… ({len(value)} bytes)"


def _first(items: Iterable[Any]) -> Iterable[Any]:
    return (item for _, item in zip(range(ITEMS), items, strict=False))


def _distinct(columns: Sequence[str]) -> list[str]:
    names: list[str] = []
    for column in columns:
        name, number = column, 1
        while name in names:
            number += 1
            name = f"{column}_{number}"
        names.append(name)
    return names
