"""One value into an integer, a float or a decimal: exact, or a ``Misfit`` that says why not.

Here, in ``moment_rules`` and in ``text_rules``, a function takes a plain value and an Iceberg type.
It is the meaning of the function of the same name in ``column_rules``.
"""

import math
import re
import struct
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation
from typing import Any

from dbt_phlo.contracts.iceberg import digits
from dbt_phlo.loads.conforming.kinds import Single
from dbt_phlo.loads.conforming.misfit import Misfit

EXACT = Context(prec=38, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[Inexact, InvalidOperation])
BITS = {"int": 32, "long": 64}
WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")
NUMBER = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]+)?|\.[0-9]+)")
EXPONENT = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def whole(value: int, of: str) -> int:
    """An integer that has room in ``int`` or ``long``."""
    if not -(1 << (BITS[of] - 1)) <= value < 1 << (BITS[of] - 1):
        raise Misfit(f"is out of the range of {of} ({BITS[of]} bits)", value)
    return value


def float_whole(value: float, of: str) -> int:
    if not math.isfinite(value):
        raise Misfit(f"is not a number that {of} holds", value)
    if not value.is_integer():
        raise Misfit("is not a whole number", value)
    made = whole(int(value), of)
    if abs(made) > 2**53 and Decimal(text_of(value)) != made:
        raise Misfit("is too large for a float to be an exact whole number", value)
    return made


def decimal_whole(value: Decimal, of: str) -> int:
    if not value.is_finite():
        raise Misfit(f"is not a number that {of} holds", value)
    if value and value.adjusted() > 20:
        raise Misfit(f"is out of the range of {of} ({BITS[of]} bits)", value)
    if value != int(value):
        raise Misfit("is not a whole number", value)
    return whole(int(value), of)


def text_whole(value: str, of: str) -> int:
    if not WHOLE.fullmatch(value):
        raise Misfit(_no_number(value, "is not the text of a whole number"), value)
    if len(value) > 25:
        raise Misfit(f"is out of the range of {of} ({BITS[of]} bits)", value)
    return whole(int(value), of)


def integer_float(value: int, of: str) -> float:
    try:
        made = _float(float(value), of)
    except OverflowError:
        made = math.inf
    if made != value:
        raise Misfit(f"is an integer that {of} cannot hold exactly", value)
    return made


def float_float(value: float, of: str) -> float:
    """Any double; a ``float`` has fewer digits, and takes what it gives back with the same ones."""
    if of == "double" or not math.isfinite(value) or isinstance(value, Single):
        return float(value)
    made = _float(value, of)
    if made != value and Decimal(shortest_single(made)) != Decimal(repr(value)):
        raise Misfit("has more digits than a float of 32 bits", value)
    return made


def decimal_float(value: Decimal, of: str) -> float:
    if value.is_snan():
        raise Misfit("is a signaling NaN", value)
    return _exact(value, value, of) if value.is_finite() else float(value)


def text_float(value: str, of: str) -> float:
    if value in NOT_FINITE:
        return NOT_FINITE[value]
    if not EXPONENT.fullmatch(value):
        raise Misfit(_no_number(value, "is not the text of a number"), value)
    try:
        return _exact(Decimal(value), value, of)
    except InvalidOperation as error:
        raise Misfit(f"is out of the range of {of}", value) from error


def integer_decimal(value: int, of: str) -> Decimal:
    if abs(value) >= 10**38:
        raise Misfit(f"has more than {_before_point(of)} digits before the point", value)
    return decimal_decimal(Decimal(value), of, value)


def float_decimal(value: float, of: str) -> Decimal:
    """By the shortest text that gives the same float: 1.1 is 1.1."""
    return decimal_decimal(Decimal(text_of(value)), of, value)


def decimal_decimal(value: Decimal, of: str, shown: Any = None) -> Decimal:
    shown = value if shown is None else shown
    if not value.is_finite():
        raise Misfit("is not a number that a decimal holds", shown)
    precision, scale = digits(of)
    if value and value.adjusted() >= precision - scale:
        raise Misfit(f"has more than {_before_point(of)} digits before the point", shown)
    if value and _decimals(value) > scale:
        raise Misfit(f"has more than {scale} decimal place{'' if scale == 1 else 's'}", shown)
    return value.quantize(Decimal((0, (1,), -scale)), context=EXACT) if value else Decimal(0)


def text_decimal(value: str, of: str) -> Decimal:
    if not NUMBER.fullmatch(value):
        raise Misfit(_no_number(value, "is not the text of a decimal number"), value)
    return decimal_decimal(Decimal(value), of, value)


def text_of(value: float) -> str:
    """The shortest text that is this float, as Python and JSON write it."""
    if math.isfinite(value):
        return value.text if isinstance(value, Single) else repr(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def shortest_single(value: float) -> str:
    """The shortest text of a float of 32 bits (at most nine digits)."""
    return next(
        written
        for size in range(1, 10)
        if _float(float(written := f"{value:.{size}g}"), "float") == value or size == 9
    )


def _float(value: float, of: str) -> float:
    if of == "double":
        return value
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _exact(number: Decimal, value: Any, of: str) -> float:
    """A float that gives the number back: with its shortest text, or with all its digits."""
    made = _float(float(number), of)
    if math.isfinite(made):
        short, full = (repr(made), f"{made:.17g}")
        if of == "float":
            short, full = shortest_single(made), f"{made:.9g}"
        if number in (Decimal(short), Decimal(full), Decimal(made)):
            return made
    raise Misfit(f"has more digits than a {of} holds, or is out of its range", value)


def _decimals(value: Decimal) -> int:
    _, found, exponent = value.as_tuple()
    zeros = len(found) - len("".join(map(str, found)).rstrip("0"))
    return -int(exponent) - zeros


def _before_point(of: str) -> int:
    precision, scale = digits(of)
    return precision - scale


def _no_number(value: str, otherwise: str) -> str:
    if re.fullmatch(r"[+-]?0+[0-9].*", value, re.DOTALL) and EXPONENT.fullmatch(
        re.sub(r"^([+-]?)0+(?=[0-9])", r"\1", value)
    ):
        return "begins with zeros, which a number would lose: declare it as text"
    if value != value.strip():
        return f"{otherwise} (it has spaces around it)"
    return otherwise
