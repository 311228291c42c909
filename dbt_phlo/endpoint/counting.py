"""Counting a table's rows through DuckDB, delete files included."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from dbt_phlo.endpoint import extensions, warehouse


def counter(catalog: Mapping[str, Any]) -> Callable[[str], int]:
    """What counts the rows of the table whose metadata file lies at a location.

    ``catalog``: the configuration of the catalog that points to it. One DuckDB is made, at the
    first table; it attaches nothing and keeps nothing.
    """

    @cache
    def engine() -> Any:
        connection = extensions.connect()
        warehouse.unlock(connection, catalog)
        return connection

    def count(location: str) -> int:
        row = engine().execute("SELECT count(*) FROM iceberg_scan(?)", [location]).fetchone()
        return int(row[0])

    return count
