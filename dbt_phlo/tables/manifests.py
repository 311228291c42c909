"""Manifests and manifest lists: the Avro files between a snapshot and its data files.

Names, types and field ids are those of the Iceberg specification v2, "Manifests" and "Manifest
Lists". Only what an unpartitioned table needs is written.
"""

import json
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any, NamedTuple

from dbt_phlo.tables import schema as schemas
from dbt_phlo.tables.files import Metadata

ADDED = 1
DATA = 0

MANIFEST_FILE = (
    ("manifest_path", "string", 500),
    ("manifest_length", "long", 501),
    ("partition_spec_id", "int", 502),
    ("content", "int", 517),
    ("sequence_number", "long", 515),
    ("min_sequence_number", "long", 516),
    ("added_snapshot_id", "long", 503),
    ("added_files_count", "int", 504),
    ("existing_files_count", "int", 505),
    ("deleted_files_count", "int", 506),
    ("added_rows_count", "long", 512),
    ("existing_rows_count", "long", 513),
    ("deleted_rows_count", "long", 514),
)
"""The fields of a manifest list's record: name, type, field id."""


class DataFile(NamedTuple):
    """A Parquet file of a table: where it lies, its rows and its bytes."""

    location: str
    rows: int
    size: int


def manifest(metadata: Metadata, snapshot_id: int, added: Sequence[DataFile]) -> bytes:
    """A manifest that adds data files to an unpartitioned table."""
    header = {
        "schema": json.dumps(schemas.current(metadata)),
        "schema-id": str(metadata["current-schema-id"]),
        "partition-spec": "[]",
        "partition-spec-id": str(metadata["default-spec-id"]),
        "format-version": "2",
        "content": "data",
    }
    entries = [
        {
            "status": ADDED,
            "snapshot_id": snapshot_id,
            "sequence_number": None,  # inherited from the manifest list's record
            "file_sequence_number": None,
            "data_file": {
                "content": DATA,
                "file_path": file.location,
                "file_format": "PARQUET",
                "partition": {},
                "record_count": file.rows,
                "file_size_in_bytes": file.size,
            },
        }
        for file in added
    ]
    return _avro(_ENTRY, entries, header)


def manifest_list(
    records: Iterable[dict[str, Any]], snapshot_id: int, parent: int | None, sequence: int
) -> bytes:
    """A snapshot's manifest list."""
    header = {
        "snapshot-id": str(snapshot_id),
        "parent-snapshot-id": "null" if parent is None else str(parent),
        "sequence-number": str(sequence),
        "format-version": "2",
    }
    return _avro(_LIST, records, header)


def record_of(
    metadata: Metadata, location: str, data: bytes, snapshot_id: int, added: Sequence[DataFile]
) -> dict[str, Any]:
    """What a manifest list says of a manifest that only adds files."""
    sequence = metadata["last-sequence-number"] + 1
    return {
        "manifest_path": location,
        "manifest_length": len(data),
        "partition_spec_id": metadata["default-spec-id"],
        "content": DATA,
        "sequence_number": sequence,
        "min_sequence_number": sequence,
        "added_snapshot_id": snapshot_id,
        "added_files_count": len(added),
        "existing_files_count": 0,
        "deleted_files_count": 0,
        "added_rows_count": sum(file.rows for file in added),
        "existing_rows_count": 0,
        "deleted_rows_count": 0,
    }


def records(data: bytes) -> list[dict[str, Any]]:
    """The records of a manifest list that the table has already."""
    import fastavro

    kept = [name for name, _, _ in MANIFEST_FILE]
    return [
        {name: record.get(name, 0) for name in kept}  # type: ignore[union-attr]
        for record in fastavro.reader(BytesIO(data))
    ]


def _avro(schema: dict[str, Any], rows: Iterable[dict[str, Any]], header: dict[str, str]) -> bytes:
    import fastavro

    out = BytesIO()
    fastavro.writer(out, schema, list(rows), codec="deflate", metadata=header)
    return out.getvalue()


def _field(name: str, kind: Any, number: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "field-id": number, **more}


_LIST: dict[str, Any] = {
    "type": "record",
    "name": "manifest_file",
    "fields": [_field(name, kind, number) for name, kind, number in MANIFEST_FILE],
}
_ENTRY: dict[str, Any] = {
    "type": "record",
    "name": "manifest_entry",
    "fields": [
        _field("status", "int", 0),
        _field("snapshot_id", ["null", "long"], 1, default=None),
        _field("sequence_number", ["null", "long"], 3, default=None),
        _field("file_sequence_number", ["null", "long"], 4, default=None),
        _field(
            "data_file",
            {
                "type": "record",
                "name": "r2",
                "fields": [
                    _field("content", "int", 134),
                    _field("file_path", "string", 100),
                    _field("file_format", "string", 101),
                    _field("partition", {"type": "record", "name": "r102", "fields": []}, 102),
                    _field("record_count", "long", 103),
                    _field("file_size_in_bytes", "long", 104),
                ],
            },
            2,
        ),
    ],
}
