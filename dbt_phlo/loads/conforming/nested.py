"""A value into a type by the table of ``conversions``, nested ones from the outside in."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from dbt_phlo.loads.conforming.conversions import RULES, family, refusal
from dbt_phlo.loads.conforming.kinds import kind_of, plain
from dbt_phlo.loads.conforming.misfit import MISSING, Misfit
from dbt_phlo.tables.schema import Type


class Fields(Protocol):
    """Which fields of an object are which of a struct, by their place in it.

    It is told the path of the struct, as ``address``, and what the object calls its fields.
    """

    def of(self, path: str, names: Sequence[str], struct: Type) -> dict[int, str]: ...


class Target(NamedTuple):
    """A column: its path, its Iceberg type, its Arrow type where arrays are made, and whether
    it is not null."""

    path: str
    type: Type
    arrow: Any = None
    required: bool = False


def convert(value: Any, of: Type, fields: Fields, path: str) -> Any:
    """One value as what Python calls it, of that type. Raises ``Misfit``."""
    value = plain(value)
    if value is None:
        return None
    kind = kind_of(value)
    rule = RULES.get((kind, family(of)))
    if rule is None:
        raise Misfit(refusal(kind, of, type(value).__name__), value)
    if rule.value is not None:
        return rule.value(value, of if isinstance(of, str) else "")
    assert not isinstance(of, str)
    if of["type"] == "struct":
        return _struct(value, of, fields, path)
    if of["type"] == "list":
        required = of.get("element-required", False)
        inner = Target(f"{path}.element", of["element"], required=required)
        return [_part(one, inner, fields, f"[{place}]") for place, one in enumerate(value)]
    return _map(value, of, fields, path)


def _struct(value: dict[Any, Any], of: Any, fields: Fields, path: str) -> dict[str, Any]:
    names = _names(value)
    found = fields.of(path, names, of)
    made = {}
    for place, field in enumerate(of["fields"]):
        inner = value[found[place]] if place in found else None
        name, required = field["name"], field.get("required", False)
        to = Target(f"{path}.{name}", field["type"], required=required)
        made[name] = _part(inner, to, fields, f".{name}")
    return made


def _map(value: dict[Any, Any], of: Any, fields: Fields, path: str) -> dict[Any, Any]:
    key_to = Target(f"{path}.key", of["key"], required=True)
    to = Target(f"{path}.value", of["value"], required=of.get("value-required", False))
    made = {}
    for key, inner in value.items():
        found = _part(key, key_to, fields, ".key")
        if isinstance(found, dict | list):
            raise Misfit("has a key that is not a single value", value)
        if found in made:
            raise Misfit("has two keys that become the same one", value)
        made[found] = _part(inner, to, fields, ".value")
    return made


def _part(value: Any, to: Target, fields: Fields, step: str) -> Any:
    try:
        made = convert(value, to.type, fields, to.path)
        if made is None and to.required:
            raise Misfit(MISSING)
    except Misfit as misfit:
        raise misfit.under(step) from misfit
    return made


def _names(value: dict[Any, Any]) -> tuple[str, ...]:
    for name in value:
        if not isinstance(name, str):
            raise Misfit("has a field whose name is no text", value)
    return tuple(value)
