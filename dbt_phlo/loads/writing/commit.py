"""One Iceberg commit: data files in and out, the table's properties, the snapshot's summary."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

NOTHING: Mapping[str, str] = {}


def commit(
    table: "Table",
    *,
    added: Sequence["DataFile"] = (),
    removed: Sequence["DataFile"] = (),
    properties: Mapping[str, str] = NOTHING,
    summary: Mapping[str, str] = NOTHING,
) -> int | None:
    """Commit all of it or nothing; returns the id of the table's snapshot, None if it has none.

    Where no file is added or removed there is no new snapshot, and the properties are set alone.
    Raises ``Conflict`` when the table has another snapshot than ``table`` was loaded with; no row
    is in the table then, and the files are the caller's to delete.
    """
    with table.transaction() as transaction:
        if properties:
            transaction.set_properties(dict(properties))
        if added or removed:
            update = transaction.update_snapshot(snapshot_properties=dict(summary))
            with update.overwrite() if removed else update.fast_append() as snapshot:
                for file in removed:
                    snapshot.delete_data_file(file)
                for file in added:
                    snapshot.append_data_file(file)
    current = table.current_snapshot()
    return current.snapshot_id if current else None
