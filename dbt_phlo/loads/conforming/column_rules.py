"""A whole column into one type, by vectorised safe casts: the fast half of each rule.

Each function takes a ``pyarrow.Array``, the Iceberg type and its Arrow type. It gives what the
function of the same name in ``number_rules``, ``moment_rules`` or ``text_rules`` gives for every
value, or raises: then the values are looked at one by one. It may refuse what that function takes,
never take what that one refuses.
"""

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

from dbt_phlo.contracts.iceberg import digits
from dbt_phlo.extras import optional

WHOLE = r"^[+-]?(0|[1-9][0-9]*)$"
EXPONENT = r"^(NaN|-?Infinity|[+-]?((0|[1-9][0-9]*)(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?)$"
TIME = r"^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$"
UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
SAFE_DIGITS = {"double": 15, "float": 6}
"""Numbers of so many digits come back from a float unchanged (C11, 5.2.4.2.2: DBL_DIG, FLT_DIG)."""


class Undecided(ValueError):
    """The vectorised half cannot say; the values must be looked at one by one."""


def same(array: Any, of: str, to: Any) -> Any:
    return array if array.type == to else array.cast(to)


def whole(array: Any, of: str, to: Any) -> Any:
    return array.cast(to)


def float_whole(array: Any, of: str, to: Any) -> Any:
    arrow, _ = _arrow()
    least, most = _bounds(array)
    _require(least is None or (least >= -(2.0**53) and most <= 2.0**53))
    return array.cast(arrow.float64()).cast(arrow.int64()).cast(to)


def decimal_whole(array: Any, of: str, to: Any) -> Any:
    arrow, _ = _arrow()
    least, most = _bounds(array)
    _require(least is None or (least >= -(2**63) and most < 2**63))
    return array.cast(arrow.decimal128(38, 0)).cast(arrow.int64()).cast(to)


def text_whole(array: Any, of: str, to: Any) -> Any:
    _, compute = _arrow()
    _all(compute.match_substring_regex(array, WHOLE))
    if compute.any(compute.starts_with(array, "+")).as_py():
        array = compute.utf8_ltrim(array, "+")
    return array.cast(to)


def integer_float(array: Any, of: str, to: Any) -> Any:
    return array.cast(to)


def float_float(array: Any, of: str, to: Any) -> Any:
    arrow, compute = _arrow()
    if of == "double" or array.type == to:
        return array.cast(to)
    made = array.cast(to)
    exact = compute.equal(made.cast(arrow.float64()), array)
    short = compute.equal(made.cast(arrow.string()).cast(arrow.float64()), array)
    _all(compute.or_(compute.or_(exact, short), compute.is_nan(array)))
    return made


def decimal_float(array: Any, of: str, to: Any) -> Any:
    arrow, _ = _arrow()
    least, most = _bounds(array)
    limit = Decimal(10) ** (SAFE_DIGITS[of] - array.type.scale)
    _require(least is None or (-limit < least and most < limit and array.type.scale < 30))
    return array.cast(arrow.string()).cast(to)


def text_float(array: Any, of: str, to: Any) -> Any:
    """Texts of few characters have few digits; none of them comes out as zero or infinity."""
    _, compute = _arrow()
    _all(compute.match_substring_regex(array, EXPONENT))
    _all(compute.less_equal(compute.utf8_length(array), SAFE_DIGITS[of]))
    _require(not compute.any(compute.match_substring_regex(array, r"[eE].?[0-9]{2}")).as_py())
    return array.cast(to)


def integer_decimal(array: Any, of: str, to: Any) -> Any:
    arrow, _ = _arrow()
    precision, scale = digits(of)
    least, most = _bounds(array)
    limit = 10 ** (precision - scale)
    _require(least is None or (-limit < least and most < limit))
    wide = arrow.decimal128(38, scale) if scale <= 18 else arrow.decimal256(76, scale)
    return array.cast(wide).cast(to)


def float_decimal(array: Any, of: str, to: Any) -> Any:
    """``n / 10**scale`` for the whole ``n`` next to ``value * 10**scale``, if it is the value.

    IEEE division of two exact operands is rounded correctly, so the text ``n / 10**scale`` reads as
    the value; with at most 15 digits it is the only such text, hence the shortest.
    """
    arrow, compute = _arrow()
    precision, scale = digits(of)
    if array.type != arrow.float64():
        array = array.cast(arrow.float32()).cast(arrow.string()).cast(arrow.float64())
    _require(scale <= 22)
    power = 10.0**scale
    near = compute.round(compute.multiply(array, power))
    _all(compute.equal(compute.divide(near, power), array))
    least, most = _bounds(near)
    limit = 10 ** min(precision, 15)
    _require(least is None or (-limit < least and most < limit))
    units = near.cast(arrow.int64()).cast(arrow.decimal128(19, 0))
    return units.view(to)


def decimal_decimal(array: Any, of: str, to: Any) -> Any:
    """Within bounds: a safe cast to a larger scale wraps around without a word (pyarrow 26)."""
    precision, scale = digits(of)
    least, most = _bounds(array)
    limit = Decimal(10) ** (precision - scale)
    _require(least is None or (-limit < least and most < limit))
    return array.cast(to)


