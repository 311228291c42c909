"""Structs, lists and maps as whole columns: taken apart, converted inside, put together again."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import accumulate, chain
from typing import Any
from uuid import UUID

from dbt_phlo.extras import optional
from dbt_phlo.loads.conforming.column_rules import Undecided
from dbt_phlo.loads.conforming.conversions import family
from dbt_phlo.loads.conforming.nested import Fields, Target

Fast = Callable[[Any, Target, Fields], Any]
KEYS: dict[str, type] = {
    "boolean": bool,
    "int": int,
    "long": int,
    "float": float,
    "double": float,
    "decimal": Decimal,
    "date": date,
    "time": time,
    "timestamp": datetime,
    "timestamptz": datetime,
    "string": str,
    "uuid": UUID,
    "binary": bytes,
    "fixed": bytes,
}
"""What Python calls the values of a type, by its family."""
How = tuple[Target, Fields, Fast]


def of_python(values: list[Any], kind: str, target: Target, fields: Fields, fast: Fast) -> Any:
    """Plain dicts or lists, with None, as a nested array."""
    assert not isinstance(target.type, str)
    if target.type["type"] == "struct":
        present = [value for value in values if value is not None]
        names = tuple(dict.fromkeys(chain.from_iterable(present)))
        if not all(isinstance(name, str) for name in names):
            raise Undecided

        def child(name: str) -> list[Any]:
            return [None if value is None else value.get(name) for value in values]

        return _struct(names, child, _nulls(values), (target, fields, fast))
    if target.type["type"] == "list":
        inside = list(chain.from_iterable(value for value in values if value is not None))
        return _list(inside, _lengths(values), _nulls(values), (target, fields, fast))
    return _map(values, target, fields, fast)


def of_arrow(array: Any, kind: str, target: Target, fields: Fields, fast: Fast) -> Any:
    """A nested Arrow array as another one; maps only where they are of the type already."""
    assert not isinstance(target.type, str)
    arrow = optional("pyarrow", extra="ingest")
    compute = optional("pyarrow.compute", extra="ingest")
    nulls = array.is_null() if array.null_count else None
    if kind == "object" and target.type["type"] == "struct":
        names = tuple(field.name for field in array.type.fields)
        children = dict(zip(names, array.flatten(), strict=True))
        return _struct(names, children.__getitem__, nulls, (target, fields, fast))
    if kind == "list":
        lengths = compute.fill_null(compute.list_value_length(array), 0).cast(arrow.int64())
        return _list(array.flatten(), lengths.to_pylist(), nulls, (target, fields, fast))
    if array.type == target.arrow:
        return array
    raise Undecided


def _struct(names: Sequence[str], child: Callable[[str], Any], nulls: Any, how: How) -> Any:
    arrow = optional("pyarrow", extra="ingest")
    target, fields, fast = how
    of: Any = target.type
    found = fields.of(target.path, names, of)
    made: list[Any] = []
    for place, field in enumerate(of["fields"]):
        to = Target(f"{target.path}.{field['name']}", field["type"], target.arrow.field(place).type)
        made.append(fast(child(found[place]), to, fields) if place in found else None)
    size = next((len(inner) for inner in made if inner is not None), None)
    if size is None:
        raise Undecided
    made = [
        arrow.nulls(size, field.type) if inner is None else inner
        for field, inner in zip(target.arrow, made, strict=True)
    ]
    absent = 0 if nulls is None else nulls.true_count
    for field, inner in zip(target.arrow, made, strict=True):
        if not field.nullable and inner.null_count > absent:
            raise Undecided
    return arrow.StructArray.from_arrays(made, fields=list(target.arrow), mask=nulls)


def _list(inside: Any, lengths: Sequence[int], nulls: Any, how: How) -> Any:
    arrow = optional("pyarrow", extra="ingest")
    target, fields, fast = how
    of: Any = target.type
    to = target.arrow.value_field.type
    required = of.get("element-required", False)
    made = fast(inside, Target(f"{target.path}.element", of["element"], to, required), fields)
    offsets = arrow.array(accumulate(lengths, initial=0), arrow.int32())
    return arrow.ListArray.from_arrays(offsets, made, type=target.arrow, mask=nulls)


def _map(values: list[Any], target: Target, fields: Fields, fast: Fast) -> Any:
    """Keys that are of the type already stay as different as they are."""
    arrow = optional("pyarrow", extra="ingest")
    of: Any = target.type
    keys = list(chain.from_iterable(value for value in values if value is not None))
    if not set(map(type, keys)) <= {KEYS.get(family(of["key"]))}:
        raise Undecided
    inside = list(chain.from_iterable(v.values() for v in values if v is not None))
    required = of.get("value-required", False)
    key = Target(f"{target.path}.key", of["key"], target.arrow.key_type, True)
    value = Target(f"{target.path}.value", of["value"], target.arrow.item_type, required)
    offsets = list(accumulate(_lengths(values), initial=0))
    ends = [None if one is None else at for one, at in zip(values, offsets, strict=False)]
    return arrow.MapArray.from_arrays(
        arrow.array([*ends, offsets[-1]], arrow.int32()),
        fast(keys, key, fields),
        fast(inside, value, fields),
        type=target.arrow,
    )


def _lengths(values: list[Any]) -> list[int]:
    return [0 if value is None else len(value) for value in values]


def _nulls(values: list[Any]) -> Any:
    arrow = optional("pyarrow", extra="ingest")
    return arrow.array([value is None for value in values]) if None in values else None
