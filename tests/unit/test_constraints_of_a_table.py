"""What a table takes of a contract that has changed, and what an enforced one counts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_phlo.adapters.duckdb.constraints import check_rows, taken
from dbt_phlo.contracts import Contract, dlt, iceberg
from dbt_phlo.contracts.yaml_source import contract_from_yaml
from dbt_phlo.errors import ContractError, TypeRefused

Rows = Any


@pytest.fixture
def rows() -> Iterator[Rows]:
    with duckdb.connect() as engine:

        def ask(sql: str) -> Sequence[Sequence[Any]]:
            return engine.execute(sql).fetchall()

        yield ask


def declared(folder: Path, *columns: str, more: str = "") -> Contract:
    listed = "".join(f"      - {{{column}}}\n" for column in columns)
    path = folder / "m.yml"
    path.write_text(f"models:\n  - name: m\n{more}    columns:\n{listed}", encoding="utf-8")
    return contract_from_yaml(path, "m")


@pytest.mark.parametrize(
    ("types", "value", "words"),
    [
        (("varchar(20)", "varchar(3)"), "'abcd'", "not at most 3 characters long"),
        (("integer", "smallint"), "100000", "not at least -32768 and at most 32767"),
        (("\"enum('a', 'b')\"", "\"enum('a')\""), "'b'", "not one of 'a'"),
    ],
)
def test_a_narrower_type_is_refused_where_rows_that_are_there_do_not_keep_it(
    rows: Rows, tmp_path: Path, types: tuple[str, str], value: str, words: str
) -> None:
    before, now = types
    rows(f"create table t as select {value} as X, 1 as y")
    fields = iceberg.schema_json(declared(tmp_path, f"name: x, data_type: {before}"))["fields"]
    new = declared(tmp_path, f"name: x, data_type: {now}", "name: more, data_type: tinyint")
    with pytest.raises(TypeRefused, match=words) as refused:
        taken(rows, "t", new, fields, syncs=False)
    assert refused.value.code == "PHLO545"
    assert "m.yml:4: column x of m is declared" in refused.value.message
    assert "1 of 1 rows" in refused.value.message
    rows("delete from t")
    assert taken(rows, "t", new, fields, syncs=False)  # the new column


def test_nothing_is_counted_where_no_type_says_more_than_iceberg(tmp_path: Path) -> None:
    contract = declared(tmp_path, "name: x, data_type: varchar", "name: y, data_type: bigint")
    fields = iceberg.schema_json(contract)["fields"]

    def ask(sql: str) -> Any:
        raise AssertionError(sql)

    assert not taken(ask, "t", contract, fields, syncs=False)


def test_a_check_that_is_no_sql_of_the_row_is_told_with_its_line(
    rows: Rows, tmp_path: Path
) -> None:
    rows("create table t as select 1 as x")
    more = "    constraints: [{type: check, expression: x > yy}]\n"
    contract = declared(tmp_path, "name: x, data_type: int", more=more)
    with pytest.raises(ContractError, match="x > yy cannot be checked: ") as refused:
        check_rows(rows, "t", contract, [("x", "INTEGER")])
    assert refused.value.code == "PHLO951"
    assert refused.value.message.startswith(f"{tmp_path}/m.yml:")


def test_the_primary_key_is_the_key_of_every_rendering(tmp_path: Path) -> None:
    email = "name: email, data_type: varchar, constraints: [{type: unique}]"
    key = "name: id, data_type: bigint, constraints: [{type: primary_key}]"
    contract = declared(tmp_path, email, key)
    assert iceberg.schema_json(contract)["identifier-field-ids"] == [2]
    hints = dlt.columns(contract)
    assert [name for name in hints if hints[name].get("primary_key")] == ["id"]
    assert "identifier-field-ids" not in iceberg.schema_json(declared(tmp_path, email))
