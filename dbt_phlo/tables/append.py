"""Data files become rows of a table: the next snapshot, of what is there and what is added."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

from dbt_phlo.tables import commits, manifests
from dbt_phlo.tables.files import Files, Metadata
from dbt_phlo.tables.manifests import DataFile

_TOTALS = ("total-records", "total-data-files", "total-files-size")


def appended(
    files: Files, metadata: Metadata, added: Sequence[DataFile], *, replace: bool = False
) -> Metadata:
    """``metadata`` itself with one more snapshot, which holds ``added`` too.

    ``replace``: it holds nothing else, as after a compaction. The manifest and the manifest list
    are written; what a lost race leaves of them is for the cleanup.
    """
    snapshot_id, sequence = uuid.uuid4().int >> 66, metadata["last-sequence-number"] + 1
    before = _current(metadata)
    kept = manifests.records(files.read(before["manifest-list"])) if before and not replace else []
    folder = f"{metadata['location']}/metadata"
    location = f"{folder}/{uuid.uuid4()}-m0.avro"
    data = manifests.manifest(metadata, snapshot_id, added)
    files.write(location, data)
    own = manifests.record_of(metadata, location, data, snapshot_id, added)
    parent = before["snapshot-id"] if before else None
    list_location = f"{folder}/snap-{snapshot_id}-{uuid.uuid4()}.avro"
    list_data = manifests.manifest_list([*kept, own], snapshot_id, parent, sequence)
    files.write(list_location, list_data)
    snapshot = {
        "snapshot-id": snapshot_id,
        "sequence-number": sequence,
        "timestamp-ms": max(int(time.time() * 1000), metadata.get("last-updated-ms", 0)),
        "manifest-list": list_location,
        "schema-id": metadata["current-schema-id"],
        "summary": _summary(before if not replace else None, added, replace=replace),
    }
    if parent is not None:
        snapshot["parent-snapshot-id"] = parent
    commits.add_snapshot(metadata, snapshot)
    return metadata


def data_files(metadata: Metadata) -> int:
    """How many data files the current snapshot has, as its summary says."""
    snapshot = _current(metadata)
    return int((snapshot.get("summary") or {}).get("total-data-files", 0)) if snapshot else 0


def _current(metadata: Metadata) -> dict[str, Any] | None:
    wanted = metadata.get("current-snapshot-id")
    return next((s for s in metadata["snapshots"] if s["snapshot-id"] == wanted), None)


def _summary(
    before: dict[str, Any] | None, added: Sequence[DataFile], *, replace: bool
) -> dict[str, str]:
    """The totals of Iceberg's specification ("Snapshots", optional summary fields)."""
    new = (sum(file.rows for file in added), len(added), sum(file.size for file in added))
    old = (before or {}).get("summary") or {}
    totals = {
        name: str(int(old.get(name, 0)) + number) for name, number in zip(_TOTALS, new, strict=True)
    }
    return {
        "operation": "overwrite" if replace else "append",
        "added-records": str(new[0]),
        "added-data-files": str(new[1]),
        "added-files-size": str(new[2]),
        "total-delete-files": "0",
        "total-position-deletes": "0",
        "total-equality-deletes": "0",
        **totals,
    }
