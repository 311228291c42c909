"""Contracts inferred from the rows of a table, and of an Arrow sample."""

from typing import Any

import duckdb
import pytest

from dbt_phlo.contracts import Contract, arrow_source, table_source
from dbt_phlo.contracts.rules import AcceptedValues, NotNull, Unique

pa = pytest.importorskip("pyarrow")


def rules(contract: Contract) -> set[Any]:
    assert {one.source for one in contract.constraints} <= {"inferred"}
    return {one.rule for one in contract.constraints}


def inferred(sql: str, **more: Any) -> tuple[table_source.Inferred, list[str]]:
    asked: list[str] = []
    with duckdb.connect() as engine:
        engine.execute(f"create table t as {sql}")

        def execute(query: str) -> list[Any]:
            asked.append(query)
            return engine.execute(query).fetchall()

        described = [(row[0], row[1]) for row in engine.execute("describe t").fetchall()]
        return table_source.infer(execute, "t", "t", described, **more), asked


def test_types_nullability_keys_and_few_values_come_from_the_rows() -> None:
    found, asked = inferred(
        "select range::smallint as id, range // 2 as half, "
        "case when range <> 5 then 'word ' || range % 3 end as word, "
        "'name ' || range as name, range % 7 as seven, [range] as \"li st\" from range(1000)"
    )
    contract = found.contract
    assert [(column.name, column.type) for column in contract.columns] == [
        ("id", "int"),
        ("half", "long"),
        ("word", "string"),
        ("name", "string"),
        ("seven", "long"),
        ("li st", {"type": "list", "element": "long"}),
    ]
    assert rules(contract) == {
        *(NotNull(name) for name in ("id", "half", "name", "seven", "li st")),
        Unique(("id",)),
        Unique(("name",)),
    }
    assert found.suggestions == (AcceptedValues("word", ("word 0", "word 1", "word 2")),)
    assert found.row_count == 1000
    assert len(asked) == 3


def test_a_pair_is_a_key_where_no_column_is_one() -> None:
    found, _ = inferred(
        "select x.range as a, y.range as b, x.range + y.range as c from range(30) x, range(30) y"
    )
    assert rules(found.contract) == {
        *(NotNull(name) for name in "abc"),
        Unique(("a", "b")),
        Unique(("a", "c")),
        Unique(("b", "c")),
    }


def test_an_empty_table_shows_types_only() -> None:
    found, asked = inferred("select 1 as a, 'x' as b limit 0")
    assert found.contract.constraints == () and found.suggestions == ()
    assert len(asked) == 1


def test_one_row_shows_no_key() -> None:
    found, _ = inferred("select 1 as a, null::int as b")
    assert rules(found.contract) == {NotNull("a")}


def test_values_of_pii_are_not_read() -> None:
    found, asked = inferred("select 'x' as Name, 'y' as word from range(100)", pii=["name"])
    assert found.suggestions == (AcceptedValues("word", ("y",)),)
    assert not any('DISTINCT "Name"' in query for query in asked)
    assert [column.pii for column in found.contract.columns] == [True, False]


def test_a_key_off_by_one_row_is_no_key() -> None:
    found, _ = inferred("select greatest(range, 1) as id from range(100000)")
    assert rules(found.contract) == {NotNull("id")}


def test_an_arrow_sample_shows_the_same() -> None:
    import uuid

    numbers = range(40)
    sample = pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            "uuid": pa.array([uuid.UUID(int=n).bytes for n in numbers], pa.uuid()),
            "word": [None if n == 3 else f"w{n % 3}" for n in numbers],
            "coded": pa.array([f"c{n}" for n in numbers]).dictionary_encode(),
            "nested": [[n] for n in numbers],
            "ratio": [float(n) for n in numbers],
        }
    )
    contract = arrow_source.infer("t", sample)
    assert [column.type for column in contract.columns][:4] == ["long", "uuid", "string", "string"]
    assert rules(contract) == {
        *(NotNull(name) for name in ("id", "uuid", "coded", "nested", "ratio")),
        Unique(("id",)),
        Unique(("uuid",)),
        Unique(("coded",)),
    }


def test_an_arrow_sample_shows_pairs() -> None:
    sample = pa.table({"a": [n // 6 for n in range(36)], "b": [n % 6 for n in range(36)]})
    assert Unique(("a", "b")) in rules(arrow_source.infer("t", sample))


def test_an_empty_arrow_sample_shows_types_only() -> None:
    assert arrow_source.infer("t", pa.schema([("a", pa.int8())]).empty_table()).constraints == ()
