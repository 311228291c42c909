"""Where a table's metadata files are read and written.

Metadata files are immutable: a location is written once, so its bytes may be cached for ever.
"""

import json
import os
import re
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from dbt_phlo.errors import CatalogError

Metadata = dict[str, Any]
"""An Iceberg table metadata document (v2), as parsed JSON."""

_NUMBER = re.compile(r"v?(\d+)[.-]")
"""The number of a metadata file: ``00003-<uuid>.metadata.json``, or ``v3.metadata.json``."""


class StoredFile(NamedTuple):
    """A file that lies in the warehouse, with its size in bytes."""

    location: str
    size: int


class Files(Protocol):
    """Reads and writes whole immutable files by their URI.

    ``listed`` gives every file below a folder; ``delete`` removes files, and one that is gone
    already is no error; ``prune`` removes the empty folders of tables that are no more.
    """

    def read(self, location: str) -> bytes: ...
    def write(self, location: str, data: bytes) -> None: ...
    def prepare(self, location: str) -> None: ...
    def listed(self, folder: str) -> Iterator[StoredFile]: ...
    def delete(self, locations: Iterable[str]) -> None: ...
    def prune(self, folders: Iterable[str]) -> None: ...


class LocalFiles:
    """Files of a folder, by ``file://`` URIs.

    A file is written beside its name and moved there, so that a reader or a killed writer never
    leaves half a file under a name that a pointer may carry.
    """

    def read(self, location: str) -> bytes:
        try:
            return local_path(location).read_bytes()
        except FileNotFoundError as error:
            raise gone(location) from error
        except OSError as error:
            raise denied("read", location, error.strerror) from error
        except ValueError as error:  # a null byte: what named the file is damaged
            raise damaged(repr(location), str(error)) from error

    def write(self, location: str, data: bytes) -> None:
        path = local_path(location)
        unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(data)
            unfinished.replace(path)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise unwritten(location, error.strerror) from error

    def prepare(self, location: str) -> None:
        """Make the folders of a new table: DuckDB writes into them, but does not make them."""
        try:
            for part in ("metadata", "data"):
                (local_path(location) / part).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritten(location, error.strerror) from error

    def listed(self, folder: str) -> Iterator[StoredFile]:
        """Every file below ``folder``, in no order; links are not followed."""
        waiting = [str(local_path(folder))]
        while waiting:
            try:
                with os.scandir(waiting.pop()) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        elif entry.is_file(follow_symlinks=False):
                            with suppress(FileNotFoundError):
                                yield StoredFile(f"file://{entry.path}", entry.stat().st_size)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise denied("list", folder, error.strerror) from error

    def delete(self, locations: Iterable[str]) -> None:
        """Delete files; their folders stay."""
        for location in locations:
            try:
                local_path(location).unlink(missing_ok=True)
            except OSError as error:
                raise denied("delete", location, error.strerror) from error

    def prune(self, folders: Iterable[str]) -> None:
        """Remove empty folders of tables; one that is not empty stays."""
        for folder in folders:
            for part in ("metadata", "data", ""):
                with suppress(OSError):
                    (local_path(folder) / part).rmdir()


class CachedFiles:
    """Keeps the bytes of the files last used; safe because metadata files never change.

    A file is checked once, when it is read: it must be a whole JSON document, unless it is Avro.
    """

    def __init__(self, files: Files, limit_bytes: int = 64 << 20) -> None:
        self._files = files
        self._limit = limit_bytes
        self._size = 0
        self._kept: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def read(self, location: str) -> bytes:
        with self._lock:
            data = self._kept.pop(location, None)
            if data is not None:
                self._kept[location] = data  # the last one used goes last
                return data
        data = self._files.read(location)
        if not location.endswith(".avro"):
            parsed(location, data)
        self._keep(location, data)
        return data

    def write(self, location: str, data: bytes) -> None:
        self._files.write(location, data)
        self._keep(location, data)

    def prepare(self, location: str) -> None:
        self._files.prepare(location)

    def listed(self, folder: str) -> Iterator[StoredFile]:
        return self._files.listed(folder)

    def delete(self, locations: Iterable[str]) -> None:
        gone = list(locations)
        self._files.delete(gone)
        with self._lock:
            for location in gone:
                self._size -= len(self._kept.pop(location, b""))

    def prune(self, folders: Iterable[str]) -> None:
        self._files.prune(folders)

    def _keep(self, location: str, data: bytes) -> None:
        with self._lock:
            self._size += len(data) - len(self._kept.pop(location, b""))
            self._kept[location] = data
            while self._size > self._limit and len(self._kept) > 1:
                self._size -= len(self._kept.pop(next(iter(self._kept))))


def parsed(location: str, data: bytes) -> Metadata:
    """A metadata file's document. Raises ``CatalogError`` when the file is damaged."""
    try:
        document = json.loads(data)
    except ValueError as error:
        document, problem = None, str(error)
    else:
        problem = "it is not a JSON object"
    if not isinstance(document, dict):
        raise damaged(location, problem)
    return document


def damaged(location: str, problem: str) -> CatalogError:
    """The error for a file that does not hold what it must."""
    return CatalogError(
        f"the file {location} is damaged: {problem}",
        remedy="restore it from a backup; dbt-phlo itself writes a file whole or not at all",
        code="PHLO316",
    )


def gone(location: str) -> CatalogError:
    """The error for a file that must be there; no NotFound: its table must not look dropped."""
    return CatalogError(
        f"the file {location} is gone, but the catalog still points to it",
        remedy="restore it from a backup; nothing in dbt-phlo deletes a reachable file",
        code="PHLO305",
    )


def unwritten(
    location: str,
    reason: str | None,
    remedy: str = "free some space or mend the folder's permissions",
) -> CatalogError:
    """The error for a file that the store does not take."""
    return CatalogError(
        f"cannot write {location}: {reason}", remedy=f"{remedy}, then `dbt retry`", code="PHLO306"
    )


def denied(
    action: str,
    location: str,
    reason: str | None,
    remedy: str = "mend the permissions of the lake's folder",
) -> CatalogError:
    """The error for a store that does not let itself be read, listed or deleted from."""
    return CatalogError(f"cannot {action} {location}: {reason}", remedy=remedy, code="PHLO317")


def local_path(location: str) -> Path:
    """The path of a ``file://`` URI or of a plain path.

    >>> local_path("file:///a/b c").as_posix()
    '/a/b c'
    """
    return Path(location.removeprefix("file://"))


def write_metadata(files: Files, previous: str | None, metadata: Metadata) -> str:
    """Write the next metadata file of a table and return its location.

    ``previous`` is the location this one follows, None for a new table. Times never run backwards
    within one table, whatever the clock does.
    """
    before = int(metadata.get("last-updated-ms", 0))
    metadata["last-updated-ms"] = max(int(time.time() * 1000), before)
    number = 0
    if previous is not None:
        log = metadata.setdefault("metadata-log", [])
        found = _NUMBER.match(previous.rsplit("/", 1)[-1])
        number = int(found[1]) + 1 if found else len(log) + 1
        log.append({"timestamp-ms": before, "metadata-file": previous})
        del log[: -_kept_versions(metadata)]
    location = f"{metadata['location']}/metadata/{number:05d}-{uuid.uuid4()}.metadata.json"
    files.write(location, json.dumps(metadata, separators=(",", ":")).encode())
    return location


def _kept_versions(metadata: Metadata) -> int:
    """How many earlier metadata files a table names (Iceberg's own property and default)."""
    try:
        return max(1, int(metadata["properties"]["write.metadata.previous-versions-max"]))
    except (KeyError, ValueError):
        return 100
