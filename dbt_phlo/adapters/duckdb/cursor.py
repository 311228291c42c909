"""A DuckDB cursor that knows the lake: search path, views, and DDL that Iceberg cannot do."""

from typing import TYPE_CHECKING, Any

from dbt_phlo.adapters.duckdb import statements

if TYPE_CHECKING:
    from dbt_phlo.adapters.duckdb.environment import PhloEnvironment


INTERRUPTED = "Query interrupted"
"""DuckDB's words when a Python signal handler has raised while it was at work."""


class PhloCursor:
    """Wraps DuckDB's cursor; everything not named here is DuckDB's own."""

    def __init__(self, cursor: Any, environment: "PhloEnvironment") -> None:
        self._cursor = cursor
        self._environment = environment
        self._path_version = -1
        self._in_transaction = False
        self._has_written = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, sql: Any, *arguments: Any) -> "PhloCursor":
        if not isinstance(sql, str):
            self._cursor.execute(sql, *arguments)
            return self
        parts = statements.split(sql)
        if not any(map(statements.ddl, parts)):
            self._run(self._prepared(sql), *arguments)
            self._note(parts)
            return self
        for part in parts[:-1]:
            self._execute_one(part)
        self._execute_one(parts[-1], *arguments)  # DuckDB too binds parameters to the last alone
        return self

    def _execute_one(self, sql: str, *arguments: Any) -> None:
        """Do one statement, or let DuckDB do it."""
        statement = statements.ddl(sql)
        if statement is not None and self._environment.stands_in(statement):
            self._cursor.execute("SELECT 'OK' AS status")
        else:
            self._run(self._prepared(sql), *arguments)
            self._note([sql])

    def sql(self, sql: str, *arguments: Any, **options: Any) -> Any:
        return self._cursor.sql(self._prepared(sql), *arguments, **options)

    def query(self, sql: str, *arguments: Any, **options: Any) -> Any:
        return self._cursor.query(self._prepared(sql), *arguments, **options)

    def table(self, name: str) -> Any:
        return self._cursor.table(self._prepared(name))

    def view(self, name: str) -> Any:
        return self._cursor.view(self._prepared(name))

    def rollback(self) -> Any:
        self._in_transaction = self._has_written = False
        return self._cursor.rollback()

    def cursor(self) -> "PhloCursor":
        return PhloCursor(self._cursor.cursor(), self._environment)

    def _run(self, sql: str, *arguments: Any) -> None:
        """Let DuckDB do a statement; a signal that ends it in the main thread stays a signal.

        DuckDB tells one as an error in the statement, and a cursor that is closed then waits for
        the statement's end, which may be hours away.
        """
        try:
            self._cursor.execute(sql, *arguments)
        except RuntimeError as error:
            if str(error) != INTERRUPTED:
                raise
            self._cursor.interrupt()
            raise KeyboardInterrupt from error

    def _prepared(self, sql: str) -> str:
        """The statement as DuckDB is to see it, with everything that it names in place."""
        environment = self._environment
        missing = environment.views.missing_for(sql)
        if missing:
            self._realise(missing)
        if self._path_version != environment.path_version:
            self._path_version = environment.path_version
            path = environment.search_path()
            if path:
                self._cursor.execute(f"SET search_path = '{path}'")
        return environment.views.redirected(sql)

    def _realise(self, missing: list[tuple[str, str]]) -> None:
        """Create views that this cursor will see.

        A transaction does not see a view that was made after it looked into the views' database;
        one that has only read so far can begin anew.
        """
        anew = self._in_transaction and not self._has_written
        if anew:
            self._cursor.execute("COMMIT")
        self._environment.views.realise(missing)
        if anew:
            self._cursor.execute("BEGIN")

    def _note(self, done: list[str]) -> None:
        """Remember whether a transaction is open, and whether it has written."""
        for sql in done:
            if statements.starts_with(sql, ("begin", "start")):
                self._in_transaction, self._has_written = True, False
            elif statements.starts_with(sql, ("commit", "rollback", "end", "abort")):
                self._in_transaction = self._has_written = False
            elif not statements.only_reads(sql):
                self._has_written = True
