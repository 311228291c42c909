"""Commits of the Iceberg REST protocol, applied to the metadata document itself.

Names and meanings of requirements and updates are those of the Iceberg REST catalog specification
(``TableRequirement``, ``TableUpdate``).
"""

import time
from collections.abc import Callable
from typing import Any

from dbt_phlo.errors import AlreadyExists, CatalogError, Conflict, NotFound
from dbt_phlo.tables import schema as schemas
from dbt_phlo.tables.files import Metadata
from dbt_phlo.tables.metadata import FORCED_PROPERTIES

Update = dict[str, Any]
Added = dict[tuple[str, int], int]
"""The id that a commit's additions got, by kind and the client's id; -1 is the last one added."""


def check(metadata: Metadata | None, requirements: list[dict[str, Any]], table: str) -> None:
    """Raise unless every requirement holds; ``metadata`` is None for a table that is not there."""
    for requirement in requirements:
        kind = requirement["type"]
        if kind == "assert-create":
            if metadata is not None:
                raise AlreadyExists(f"table {table} already exists")
        elif metadata is None:
            raise NotFound(f"table {table} does not exist")
        elif not _holds(kind, requirement, metadata):
            raise Conflict(
                f"table {table} has moved: {kind} does not hold any more",
                remedy="another writer was faster; run the model again",
            )


def _holds(kind: str, requirement: dict[str, Any], metadata: Metadata) -> bool:
    if kind == "assert-table-uuid":
        return bool(requirement["uuid"] == metadata["table-uuid"])
    if kind == "assert-ref-snapshot-id":
        ref = metadata["refs"].get(requirement["ref"]) or {}
        return bool(requirement.get("snapshot-id") == ref.get("snapshot-id"))
    field = {
        "assert-current-schema-id": ("current-schema-id", "current-schema-id"),
        "assert-last-assigned-field-id": ("last-assigned-field-id", "last-column-id"),
        "assert-last-assigned-partition-id": ("last-assigned-partition-id", "last-partition-id"),
        "assert-default-spec-id": ("default-spec-id", "default-spec-id"),
        "assert-default-sort-order-id": ("default-sort-order-id", "default-sort-order-id"),
    }.get(kind)
    if field is None:
        raise CatalogError(f"the requirement {kind} is not supported", code="PHLO307")
    return bool(requirement[field[0]] == metadata[field[1]])


def apply(metadata: Metadata, updates: list[Update]) -> Metadata:
    """Apply ``updates`` in order to ``metadata`` itself, and return it."""
    added: Added = {}
    for update in updates:
        action = _ACTIONS.get(update["action"])
        if action is None:
            raise CatalogError(
                f"the table update {update['action']} is not supported", code="PHLO307"
            )
        action(metadata, update, added)
    return metadata


def add_snapshot(metadata: Metadata, snapshot: dict[str, Any]) -> None:
    """Append ``snapshot`` and make it the current one."""
    _add_snapshot(metadata, {"snapshot": snapshot}, {})
    main = {"ref-name": "main", "type": "branch", "snapshot-id": snapshot["snapshot-id"]}
    _set_snapshot_ref(metadata, main, {})


def _assign_uuid(metadata: Metadata, update: Update, added: Added) -> None:
    if not metadata["snapshots"]:  # a table that holds data keeps its identity
        metadata["table-uuid"] = update["uuid"]


def _nothing(metadata: Metadata, update: Update, added: Added) -> None:
    """Format version (always 2) and location (always the catalog's choice) are not the client's."""


def _set_properties(metadata: Metadata, update: Update, added: Added) -> None:
    metadata["properties"] |= {k: str(v) for k, v in update["updates"].items()}
    metadata["properties"] |= FORCED_PROPERTIES


def _remove_properties(metadata: Metadata, update: Update, added: Added) -> None:
    for key in update["removals"]:
        if key not in FORCED_PROPERTIES:
            metadata["properties"].pop(key, None)


def _add_schema(metadata: Metadata, update: Update, added: Added) -> None:
    schema = update["schema"]
    chosen = _add_to(metadata["schemas"], "schema-id", schema, schema["fields"])
    metadata["last-column-id"] = max(metadata["last-column-id"], schemas.highest_id(schema))
    added["schema", -1] = added["schema", schema["schema-id"]] = chosen


def _add_spec(metadata: Metadata, update: Update, added: Added) -> None:
    spec = update["spec"]
    chosen = _add_to(metadata["partition-specs"], "spec-id", spec, spec["fields"])
    ids = [field.get("field-id", 0) for field in spec["fields"]]
    metadata["last-partition-id"] = max([metadata["last-partition-id"], *ids])
    added["spec", -1] = added["spec", spec["spec-id"]] = chosen


