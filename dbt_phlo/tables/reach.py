"""Which files the tables of a lake reach, from their metadata files down to the data.

A metadata file names its snapshots' manifest lists and its earlier versions, a manifest list its
manifests, a manifest its data and delete files (Iceberg specification, "Snapshots" and
"Manifests"). What is reached by no root can be read by nobody.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

from dbt_phlo.tables.files import Files, Metadata, damaged, parsed

DELETED = 2
"""The status of a manifest entry whose file has left the table with this manifest's snapshot."""

THREADS = 16
"""Files that are read at once: on S3 each costs a round trip."""


def reached(files: Files, roots: Iterable[str]) -> set[str]:
    """Every file that the metadata files ``roots`` reach, themselves included; bare locations.

    Raises ``CatalogError`` when one of them cannot be read: nothing is known about reachability
    then, so nothing may be deleted.
    """
    metadata, lists, found = set(roots), set[str](), set[str]()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="phlo-reach") as pool:
        for document in pool.map(lambda location: parsed(location, files.read(location)), metadata):
            lists.update(_manifest_lists(document))
            found.update(map(bare, _named(document)))
        manifests = _all(pool, lambda location: _manifests(files, location), lists)
        data = _all(pool, lambda location: _data_files(files, location), manifests)
    return found.union(map(bare, metadata), map(bare, lists), map(bare, manifests), map(bare, data))


def data_files_of(files: Files, metadata: Metadata) -> list[str]:
    """The data and delete files of a table's current snapshot."""
    wanted = metadata.get("current-snapshot-id")
    lists = [s["manifest-list"] for s in metadata["snapshots"] if s["snapshot-id"] == wanted]
    return [
        found
        for location in lists
        for manifest in _manifests(files, location)
        for found in _data_files(files, manifest)
    ]


def bare(location: str) -> str:
    """A location as it is compared: engines write local files with and without their scheme.

    >>> bare("file:///lake/a.parquet") == bare("/lake/a.parquet")
    True
    """
    return location.removeprefix("file://")


def _all(
    pool: ThreadPoolExecutor, read: Callable[[str], list[str]], locations: Iterable[str]
) -> set[str]:
    return {name for names in pool.map(read, locations) for name in names}


def _manifest_lists(metadata: Metadata) -> Iterator[str]:
    for snapshot in metadata["snapshots"]:
        yield snapshot["manifest-list"]


def _named(metadata: Metadata) -> Iterator[str]:
    """What a metadata file names besides manifest lists."""
    for entry in metadata.get("metadata-log", []):
        yield entry["metadata-file"]
    for key in ("statistics", "partition-statistics"):
        for entry in metadata.get(key) or []:
            yield entry["statistics-path"]


def _manifests(files: Files, location: str) -> list[str]:
    return [record["manifest_path"] for record in _records(files, location)]


def _data_files(files: Files, location: str) -> list[str]:
    return [
        record["data_file"]["file_path"]
        for record in _records(files, location)
        if record["status"] != DELETED
    ]


def _records(files: Files, location: str) -> list[Any]:
    """The records of an Avro file; Avro container files begin with their own schema."""
    import fastavro  # 40 ms, and only cleanup reads manifests
    from fastavro.schema import SchemaParseException

    data = files.read(location)
    problems = (ValueError, EOFError, LookupError, TypeError, SchemaParseException)
    try:
        return list(fastavro.reader(BytesIO(data)))
    except (*problems, AttributeError, OverflowError, MemoryError, zlib.error) as error:
        raise damaged(location, str(error)) from error
