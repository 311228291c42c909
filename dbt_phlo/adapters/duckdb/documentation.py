"""dbt's docs catalog, from the lake's own metadata: no table is loaded into DuckDB for it."""

from typing import Any

import agate
from dbt_common.contracts.metadata import CatalogTable, ColumnMetadata, TableMetadata

from dbt_phlo.adapters.duckdb.environment import PhloEnvironment
from dbt_phlo.names import literal, quoted
from dbt_phlo.tables import duckdb_types
from dbt_phlo.tables import schema as schemas
from dbt_phlo.tables.metadata import under_construction

_NAMES = (
    "table_database",
    "table_schema",
    "table_name",
    "table_type",
    "table_comment",
    "column_name",
    "column_index",
    "column_type",
    "column_comment",
    "table_owner",
)


def catalog(environment: PhloEnvironment, wanted: list[tuple[str, str]]) -> agate.Table:
    """Rows for the relations ``wanted``, as (schema, name); an empty name is the whole schema."""
    folded = {(schema.lower(), name.lower()) for schema, name in wanted}
    rows: list[tuple[Any, ...]] = []
    for schema in environment.schemas:
        for table in environment.tables.tables(schema):
            if _is_wanted(folded, schema, table) and under_construction(table) is None:
                rows += _table_rows(environment, schema, table)
        views = [v for v in environment.views.named(schema) if _is_wanted(folded, *v)]
        for view in views:
            rows += _view_rows(environment, *view)
    text, number = agate.Text(), agate.Number()
    kinds = [number if name == "column_index" else text for name in _NAMES]
    return agate.Table(sorted(rows, key=lambda row: (row[1], row[2], row[6])), _NAMES, kinds)


def single(environment: PhloEnvironment, relation: Any) -> CatalogTable | None:
    """The docs catalog's entry of one relation."""
    rows = catalog(environment, [(relation.schema, relation.identifier)]).rows
    if not rows:
        return None
    first = rows[0].dict()
    return CatalogTable(
        metadata=TableMetadata(
            type=first["table_type"],
            schema=first["table_schema"],
            name=first["table_name"],
            database=first["table_database"],
            comment=first["table_comment"],
            owner=first["table_owner"],
        ),
        columns={
            row["column_name"]: ColumnMetadata(
                type=row["column_type"],
                index=int(row["column_index"]),
                name=row["column_name"],
                comment=row["column_comment"],
            )
            for row in rows
        },
        stats={},
    )


def _table_rows(environment: PhloEnvironment, schema: str, table: str) -> list[tuple[Any, ...]]:
    metadata = environment.tables.metadata(schema, table)
    comment = metadata["properties"].get("comment")
    return [
        (
            environment.database,
            schema,
            table,
            "BASE TABLE",
            comment,
            field["name"],
            index,
            duckdb_types.written(field["type"]),
            field.get("doc"),
            None,
        )
        for index, field in enumerate(schemas.current(metadata)["fields"], 1)
    ]


def _view_rows(environment: PhloEnvironment, schema: str, view: str) -> list[tuple[Any, ...]]:
    document = environment.views.get(schema, view) or {}
    comments = {k.lower(): v for k, v in document.get("column_comments", {}).items()}
    environment.views.realise(environment.views.missing_for(quoted(view)))
    described = environment.native(
        "select column_name, column_index, data_type from duckdb_columns() "
        f"where database_name = {literal(environment.views.database)} "
        f"and schema_name = {literal(schema)} and table_name = {literal(view)}"
    )
    return [
        (
            environment.database,
            schema,
            view,
            "VIEW",
            document.get("comment"),
            name,
            index,
            kind,
            comments.get(name.lower()),
            None,
        )
        for name, index, kind in described
    ]


def _is_wanted(wanted: set[tuple[str, str]], schema: str, name: str) -> bool:
    return (schema.lower(), name.lower()) in wanted or (schema.lower(), "") in wanted
