"""A DuckDB connection of its own to one ref, for what reads beside dbt's connections."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt_phlo.adapters.duckdb import view_file
from dbt_phlo.catalogs import Catalog
from dbt_phlo.catalogs.values import TableName
from dbt_phlo.endpoint import extensions, warehouse
from dbt_phlo.endpoint.client import Endpoint
from dbt_phlo.errors import CommandError
from dbt_phlo.names import literal, quoted
from dbt_phlo.runs.schema_drift import Describe

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def attached(
    endpoint: Endpoint, tables: Any, configuration: dict[str, Any], database: str
) -> "DuckDBPyConnection":
    """A connection on which the ref that ``endpoint`` serves is called ``database``.

    ``tables`` is the same ref of the catalog. DuckDB holds no views in an attached Iceberg catalog,
    so a ref with views is opened in two parts.
    """
    connection: DuckDBPyConnection = extensions.connect()
    warehouse.unlock(connection, configuration)
    if not tables.views():
        endpoint.attach(connection, database, read_only=True)
        return connection
    inner = f"{database}_tables"
    endpoint.attach(connection, inner, read_only=True)
    with tempfile.TemporaryDirectory(prefix="dbt-phlo-") as folder:
        file = Path(folder) / "views.duckdb"
        view_file.write(file, tables, database, inner)
        connection.execute(f"ATTACH {literal(str(file))} AS {quoted(database)} (READ_ONLY)")
    return connection


@contextmanager
def describing(
    catalog: Catalog, configuration: dict[str, Any], database: str, ref: str
) -> Iterator[Describe]:
    """A function that describes the views of a ref; it connects when it is first asked.

    It raises ``CommandError`` (PHLO813) for a view that its tables do not carry any more.
    """
    opened: list[DuckDBPyConnection] = []
    served: list[Endpoint] = []

    def describe(table: TableName) -> Sequence[tuple[str, str]]:
        if not opened:
            served.append(Endpoint(configuration, ref, writable=False, consistent="statement"))
            tables = catalog.at(ref, writable=False)
            opened.append(attached(served[0], tables, configuration, database))
        return columns(opened[0], database, table)

    try:
        yield describe
    finally:
        for connection in opened:
            connection.close()
        for endpoint in served:
            endpoint.close()


def columns(
    connection: "DuckDBPyConnection", database: str, table: TableName
) -> list[tuple[str, str]]:
    """Names and types of a table's or view's columns.

    Raises ``CommandError`` (PHLO813) for a view that its tables do not carry any more.
    """
    import duckdb

    relation = ".".join(map(quoted, (database, *table)))
    try:
        rows = connection.execute(f"DESCRIBE {relation}").fetchall()
        found = [(row[0], row[1]) for row in rows]
        if found == view_file.UNREADABLE:
            connection.execute(f"FROM {relation} LIMIT 1").fetchall()
    except duckdb.Error as error:
        raise CommandError(
            f"the view {table} cannot be read: {_why(error)}",
            remedy="build it again, or mend its query",
            code="PHLO813",
        ) from error
    return found


def _why(error: Exception) -> str:
    """The first line of an engine's error, without what ``view_file`` has put before it."""
    return str(error).splitlines()[0].rpartition("cannot be read here: ")[2]
