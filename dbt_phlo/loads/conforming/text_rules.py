"""One value into text, JSON, bytes, a UUID or a boolean (see ``number_rules``)."""

import json
import math
import re
from decimal import Decimal
from typing import Any
from uuid import UUID

from dbt_phlo.loads.conforming.kinds import CALLED, Unheld, kind_of, plain
from dbt_phlo.loads.conforming.misfit import Misfit
from dbt_phlo.loads.conforming.number_rules import text_of

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NO_NUMBER = "is no number, and only float and double hold such a value"
_MOST_TEXT_DIGITS = 4000
"""Longer numbers are not made into text: Python refuses them from 4,300 digits on."""


def same(value: Any, of: str) -> Any:
    return value


def text(value: str, of: str) -> str:
    for place, character in enumerate(value if not _is_unicode(value) else ""):
        if 0xD800 <= ord(character) <= 0xDFFF:
            raise Misfit(f"is not Unicode: half a character at {place + 1} (a surrogate)", value)
    return value


def text_boolean(value: str, of: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise Misfit("is neither 'true' nor 'false'", value)
    return value.lower() == "true"


def text_uuid(value: str, of: str) -> UUID:
    if not _UUID.fullmatch(value):
        raise Misfit("is not the text of a UUID, with its hyphens", value)
    return UUID(value)


def boolean_text(value: bool, of: str) -> str:
    return "true" if value else "false"


def integer_text(value: int, of: str) -> str:
    if value.bit_length() > 13_000:
        raise Misfit(f"has more than {_MOST_TEXT_DIGITS:,} digits", value)
    return str(value)


def float_text(value: float, of: str) -> str:
    if not math.isfinite(value):
        raise Misfit(NO_NUMBER, value)
    return text_of(value)


def decimal_text(value: Decimal, of: str) -> str:
    if not value.is_finite():
        raise Misfit(NO_NUMBER, value)
    if abs(value.adjusted()) > _MOST_TEXT_DIGITS:
        raise Misfit(f"has more than {_MOST_TEXT_DIGITS:,} digits", value)
    return format(value, "f")


def iso_text(value: Any, of: str) -> str:
    return str(value) if isinstance(value, Unheld | UUID) else str(value.isoformat())


def bytes_text(value: bytes, of: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Misfit(f"is not UTF-8 (its byte {error.start + 1})", value) from error


def json_text(value: Any, of: str) -> str:
    """Compact JSON; what JSON lacks (decimals, dates, UUIDs) is text in it."""
    try:
        return json.dumps(_json(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except RecursionError as error:
        raise Misfit("is nested too deep for JSON", value) from error


def fixed(value: bytes, of: str) -> bytes:
    size = int(of[len("fixed[") : -1])
    if len(value) != size:
        raise Misfit(f"has {len(value):,} bytes, not {size}", value)
    return value


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _json(value: Any) -> Any:  # noqa: PLR0911
    value = plain(value)
    kind = kind_of(value)
    if kind == "object":
        for key in value:
            if not isinstance(key, str):
                raise Misfit("has a key that is no text, and JSON has only such", value)
            text(key, "string")
        return {key: _under(f".{key}", inner) for key, inner in value.items()}
    if kind == "list":
        return [_under(f"[{place}]", inner) for place, inner in enumerate(value)]
    if kind == "text":
        return text(value, "string")
    if kind == "float":
        if not math.isfinite(value):
            raise Misfit(NO_NUMBER, value)
        return float(text_of(value))
    if kind == "integer":
        integer_text(value, "string")
        return value
    if kind == "decimal":
        return decimal_text(value, "string")
    if kind in ("date", "time", "timestamp", "timestamptz", "uuid"):
        return iso_text(value, "string")
    if kind in ("boolean", "null"):
        return value
    raise Misfit(f"is {CALLED.get(kind, type(value).__name__)}, which JSON cannot hold", value)


def _under(step: str, value: Any) -> Any:
    try:
        return _json(value)
    except Misfit as misfit:
        raise misfit.under(step) from misfit
