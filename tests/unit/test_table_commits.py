"""Every requirement and update of the REST protocol, applied to a metadata document."""

import copy
import json
from typing import Any

import pytest

from dbt_phlo.errors import AlreadyExists, CatalogError, Conflict, NotFound
from dbt_phlo.tables import commits, metadata
from dbt_phlo.tables import schema as schemas

FIELD = {"id": 1, "name": "a", "required": False, "type": "int"}


def document(snapshots: int = 0) -> dict[str, Any]:
    found = metadata.new({"schema": {"type": "struct", "fields": [FIELD]}}, "file:///t")
    for number in range(1, snapshots + 1):
        commits.add_snapshot(found, snapshot(number))
    return found


def snapshot(number: int) -> dict[str, Any]:
    return {
        "snapshot-id": 100 + number,
        "sequence-number": number,
        "timestamp-ms": number,
        "manifest-list": f"file:///t/{number}.avro",
        "summary": {"operation": "append"},
        "schema-id": 0,
    }


TABLE = document(2)
HOLDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "assert-table-uuid": ({"uuid": TABLE["table-uuid"]}, {"uuid": "other"}),
    "assert-ref-snapshot-id": (
        {"ref": "main", "snapshot-id": 102},
        {"ref": "main", "snapshot-id": 101},
    ),
    "assert-current-schema-id": ({"current-schema-id": 0}, {"current-schema-id": 1}),
    "assert-last-assigned-field-id": ({"last-assigned-field-id": 1}, {"last-assigned-field-id": 2}),
    "assert-last-assigned-partition-id": (
        {"last-assigned-partition-id": 999},
        {"last-assigned-partition-id": 1000},
    ),
    "assert-default-spec-id": ({"default-spec-id": 0}, {"default-spec-id": 1}),
    "assert-default-sort-order-id": ({"default-sort-order-id": 0}, {"default-sort-order-id": 1}),
}


@pytest.mark.parametrize("kind", HOLDS)
def test_a_requirement_holds_or_is_a_conflict(kind: str) -> None:
    good, bad = HOLDS[kind]
    commits.check(TABLE, [{"type": kind, **good}], "s.t")
    with pytest.raises(Conflict, match=f"s.t has moved: {kind}"):
        commits.check(TABLE, [{"type": kind, **good}, {"type": kind, **bad}], "s.t")
    with pytest.raises(NotFound, match=r"s\.t does not exist"):
        commits.check(None, [{"type": kind, **good}], "s.t")


def test_assert_create_wants_that_there_is_no_table() -> None:
    commits.check(None, [{"type": "assert-create"}], "s.t")
    with pytest.raises(AlreadyExists):
        commits.check(TABLE, [{"type": "assert-create"}], "s.t")


@pytest.mark.parametrize("ref, wanted", [("main", None), ("main", 7), ("tag", None)])
def test_a_ref_without_a_snapshot_is_null(ref: str, wanted: int | None) -> None:
    requirement = {"type": "assert-ref-snapshot-id", "ref": ref, "snapshot-id": wanted}
    if wanted is None:
        commits.check(document(), [requirement], "s.t")
    else:
        with pytest.raises(Conflict):
            commits.check(document(), [requirement], "s.t")


def test_what_is_not_known_is_refused_and_nothing_is_guessed() -> None:
    for call in (
        lambda: commits.check(TABLE, [{"type": "assert-nonsense"}], "s.t"),
        lambda: applied({"action": "nonsense"}),
        lambda: applied({"action": "set-current-schema", "schema-id": 9}),
        lambda: applied({"action": "set-default-spec", "spec-id": 9}),
        lambda: applied({"action": "set-default-sort-order", "sort-order-id": 9}),
        lambda: applied({"action": "set-current-schema", "schema-id": -1}),
        lambda: applied({"action": "set-snapshot-ref", "ref-name": "main", "snapshot-id": 9}),
    ):
        with pytest.raises(CatalogError) as caught:
            call()
        assert caught.value.code == "PHLO307"


def applied(*updates: dict[str, Any], to: dict[str, Any] | None = None) -> dict[str, Any]:
    return commits.apply(copy.deepcopy(to or document(2)), list(updates))


def test_a_schema_is_added_and_chosen_by_its_id_or_as_the_last_one() -> None:
    fields = [FIELD, {"id": 2, "name": "b", "required": False, "type": "int"}]
    add = {"action": "add-schema", "schema": {"type": "struct", "schema-id": 1, "fields": fields}}
    for chosen in (1, -1):
        found = applied(add, {"action": "set-current-schema", "schema-id": chosen})
        assert found["current-schema-id"] == 1
        assert found["last-column-id"] == 2
        assert schemas.current(found)["fields"] == fields
    assert applied(add)["current-schema-id"] == 0


def test_an_id_that_is_taken_is_not_given_to_another_schema() -> None:
    """Snapshots refer to schemas by id: the client's id must not replace what has it."""
    fields = [{**FIELD, "id": 2, "name": "other"}]
    add = {"action": "add-schema", "schema": {"type": "struct", "schema-id": 0, "fields": fields}}
    for chosen in (0, -1):
        found = applied(add, {"action": "set-current-schema", "schema-id": chosen})
        assert [one["schema-id"] for one in found["schemas"]] == [0, 1]
        assert found["schemas"][0]["fields"] == [FIELD]
        assert schemas.current(found)["fields"] == fields


