"""Values in YAML and SQL, as Python values of a column's Iceberg type.

dbt writes an argument of a test into SQL as it stands, so ``min_value: "'2020-01-01'"`` is a text,
``min_value: 10`` a number, and ``min_value: current_date`` an expression that no other validator
can know. What is no literal is not guessed at.
"""

import math
import re
import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from dbt_phlo.contracts.rules import Value
from dbt_phlo.tables.schema import Type

LARGEST, SMALLEST = 308, -400
"""Powers of ten: no number that a column holds is larger, or nearer to 0, than these."""

_UNREADABLE = (ValueError, TypeError, InvalidOperation, OverflowError)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?")
_FRACTION = re.compile(r"\.\d{1,6}(?!\d)")
_HEX = re.compile(rb"\\x([0-9A-Fa-f]{2})")
_TRUTHS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def of_argument(given: Any) -> Value | None:
    """The value that an argument is in SQL, where dbt writes it as it stands; None for no literal.

    >>> of_argument(10), of_argument("1.50"), of_argument("date '2020-01-31'")
    (10, Decimal('1.50'), datetime.date(2020, 1, 31))
    >>> of_argument("current_date")
    """
    if isinstance(given, bool | int | Decimal | datetime | date):
        return given
    if isinstance(given, float):
        return Decimal(repr(given)) if math.isfinite(given) else given
    return _of_sql(given) if isinstance(given, str) else None


def of_bound(given: Any) -> Value | None:
    """The value of a bound of one of our own tests, whose macro reads ISO 8601 besides SQL
    (``phlo_test_bound``).

    >>> of_bound("2020-01-31"), of_bound("2020-01-31 10:00")
    (datetime.date(2020, 1, 31), datetime.datetime(2020, 1, 31, 10, 0))
    """
    text = given.strip() if isinstance(given, str) else ""
    is_day = _DAY.fullmatch(text)
    if not is_day and not _MOMENT.fullmatch(text):
        return of_argument(given)
    try:
        return typed(text, "date" if is_day else "timestamp")
    except ValueError:
        return text  # there is no such day, which is told with the column's type


@lru_cache(maxsize=4096)
def _of_sql(text: str) -> Value | None:
    stripped = text.strip()
    if _is_number(stripped):
        return _number(stripped)
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    try:
        return _of_tree(parse_one(stripped, dialect="duckdb"), exp)
    except (SqlglotError, *_UNREADABLE):
        return None


def _of_tree(tree: Any, exp: Any) -> Value | None:
    if isinstance(tree, exp.Paren):
        return _of_tree(tree.this, exp)
    if isinstance(tree, exp.Boolean):
        return bool(tree.this)
    if isinstance(tree, exp.Neg):
        found = _of_tree(tree.this, exp)
        return -found if isinstance(found, int | Decimal) and not isinstance(found, bool) else None
    if isinstance(tree, exp.Literal):
        return str(tree.this) if tree.is_string else _number(str(tree.this))
    if isinstance(tree, exp.Cast):
        inside = _of_tree(tree.this, exp)
        kind = str(getattr(tree.to.this, "name", ""))
        target = {"DATE": "date", "TIMESTAMP": "timestamp", "TIMESTAMPNTZ": "timestamp"}.get(kind)
        target = {"TIMESTAMPTZ": "timestamptz", "TIME": "time"}.get(kind, target)
        return typed(inside, target) if target and isinstance(inside, str) else None
    return None


def typed(value: Any, of: Type | None) -> Value:
    """``value`` in the Iceberg type ``of``, exactly. Raises ``ValueError`` for what it cannot be.

    >>> typed("1", "int"), typed("2020-01-31", "date"), typed(2, "double")
    (1, datetime.date(2020, 1, 31), 2.0)
    """
    kind = of.split("(")[0].split("[")[0] if isinstance(of, str) else ""
    read = _READERS.get(kind)
    if read is None:
        raise ValueError(f"a value cannot be compared with the type {of}")
    try:
        return read(value)
    except _UNREADABLE as error:
        raise ValueError(f"{value!r} is no value of type {of}") from error


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return _TRUTHS[str(value).lower()] if str(value).lower() in _TRUTHS else _refused(value)


def _exact(value: Any) -> int | Decimal:
    """A number as it is written; bounds may lie between the values of an integer column."""
    if isinstance(value, bool):
        raise ValueError(value)
    found = value if isinstance(value, int) else _number(str(value))
    # an int is measured by its bits: as text it may have more digits than Python writes
    if found.bit_length() > 1024 if isinstance(found, int) else _is_absurd(found):
        raise ValueError(value)
    return found


def _is_absurd(number: Decimal) -> bool:
    """Whether no column holds such a size, with which exact arithmetic would not end."""
    return number.adjusted() > LARGEST or int(number.as_tuple().exponent) < SMALLEST


def _number(text: str) -> int | Decimal:
    found = Decimal(text.strip())
    if not found.is_finite():
        raise ValueError(text)
    plain = text.strip().lstrip("+-").isdigit()
    return int(found) if plain else found


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except _UNREADABLE:
        return False
    return True


def _float(value: Any) -> float:
    if isinstance(value, int | Decimal):
        value = _exact(value)
    return _refused(value) if isinstance(value, bool) else float(value)


def _text(value: Any) -> str:
    """SQL compares a number or a day with a column of texts as what it is, and not as text."""
    return value if isinstance(value, str) else _refused(value)


def _bytes(value: Any) -> bytes:
    """Text as DuckDB reads it for a BLOB: ASCII, and every other byte as ``\\xAA``."""
    if isinstance(value, bytes):
        return value
    text = _text(value).encode("ascii")
    if b"\\" in _HEX.sub(b"", text):
        raise ValueError(value)
    return _HEX.sub(lambda found: bytes.fromhex(found[1].decode()), text)


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date() if value.timetz() == time() else _refused(value)
    return value if isinstance(value, date) else date.fromisoformat(str(value).strip())


def _time(value: Any) -> time:
    found = value if isinstance(value, time) else time.fromisoformat(_padded(str(value).strip()))
    return _refused(value) if found.tzinfo else found  # a time alone has no offset


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    text = str(value).strip()
    text = text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text
    if text[-3:-2] in ("+", "-") and ":" in text:  # DuckDB's own +00
        text += ":00"
    return datetime.fromisoformat(_padded(text))


def _padded(text: str) -> str:
    """A time with six digits of seconds: Python 3.10 reads three or six."""
    return _FRACTION.sub(lambda found: found[0].ljust(7, "0"), text)


def _timestamp(value: Any) -> datetime:
    found = _moment(value)
    return found.astimezone(timezone.utc).replace(tzinfo=None) if found.tzinfo else found


def _timestamptz(value: Any) -> datetime:
    found = _moment(value)
    return found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _uuid(value: Any) -> str:
    return str(uuid.UUID(str(value)))


def _refused(value: Any) -> Any:
    raise ValueError(value)


_READERS: dict[str, Callable[[Any], Value]] = {
    "boolean": _boolean,
    "int": _exact,
    "long": _exact,
    "decimal": lambda value: Decimal(_exact(value)),
    "float": _float,
    "double": _float,
    "string": _text,
    "binary": _bytes,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "uuid": _uuid,
}
