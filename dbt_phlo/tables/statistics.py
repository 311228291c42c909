"""How many rows a table has, from its metadata where that says so for certain."""

from collections.abc import Callable
from typing import Any

Count = Callable[[str], int]
"""Counts the rows of the table whose metadata file lies at a location."""

_DELETES = ("total-position-deletes", "total-equality-deletes", "total-delete-files")


def rows(location: str, metadata: dict[str, Any], count: Count) -> int:
    """The rows of a table's current snapshot; ``count`` is asked only if it has delete files.

    A summary's ``total-records`` counts the rows of the data files (Iceberg spec, "Optional
    Snapshot Summary Fields"). How many of them delete files take away is not certain from the
    totals: two position deletes may name one row.
    """
    wanted = metadata.get("current-snapshot-id")
    snapshot = next((s for s in metadata["snapshots"] if s["snapshot-id"] == wanted), None)
    if snapshot is None:
        return 0
    summary = snapshot.get("summary") or {}
    total = str(summary.get("total-records", ""))
    if total.isdigit() and not any(str(summary.get(key, "0")) != "0" for key in _DELETES):
        return int(total)
    return count(location)
