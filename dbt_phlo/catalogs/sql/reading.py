"""A SQLite database opened for reading, also by somebody who may not write beside it.

In write-ahead mode even a reader needs the database's ``-shm`` file, and makes it when it is not
there. Who may not, reads what the database and its log held when they were opened, from memory:
SQLite's own ``immutable`` would leave out the log and could see a page change under it.
"""

import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dbt_phlo.errors import CatalogError, NotFound

ATTEMPTS = 20


def opened(path: Path) -> Any:
    """A connection that can only read the database at ``path``. Raises ``CatalogError``."""
    try:
        there = path.is_file()
    except PermissionError as error:
        raise _unreadable(path, error) from error
    if not there:
        raise NotFound(
            f"there is no lake: {path} does not exist",
            remedy="`dbt build` makes it; check `warehouse` and `iceberg_catalog` of the profile",
            code="PHLO314",
        )
    connection = _connect(f"{path.absolute().as_uri()}?mode=ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        return _in_memory(path)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _unreadable(path, error) from error
    return connection


def _in_memory(path: Path) -> Any:
    """The database as it was at one moment, by a copy that was taken while nobody wrote."""
    try:
        with tempfile.TemporaryDirectory(prefix="dbt-phlo-") as folder:
            copy = _copied(path, Path(folder))
            source = sqlite3.connect(f"file:{quote(str(copy))}?mode=rw", uri=True)
            connection = _connect(":memory:")
            source.backup(connection)
            source.close()
        connection.execute("PRAGMA query_only=ON")
    except (OSError, sqlite3.Error) as error:
        raise _unreadable(path, error) from error
    return connection


def _copied(path: Path, folder: Path) -> Path:
    for _ in range(ATTEMPTS):
        before = _state(path)
        for suffix in ("", "-wal"):
            source, target = path.with_name(path.name + suffix), folder / (path.name + suffix)
            target.unlink(missing_ok=True)
            if source.exists():
                shutil.copyfile(source, target)
        if _state(path) == before:
            return folder / path.name
    raise OSError("it changes all the time")


def _connect(uri: str) -> Any:
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=60)


def _state(path: Path) -> list[tuple[int, int] | None]:
    """Sizes and times of the database's files: they tell whether anybody wrote."""
    found: list[tuple[int, int] | None] = []
    for suffix in ("", "-wal"):
        try:
            stat = path.with_name(path.name + suffix).stat()
            found.append((stat.st_size, stat.st_mtime_ns))
        except FileNotFoundError:
            found.append(None)
    return found


def _unreadable(path: Path, error: Exception) -> CatalogError:
    return CatalogError(
        f"the catalog's database {path} cannot be read: {error}",
        remedy="you need permission to read the whole folder of the lake; a damaged file comes "
        "back from a backup",
        code="PHLO315",
    )
