"""Field ids: kept where a column is the same, new where it is not."""

from typing import Any

import pytest

from dbt_phlo.tables import metadata, schema


def struct(**types: Any) -> dict[str, Any]:
    """A struct whose fields carry the ids of a client, 1, 2, 3 ...; nested ones too."""
    counter = iter(range(1, 1000))

    def numbered(of: Any) -> Any:
        if isinstance(of, list):
            return {"type": "list", "element-id": next(counter), "element": numbered(of[0])}
        if isinstance(of, tuple):
            return {
                "type": "map",
                "key-id": next(counter),
                "key": numbered(of[0]),
                "value-id": next(counter),
                "value": numbered(of[1]),
            }
        if isinstance(of, dict):
            fields = [{"id": next(counter), "name": n, "required": False} for n in of]
            for field, kind in zip(fields, of.values(), strict=True):
                field["type"] = numbered(kind)
            return {"type": "struct", "fields": fields}
        return of

    found: dict[str, Any] = numbered(types)
    return found


def rebuilt(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    base = metadata.new({"schema": before}, "file:///t")
    return base, metadata.new({"schema": after}, "file:///new", base)


def ids(of: Any, prefix: str = "") -> dict[str, int]:
    """Every id of a schema by its path."""
    found: dict[str, int] = {}
    if isinstance(of, str):
        return found
    for field in of.get("fields", []):
        found[f"{prefix}{field['name']}"] = field["id"]
        found |= ids(field["type"], f"{prefix}{field['name']}.")
    for part in ("element", "key", "value"):
        if part in of:
            found[f"{prefix}{part}"] = of[f"{part}-id"]
            found |= ids(of[part], f"{prefix}{part}.")
    return found


NESTED = struct(a="int", b={"x": "int", "y": ["string"]}, c=("string", {"k": "int"}), d=["long"])


def test_every_id_is_used_once_and_the_last_one_is_told() -> None:
    document = metadata.new({"schema": NESTED}, "file:///t")
    found = ids(schema.current(document))
    assert sorted(found.values()) == list(range(1, len(found) + 1))
    assert document["last-column-id"] == len(found) == schema.highest_id(schema.current(document))


def test_the_same_schema_keeps_every_id_whatever_ids_the_client_gives() -> None:
    client = struct(
        d=["long"], c=("string", {"k": "int"}), b={"x": "int", "y": ["string"]}, a="int"
    )
    base, new = rebuilt(NESTED, client)
    before, after = ids(schema.current(base)), ids(schema.current(new))
    assert {name: before[name] for name in after} == after
    assert new["last-column-id"] == base["last-column-id"]


CHANGES: dict[str, tuple[Any, Any, bool]] = {
    "the same": ("int", "int", True),
    "int to long": ("int", "long", True),
    "float to double": ("float", "double", True),
    "long to int": ("long", "int", False),
    "double to float": ("double", "float", False),
    "int to double": ("int", "double", False),
    "int to string": ("int", "string", False),
    "date to timestamp": ("date", "timestamp", False),
    "timestamp to timestamptz": ("timestamp", "timestamptz", False),
    "a wider decimal": ("decimal(9,2)", "decimal(12,2)", True),
    "a wider decimal with a space": ("decimal(9, 2)", "decimal(12,2)", True),
    "a narrower decimal": ("decimal(12,2)", "decimal(9,2)", False),
    "a decimal of another scale": ("decimal(9,2)", "decimal(12,3)", False),
    "int to decimal": ("int", "decimal(9,0)", False),
    "a list of the same": (["int"], ["int"], True),
    "a list of longer": (["int"], ["long"], True),
    "a list of others": (["int"], ["string"], False),
    "a list to its element": (["int"], "int", False),
    "a struct with a field more": ({"x": "int"}, {"x": "int", "y": "int"}, True),
    "a struct with a field less": ({"x": "int", "y": "int"}, {"y": "int"}, True),
    "a struct of which a field has another type": ({"x": "int"}, {"x": "string"}, True),
    "a struct to a map": ({"x": "int"}, ("string", "int"), False),
    "a map of longer values": (("string", "int"), ("string", "long"), True),
    "a map of longer keys": (("int", "int"), ("long", "int"), False),
    "a map whose key has another field": (({"x": "int"}, "int"), ({"y": "int"}, "int"), False),
}


@pytest.mark.parametrize("before, after, kept", CHANGES.values(), ids=CHANGES)
def test_a_column_keeps_its_id_exactly_when_iceberg_allows_the_change(
    before: Any, after: Any, kept: bool
) -> None:
    base, new = rebuilt(struct(first="int", c=before), struct(c=after, other="int"))
    old, now = ids(schema.current(base)), ids(schema.current(new))
    assert (now["c"] == old["c"]) is kept
    assert now["other"] > base["last-column-id"]
    same = {name for name in now if now[name] in old.values()}
    assert all(old.get(name) == now[name] for name in same)  # no id changes its column
    assert len(set(now.values())) == len(now)


def test_a_dropped_column_that_comes_back_gets_a_new_id() -> None:
    base, without = rebuilt(struct(a="int", b="int"), struct(a="int"))
    again = metadata.new({"schema": struct(a="int", b="int")}, "file:///x", without)
    assert ids(schema.current(again))["b"] > base["last-column-id"]


def test_docs_of_the_request_win_over_those_that_were_there() -> None:
    base = metadata.new({"schema": struct(a="int", b="int")}, "file:///t")
    for field in schema.current(base)["fields"]:
        field["doc"] = "old"
    wanted = struct(a="int", b="int")
    wanted["fields"][1]["doc"] = "new"
    new = metadata.new({"schema": wanted}, "file:///x", base)
    assert [field["doc"] for field in schema.current(new)["fields"]] == ["old", "new"]


def test_a_partition_spec_follows_its_column_to_the_new_id() -> None:
    spec = {"fields": [{"name": "day", "transform": "identity", "source-id": 2, "field-id": 1000}]}
    base = metadata.new({"schema": struct(id="int", day="date"), "partition-spec": spec}, "f:///t")
    assert base["partition-specs"][0]["fields"][0]["source-id"] == 2
    turned = {"fields": [{**spec["fields"][0], "source-id": 1}]}
    same = metadata.new(
        {"schema": struct(day="date", new="int", id="int"), "partition-spec": turned},
        "f:///x",
        base,
    )
    assert same["partition-specs"] == base["partition-specs"]
    assert same["default-spec-id"] == 0
    other = {"fields": [{**spec["fields"][0], "source-id": 2, "name": "new"}]}
    changed = metadata.new(
        {"schema": struct(day="date", new="int"), "partition-spec": other}, "f:///x", base
    )
    assert changed["default-spec-id"] == 1
    (field,) = changed["partition-specs"][1]["fields"]
    assert (field["source-id"], field["field-id"]) == (3, 1001)
    assert changed["last-partition-id"] == 1001


def test_a_sort_order_follows_its_column_too() -> None:
    order = {"fields": [{"transform": "identity", "source-id": 1, "direction": "asc"}]}
    base = metadata.new({"schema": struct(a="int", b="int")}, "file:///t")
    new = metadata.new({"schema": struct(b="int", a="int"), "write-order": order}, "f:///x", base)
    assert new["sort-orders"][0]["fields"][0]["source-id"] == 2
    assert new["default-sort-order-id"] == 1


def test_an_equal_earlier_schema_is_taken_again() -> None:
    document = metadata.new({"schema": struct(a="int")}, "file:///t")
    first = schema.current(document)["fields"]
    other = [*first, {"id": 2, "name": "b", "required": False, "type": "int"}]
    assert schema.add_schema(document, other, 2) == 1
    assert schema.add_schema(document, first, 1) == 0
    assert len(document["schemas"]) == 2
    assert (document["current-schema-id"], document["last-column-id"]) == (0, 2)


@pytest.mark.parametrize("key", sorted(metadata.FORCED_PROPERTIES))
def test_what_would_let_an_engine_delete_shared_files_is_off(key: str) -> None:
    document = metadata.new({"schema": NESTED, "properties": {key: "true", "x": 1}}, "file:///t")
    assert document["properties"][key] == "false"
    assert document["properties"]["x"] == "1"


def test_pyiceberg_takes_the_documents() -> None:
    from pyiceberg.table.metadata import TableMetadataUtil

    base, new = rebuilt(NESTED, struct(b={"y": ["string"], "z": "int"}, a="long"))
    for document in (base, new, metadata.clone(base, "file:///clone")):
        assert TableMetadataUtil.parse_obj(document).format_version == 2
