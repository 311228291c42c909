"""Arrow columns taken over into another type, only where no value changes.

``convert`` does it or says in which rows it cannot. It accepts what differs in width, unit or
encoding (64-bit integers for an int, nanoseconds for microseconds, categories for text), and
refuses what would change a value (1.5 to 1, 0.1 to a 32-bit float) or its meaning (text to a
number, a time without a zone to one with).
"""

from collections.abc import Callable
from typing import Any

from dbt_phlo.extras import optional

MOST_ROWS = 10_000
"""Of a column that does not fit, so many rows are looked up; of the others nothing is said."""


class DoesNotFit(Exception):
    """A column cannot be taken over; ``rows`` are the places of the values that do not fit."""

    def __init__(self, why: str, rows: list[int]) -> None:
        super().__init__(why)
        self.rows = rows


def convert(column: Any, wanted: Any) -> Any:
    """``column`` (Array or ChunkedArray) as the Arrow type ``wanted``.

    Raises ``DoesNotFit``.
    """
    pyarrow = optional("pyarrow", extra="arrow")
    if isinstance(column, pyarrow.Array):
        column = pyarrow.chunked_array([column])
    if column.type == wanted:
        return column
    try:
        return _converted(column, wanted)
    except _REFUSALS() as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        rows = _misfits(column, wanted)
        raise DoesNotFit(f"{column.type} does not fit {wanted}: {first}", rows) from error


def _REFUSALS() -> tuple[type[Exception], ...]:
    pyarrow = optional("pyarrow", extra="arrow")
    return (pyarrow.ArrowException, ValueError, TypeError, OverflowError)


def _misfits(column: Any, wanted: Any) -> list[int]:
    """The rows that do not fit, by halving: a part that fits as a whole is looked at once."""
    rows: list[int] = []
    waiting = [(0, len(column))]
    while waiting and len(rows) < MOST_ROWS:
        start, length = waiting.pop()
        try:
            _converted(column.slice(start, length), wanted)
        except _REFUSALS():
            if length == 1:
                rows.append(start)
            else:
                half = length // 2
                waiting += [(start + half, length - half), (start, half)]
    return rows


def _converted(column: Any, wanted: Any) -> Any:
    pyarrow = optional("pyarrow", extra="arrow")
    types = pyarrow.types
    if column.type == wanted:
        return column
    if types.is_dictionary(column.type):
        return _converted(column.cast(column.type.value_type), wanted)
    if types.is_run_end_encoded(column.type):
        decoded = pyarrow.compute.run_end_decode(column.combine_chunks())
        return _converted(pyarrow.chunked_array([decoded]), wanted)
    if column.null_count == len(column):
        return pyarrow.chunked_array([pyarrow.nulls(len(column), wanted)])
    if types.is_nested(wanted):
        parts = [_nested(chunk, wanted) for chunk in column.chunks]
        return pyarrow.chunked_array(parts, type=wanted)
    return _flat(column, wanted)


def _flat(column: Any, wanted: Any) -> Any:
    pyarrow = optional("pyarrow", extra="arrow")
    types, have = pyarrow.types, column.type
    if have == pyarrow.uuid():
        return _storage(column, wanted)
    if wanted == pyarrow.uuid():
        return _uuids(column)
    if not any(a(have) and b(wanted) for a, b in _pairs(types)):
        raise ValueError(f"{have} is no {wanted}")
    if types.is_timestamp(have) and types.is_timestamp(wanted) and bool(have.tz) != bool(wanted.tz):
        raise ValueError("one has a time zone, the other has none")
    if types.is_timestamp(wanted) and types.is_date(have) and wanted.tz:
        raise ValueError("a date has no time zone")
    if types.is_date(wanted) and types.is_timestamp(have) and have.tz:
        raise ValueError("a date has no time zone")
    if types.is_decimal(wanted):
        column = _rescaled(column, wanted)
    converted = column.cast(wanted, safe=True)
    if types.is_float32(wanted) or types.is_date(wanted) or types.is_decimal(have):
        _compare(column, converted)
    return converted


def _pairs(types: Any) -> list[tuple[Callable[[Any], bool], Callable[[Any], bool]]]:
    """Which kinds become which: what they are, and what they may become."""

    def text(of: Any) -> bool:
        return bool(types.is_string(of) or types.is_large_string(of) or types.is_string_view(of))

    def octets(of: Any) -> bool:
        return bool(
            types.is_binary(of)
            or types.is_large_binary(of)
            or types.is_binary_view(of)
            or types.is_fixed_size_binary(of)
        )

    def number(of: Any) -> bool:
        return bool(types.is_integer(of) or types.is_floating(of) or types.is_decimal(of))

    def exact(of: Any) -> bool:
        return bool(types.is_integer(of) or types.is_decimal(of))

    return [
        (types.is_boolean, types.is_boolean),
        (types.is_integer, number),
        (types.is_floating, types.is_floating),
        (types.is_floating, types.is_integer),
        (types.is_decimal, exact),
        (text, text),
        (octets, octets),
        (types.is_date, types.is_date),
        (types.is_date, types.is_timestamp),
        (types.is_timestamp, types.is_date),
        (types.is_timestamp, types.is_timestamp),
        (types.is_time, types.is_time),
    ]


def _rescaled(column: Any, wanted: Any) -> Any:
    """Numbers as the widest decimals: Arrow refuses by type what would fit by value."""
    pyarrow = optional("pyarrow", extra="arrow")
    scale = column.type.scale if pyarrow.types.is_decimal(column.type) else 0
    return column.cast(pyarrow.decimal256(76, max(scale, wanted.scale)))


