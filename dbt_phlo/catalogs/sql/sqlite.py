"""SQLite as the catalog's database: one file, write-ahead log, a lock that waits."""

import sqlite3
import time
from typing import Any

from dbt_phlo.catalogs.sql.urls import safe, sqlite_path
from dbt_phlo.errors import CatalogError, PhloError, ReadOnly

BUSY_TIMEOUT_SECONDS = 60


class Sqlite:
    """The engine for ``sqlite:///`` URLs (see ``database.Engine``)."""

    error: type[Exception] = sqlite3.Error
    integrity_error: type[Exception] = sqlite3.IntegrityError

    def __init__(self, url: str, *, read_only: bool) -> None:
        self._url = url
        self._path = sqlite_path(url)
        self._read_only = read_only

    def open(self) -> Any:
        """A connection that threads may share; the file is made when it is not there."""
        if self._read_only:
            from dbt_phlo.catalogs.sql import reading  # tempfile and shutil: 5 ms

            return reading.opened(self._path)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path,
                isolation_level=None,
                check_same_thread=False,
                timeout=BUSY_TIMEOUT_SECONDS,
            )
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous=NORMAL")
        except (sqlite3.Error, OSError) as error:
            raise self.explained(error) from error
        return connection

    def lost(self, connection: Any) -> bool:
        """A file is never lost."""
        return False

    def dialect(self, sql: str) -> str:
        return sql

    def begin(self, locks: tuple[str, ...], shared: bool) -> list[tuple[str, tuple[str, ...]]]:
        """The write lock is taken at once, so that nothing fails half-way for want of it."""
        return [("BEGIN IMMEDIATE", ())]

    def snapshot(self) -> list[str]:
        """SQLite takes the snapshot at the first reading statement."""
        return ["BEGIN DEFERRED", "SELECT 1 FROM sqlite_master"]

    def explained(self, error: Exception) -> PhloError:
        if "readonly database" in str(error):
            return ReadOnly(f"the lake at {safe(self._url)} can only be read from here")
        return CatalogError(
            f"the catalog's database {safe(self._url)} answers: {error}",
            remedy="check that its folder is writable, has space and is not on a network file "
            f"system; a lock that lasts over {BUSY_TIMEOUT_SECONDS} seconds means that another "
            "process holds it",
            code="PHLO309",
        )


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a new file to write-ahead mode; SQLite does not wait for others who do the same."""
    until = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
