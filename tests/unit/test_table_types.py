"""Types: every type of DuckDB is written into Iceberg without a change of value, or refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_phlo.catalogs import open_catalog
from dbt_phlo.endpoint import extensions
from dbt_phlo.endpoint.client import Endpoint
from dbt_phlo.errors import TypeRefused
from dbt_phlo.settings import catalog_configuration, warehouse_uri
from dbt_phlo.tables import duckdb_types, types


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("types")
    configuration = catalog_configuration({}, warehouse_uri(str(folder), Path("/")))
    open_catalog(configuration).close()
    endpoint = Endpoint(configuration, "main", writable=True)
    attached = extensions.connect()
    endpoint.attach(attached, "lake")
    attached.execute("CREATE SCHEMA lake.s")
    yield attached
    attached.close()
    endpoint.close()


EXPRESSIONS = {
    "1::TINYINT": "INTEGER",
    "32767::SMALLINT": "INTEGER",
    "255::UTINYINT": "INTEGER",
    "65535::USMALLINT": "INTEGER",
    "4294967295::UINTEGER": "BIGINT",
    "18446744073709551615::UBIGINT": "DECIMAL(20,0)",
    "1::HUGEINT": "DECIMAL(38,0)",
    "1::UHUGEINT": "DECIMAL(38,0)",
    "1::INTEGER": "INTEGER",
    "1::BIGINT": "BIGINT",
    "true": "BOOLEAN",
    "1.5::FLOAT": "FLOAT",
    "1.5::DOUBLE": "DOUBLE",
    "1.5::DECIMAL(38,10)": "DECIMAL(38,10)",
    "'x'": "VARCHAR",
    "'{\"a\": 1}'::JSON": "VARCHAR",
    "'a'::ENUM('a', 'SMALLINT')": "VARCHAR",
    "'101'::BIT": "VARCHAR",
    "DATE '2024-01-01'": "DATE",
    "TIME '01:02:03.000004'": "TIME",
    "TIMESTAMP '2024-01-01 01:02:03.000004'": "TIMESTAMP",
    "TIMESTAMPTZ '2024-01-01 01:02:03+00'": "TIMESTAMP WITH TIME ZONE",
    "'2024-01-01'::TIMESTAMP_S": "TIMESTAMP",
    "'2024-01-01'::TIMESTAMP_MS": "TIMESTAMP",
    "'2024-01-01 00:00:00.123456'::TIMESTAMP_NS": "TIMESTAMP",
    "NULL::TIMESTAMP_NS": "TIMESTAMP",
    "'\\xAA'::BLOB": "BLOB",
    "uuid()": "UUID",
    "NULL": "INTEGER",
    "[1::SMALLINT]": "INTEGER[]",
    "[1, 2, 3]::INTEGER[3]": "INTEGER[]",
    "[[1::UTINYINT]]": "INTEGER[][]",
    "{'a': 1::UTINYINT, 'b c': NULL::JSON}": 'STRUCT(a INTEGER, "b c" VARCHAR)',
    "{'x\"y': 1::TINYINT}": 'STRUCT("x""y" INTEGER)',
    "{'INTERVAL': 1}": 'STRUCT("INTERVAL" INTEGER)',
    "{'e': 'a'::ENUM('a', 'INTERVAL')}": "STRUCT(e VARCHAR)",
    "MAP {1::TINYINT: 2::UBIGINT}": "MAP(INTEGER, DECIMAL(20,0))",
    "[NULL::TIMESTAMP_S]": "TIMESTAMP[]",
}
REFUSED = {
    "INTERVAL 1 DAY": "write a number of seconds, as in epoch(c) instead",
    "'1:00:00+01'::TIMETZ": "write c::time to drop the offset",
    "NULL::TIME_NS": "write c::time instead",
    "NULL::BIGNUM": "write c::decimal(38,0)",
    "union_value(k := 1)": "write a struct",
    "NULL::GEOMETRY": "write ST_AsWKB(c) instead",
    "NULL::VARIANT": "write c::json",
    "[INTERVAL 1 DAY]": "for each INTERVAL x in it",
    "{'a': '1:00:00+01'::TIMETZ}": "for each TIME WITH TIME ZONE x in it",
    "{'a': NULL::TIMESTAMP_NS}": "write x::timestamp for each TIMESTAMP_NS x in it",
    "[NULL::TIMESTAMP_NS]": "write x::timestamp for each TIMESTAMP_NS x in it",
    "{'u': union_value(k := 1)}": "for each UNION x in it",
    "MAP {'a': NULL::BIGNUM}": "for each BIGNUM x in it",
}


def described(connection: Any, sql: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(f"DESCRIBE {sql}").fetchall()]


@pytest.mark.parametrize("expression, expected", EXPRESSIONS.items())
def test_a_type_is_written_and_its_value_comes_back(
    connection: Any, expression: str, expected: str
) -> None:
    query = f"SELECT {expression} AS c"
    casts = types.projection(described(connection, query), "s.t")
    replaced = f"SELECT * REPLACE ({', '.join(casts)})" if casts else "SELECT *"
    connection.execute("DROP TABLE IF EXISTS lake.s.t")
    connection.execute(f"CREATE TABLE lake.s.t AS {replaced} FROM ({query})")
    assert described(connection, "lake.s.t") == [("c", expected)]
    if expression != "uuid()":
        # the value, read back and cast to the type that it had
        (kind,) = [kind for _, kind in described(connection, query)]
        same = f"SELECT c::{kind} IS NOT DISTINCT FROM ({expression})::{kind} FROM lake.s.t"
        assert connection.execute(same).fetchall() == [(True,)]
    assert types.projection(described(connection, "lake.s.t"), "s.t") == []


@pytest.mark.parametrize("expression, remedy", REFUSED.items())
def test_a_type_that_iceberg_lacks_is_refused_with_the_column_and_what_to_write(
    connection: Any, expression: str, remedy: str
) -> None:
    columns = described(connection, f"SELECT 1 AS id, {expression} AS c")
    with pytest.raises(TypeRefused) as caught:
        types.projection(columns, "s.t")
    assert caught.value.message.startswith("column c of s.t has type ")
    assert remedy in caught.value.remedy


def test_every_type_that_duckdb_knows_is_in_one_of_the_tables(connection: Any) -> None:
    known = {
        row[0]
        for row in connection.execute("SELECT DISTINCT logical_type FROM duckdb_types()").fetchall()
    }
    handled = {
        *types.WIDENED,
        *types.EXACT,
        *types.REFUSED,
        *types.NESTED,
        *duckdb_types.PRIMITIVES.values(),
        "DECIMAL",
    }
    assert known - handled <= {"NULL", "TYPE", "UNION", "ENUM"}, "decide what becomes of these"


def test_nanoseconds_are_not_cut_off_silently(connection: Any) -> None:
    query = "SELECT '2024-01-01 00:00:00.123456789'::TIMESTAMP_NS AS \"it's\""
    casts = types.projection(described(connection, query), "s.t")
    with pytest.raises(duckdb.Error, match=r"its of s\.t holds nanoseconds"):
        connection.execute(f"SELECT * REPLACE ({', '.join(casts)}) FROM ({query})").fetchall()


def test_a_value_that_does_not_fit_is_an_error_not_another_value(connection: Any) -> None:
    query = "SELECT 340282366920938463463374607431768211455::UHUGEINT AS c"
    casts = types.projection(described(connection, query), "s.t")
    with pytest.raises(duckdb.Error):
        connection.execute(f"SELECT * REPLACE ({', '.join(casts)}) FROM ({query})").fetchall()


@pytest.mark.parametrize(
    "iceberg", ["boolean", "int", "long", "float", "double", "date", "time", "timestamp",
                "timestamptz", "string", "uuid", "binary", "decimal(9,2)", "decimal(38,0)"]
)  # fmt: skip
def test_an_iceberg_type_is_written_as_the_duckdb_type_that_it_is_read_as(
    connection: Any, iceberg: str
) -> None:
    kind = duckdb_types.written(iceberg)
    connection.execute("DROP TABLE IF EXISTS lake.s.u")
    connection.execute(f"CREATE TABLE lake.s.u (c {kind})")
    assert described(connection, "lake.s.u") == [("c", kind)]
