"""Staging tables that nobody will finish, because the build that made them was killed."""

import time
from contextlib import suppress

from dbt_phlo.catalogs.port import Tables
from dbt_phlo.errors import Conflict, NotFound
from dbt_phlo.tables.metadata import under_construction

PATIENCE_SECONDS = 24 * 3600
"""A staging table appears when its rows are written and goes when its constraints are checked.

Whether its writer still lives cannot be known; that a check takes a day can be ruled out.
"""


def drop(tables: Tables, schema: str, target: str) -> None:
    """Drop the staging tables of ``target`` that were written long ago; younger ones stay."""
    for name in tables.tables(schema):
        if under_construction(name) != target:
            continue
        with suppress(NotFound, Conflict):  # another writer was faster
            written = tables.metadata(schema, name)["last-updated-ms"] / 1000
            if written < time.time() - PATIENCE_SECONDS:
                tables.drop(schema, name)
