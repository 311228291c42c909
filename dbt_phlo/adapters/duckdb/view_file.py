"""A DuckDB database file that shows every table and view of a ref under the lake's name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dbt_phlo.adapters.duckdb import statements, view_order
from dbt_phlo.adapters.duckdb.view_order import Name
from dbt_phlo.catalogs.port import Tables
from dbt_phlo.names import literal, quoted
from dbt_phlo.tables import duckdb_types
from dbt_phlo.tables import schema as schemas
from dbt_phlo.tables.metadata import under_construction

UNREADABLE = [("error", "INTEGER")]
"""What DESCRIBE says of a view that could not be made: reading it tells why."""


def write(file: Path, tables: Tables, database: str, inner: str) -> None:
    """Write the file, to be attached as ``database`` beside the Iceberg catalog ``inner``.

    The views are made against empty stand-ins of the tables. Only what a view of the user's names
    needs its real columns, because that view is bound when it is made; a ``select *`` is not bound
    before it is asked for. Everything is made in memory first, which finds out what cannot be
    bound, then in the file in one transaction: one that meets an error could not go on.
    """
    import duckdb

    with duckdb.connect(config={"python_enable_replacements": "false"}) as connection:
        connection.execute(f"ATTACH ':memory:' AS {quoted(inner)}")
        connection.execute(f"ATTACH ':memory:' AS {quoted(database)}")
        _create_schemas(connection, tables, inner, database)
        _create_stand_ins(connection, tables, inner)
        connection.execute(f"USE {quoted(database)}")
        made = [_created(connection, database, *view) for view in _statements(tables, inner)]
        connection.execute("USE memory")
        connection.execute(f"DETACH {quoted(database)}")
        connection.execute(f"ATTACH {literal(str(file))} AS {quoted(database)}")
        connection.execute(f"USE {quoted(database)}")
        connection.execute("BEGIN")
        _create_schemas(connection, tables, database)
        for statement in made:
            connection.execute(statement)
        connection.execute("COMMIT")


def _create_schemas(connection: Any, tables: Tables, *databases: str) -> None:
    for schema in tables.namespaces():
        for database in databases:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(database)}.{quoted(schema)}")


def _create_stand_ins(connection: Any, tables: Tables, inner: str) -> None:
    """An empty table for each table; with its columns if a view may name it."""
    texts = [view.get("sql", "") for view in tables.views().values()]
    named = {part.lower() for text in texts for name in statements.names(text) for part in name}
    for name in _tables(tables):
        columns = _columns(tables, name) if name[1].lower() in named else '"?" INTEGER'
        connection.execute(f"CREATE TABLE {_path(inner, name)} ({columns})")


def _statements(tables: Tables, inner: str) -> Iterator[tuple[Name, str]]:
    """Every view to make, with its query, in the order in which they can be made."""
    for name in _tables(tables):
        yield name, f"SELECT * FROM {_path(inner, name)}"
    views = tables.views()

    def query(name: Name) -> str:
        return str(views[name].get("sql", ""))

    for name in view_order.in_order(views, query, view_order.by_bare_name(views)):
        yield name, query(name)


def _tables(tables: Tables) -> list[Name]:
    return [
        (key.namespace, key.name)
        for key in tables.pointers()
        if key.kind == "table" and under_construction(key.name) is None
    ]


def _created(connection: Any, database: str, name: Name, sql: str) -> str:
    """The statement that makes a view; what cannot be bound here says so when it is asked for."""
    import duckdb

    statement = f"CREATE VIEW {_path(database, name)} AS {sql}"
    try:
        if len(connection.extract_statements(statement)) != 1:
            raise duckdb.ParserException("its definition is not one query")
        connection.execute(statement)
    except duckdb.Error as error:
        told = literal(f"the view {'.'.join(name)} cannot be read here: {error}")
        statement = f'CREATE VIEW {_path(database, name)} AS SELECT error({told}) AS "error"'
        connection.execute(statement)
    return statement


def _columns(tables: Tables, name: Name) -> str:
    fields = schemas.current(tables.metadata(*name))["fields"]
    return ", ".join(f"{quoted(f['name'])} {duckdb_types.written(f['type'])}" for f in fields)


def _path(database: str, name: Name) -> str:
    return ".".join(quoted(part) for part in (database, *name))
