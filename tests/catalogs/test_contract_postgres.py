"""What a contract says to PostgreSQL is what PostgreSQL then has."""

import uuid
from typing import Any

import pytest
from postgres_server import new_database

from dbt_phlo.contracts import Column, Constraint, Contract, postgres
from dbt_phlo.contracts.data_types import PRIMITIVES
from dbt_phlo.contracts.rules import Length, NotNull
from dbt_phlo.errors import NameRefused

EVERY = [*sorted(set(PRIMITIVES.values())), "decimal(9, 2)", "fixed[4]"]
WORDS = "it's a \\ 'quoted' -- text\nof \U0001f600 lines; drop table t"


@pytest.fixture
def connection(server: Any) -> Any:
    import psycopg

    schema = f"contracts {uuid.uuid4().hex}"
    new_database(server, schema)
    with psycopg.connect(server.get_uri(), autocommit=True) as found:
        found.execute(f'set search_path to "{schema}"')
        yield found


def schema_of(connection: Any) -> str:
    (name,) = connection.execute("select current_schema()").fetchone()
    return str(name)


def test_a_table_of_every_type_is_made_as_declared(connection: Any) -> None:
    types = [*EVERY, *({"type": "list", "element": kind} for kind in EVERY)]
    types += [
        {"type": "map", "key": "string", "value": "int"},
        {"type": "list", "element": types[-1]},
    ]
    columns = tuple(Column(f'c "{n}"', kind) for n, kind in enumerate(types))
    contract = Contract("t", columns)
    connection.execute(postgres.create_table(contract, schema_of(connection), "a t"))
    found = connection.execute(
        "select format_type(atttypid, atttypmod) from pg_attribute "
        "where attrelid = '\"a t\"'::regclass and attnum > 0 order by attnum"
    ).fetchall()
    spelled = {"numeric(9, 2)": "numeric(9,2)", "numeric(20, 0)": "numeric(20,0)",
               "numeric(38, 0)": "numeric(38,0)", "time": "time without time zone",
               "timestamp": "timestamp without time zone",
               "timestamptz": "timestamp with time zone"}  # fmt: skip
    expected = [postgres.data_type(kind) for kind in types]
    expected = [
        spelled.get(kind.removesuffix("[]"), kind.removesuffix("[]")) + "[]" * kind.endswith("[]")
        for kind in expected
    ]
    assert [row[0] for row in found] == expected


@pytest.mark.parametrize("standard", ["on", "off"])
def test_comments_lengths_and_not_null_are_kept(connection: Any, standard: str) -> None:
    import psycopg

    connection.execute(f"set standard_conforming_strings = {standard}")
    contract = Contract(
        "t",
        (Column("name", "string", WORDS),),
        (Constraint(NotNull("name"), "x"), Constraint(Length("name", maximum=3), "x")),
        description=WORDS,
    )
    schema = schema_of(connection)
    connection.execute(postgres.create_table(contract, schema, "t"))
    for statement in postgres.comments(contract, schema, "t"):
        connection.execute(statement)
    found = connection.execute(
        "select obj_description('t'::regclass), col_description('t'::regclass, 1)"
    ).fetchone()
    assert found == (WORDS, WORDS)
    connection.execute("insert into t values ('\u00e9\U0001f600x')")
    for value in ("null", "'four'"):
        with pytest.raises(psycopg.DatabaseError):
            connection.execute(f"insert into t values ({value})")


def test_the_longest_name_is_kept_and_one_byte_more_is_refused(connection: Any) -> None:
    longest = "\u00e9" * 31 + "x"
    contract = Contract("t", (Column(longest, "int"),))
    connection.execute(postgres.create_table(contract, schema_of(connection), longest))
    assert connection.execute("select tablename from pg_tables where schemaname = current_schema()"
                              ).fetchall() == [(longest,)]  # fmt: skip
    with pytest.raises(NameRefused):
        postgres.create_table(contract, schema_of(connection), longest + "y")
