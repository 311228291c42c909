"""Values as SQL literals: typed, exact, and safe whatever is in them."""

import math
import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timezone
from decimal import Decimal, localcontext
from typing import Any, Literal

from dbt_phlo import names
from dbt_phlo.contracts.iceberg import digits
from dbt_phlo.contracts.rules import Value
from dbt_phlo.errors import TypeRefused
from dbt_phlo.tables.schema import Type

Dialect = Literal["duckdb", "trino"]

LARGEST_FLOAT = 3.4028234663852886e38
"""The largest finite number of four bytes (IEEE 754 binary32)."""


def literal(
    value: Value, of: Type | None = None, dialect: Dialect = "duckdb", where: str = "here"
) -> str:
    """``value`` in SQL, as a value of the Iceberg type ``of``; without one, of its own type.

    A text is read for a column of dates, times or UUIDs (ISO 8601, without an offset UTC). Raises
    ``TypeRefused`` for a value that the type cannot hold; ``where`` names its place.

    >>> print(literal("it's"), literal(Decimal("1.5"), "decimal(9, 2)"), literal(2.0, "float"))
    'it''s' CAST('1.50' AS DECIMAL(9, 2)) CAST('2.0' AS REAL)
    """
    kind = of if isinstance(of, str) else _own_type(value) if of is None else ""
    write = _WRITERS.get(kind.split("(")[0].split("[")[0])
    try:
        if write is not None:
            return write(value, kind, dialect)
    except (ValueError, ArithmeticError, TypeError, UnicodeError):
        pass
    raise TypeRefused(
        f"{where}: {value!r} is no value of the type {kind or 'of a nested column'}",
        remedy="write the value in the column's type, or change the column's data_type",
        code="PHLO542",
    )


def _own_type(value: Value) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            return "double"
        _, written, exponent = value.as_tuple()
        scale = max(0, -int(exponent))
        return f"decimal({max(len(written) + max(0, int(exponent)), scale, 1)}, {scale})"
    if isinstance(value, datetime):
        return "timestamptz" if value.tzinfo else "timestamp"
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "boolean"),
        (int, "long"),
        (float, "double"),
        (str, "string"),
        (bytes, "binary"),
        (date, "date"),
        (time, "time"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "")


def _boolean(value: Any, kind: str, dialect: Dialect) -> str:
    return {True: "TRUE", False: "FALSE"}[_only(value, bool)]


def _integer(value: Any, kind: str, dialect: Dialect) -> str:
    exact, limit = _exact(value), 2**31 if kind == "int" else 2**63
    if exact != int(exact) or not -limit <= exact < limit:
        raise ValueError(value)
    return f"{int(exact)}"


def _decimal(value: Any, kind: str, dialect: Dialect) -> str:
    precision, scale = digits(kind)
    exact = _exact(value)
    with localcontext() as context:
        context.prec = 400
        written = exact.quantize(Decimal(1).scaleb(-scale))
        if precision > 38 or written != exact or abs(written.scaleb(scale)) >= 10**precision:
            raise ValueError(value)
    return f"CAST('{written:f}' AS DECIMAL({precision}, {scale}))"


def _floating(value: Any, kind: str, dialect: Dialect) -> str:
    """A float column is compared with the nearest float, as DuckDB compares it with ``0.1``."""
    number = float(_only(value, int, float, Decimal))
    is_float = kind == "float" and not LARGEST_FLOAT < abs(number) < math.inf
    return f"CAST('{_number_text(number, dialect)}' AS {'REAL' if is_float else 'DOUBLE'})"


def _number_text(number: float, dialect: Dialect) -> str:
    if math.isfinite(number):
        return repr(number)
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def _text(value: Any, kind: str, dialect: Dialect) -> str:
    """No SQL text can hold a NUL character: it is joined in."""
    _only(value, str).encode()  # half of a surrogate pair is no text
    if "\0" not in value:
        return names.literal(value)
    return "(" + " || chr(0) || ".join(map(names.literal, value.split("\0"))) + ")"


def _bytes(value: Any, kind: str, dialect: Dialect) -> str:
    content = _only(value, bytes)
    if dialect == "trino":
        return f"X'{content.hex().upper()}'"
    return "CAST('" + "".join(f"\\x{byte:02X}" for byte in content) + "' AS BLOB)"


def _date(value: Any, kind: str, dialect: Dialect) -> str:
    if isinstance(value, datetime):  # a date is compared with it as its midnight
        return _timestamp(value, "timestamp", dialect)
    found = date.fromisoformat(value) if isinstance(value, str) else _only(value, date)
    return f"DATE '{found.isoformat()}'"


def _time(value: Any, kind: str, dialect: Dialect) -> str:
    found = time.fromisoformat(value) if isinstance(value, str) else _only(value, time)
    if found.tzinfo:
        raise ValueError(value)
    return f"TIME '{found.isoformat('microseconds')}'"


def _timestamp(value: Any, kind: str, dialect: Dialect) -> str:
    found = _moment(value)
    if found.tzinfo:
        found = found.astimezone(timezone.utc)
    written = found.replace(tzinfo=None).isoformat(" ", "microseconds")
    if kind == "timestamp":
        return f"TIMESTAMP '{written}'"
    return f"TIMESTAMP '{written} UTC'" if dialect == "trino" else f"TIMESTAMPTZ '{written}+00'"


def _uuid(value: Any, kind: str, dialect: Dialect) -> str:
    return f"CAST('{uuid.UUID(str(_only(value, str, uuid.UUID)))}' AS UUID)"


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith("Z") else value)
    if isinstance(value, datetime):
        return value
    return datetime.combine(_only(value, date), time())


def _exact(value: Any) -> Decimal:
    """A number as it is written: the float 0.1 is 0.1."""
    _only(value, int, float, Decimal)
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite():
        raise ValueError(value)
    return exact


def _only(value: Any, *kinds: type) -> Any:
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise TypeError(value)
    return value


_WRITERS: dict[str, Callable[[Any, str, Dialect], str]] = {
    "boolean": _boolean,
    "int": _integer,
    "long": _integer,
    "decimal": _decimal,
    "float": _floating,
    "double": _floating,
    "string": _text,
    "binary": _bytes,
    "fixed": _bytes,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "timestamptz": _timestamp,
    "uuid": _uuid,
}
