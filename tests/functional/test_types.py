"""Column types on a real lake: what is widened, what is refused and how that is said."""

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest
from lake import Lake

from dbt_phlo.contracts import iceberg
from dbt_phlo.contracts.yaml_source import contract_from_yaml
from dbt_phlo.tables import types

MOMENT = datetime.datetime(2024, 2, 29, 12, 30, 1)
WIDENED: dict[str, tuple[str, str, Any]] = {
    "TINYINT": ("(-128)::tinyint", "INTEGER", -128),
    "SMALLINT": ("(-32768)::smallint", "INTEGER", -32768),
    "UTINYINT": ("255::utinyint", "INTEGER", 255),
    "USMALLINT": ("65535::usmallint", "INTEGER", 65535),
    "UINTEGER": ("4294967295::uinteger", "BIGINT", 4294967295),
    "UBIGINT": ("18446744073709551615::ubigint", "DECIMAL(20,0)", Decimal(2**64 - 1)),
    "HUGEINT": (
        "10000000000000000000000000000000000000::hugeint",
        "DECIMAL(38,0)",
        Decimal(10**37),
    ),
    "UHUGEINT": ("17::uhugeint", "DECIMAL(38,0)", Decimal(17)),
    "JSON": ("""'{"a": 1}'::json""", "VARCHAR", '{"a": 1}'),
    "ENUM": ("'b'::enum('a', 'b')", "VARCHAR", "b"),
    "BIT": ("'0101'::bit", "VARCHAR", "0101"),
    "TIMESTAMP_S": ("'2024-02-29 12:30:01'::timestamp_s", "TIMESTAMP", MOMENT),
    "TIMESTAMP_MS": ("'2024-02-29 12:30:01'::timestamp_ms", "TIMESTAMP", MOMENT),
    "TIMESTAMP_NS": ("'2024-02-29 12:30:01'::timestamp_ns", "TIMESTAMP", MOMENT),
}
"""(expression, type in the lake, value in the lake) of every row of the rule table."""
NESTED: dict[str, tuple[str, str, Any]] = {
    "list_of_structs": (
        "[{'a': 1::utinyint, 'b': 'x'}]",
        "STRUCT(a INTEGER, b VARCHAR)[]",
        [{"a": 1, "b": "x"}],
    ),
    "map_of_unsigned": ("map {'k': 7::uinteger}", "MAP(VARCHAR, BIGINT)", {"k": 7}),
    "array_of_small": ("[1, 2, 3]::smallint[3]", "INTEGER[]", [1, 2, 3]),
}
REFUSED = {
    "INTERVAL": "interval 1 day",
    "TIME WITH TIME ZONE": "'12:00:00+02'::timetz",
    "UNION": "union_value(a := 1)",
    "STRUCT(a INTERVAL)": "{'a': interval 1 day}",
    "TIMESTAMP_NS[]": "['2024-02-29 12:30:01'::timestamp_ns]",
}


def test_every_rule_for_a_wider_type_has_a_case_here() -> None:
    assert set(WIDENED) == set(types.WIDENED) | set(types.EXACT)


def test_types_that_iceberg_lacks_become_wider_ones_without_changing_a_value(lake: Lake) -> None:
    cases = {**{f"c_{name.lower()}": case for name, case in WIDENED.items()}, **NESTED}
    for name, (expression, _, _) in cases.items():
        nothing = f"(select {expression}) where false"
        lake.write(
            f"models/{name}.sql", f"select {expression} as x union all select * from {nothing}"
        )
    ended = lake.dbt("run", "--target", "dev")
    assert ended.code == 0, ended.text
    for name, (_, kind, value) in cases.items():
        assert lake.rows(f"select typeof(x), x from lake.main.{name}", "dev") == [(kind, value)], (
            name
        )


def test_types_without_a_wider_one_are_refused_with_column_and_remedy(lake: Lake) -> None:
    for number, expression in enumerate(REFUSED.values()):
        lake.write(f"models/refused_{number}.sql", f"select {expression} as how_long")
    ended = lake.dbt("run", "--target", "dev")
    assert ended.code == 1
    for number, kind in enumerate(REFUSED):
        said = f"column how_long of main.refused_{number}"
        assert said in ended.text, kind
    assert ended.text.count("PHLO500") >= len(REFUSED)
    assert "epoch(how_long)" in ended.text
    assert not [key for key in lake.holds("dev") if "refused" in key]


def test_nanoseconds_that_a_timestamp_would_cut_off_are_refused(lake: Lake) -> None:
    exact = "'2024-02-29 12:30:01.123456'::timestamp_ns"
    lake.write("models/exact.sql", f"select {exact} as seen union all select null")
    lake.write("models/finer.sql", "select '2024-02-29 12:30:01.123456789'::timestamp_ns as seen")
    ended = lake.dbt("run", "--target", "dev")
    assert ended.code == 1
    assert "column seen of main.finer" in ended.text
    assert "nanoseconds" in ended.text
    assert lake.rows("select count(*), count(seen) from lake.main.exact", "dev") == [(2, 1)]
    assert not [key for key in lake.holds("dev") if "finer" in key]