def text_decimal(array: Any, of: str, to: Any) -> Any:
    """Texts of no more digits than the type: a cast of others may wrap around (pyarrow 26)."""
    _, compute = _arrow()
    precision, scale = digits(of)
    before = precision - scale
    whole = rf"(0|[1-9][0-9]{{0,{before - 1}}})" if before else "0"
    pattern = rf"({whole}(\.[0-9]{{1,{scale}}})?|\.[0-9]{{1,{scale}}})" if scale else whole
    _all(compute.match_substring_regex(array, f"^[+-]?{pattern}$"))
    return array.cast(to)


def python_decimals(values: list[Any], of: str) -> None:
    """Raise where a ``Decimal`` is more than the type: of such pyarrow 26 may make another one."""
    precision, scale = digits(of)
    before = precision - scale
    _require(
        all(
            one is None or (one.as_tuple().exponent >= -scale and one.adjusted() < before)
            for one in values
        )
    )


def text_boolean(array: Any, of: str, to: Any) -> Any:
    _, compute = _arrow()
    lower = compute.ascii_lower(array)
    true = compute.equal(lower, "true")
    _all(compute.or_(true, compute.equal(lower, "false")))
    return true


def text_uuid(array: Any, of: str, to: Any) -> Any:
    arrow, compute = _arrow()
    _all(compute.match_substring_regex(array, UUID))
    filled = compute.fill_null(compute.replace_substring(array, "-", ""), "0" * 32)
    raw = arrow.py_buffer(bytes.fromhex("".join(filled.to_pylist())))
    stored = arrow.Array.from_buffers(arrow.binary(16), len(array), [None, raw])
    if array.null_count:
        stored = compute.if_else(compute.is_valid(array), stored, None)
    return arrow.ExtensionArray.from_storage(to, stored)


def day(array: Any, of: str, to: Any) -> Any:
    return _in_calendar(array.cast(to))


def timestamp_date(array: Any, of: str, to: Any) -> Any:
    _, compute = _arrow()
    made = array.cast(to)
    _all(compute.equal(made.cast(array.type), array))
    return _in_calendar(made)


def text_date(array: Any, of: str, to: Any) -> Any:
    arrow, compute = _arrow()
    if compute.all(compute.equal(compute.utf8_length(array), 10)).as_py():
        return _in_calendar(array.cast(to))
    return timestamp_date(array.cast(arrow.timestamp("us")), of, to)


def timestamp(array: Any, of: str, to: Any) -> Any:
    """With or without a zone: the instants stay, and so do wall clocks."""
    return _in_calendar(array.cast(to))


def text_timestamp(array: Any, of: str, to: Any) -> Any:
    return _in_calendar(array.cast(to))


def clock(array: Any, of: str, to: Any) -> Any:
    return array.cast(to)


def text_time(array: Any, of: str, to: Any) -> Any:
    arrow, compute = _arrow()
    _all(compute.match_substring_regex(array, TIME))
    moments = compute.binary_join_element_wise("1970-01-01", array, "T")
    return moments.cast(arrow.timestamp("us")).cast(to)


def bytes_text(array: Any, of: str, to: Any) -> Any:
    arrow, _ = _arrow()
    return array.cast(arrow.binary()).cast(to)


def fixed(array: Any, of: str, to: Any) -> Any:
    arrow, compute = _arrow()
    _all(compute.equal(compute.binary_length(array), to.byte_width))
    return array if array.type == to else array.cast(arrow.binary()).cast(to)


def _in_calendar(array: Any) -> Any:
    """Only the years 1 to 9999, which Python and most readers have."""
    arrow, compute = _arrow()
    found = compute.min_max(array.cast(arrow.int32() if array.type.bit_width == 32 else "int64"))
    least, most = found["min"].as_py(), found["max"].as_py()
    days = array.type.bit_width == 32
    _require(least is None or (LEAST[days] <= least and most <= MOST[days]))
    return array


def _day(of: date) -> int:
    return (of - date(1970, 1, 1)).days


def _microsecond(of: datetime) -> int:
    since = of - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


LEAST = {
    True: _day(date.min),
    False: _microsecond(datetime.min.replace(tzinfo=timezone.utc)),
}
MOST = {
    True: _day(date.max),
    False: _microsecond(datetime.max.replace(tzinfo=timezone.utc)),
}


def _arrow() -> tuple[Any, Any]:
    return optional("pyarrow", extra="ingest"), optional("pyarrow.compute", extra="ingest")


def _bounds(array: Any) -> tuple[Any, Any]:
    _, compute = _arrow()
    found = compute.min_max(array)
    return found["min"].as_py(), found["max"].as_py()


def _all(mask: Any) -> None:
    """Every value that is there passes."""
    _, compute = _arrow()
    _require(compute.all(mask, min_count=0).as_py())


def _require(holds: Any) -> None:
    if not holds:
        raise Undecided
