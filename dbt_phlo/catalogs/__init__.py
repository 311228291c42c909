"""Where refs and pointers live.

``port`` says what a catalog can do; ``bound`` implements the tables and views at one ref over any
store of pointers; ``sql`` is the embedded catalog. ``open_catalog`` chooses by configuration.
"""

from typing import Any

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.errors import ConfigError, nearest
from dbt_phlo.tables.expiry import SNAPSHOT_SECONDS
from dbt_phlo.tables.files import Files

__all__ = ["KNOWN_TYPES", "Catalog", "open_catalog"]

KNOWN_TYPES = ("sql",)


def open_catalog(configuration: dict[str, Any], *, read_only: bool = False) -> Catalog:
    """The catalog of a configuration (see ``settings.catalog_configuration``)."""
    kind = configuration["type"]
    if kind == "sql":
        from dbt_phlo.catalogs.sql import SqlCatalog

        return SqlCatalog(
            configuration["uri"],
            configuration["warehouse"],
            _files(configuration),
            snapshot_seconds=configuration.get("snapshot_seconds", SNAPSHOT_SECONDS),
            read_only=read_only,
        )
    raise ConfigError(
        f"iceberg_catalog.type {kind!r} is not known.{nearest(str(kind), KNOWN_TYPES)}",
        remedy=f"use one of: {', '.join(KNOWN_TYPES)}",
        code="PHLO105",
    )


def _files(configuration: dict[str, Any]) -> Files | None:
    """What reads and writes the warehouse's files; None for those of a folder."""
    if configuration.get("storage") is None:
        return None
    from dbt_phlo.tables.s3_files import S3Files

    return S3Files(configuration["storage"])
