"""When the rows of a table changed last, as its metadata says: nothing is read."""

from datetime import datetime, timezone
from typing import Any

from dbt_phlo.tables.files import Metadata

REWRITTEN = "replace"
"""The operation of a snapshot with the same rows in other files, as after a compaction (Iceberg
specification v2, "Snapshots")."""


def changed_at(metadata: Metadata) -> datetime | None:
    """The time of the newest snapshot with other rows than the one before it, in UTC.

    None for a table that was never written to.
    """
    snapshots = {snapshot["snapshot-id"]: snapshot for snapshot in metadata["snapshots"]}
    current = snapshots.get(metadata.get("current-snapshot-id"))
    while current is not None and _is_rewritten(current):
        before = snapshots.get(current.get("parent-snapshot-id"))
        if before is None:  # it is forgotten: this is the oldest that is known
            break
        current = before
    if current is None:
        return None
    return datetime.fromtimestamp(current["timestamp-ms"] / 1000, timezone.utc)


def _is_rewritten(snapshot: dict[str, Any]) -> bool:
    return (snapshot.get("summary") or {}).get("operation") == REWRITTEN
