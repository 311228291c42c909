"""PostgreSQL as the catalog's database, through psycopg.

Writers of one ref share its advisory lock and compare-and-swap single rows; what looks at a whole
ref (create, promote, drop a namespace) holds the lock alone.
"""

from typing import Any

from dbt_phlo.catalogs.sql.urls import safe, scheme, without_password
from dbt_phlo.errors import CatalogError, ConfigError, PhloError, ReadOnly
from dbt_phlo.extras import optional

LOCK_TIMEOUT_SECONDS = 60
CONNECT_TIMEOUT_SECONDS = 10


class Postgres:
    """The engine for ``postgresql://`` URLs (see ``database.Engine``)."""

    def __init__(self, url: str, *, read_only: bool) -> None:
        if scheme(url) not in ("postgresql", "postgres"):
            raise ConfigError(
                f"iceberg_catalog.uri: {scheme(url)} is not supported",
                remedy="use sqlite:////path/to/catalog.db or "
                "postgresql://user:password@host/database",
                code="PHLO106",
            )
        self._url = url
        self._read_only = read_only
        self._psycopg = optional("psycopg", extra="postgres")
        self.error: type[Exception] = self._psycopg.Error
        self.integrity_error: type[Exception] = self._psycopg.errors.UniqueViolation

    def open(self) -> Any:
        """A connection that commits each statement; statements are not prepared (poolers)."""
        parameters: dict[str, Any] = {"autocommit": True, "prepare_threshold": None}
        if "connect_timeout" not in self._url:
            parameters["connect_timeout"] = CONNECT_TIMEOUT_SECONDS
        rest = self._url.split("://", 1)[1]
        try:
            connection = self._psycopg.connect(f"postgresql://{rest}", **parameters)
            connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")
            if self._read_only:
                connection.execute("SET default_transaction_read_only = on")
        except self._psycopg.Error as error:
            raise CatalogError(
                f"cannot reach the catalog's database at {safe(self._url)}: {self._text(error)}",
                remedy="check iceberg_catalog.uri and that the server is up; `dbt-phlo doctor` "
                "tests it",
                code="PHLO309",
            ) from None  # the driver's own text may repeat the password
        return connection

    def lost(self, connection: Any) -> bool:
        return bool(connection.closed)

    def dialect(self, sql: str) -> str:
        return sql.replace("%", "%%").replace("?", "%s")

    def begin(self, locks: tuple[str, ...], shared: bool) -> list[tuple[str, tuple[str, ...]]]:
        function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        lock = f"SELECT {function}(hashtext(?))"
        return [("BEGIN", ()), *((lock, (name,)) for name in locks)]

    def snapshot(self) -> list[str]:
        """PostgreSQL takes the snapshot at the first statement inside."""
        return ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SELECT 1"]

    def explained(self, error: Exception) -> PhloError:
        if isinstance(error, self._psycopg.errors.ReadOnlySqlTransaction):
            return ReadOnly(f"the lake at {safe(self._url)} can only be read from here")
        return CatalogError(
            f"the catalog's database {safe(self._url)} answers: {self._text(error)}",
            remedy="check that the server is up and that the user may write; a lock that lasts "
            f"over {LOCK_TIMEOUT_SECONDS} seconds means that another process holds it",
            code="PHLO309",
        )

    def _text(self, error: Exception) -> str:
        return without_password(" ".join(str(error).split()), self._url)
