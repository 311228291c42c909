"""The lake's own row: laid out once, and checked at every opening."""

import time

from dbt_phlo.catalogs.sql import tables
from dbt_phlo.catalogs.sql.database import Database
from dbt_phlo.catalogs.sql.urls import safe
from dbt_phlo.errors import CatalogError, ConfigError, NotFound

ROOT = "main"
"""The branch that every lake begins with."""


def prepare(database: Database, warehouse: str, *, read_only: bool) -> None:
    """Lay out a new lake, or make sure that this is the lake it says it is."""
    if not _laid_out(database):
        if read_only:
            raise NotFound(
                f"there is no lake at {safe(database.url)} yet",
                remedy="`dbt build` makes it",
                code="PHLO314",
            )
        with database.transaction("phlo_lake"):
            _lay_out(database, warehouse)
    row = database.one("SELECT layout, warehouse FROM phlo_lake")
    assert row is not None
    if row[0] < tables.LAYOUT and not read_only:
        with database.transaction("phlo_lake"):
            database.script(tables.COMMON)
            database.run("UPDATE phlo_lake SET layout = ?", tables.LAYOUT)
    if row[0] > tables.LAYOUT:
        raise CatalogError(
            f"the lake at {safe(database.url)} was written by a newer dbt-phlo (layout {row[0]})",
            remedy="pip install --upgrade dbt-phlo",
            code="PHLO311",
        )
    if row[1] != warehouse:
        raise ConfigError(
            f"the catalog {safe(database.url)} belongs to the warehouse {row[1]}, not to "
            f"{warehouse}",
            remedy="Iceberg paths are absolute: a lake cannot be moved or renamed. Put the "
            "folder back, or give each lake a database of its own",
            code="PHLO107",
        )


def _lay_out(database: Database, warehouse: str) -> None:
    """Make the tables; those that pyiceberg has made before us are taken as they are."""
    database.script(tables.COMMON)
    if not _has_types(database):
        database.run("ALTER TABLE iceberg_tables ADD COLUMN iceberg_type VARCHAR(5)")
    if database.one("SELECT layout FROM phlo_lake") is not None:
        return  # another process was faster
    database.run("INSERT INTO phlo_lake VALUES (?, ?)", tables.LAYOUT, warehouse)
    database.run(
        "INSERT INTO phlo_refs (name, kind, base, is_open, created_at, expires_at) "
        "VALUES (?, 'branch', NULL, 1, ?, NULL)",
        ROOT,
        time.time(),
    )


def _laid_out(database: Database) -> bool:
    if database.is_sqlite:
        return bool(database.one("SELECT 1 FROM sqlite_master WHERE name = 'phlo_lake'"))
    row = database.one("SELECT to_regclass('phlo_lake') IS NOT NULL")
    return bool(row and row[0])


def _has_types(database: Database) -> bool:
    """Whether ``iceberg_tables`` has the column that older versions of pyiceberg do not make."""
    if database.is_sqlite:
        found = database.one(
            "SELECT 1 FROM pragma_table_info('iceberg_tables') WHERE name = 'iceberg_type'"
        )
    else:
        found = database.one(
            "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('iceberg_tables') "
            "AND attname = 'iceberg_type'"
        )
    return found is not None
