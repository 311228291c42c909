"""Values as Python text, in the form that ``ruff format`` leaves alone."""

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


_PLAIN = re.compile(r"[ !#-\[\]-~]*")
"""Text that needs no escape between double quotes."""


@lru_cache(maxsize=4096)
def text(value: str) -> str:
    r"""A string literal, in double quotes unless that needs more escapes.

    >>> print(text('a "b" \\ c\n'), text("it's"))
    'a "b" \\ c\n' "it's"
    """
    if _PLAIN.fullmatch(value):
        return f'"{value}"'
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + "".join(_escaped(character, quote) for character in value) + quote


def width(written: str) -> int:
    """The columns that text takes, of what ``text`` leaves unescaped."""
    return len(written) + (0 if written.isascii() else sum(map(_is_wide, written)))


def scalar(value: Any) -> str:
    """One value's text. Everything is written by type; nothing is taken over as it stands."""
    known = _WRITERS.get(type(value))
    if known is not None:
        return known(value)
    for kind, write in _WRITERS.items():
        if isinstance(value, kind):
            return write(value)
    raise TypeError(f"{type(value).__name__} is no value of a contract")


def constructors(value: Any) -> set[str]:
    """The names that ``scalar`` needs to be imported for a value, at any depth."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if type(part) in _BUILT_IN:
            continue
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, (list, tuple)):
            waiting += part
        elif isinstance(part, _IMPORTED):
            found.add(next(kind.__name__ for kind in _IMPORTED if isinstance(part, kind)))
    return found


_BUILT_IN = frozenset((str, bytes, bool, int, float, type(None)))
_IMPORTED = (datetime, Decimal, date, time)
"""A datetime is a date too: it comes first."""


def _float(value: float) -> str:
    return (
        float.__repr__(value).replace("e+", "e")
        if math.isfinite(value)
        else f'float("{float(value)}")'
    )


def _decimal(value: Decimal) -> str:
    whole = str(value).lstrip("-").isdigit() and not (value.is_signed() and not value)
    return f"Decimal({value})" if whole else f'Decimal("{value}")'


def _datetime(value: datetime) -> str:
    if value.tzinfo:
        return f'datetime.fromisoformat("{value.isoformat()}")'
    return f"datetime({', '.join(_digits(value.timetuple()[:6], value))})"


def _time(value: time) -> str:
    return f"time({', '.join(_digits((value.hour, value.minute, value.second), value))})"


def _digits(parts: tuple[int, ...], value: Any) -> list[str]:
    return [str(part) for part in (*parts, *([value.microsecond] if value.microsecond else []))]


def _escaped(character: str, quote: str) -> str:
    if character == quote:
        return "\\" + character
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if 32 <= code < 127 or _is_letter(code):
        return character
    if code < 256:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def _byte(byte: int) -> str:
    if byte in (34, 92):
        return "\\" + chr(byte)
    return chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}"


def _is_letter(code: int) -> bool:
    """Letters whose width every tool agrees on; others are escaped."""
    return (
        (0xC0 <= code < 0x300)
        or (0x391 <= code <= 0x3A9)
        or (0x3B1 <= code <= 0x3C9)
        or (0x400 <= code < 0x482)
        or bool(_is_wide(chr(code)))
    )


def _is_wide(character: str) -> int:
    return int(
        "\u3041" <= character <= "\u3096"
        or "\u30a1" <= character <= "\u30fa"
        or "\u4e00" <= character <= "\u9fa5"
        or "\uac00" <= character <= "\ud7a3"
    )


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: text,
    bytes: lambda value: 'b"' + "".join(_byte(byte) for byte in value) + '"',
    type(None): repr,
    bool: repr,
    int: int.__repr__,
    float: _float,
    Decimal: _decimal,
    datetime: _datetime,
    date: lambda value: f"date({value.year}, {value.month}, {value.day})",
    time: _time,
}
"""The first kind that a value of another class is of writes it: a datetime is a date too."""