def _add_sort_order(metadata: Metadata, update: Update, added: Added) -> None:
    order = update["sort-order"]
    chosen = _add_to(metadata["sort-orders"], "order-id", order, order["fields"])
    added["sort-order", -1] = added["sort-order", order["order-id"]] = chosen


def _add_to(entries: list[dict[str, Any]], key: str, entry: dict[str, Any], fields: Any) -> int:
    """The id under which ``entry`` is among ``entries``: an equal one is not added again.

    An id that something else has already is not the client's to give: snapshots and data files
    refer to it.
    """
    for known in entries:
        if known["fields"] == fields:
            return int(known[key])
    taken = [int(known[key]) for known in entries]
    chosen = int(entry[key])
    if chosen < 0 or chosen in taken:
        chosen = max(taken, default=-1) + 1
    entries.append({**entry, key: chosen})
    return chosen


def _set_current(key: str, update_key: str, what: str, known: str, id_key: str) -> "Action":
    def set_current(metadata: Metadata, update: Update, added: Added) -> None:
        wanted = update[update_key]
        chosen = added.get((what, wanted), wanted)
        if chosen not in [entry[id_key] for entry in metadata[known]]:
            raise CatalogError(f"{update_key} {wanted} is not known", code="PHLO307")
        metadata[key] = chosen

    return set_current


def _add_snapshot(metadata: Metadata, update: Update, added: Added) -> None:
    snapshot = update["snapshot"]
    metadata["snapshots"].append(snapshot)
    sequence = snapshot.get("sequence-number", 0)
    metadata["last-sequence-number"] = max(metadata["last-sequence-number"], sequence)


def _set_snapshot_ref(metadata: Metadata, update: Update, added: Added) -> None:
    keep = ("snapshot-id", "type", "min-snapshots-to-keep", "max-snapshot-age-ms", "max-ref-age-ms")
    metadata["refs"][update["ref-name"]] = {k: update[k] for k in keep if k in update}
    if update["ref-name"] == "main":
        metadata["current-snapshot-id"] = update["snapshot-id"]
        if not any(s["snapshot-id"] == update["snapshot-id"] for s in metadata["snapshots"]):
            raise CatalogError(f"snapshot {update['snapshot-id']} is not known", code="PHLO307")
        last = max([0, *(entry["timestamp-ms"] for entry in metadata["snapshot-log"])])
        metadata["snapshot-log"].append(
            {
                "snapshot-id": update["snapshot-id"],
                "timestamp-ms": max(int(time.time() * 1000), last),
            }
        )


def _remove_snapshot_ref(metadata: Metadata, update: Update, added: Added) -> None:
    metadata["refs"].pop(update["ref-name"], None)
    if update["ref-name"] == "main":
        metadata["current-snapshot-id"] = -1


def _remove_snapshots(metadata: Metadata, update: Update, added: Added) -> None:
    gone = set(update["snapshot-ids"])
    metadata["refs"] = {
        name: ref for name, ref in metadata["refs"].items() if ref["snapshot-id"] not in gone
    }
    if metadata.get("current-snapshot-id") in gone:
        metadata["current-snapshot-id"] = -1
    for key in ("snapshots", "snapshot-log"):
        metadata[key] = [entry for entry in metadata[key] if entry["snapshot-id"] not in gone]


Action = Callable[[Metadata, Update, Added], None]

_ACTIONS: dict[str, Action] = {
    "assign-uuid": _assign_uuid,
    "upgrade-format-version": _nothing,
    "set-location": _nothing,
    "set-properties": _set_properties,
    "remove-properties": _remove_properties,
    "add-schema": _add_schema,
    "set-current-schema": _set_current(
        "current-schema-id", "schema-id", "schema", "schemas", "schema-id"
    ),
    "add-spec": _add_spec,
    "set-default-spec": _set_current(
        "default-spec-id", "spec-id", "spec", "partition-specs", "spec-id"
    ),
    "add-sort-order": _add_sort_order,
    "set-default-sort-order": _set_current(
        "default-sort-order-id", "sort-order-id", "sort-order", "sort-orders", "order-id"
    ),
    "add-snapshot": _add_snapshot,
    "set-snapshot-ref": _set_snapshot_ref,
    "remove-snapshot-ref": _remove_snapshot_ref,
    "remove-snapshots": _remove_snapshots,
}