def _compare(before: Any, after: Any) -> None:
    """Refuse a cast that Arrow makes in silence although it changes a value."""
    pyarrow = optional("pyarrow", extra="arrow")
    compute = pyarrow.compute
    same = compute.equal(before, after.cast(before.type))
    if pyarrow.types.is_floating(before.type):
        both = compute.and_(compute.is_nan(before), compute.is_nan(after))
        same = compute.or_(same, both)
    if not compute.all(compute.fill_null(same, True)).as_py():
        raise ValueError("a value would change")


def _storage(column: Any, wanted: Any) -> Any:
    """UUIDs as their sixteen bytes, or as text."""
    pyarrow = optional("pyarrow", extra="arrow")
    if pyarrow.types.is_fixed_size_binary(wanted) or pyarrow.types.is_binary(wanted):
        return column.cast(pyarrow.binary(16)).cast(wanted)
    if pyarrow.types.is_string(wanted):
        values = [None if value is None else str(value) for value in column.to_pylist()]
        return pyarrow.chunked_array([pyarrow.array(values, pyarrow.string())])
    raise ValueError(f"a uuid is no {wanted}")


def _uuids(column: Any) -> Any:
    import uuid

    pyarrow = optional("pyarrow", extra="arrow")
    if not pyarrow.types.is_fixed_size_binary(column.type):
        if column.type not in (pyarrow.string(), pyarrow.large_string(), pyarrow.string_view()):
            raise ValueError(f"{column.type} is no uuid")
        values = [None if v is None else uuid.UUID(v).bytes for v in column.to_pylist()]
        column = pyarrow.chunked_array([pyarrow.array(values, pyarrow.binary(16))])
    return column.cast(pyarrow.uuid())


def _nested(array: Any, wanted: Any) -> Any:
    """One chunk of lists, maps or structs: the children are converted, the shape is kept."""
    pyarrow = optional("pyarrow", extra="arrow")
    types, have = pyarrow.types, array.type
    if types.is_struct(wanted):
        if not types.is_struct(have):
            raise ValueError(f"{have} is no {wanted}")
        return _struct(array, wanted)
    if types.is_list_view(have) or types.is_large_list_view(have):
        array = array.cast(pyarrow.list_(have.value_type))
    if types.is_fixed_size_list(have):
        array = array.cast(pyarrow.list_(have.value_type))
    if types.is_large_list(have):
        array = array.cast(pyarrow.list_(have.value_type))
    have = array.type
    if types.is_map(wanted):
        return _map(array, wanted)
    if types.is_map(have) or not types.is_list(have):
        raise ValueError(f"{have} is no {wanted}")
    offsets, values = _offsets(array)
    items = _child(values, wanted.value_type)
    return pyarrow.ListArray.from_arrays(offsets, items, type=wanted)


def _struct(array: Any, wanted: Any) -> Any:
    pyarrow = optional("pyarrow", extra="arrow")
    have = {field.name: number for number, field in enumerate(array.type)}
    fields = list(wanted)
    if set(have) - {field.name for field in fields}:
        raise ValueError(f"unknown fields: {sorted(set(have) - {f.name for f in fields})}")
    parts = [
        _child(pyarrow.compute.struct_field(array, [have[field.name]]), field.type)
        if field.name in have
        else pyarrow.nulls(len(array), field.type)
        for field in fields
    ]
    return pyarrow.StructArray.from_arrays(parts, fields=fields, mask=array.is_null())


def _map(array: Any, wanted: Any) -> Any:
    """A map, or a list of structs with two fields, key first."""
    pyarrow = optional("pyarrow", extra="arrow")
    types, have = pyarrow.types, array.type
    if types.is_map(have):
        entries = array.cast(
            pyarrow.list_(pyarrow.struct([("key", have.key_type), ("value", have.item_type)]))
        )
    elif types.is_list(have) and types.is_struct(have.value_type):
        entries = array
    else:
        raise ValueError(f"{have} is no {wanted}")
    entry = entries.type.value_type
    if [field.name for field in entry] != ["key", "value"]:
        raise ValueError(f"{have} is no {wanted}")
    offsets, values = _offsets(entries)
    keys = _child(pyarrow.compute.struct_field(values, [0]), wanted.key_type)
    items = _child(pyarrow.compute.struct_field(values, [1]), wanted.item_type)
    if keys.null_count:
        raise ValueError("a key of a map is NULL")
    return pyarrow.MapArray.from_arrays(offsets, keys, items, type=wanted)


def _offsets(array: Any) -> tuple[Any, Any]:
    """Offsets from 0 with NULL where a list is NULL, and the values that lists hold."""
    pyarrow = optional("pyarrow", extra="arrow")
    lengths = pyarrow.compute.fill_null(pyarrow.compute.list_value_length(array), 0)
    ends = pyarrow.compute.cumulative_sum(lengths.cast(pyarrow.int64())).to_pylist()
    starts: list[int | None] = [0, *ends]
    for row, is_null in enumerate(array.is_null().to_pylist()):
        if is_null:
            starts[row] = None
    return pyarrow.array(starts, pyarrow.int32()), array.flatten()


def _child(array: Any, wanted: Any) -> Any:
    pyarrow = optional("pyarrow", extra="arrow")
    converted = _converted(pyarrow.chunked_array([array]), wanted)
    combined = converted.combine_chunks()
    if isinstance(combined, pyarrow.ChunkedArray):
        return combined.chunk(0) if combined.num_chunks else pyarrow.nulls(0, wanted)
    return combined
