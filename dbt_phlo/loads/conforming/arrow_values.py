"""An Arrow array as plain Python values, none of which is cut to what Python holds."""

from typing import Any

from dbt_phlo.extras import optional
from dbt_phlo.loads.conforming.kinds import FINER, OUTSIDE, Single, Unheld, arrow_kind


def decoded(array: Any) -> Any:
    """An array as what it stands for: no dictionary, no run lengths, no extension but UUIDs."""
    arrow = optional("pyarrow", extra="ingest")
    of = array.type
    if arrow.types.is_dictionary(of):
        return decoded(array.dictionary_decode())
    if arrow.types.is_run_end_encoded(of):
        return decoded(optional("pyarrow.compute", extra="ingest").run_end_decode(array))
    if isinstance(of, arrow.BaseExtensionType) and str(of) != "extension<arrow.uuid>":
        return decoded(array.storage)
    return array.cast(arrow.float32()) if arrow.types.is_float16(of) else array


def python(array: Any) -> list[Any]:  # noqa: PLR0911
    """The values; what Python cannot hold is an ``Unheld``, text that is no UTF-8 is bytes."""
    array = decoded(array)
    kind = arrow_kind(array.type)
    if kind in ("timestamp", "timestamptz", "time", "date"):
        return _moments(array, kind)
    if kind == "text":
        return _texts(array)
    if kind == "float" and str(array.type) == "float":
        texts = array.cast("string").to_pylist()
        return [
            None if value is None else Single(value, repr(float(text)))
            for value, text in zip(array.to_pylist(), texts, strict=True)
        ]
    if kind == "object":
        return _structs(array)
    if kind == "list":
        return [python(one.values) if one.is_valid else None for one in array]
    if kind == "map":
        return [_map(one.values) if one.is_valid else None for one in array]
    return [_value(one) for one in array]


def _moments(array: Any, kind: Any) -> list[Any]:
    arrow = optional("pyarrow", extra="ingest")
    fine = str(array.type).startswith(("timestamp[ns", "time64[ns"))
    units = array.cast(arrow.int64()).to_pylist() if fine else [0] * len(array)
    zone = "UTC" if kind == "timestamptz" else None
    coarse = array
    if kind == "time":
        coarse = array.cast(arrow.time64("us"), safe=False)
    elif fine:
        coarse = array.cast(arrow.timestamp("us", zone), safe=False)
    elif zone:
        coarse = array.cast(arrow.timestamp(array.type.unit, zone))
    return [
        Unheld(_text(array, place), kind, FINER)
        if unit and unit % 1000
        else _held(one, array, place, kind)
        for place, (one, unit) in enumerate(zip(coarse, units, strict=True))
    ]


def _held(scalar: Any, array: Any, place: int, kind: Any) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return Unheld(_text(array, place), kind, OUTSIDE)


def _text(array: Any, place: int) -> str:
    arrow = optional("pyarrow", extra="ingest")
    try:
        return str(array.slice(place, 1).cast(arrow.string())[0].as_py())
    except (ValueError, NotImplementedError):
        return str(array[place])


def _texts(array: Any) -> list[Any]:
    try:
        found: list[Any] = array.to_pylist()
    except UnicodeDecodeError:
        arrow = optional("pyarrow", extra="ingest")
        return [_decoded_text(one) for one in array.cast(arrow.large_binary()).to_pylist()]
    return found


def _decoded_text(value: bytes | None) -> str | bytes | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return value


def _structs(array: Any) -> list[Any]:
    names = [field.name for field in array.type.fields]
    columns = [python(child) for child in array.flatten()]
    rows = zip(*columns, strict=True) if columns else ((),) * len(array)
    return [
        dict(zip(names, row, strict=True)) if valid else None
        for row, valid in zip(rows, array.is_valid().to_pylist(), strict=True)
    ]


def _map(entries: Any) -> Any:
    keys, values = (python(child) for child in entries.flatten())
    pairs = [[key, value] for key, value in zip(keys, values, strict=True)]
    try:
        made = dict(zip(keys, values, strict=True))
    except TypeError:
        return pairs
    return made if len(made) == len(pairs) else pairs


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, ArithmeticError):  # digits that no decimal has
        return f"an unreadable {scalar.type}"
