"""Appends rows to the tables of history, on a branch, beside whoever else writes there."""

import random
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from dbt_phlo.catalogs.port import Catalog, Tables
from dbt_phlo.errors import AlreadyExists, Conflict
from dbt_phlo.history import parquet
from dbt_phlo.history.tables import TABLES, fields, request
from dbt_phlo.names import HISTORY_SCHEMA as SCHEMA
from dbt_phlo.tables import schema as schemas
from dbt_phlo.tables.append import data_files
from dbt_phlo.tables.files import Metadata, parsed
from dbt_phlo.tables.manifests import DataFile
from dbt_phlo.tables.reach import data_files_of

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows by table of ``TABLES``; values are JSON's, times ISO 8601 text."""

MOST_FILES = 50
"""A table of more files than that is written together into one, by whoever appends next."""

ATTEMPTS = 20


def write(catalog: Catalog, branch: str, rows: Rows) -> None:
    """Append ``rows`` to the tables of history on ``branch``, which are made when they are missing.

    Raises ``CatalogError``; each table is written whole or not at all.
    """
    tables = catalog.at(branch)
    for name, some in rows.items():
        if some or not tables.exists(SCHEMA, name):  # a reader finds each table, also an empty one
            _retried(catalog, tables, name, some)


def _retried(
    catalog: Catalog, tables: Tables, name: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Another run may append at the same moment: then this one begins again on what is there."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _append(catalog, tables, name, rows)
            return
        except (Conflict, AlreadyExists):
            if attempt == ATTEMPTS:
                raise
            time.sleep(random.uniform(0, 0.02 * attempt))


def _append(catalog: Catalog, tables: Tables, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    seen, metadata = _made(tables, name)
    if not rows:
        return
    schema = schemas.current(metadata)
    data, count = parquet.encoded(rows, schema), len(rows)
    full = data_files(metadata) >= MOST_FILES
    if full:
        earlier = [catalog.stored.read(path) for path in data_files_of(catalog.stored, metadata)]
        data, count = parquet.merged([*earlier, data], schema)
    location = f"{metadata['location']}/data/{uuid.uuid4()}.parquet"
    catalog.stored.write(location, data)
    file = DataFile(location, count, len(data))
    tables.append(SCHEMA, name, [file], instead_of=seen if full else "")


def _made(tables: Tables, name: str) -> tuple[str, Metadata]:
    """The table's value and metadata, with every column that this version writes."""
    if SCHEMA not in tables.namespaces():
        tables.create_namespace(SCHEMA)
    if not tables.exists(SCHEMA, name):
        return tables.create(SCHEMA, request(name))
    location, raw = tables.load(SCHEMA, name)
    metadata = parsed(location, raw)
    current = schemas.current(metadata)
    known = {field["name"] for field in current["fields"]}
    new = {column: kind for column, kind in TABLES[name].items() if column not in known}
    if not new:
        return location, metadata
    added = fields(new, metadata["last-column-id"] + 1)
    schema = {**current, "schema-id": -1, "fields": [*current["fields"], *added]}
    updates: list[dict[str, Any]] = [
        {"action": "add-schema", "schema": schema},
        {"action": "set-current-schema", "schema-id": -1},
    ]
    requirement = {
        "type": "assert-current-schema-id",
        "current-schema-id": metadata["current-schema-id"],
    }
    return tables.commit([(SCHEMA, name, [requirement], updates)])[0]