@pytest.mark.parametrize("declared", ["decimal", "numeric"])
@pytest.mark.parametrize("materialized", ["table", "view", "incremental"])
def test_a_contract_with_a_bare_decimal_is_refused(
    lake: Lake, declared: str, materialized: str
) -> None:
    lake.write(
        "models/prices.sql",
        f"{{{{ config(materialized='{materialized}', on_schema_change='fail') }}}} "
        "select 1::decimal(18, 3) as price",
    )
    lake.write(
        "models/schema.yml",
        "models:\n"
        "  - name: prices\n"
        "    config: {contract: {enforced: true}}\n"
        f"    columns: [{{name: price, data_type: {declared}}}]\n",
    )
    ended = lake.dbt("run", "--target", "dev")
    assert ended.code == 1
    assert "PHLO500" in ended.text
    assert "column price of main.prices" in ended.text
    assert "decimal(18, 3)" in ended.text


def test_a_contract_may_declare_a_type_that_the_lake_holds_as_a_wider_one(lake: Lake) -> None:
    lake.write("models/small.sql", "select 1::smallint as n, '{}'::json as j")
    lake.write(
        "models/schema.yml",
        "models:\n"
        "  - name: small\n"
        "    config: {contract: {enforced: true}}\n"
        "    columns: [{name: n, data_type: smallint}, {name: j, data_type: json}]\n",
    )
    ended = lake.dbt("run", "--target", "dev")
    assert ended.code == 0, ended.text
    asked = "select typeof(n), typeof(j) from lake.main.small"
    assert lake.rows(asked, "dev") == [("INTEGER", "VARCHAR")]


DECLARED: dict[str, tuple[str, Any]] = {
    "boolean": ("true", True),
    "tinyint": ("(-128)::tinyint", -128),
    "smallint": ("32767::smallint", 32767),
    "integer": ("2147483647", 2**31 - 1),
    "bigint": ("(-9223372036854775808)::bigint", -(2**63)),
    "uinteger": ("4294967295::uinteger", 2**32 - 1),
    "ubigint": ("18446744073709551615::ubigint", Decimal(2**64 - 1)),
    "hugeint": ("99999999999999999999999999999999999999::hugeint", Decimal(10**38 - 1)),
    "real": ("0.1::real", 0.10000000149011612),
    "double": ("0.1::double", 0.1),
    "decimal(18, 3)": ("(-1.500)::decimal(18, 3)", Decimal("-1.500")),
    "varchar(3)": ("'größ'[:3]", "grö"),
    "text": ("''", ""),
    "json": ("""'{"a": null}'::json""", '{"a": null}'),
    "blob": ("'\\x00\\xFF'::blob", b"\x00\xff"),
    "date": ("date '1969-12-31'", datetime.date(1969, 12, 31)),
    "time": ("time '23:59:59.999999'", datetime.time(23, 59, 59, 999999)),
    "timestamp": (
        "timestamp '1969-12-31 23:59:59.999999'",
        datetime.datetime(1969, 12, 31, 23, 59, 59, 999999),
    ),
    "timestamp with time zone": (
        "timestamptz '2024-02-29 12:00:00.000001+02'",
        datetime.datetime(2024, 2, 29, 10, 0, 0, 1, tzinfo=datetime.timezone.utc),
    ),
    "uuid": (
        "'00000000-0000-0000-0000-0000000000ff'::uuid",
        uuid.UUID("00000000-0000-0000-0000-0000000000ff"),
    ),
    "integer[]": ("[1, null]", [1, None]),
    "map(varchar, double)": ("map {'k': 1.5::double}", [("k", 1.5)]),
    "struct(a integer, b varchar[])": ("{'a': 1, 'b': ['x']}", {"a": 1, "b": ["x"]}),
}
"""A declared type, a value of it in SQL, and the value that a reader of Iceberg must see."""


def test_pyiceberg_reads_what_duckdb_has_written_for_every_declared_type(lake: Lake) -> None:
    from pyiceberg.table import StaticTable

    items = [f"{sql} as c{number}" for number, (sql, _) in enumerate(DECLARED.values())]
    lake.write("models/every.sql", f"select {', '.join(items)}")
    columns = [
        f'      - {{name: c{number}, data_type: "{written}"}}\n'
        for number, written in enumerate(DECLARED)
    ]
    schema = lake.write(
        "models/schema.yml",
        "models:\n  - name: every\n    config: {contract: {enforced: true}}\n    columns:\n"
        + "".join(columns),
    )
    ended = lake.dbt("run", "--target", "dev")
    assert ended.code == 0, ended.text
    (pointer,) = lake.holds("dev").values()
    table = StaticTable.from_metadata(pointer)
    declared = contract_from_yaml(schema, "every")
    assert [column.type for column in iceberg.columns_of(table.schema())] == [
        column.type for column in declared.columns
    ]
    (row,) = table.scan().to_arrow().to_pylist()
    for number, (written, (_, value)) in enumerate(DECLARED.items()):
        assert row[f"c{number}"] == value, written


def test_a_filter_may_miss_a_nan_as_the_page_on_types_says(lake: Lake) -> None:
    lake.write("models/measured.sql", "select unnest([1::double, 'NaN'::double]) as x")
    ended = lake.dbt("run", "--target", "dev")
    assert ended.code == 0, ended.text
    assert lake.rows("select x > 5 from lake.main.measured order by x", "dev") == [
        (False,),
        (True,),
    ]
    counted = "select count(*) from lake.main.measured where x > 5"
    assert lake.rows(counted, "dev") == [(0,)], "DuckDB has changed: change the page on types"
    assert lake.rows(f"{counted} or isnan(x)", "dev") == [(1,)]
