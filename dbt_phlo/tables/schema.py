"""Schemas of a table and their field ids.

Iceberg finds a column by its id, not by its name, so a rebuilt table keeps the ids of what it kept:
a column whose type is the same, or a promotion that the specification allows, keeps its id; any
other gets a new one (Iceberg spec, "Schema Evolution").
"""

from collections.abc import Callable
from typing import Any

Type = str | dict[str, Any]
"""An Iceberg type as in the metadata JSON: a primitive's name, or a struct, list or map."""

PROMOTIONS = {("int", "long"), ("float", "double")}


def current(metadata: dict[str, Any]) -> dict[str, Any]:
    """The current schema of a table."""
    wanted = metadata["current-schema-id"]
    found: dict[str, Any] = next(s for s in metadata["schemas"] if s["schema-id"] == wanted)
    return found


def with_ids(schema: dict[str, Any], base: dict[str, Any] | None) -> tuple[dict[str, Any], int]:
    """``schema`` with field ids, and the table's highest id.

    ``base`` is the metadata of the table whose ids are kept where a column is the same.
    """
    last = base["last-column-id"] if base else 0

    def new_id() -> int:
        nonlocal last
        last += 1
        return int(last)

    old: Type | None = current(base) if base else None
    struct = _assign({"type": "struct", "fields": schema["fields"]}, old, new_id)
    assert isinstance(struct, dict)
    return {"type": "struct", "schema-id": 0, "fields": struct["fields"]}, last


def new_ids(before: Type, after: Type) -> dict[int, int]:
    """Which id each field of ``before`` has in ``after``, the same type with other ids.

    >>> a = {"type": "struct", "fields": [{"id": 1, "name": "x", "type": "int"}]}
    >>> b = {"type": "struct", "fields": [{"id": 7, "name": "x", "type": "int"}]}
    >>> new_ids(a, b)
    {1: 7}
    """
    if isinstance(before, str) or isinstance(after, str):
        return {}
    found: dict[int, int] = {}
    for key in ("element", "key", "value"):
        if key in before:
            found |= new_ids(before[key], after[key])
            if f"{key}-id" in before:
                found[before[f"{key}-id"]] = after[f"{key}-id"]
    for old, new in zip(before.get("fields", []), after.get("fields", []), strict=True):
        if "id" in old:
            found[old["id"]] = new["id"]
        found |= new_ids(old["type"], new["type"])
    return found


def add_schema(metadata: dict[str, Any], fields: list[dict[str, Any]], last_id: int) -> int:
    """Make ``fields`` the current schema, reusing an equal earlier one; return its schema id."""
    for schema in metadata["schemas"]:
        if schema["fields"] == fields:
            chosen = schema["schema-id"]
            break
    else:
        chosen = max(s["schema-id"] for s in metadata["schemas"]) + 1
        metadata["schemas"].append({"type": "struct", "schema-id": chosen, "fields": fields})
    metadata["current-schema-id"] = chosen
    metadata["last-column-id"] = max(metadata["last-column-id"], last_id)
    return int(chosen)


def highest_id(of: Type) -> int:
    """The highest field id anywhere in a type or schema."""
    if isinstance(of, str):
        return 0
    ids = [of[key] for key in ("element-id", "key-id", "value-id") if key in of]
    ids += [highest_id(of[key]) for key in ("element", "key", "value") if key in of]
    for field in of.get("fields", []):
        ids += [field["id"], highest_id(field["type"])]
    return max(ids, default=0)


def shape(of: Type) -> object:
    """A type without ids, docs and nullability: what makes two types the same."""
    if isinstance(of, str):
        return of
    if of["type"] == "struct":
        return ("struct", tuple((f["name"], shape(f["type"])) for f in of["fields"]))
    if of["type"] == "list":
        return ("list", shape(of["element"]))
    return ("map", shape(of["key"]), shape(of["value"]))


def _assign(new: Type, old: Type | None, new_id: Callable[[], int]) -> Type:
    """``new`` with ids: those of ``old`` for what is the same, else fresh ones."""
    if isinstance(new, str):
        return new
    same = old if isinstance(old, dict) and old["type"] == new["type"] else None
    if new["type"] == "struct":
        return {"type": "struct", "fields": _fields(new["fields"], same, new_id)}
    if new["type"] == "list":
        return {
            "type": "list",
            "element-id": same["element-id"] if same else new_id(),
            "element-required": new.get("element-required", False),
            "element": _assign(new["element"], same and same["element"], new_id),
        }
    return {
        "type": "map",
        "key-id": same["key-id"] if same else new_id(),
        "key": _assign(new["key"], same and same["key"], new_id),
        "value-id": same["value-id"] if same else new_id(),
        "value-required": new.get("value-required", False),
        "value": _assign(new["value"], same and same["value"], new_id),
    }


def _fields(
    new: list[dict[str, Any]], old: dict[str, Any] | None, new_id: Callable[[], int]
) -> list[dict[str, Any]]:
    known = {field["name"]: field for field in old["fields"]} if old else {}
    fields = []
    for field in new:
        kept = known.get(field["name"])
        if kept is not None and not compatible(kept["type"], field["type"]):
            kept = None
        column = {
            "id": kept["id"] if kept else new_id(),
            "name": field["name"],
            "required": field.get("required", False),
            "type": field["type"],
        }
        doc = field.get("doc", kept.get("doc") if kept else None)
        if doc is not None:
            column["doc"] = doc
        fields.append(column)
        column["type"] = _assign(field["type"], kept["type"] if kept else None, new_id)
    return fields


def compatible(old: Type, new: Type) -> bool:
    """Whether a column of type ``old`` may become ``new`` under the same id."""
    if isinstance(old, str) and isinstance(new, str):
        return old == new or (old, new) in PROMOTIONS or _wider_decimal(old, new)
    if isinstance(old, str) or isinstance(new, str):
        return False
    if old["type"] != new["type"]:
        return False
    if old["type"] == "map":  # the keys of a map may not evolve
        return shape(old["key"]) == shape(new["key"]) and compatible(old["value"], new["value"])
    if old["type"] == "list":
        return compatible(old["element"], new["element"])
    return True


def _wider_decimal(old: str, new: str) -> bool:
    if not (old.startswith("decimal(") and new.startswith("decimal(")):
        return False
    (p1, s1), (p2, s2) = (
        tuple(int(part) for part in text[len("decimal(") : -1].split(",")) for text in (old, new)
    )
    return s1 == s2 and p2 >= p1
