"""What a commit leaves behind: a table forgets its snapshots and metadata files when they are old.

A table would else grow with every rebuild. It forgets in the commit that it makes anyway, because a
commit of its own would move the table under a run that has written it too. The files themselves
stay until nothing on any ref names them (see ``runs.cleanup``).
"""

import time
from typing import Any

from dbt_phlo.settings import DAY, SNAPSHOT_DAYS
from dbt_phlo.tables.files import Metadata

SNAPSHOT_SECONDS = SNAPSHOT_DAYS * DAY


def forget(metadata: Metadata, seconds: float) -> Metadata:
    """Drop from ``metadata`` itself what is older than ``seconds``, and return it.

    The current snapshot stays whatever its age, and so does what a branch or tag of the table
    names. As the Iceberg specification asks ("Table Metadata", snapshot-log), the log of current
    snapshots begins anew after the last one that is gone.
    """
    horizon = (time.time() - seconds) * 1000
    named = {ref["snapshot-id"] for ref in metadata["refs"].values()}
    named.add(metadata.get("current-snapshot-id"))
    kept = [s for s in metadata["snapshots"] if s["timestamp-ms"] >= horizon or _id(s) in named]
    if len(kept) < len(metadata["snapshots"]):
        metadata["snapshots"] = kept
        metadata["snapshot-log"] = _unbroken(metadata["snapshot-log"], {_id(s) for s in kept})
    earlier = metadata.get("metadata-log", [])
    metadata["metadata-log"] = [entry for entry in earlier if entry["timestamp-ms"] >= horizon]
    for key in ("statistics", "partition-statistics"):
        if metadata.get(key):
            ids = {_id(snapshot) for snapshot in metadata["snapshots"]}
            metadata[key] = [entry for entry in metadata[key] if _id(entry) in ids]
    return metadata


def _unbroken(log: list[dict[str, Any]], kept: set[int]) -> list[dict[str, Any]]:
    """The end of a log, after the last entry whose snapshot is gone."""
    gone = [number for number, entry in enumerate(log) if _id(entry) not in kept]
    return log[gone[-1] + 1 :] if gone else log


def _id(entry: dict[str, Any]) -> int:
    return int(entry["snapshot-id"])