def test_an_equal_schema_spec_or_order_is_not_added_again() -> None:
    found = applied(
        {"action": "add-schema", "schema": {"schema-id": 5, "fields": [FIELD]}},
        {"action": "set-current-schema", "schema-id": -1},
        {"action": "add-spec", "spec": {"spec-id": 5, "fields": []}},
        {"action": "set-default-spec", "spec-id": -1},
        {"action": "add-sort-order", "sort-order": {"order-id": 5, "fields": []}},
        {"action": "set-default-sort-order", "sort-order-id": -1},
    )
    assert found == document(2) | {
        key: found[key] for key in ("table-uuid", "last-updated-ms", "snapshot-log")
    }


def test_a_partition_spec_is_added_and_chosen() -> None:
    fields = [{"name": "a", "transform": "identity", "source-id": 1, "field-id": 1000}]
    found = applied(
        {"action": "add-spec", "spec": {"spec-id": 0, "fields": fields}},
        {"action": "set-default-spec", "spec-id": -1},
    )
    assert [one["spec-id"] for one in found["partition-specs"]] == [0, 1]
    assert (found["default-spec-id"], found["last-partition-id"]) == (1, 1000)


def test_a_sort_order_is_added_and_chosen() -> None:
    fields = [{"transform": "identity", "source-id": 1, "direction": "asc"}]
    found = applied(
        {"action": "add-sort-order", "sort-order": {"order-id": 1, "fields": fields}},
        {"action": "set-default-sort-order", "sort-order-id": -1},
    )
    assert (found["default-sort-order-id"], len(found["sort-orders"])) == (1, 2)


def test_a_snapshot_becomes_current_with_its_ref() -> None:
    found = applied({"action": "add-snapshot", "snapshot": snapshot(3)})
    assert (found["current-snapshot-id"], found["last-sequence-number"]) == (102, 3)
    main = {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": 103}
    found = applied(main, to=found)
    assert found["current-snapshot-id"] == 103
    assert found["refs"]["main"] == {"type": "branch", "snapshot-id": 103}
    assert [entry["snapshot-id"] for entry in found["snapshot-log"]] == [101, 102, 103]
    times = [entry["timestamp-ms"] for entry in found["snapshot-log"]]
    assert times == sorted(times)


def test_a_tag_leaves_the_current_snapshot_alone() -> None:
    tag = {"action": "set-snapshot-ref", "ref-name": "old", "type": "tag", "snapshot-id": 101}
    found = applied({**tag, "max-ref-age-ms": 5, "nonsense": 1})
    assert found["current-snapshot-id"] == 102
    assert found["refs"]["old"] == {"type": "tag", "snapshot-id": 101, "max-ref-age-ms": 5}
    found = applied({"action": "remove-snapshot-ref", "ref-name": "old"}, to=found)
    assert list(found["refs"]) == ["main"]


def test_removed_snapshots_leave_no_reference_behind() -> None:
    tag = {"action": "set-snapshot-ref", "ref-name": "old", "type": "tag", "snapshot-id": 101}
    found = applied(tag, {"action": "remove-snapshots", "snapshot-ids": [101]})
    assert [one["snapshot-id"] for one in found["snapshots"]] == [102]
    assert [one["snapshot-id"] for one in found["snapshot-log"]] == [102]
    assert list(found["refs"]) == ["main"]
    found = applied({"action": "remove-snapshots", "snapshot-ids": [102]}, to=found)
    assert (found["current-snapshot-id"], found["refs"], found["snapshots"]) == (-1, {}, [])


def test_removing_main_leaves_no_current_snapshot() -> None:
    found = applied({"action": "remove-snapshot-ref", "ref-name": "main"})
    assert (found["current-snapshot-id"], found["refs"]) == (-1, {})


def test_properties_are_text_and_the_dangerous_ones_stay_off() -> None:
    keys = list(metadata.FORCED_PROPERTIES)
    found = applied(
        {"action": "set-properties", "updates": {"x": 1, "y": True, keys[0]: "true"}},
        {"action": "remove-properties", "removals": ["y", "unknown", *keys]},
    )
    assert found["properties"] == {**document()["properties"], "x": "1"}
    assert found["properties"].items() >= metadata.FORCED_PROPERTIES.items()


def test_identity_and_place_are_not_the_clients() -> None:
    updates = [
        {"action": "assign-uuid", "uuid": "new"},
        {"action": "set-location", "location": "file:///elsewhere"},
        {"action": "upgrade-format-version", "format-version": 3},
    ]
    found = applied(*updates)
    for key in ("location", "format-version"):
        assert found[key] == TABLE[key]
    assert found["table-uuid"] != "new"
    assert applied(*updates, to=document())["table-uuid"] == "new"


def test_a_commit_is_still_a_document_that_pyiceberg_takes() -> None:
    from pyiceberg.table.metadata import TableMetadataUtil

    found = applied({"action": "remove-snapshots", "snapshot-ids": [101]})
    assert TableMetadataUtil.parse_raw(json.dumps(found)).current_snapshot_id == 102
