"""One connection to the catalog's SQL database: SQLite (standard library) or PostgreSQL (psycopg).

SQL is written once, with ``?`` for parameters. What the two differ in is an ``Engine``.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from dbt_phlo.catalogs.sql.urls import scheme
from dbt_phlo.errors import CatalogError, PhloError

_READING = ("SELECT", "WITH", "BEGIN")
"""Statements that may be sent again when the connection turns out to be lost."""


class Engine(Protocol):
    """How one kind of database is opened, locked and understood."""

    error: type[Exception]
    integrity_error: type[Exception]

    def open(self) -> Any: ...
    def lost(self, connection: Any) -> bool: ...
    def dialect(self, sql: str) -> str: ...
    def snapshot(self) -> list[str]: ...
    def begin(self, locks: tuple[str, ...], shared: bool) -> list[tuple[str, tuple[str, ...]]]: ...
    def explained(self, error: Exception) -> PhloError: ...


class Database:
    """A connection that threads may share; statements outside a transaction commit at once.

    A thread that is inside a transaction keeps the others waiting until its end. A connection that
    was lost (the server restarted) is opened anew at the next use; a transaction is never resumed.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.url = url
        self.is_sqlite = scheme(url) == "sqlite"
        self._engine = _engine(url, self.is_sqlite, read_only)
        self.integrity_error = self._engine.integrity_error
        self._lock = threading.RLock()
        self._in_transaction = False
        self._frozen = False
        self._connection = self._engine.open()
        self._closed = False

    def all(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Every row of a statement; none for a statement that returns nothing."""
        with self._lock:
            cursor = self._execute(sql, parameters)
            if not cursor.description:
                return []
            with self._errors():
                return [tuple(row) for row in cursor.fetchall()]

    def one(self, sql: str, *parameters: Any) -> tuple[Any, ...] | None:
        """The first row, or None."""
        rows = self.all(sql, *parameters)
        return rows[0] if rows else None

    def run(self, sql: str, *parameters: Any) -> int:
        """Execute a statement; the number of rows that it changed."""
        with self._lock:
            return int(self._execute(sql, parameters).rowcount)

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a statement once for each row of parameters, inside a transaction."""
        with self._lock, self._errors():
            assert self._in_transaction
            cursor = self._connection.cursor()
            cursor.executemany(self._engine.dialect(sql), list(rows))
            cursor.close()

    def script(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self.run(statement)

    @contextmanager
    def transaction(self, *locks: str, shared: bool = False) -> Iterator[None]:
        """All or nothing. ``locks`` name what PostgreSQL serializes on (SQLite: the database)."""
        with self._lock:
            if self._in_transaction:
                raise RuntimeError("a transaction is open already")
            try:
                for sql, parameters in self._engine.begin(locks, shared):
                    self._execute(sql, parameters)
                    self._in_transaction = True
                yield
                self._execute("COMMIT", ())
            except BaseException:
                with suppress(self._engine.error):
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._in_transaction = False

    def freeze(self) -> None:
        """From now on show what is committed now, whatever others commit, until ``thaw``."""
        with self._lock:
            self.thaw()
            for sql in self._engine.snapshot():
                self._execute(sql, ())
            self._frozen = True

    def thaw(self) -> None:
        """Show what is newest again."""
        with self._lock:
            if self._frozen:
                self._frozen = False
                with suppress(self._engine.error):
                    self._connection.execute("ROLLBACK")

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._connection.close()

    def _execute(self, sql: str, parameters: Sequence[Any]) -> Any:
        if not self._closed and not self._in_transaction and self._engine.lost(self._connection):
            self._reopen()
        with self._errors():
            try:
                return self._send(sql, parameters)
            except self._engine.error:
                lost = not self._closed and self._engine.lost(self._connection)
                if not lost or self._in_transaction or not sql.lstrip().startswith(_READING):
                    raise
            self._reopen()
            return self._send(sql, parameters)

    def _reopen(self) -> None:
        """Take another connection for one that was lost; a frozen one showed a moment that is gone.

        Raises ``CatalogError`` then: what the command has read and what it would read now differ.
        """
        if self._frozen:
            self._frozen = False
            raise CatalogError(
                "the connection to the catalog was lost while a command read the lake as it was at "
                "one moment",
                remedy="run the command again",
                code="PHLO321",
            )
        self._connection = self._engine.open()

    def _send(self, sql: str, parameters: Sequence[Any]) -> Any:
        return self._connection.execute(self._engine.dialect(sql), tuple(parameters))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """The database's errors as ours; a broken unique key is left to the caller."""
        try:
            yield
        except self.integrity_error:
            raise
        except self._engine.error as error:
            raise self._engine.explained(error) from error


def _engine(url: str, is_sqlite: bool, read_only: bool) -> Engine:
    if is_sqlite:
        from dbt_phlo.catalogs.sql.sqlite import Sqlite

        return Sqlite(url, read_only=read_only)
    from dbt_phlo.catalogs.sql.postgres import Postgres

    return Postgres(url, read_only=read_only)
