"""Enforced contracts: columns, rows, and what a table takes when the contract changes."""

from collections.abc import Iterator

import pytest
from lake import Lake

from dbt_phlo.tables import schema as schemas

MODEL = "{{{{ config(materialized='incremental', on_schema_change='append_new_columns') }}}}\n{sql}"


@pytest.fixture
def off(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """Builds write ``main`` directly: what is tried is the table, not the run."""
    monkeypatch.setenv("PHLO_WAP", "off")
    yield lake


def declare(
    lake: Lake, columns: str, *, more: str = "", config: str = "contract: {enforced: true}"
) -> None:
    lake.write(
        "models/schema.yml",
        f"""\
models:
  - name: orders
    config: {{{config}}}
{more}    columns:
{columns}""",
    )


def column(name: str, kind: str, *constraints: str, pii: bool = False) -> str:
    said = ", ".join(f"{{type: {one}}}" for one in constraints)
    hidden = ", config: {meta: {phlo: {pii: true}}}" if pii else ""
    return f"      - {{name: {name}, data_type: {kind}, constraints: [{said}]{hidden}}}\n"


def fields(lake: Lake, ref: str = "main") -> dict[str, tuple[str, bool, int]]:
    """Type, whether it is required, and the field's id, by column in the table's order."""
    metadata = lake.catalog().at(ref).metadata("main", "orders")
    return {
        field["name"]: (field["type"], field["required"], field["id"])
        for field in schemas.current(metadata)["fields"]
    }


PYTHON = """
def model(dbt, session):
    dbt.config(materialized={materialized!r})
    return session.sql({sql!r})
"""
OURS = "meta: {phlo: {contract: {enforced: true}}}"


def test_not_null_becomes_required_and_engines_refuse_null(off: Lake) -> None:
    off.write("models/orders.sql", "select 1 as id, 'a' as code, null::date as day")
    declare(
        off,
        column("id", "integer", "primary_key")
        + column("code", "varchar", "not_null")
        + column("day", "date"),
    )
    built = off.dbt("build")
    assert built.code == 0, built.text
    assert fields(off) == {
        "id": ("int", True, 1),
        "code": ("string", True, 2),
        "day": ("date", False, 3),
    }
    refused = off.dbt("run-operation", "insert_null")
    assert refused.code != 0  # no such macro yet
    off.write(
        "macros/insert_null.sql",
        '{% macro insert_null() %}{% do run_query("insert into lake.main.orders values '
        "(null, 'b', null)\") %}{% endmacro %}",
    )
    refused = off.dbt("run-operation", "insert_null")
    assert refused.code != 0
    assert "NOT NULL constraint failed" in refused.text
    declare(off, column("id", "integer") + column("code", "varchar") + column("day", "date"))
    assert off.dbt("build").code == 0
    assert [required for _, required, _ in fields(off).values()] == [False, False, False]


def test_rows_that_break_constraints_are_counted_and_shown_without_what_is_pii(
    shop: Lake,
) -> None:
    shop.write(
        "models/orders.sql",
        "select range::int as id, case when range < 90 then 'x' || range end as email, "
        "range::int % 50 as slot from range(100)",
    )
    shop.write("models/totals.sql", "select 1 as customer")
    declare(
        shop,
        column("id", "integer", "primary_key")
        + column("email", "varchar", "not_null", pii=True)
        + column("slot", "integer", "unique"),
        more="    constraints: [{type: check, expression: slot < 49}]\n",
    )
    outcome = shop.dbt("build")
    assert outcome.code == 1
    for told in (
        "NOT NULL constraint failed: orders, email (10 of 100 rows)",
        "UNIQUE constraint failed: orders, slot (100 of 100 rows)",
        "CHECK constraint failed: orders, slot < 49 (2 of 100 rows)",
        "id=90",
        "models/schema.yml:7",
    ):
        assert told in outcome.text
    assert "x17" not in outcome.text
    assert shop.holds() == {}


def test_a_python_model_is_held_to_its_contract(off: Lake) -> None:
    good = "select 'a' as code, 7::bigint as id"
    off.write("models/orders.py", PYTHON.format(materialized="table", sql=good))
    declare(off, column("id", "bigint", "not_null") + column("code", "varchar(3)"), config=OURS)
    built = off.dbt("build")
    assert built.code == 0, built.text
    assert fields(off) == {"id": ("long", True, 2), "code": ("string", False, 1)}  # YAML's order

    for sql, told in (
        (
            "select 7::int as id, 'a' as code",
            "column id of orders is declared bigint and is INTEGER",
        ),
        ("select 7::bigint as id, 'a' as cod", "orders lacks the column code (varchar(3))."),
        ("select 7::bigint as id, 'a' as code, 1 as x", "has the column x (INTEGER)"),
        ("select null::bigint as id, 'a' as code", "NOT NULL constraint failed: orders, id"),
        ("select 7::bigint as id, 'abcd' as code", "at most 3 characters long constraint failed"),
    ):
        off.write("models/orders.py", PYTHON.format(materialized="table", sql=sql))
        outcome = off.dbt("build")
        assert outcome.code == 1
        assert told in outcome.text
        assert "models/schema.yml:" in outcome.text
        assert off.rows("from lake.main.orders") == [(7, "a")]
        assert off.catalog().at("main").tables("main") == ["orders"]


def test_an_incremental_python_model_is_held_to_it_too(off: Lake) -> None:
    declare(off, column("id", "bigint", "not_null"), config=OURS)
    off.write(
        "models/orders.py",
        PYTHON.format(materialized="incremental", sql="select 1::bigint as id"),
    )
    assert off.dbt("build").code == 0
    off.write(
        "models/orders.py",
        PYTHON.format(materialized="incremental", sql="select null::bigint as id"),
    )
    outcome = off.dbt("build")
    assert outcome.code == 1 and "NOT NULL constraint failed" in outcome.text
    assert off.rows("from lake.main.orders") == [(1,)]


def test_a_contract_of_ours_that_says_something_else_is_told(off: Lake) -> None:
    off.write("models/orders.py", PYTHON.format(materialized="table", sql="select 1 as id"))
    declare(off, column("id", "integer"), config="meta: {phlo: {contract: strict}}")
    outcome = off.dbt("build")
    assert outcome.code == 1
    assert "PHLO128" in outcome.text and "contract: {enforced: true}" in outcome.text


def test_compatible_changes_are_taken_in_place(off: Lake) -> None:
    off.write("models/orders.sql", MODEL.format(sql="select 1::int as id, 1.5::float as ratio"))
    declare(off, column("id", "integer") + column("ratio", "float"))
    assert off.dbt("build").code == 0
    before = off.catalog().at("main").metadata("main", "orders")
    off.write(
        "models/orders.sql",
        MODEL.format(sql="select 5000000000::bigint as id, 0.1::double as ratio, 'n' as note"),
    )
    declare(
        off,
        column("id", "bigint", "not_null") + column("ratio", "double") + column("note", "varchar"),
    )
    built = off.dbt("build")
    assert built.code == 0, built.text
    assert fields(off) == {
        "id": ("long", True, 1),
        "ratio": ("double", False, 2),
        "note": ("string", False, 3),
    }
    assert off.rows("from lake.main.orders order by id") == [
        (1, 1.5, None),
        (5_000_000_000, 0.1, "n"),
    ]
    after = off.catalog().at("main").metadata("main", "orders")
    assert after["table-uuid"] == before["table-uuid"]
    old = {one["snapshot-id"] for one in before["snapshots"]}
    assert old < {one["snapshot-id"] for one in after["snapshots"]}


@pytest.mark.parametrize(
    ("sql", "columns", "told"),
    [
        (
            "select 'x' as id, 2 as n",
            column("id", "varchar") + column("n", "integer"),
            "column id of orders is INTEGER and cannot become VARCHAR in place",
        ),
        (
            "select 2 as id",
            column("id", "integer"),
            "column n (INTEGER) of orders is no longer declared",
        ),
        (
            "select 2 as id, 2 as n",
            column("id", "integer") + column("n", "integer", "not_null"),
            "column n of orders may be NULL in the rows that are there",
        ),
        (
            "select 2 as id, 2 as n, 3 as x",
            column("id", "integer") + column("n", "integer") + column("x", "integer", "not_null"),
            "is new and declared not null",
        ),
    ],
)
def test_other_changes_are_refused_and_the_table_stays(
    off: Lake, sql: str, columns: str, told: str
) -> None:
    off.write("models/orders.sql", MODEL.format(sql="select 1 as id, null::int as n"))
    declare(off, column("id", "integer") + column("n", "integer"))
    assert off.dbt("build").code == 0
    before = fields(off)
    off.write("models/orders.sql", MODEL.format(sql=sql))
    declare(off, columns)
    outcome = off.dbt("build")
    assert outcome.code == 1
    assert told in outcome.text
    assert "full-refresh" in outcome.text
    assert fields(off) == before
    assert off.rows("from lake.main.orders") == [(1, None)]
    assert off.dbt("build", "--full-refresh").code == 0
    assert fields(off) != before


def test_a_contract_that_nobody_enforces_any_more_lets_nulls_in(off: Lake) -> None:
    off.write("models/orders.sql", MODEL.format(sql="select 1 as id"))
    declare(off, column("id", "integer", "not_null"))
    assert off.dbt("build").code == 0
    assert fields(off)["id"][1] is True
    off.write("models/orders.sql", MODEL.format(sql="select null::int as id"))
    declare(off, column("id", "integer"), config="contract: {enforced: false}")
    built = off.dbt("build")
    assert built.code == 0, built.text
    assert fields(off)["id"][1] is False
    assert off.rows("select count(*) from lake.main.orders") == [(2,)]


def test_a_run_that_is_refused_leaves_the_branch_as_it_was(lake: Lake) -> None:
    lake.write("models/orders.sql", MODEL.format(sql="select 1 as id"))
    declare(lake, column("id", "integer"))
    assert lake.dbt("build").code == 0
    before = fields(lake)
    lake.write("models/orders.sql", MODEL.format(sql="select 5000000000 as id, 1 as x"))
    lake.write("tests/never.sql", "select 1 as x from {{ ref('orders') }}")
    declare(lake, column("id", "bigint") + column("x", "integer"))
    outcome = lake.dbt("build", PHLO_RUN_ID="held")
    assert outcome.code == 1
    assert fields(lake) == before
    assert fields(lake, "pipeline-run-held")["id"] == ("long", False, 1)


def test_descriptions_reach_the_table(off: Lake) -> None:
    off.write("models/orders.sql", "select 1 as id")
    declare(
        off,
        "      - {name: id, data_type: integer, description: The order's number.}\n",
        config="contract: {enforced: true}, persist_docs: {relation: true, columns: true}",
        more="    description: What was ordered.\n",
    )
    assert off.dbt("build").code == 0
    metadata = off.catalog().at("main").metadata("main", "orders")
    assert schemas.current(metadata)["fields"][0]["doc"] == "The order's number."
    assert metadata["properties"]["comment"] == "What was ordered."
