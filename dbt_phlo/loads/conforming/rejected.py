"""A row that does not fit: why, and the row as it came."""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from dbt_phlo.loads.conforming.kinds import Single, plain

CHARACTERS = 100
PII = "(pii)"


@dataclass(frozen=True)
class Reason:
    """``column`` may have a path, as ``address.zip``; ``value_text`` is at most 100 characters."""

    column: str
    value_text: str
    text: str


@dataclass(frozen=True)
class Rejected:
    """``row`` by the source's names; ``position`` is its number in the load, from 1."""

    row: Mapping[str, Any]
    reasons: tuple[Reason, ...]
    position: int

    @property
    def row_json(self) -> str:
        """The row as JSON text, with the values of ``pii`` columns; it never fails.

        Bytes are base64; what JSON lacks is text.
        """
        return row_json(self.row)


def row_json(row: Mapping[Any, Any]) -> str:
    """A row as JSON text.

    >>> row_json({"id": 1, "raw": b"ab", "at": float("nan")})
    '{"id": 1, "raw": "YWI=", "at": "NaN"}'
    """
    text = json.dumps({_key(key): _safe(value) for key, value in row.items()}, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character: written as \\ud800
        text = json.dumps(json.loads(text))
    return text


def value_text(value: Any, pii: bool = False) -> str:
    """A value as a message shows it.

    >>> len(value_text("x" * 200)), value_text(None), value_text(1, True)
    (100, 'NULL', '(pii)')
    """
    if pii:
        return PII
    if value is None:
        return "NULL"
    if isinstance(value, str | bytes) and len(value) > CHARACTERS:
        start: Any = value[: CHARACTERS - 3]
        shown = repr(start)
        return _cut(shown[:-1], CHARACTERS - 2).rstrip("…") + f"…{shown[-1]}"
    return _cut(_repr(value), CHARACTERS)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _repr(value: Any) -> str:
    if isinstance(value, Single):
        return value.text
    try:
        return repr(value)
    except Exception as error:  # whatever a foreign class does in its __repr__
        return f"<{type(value).__name__}: {type(error).__name__}>"


def _key(key: Any) -> str:
    return key if isinstance(key, str) else _repr(key)


def _safe(value: Any) -> Any:
    try:
        made = _json(value)
        json.dumps(made)
    except Exception:  # too deep, in a circle, or of a class that fails when it is read
        return _cut(_repr(value), 10_000)
    return made


def _json(value: Any) -> Any:  # noqa: PLR0911
    value = plain(value)
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= 10_000 else hex(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value.text) if isinstance(value, Single) else value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {_key(key): _json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_json(inner) for inner in value]
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date | time) else str(value)
