"""``dbt_phlo.connect``: a read-only DuckDB connection to a branch or a run, for notebooks.

The endpoint serves the ref to DuckDB, as in a run. DuckDB cannot hold views in an attached Iceberg
catalog, so a ref with views is opened in two parts: the Iceberg catalog under an inner name, and
under the lake's name a file of DuckDB views, one ``select *`` for each table and the user's own.
That file is made against empty stand-ins of the tables, and DuckDB binds a view only when it is
asked for: a lake of a thousand views opens without loading a table.
"""

import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from dbt_phlo.adapters import profile
from dbt_phlo.adapters.duckdb.reader import attached
from dbt_phlo.catalogs import open_catalog
from dbt_phlo.endpoint.client import Endpoint
from dbt_phlo.runs import refs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def connect(
    project_dir: str | Path = ".",
    profiles_dir: str | Path | None = None,
    target: str | None = None,
    ref: str | None = None,
) -> "DuckDBPyConnection":
    """A DuckDB connection that sees ``ref`` and cannot write it.

    Tables and views are ``<database>.<schema>.<name>``. ``ref`` is a branch, the ref of a run (kept
    ones too) or a run's id; None is the branch of the target. Permission to read the lake is
    enough. Closing the connection ends the process that serves it. Raises ``PhloError``.
    """
    chosen = profile.load(project_dir, profiles_dir, target)
    catalog = open_catalog(chosen.settings.catalog, read_only=True)
    try:
        name = refs.found(catalog, ref or chosen.settings.branch).name
        endpoint = Endpoint(chosen.settings.catalog, name, writable=False, consistent="statement")
        try:
            tables = catalog.at(name, writable=False)
            connection = attached(endpoint, tables, chosen.settings.catalog, chosen.database)
        except BaseException:
            endpoint.close()
            raise
    finally:
        catalog.close()
    _end_with(connection, endpoint)
    return connection


def _end_with(connection: "DuckDBPyConnection", endpoint: Endpoint) -> None:
    """End the endpoint when the connection is closed, dropped, or the interpreter ends.

    DuckDB's connection has no hook for its end, but it lets go of its Python functions then.
    """

    def phlo_ref() -> str:
        return name

    name = endpoint.ref
    connection.create_function("phlo_ref", phlo_ref, [], "VARCHAR")
    weakref.finalize(phlo_ref, endpoint.close)
