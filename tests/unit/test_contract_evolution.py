"""A changed contract: what a table takes in place, what it refuses, and where they differ now."""

from dataclasses import replace
from typing import Any

import duckdb
import pytest

from dbt_phlo.contracts import Column, Constraint, Contract, Origin
from dbt_phlo.contracts.drift import Found, columns_of_contract, differences, found_columns
from dbt_phlo.contracts.evolution import assert_compatible, changes
from dbt_phlo.contracts.iceberg import contract_of, schema_json
from dbt_phlo.contracts.rules import NotNull
from dbt_phlo.errors import TypeRefused


def table(*required: str, **types: Any) -> Contract:
    return Contract(
        "orders",
        tuple(Column(name, kind) for name, kind in types.items()),
        tuple(Constraint(NotNull(name), "constraint") for name in required),
    )


def struct(*required: str, **types: Any) -> dict[str, Any]:
    return {
        "type": "struct",
        "fields": [{"name": n, "required": n in required, "type": t} for n, t in types.items()],
    }


def array(element: Any, required: bool = False) -> dict[str, Any]:
    found = {"type": "list", "element": element}
    return {**found, "element-required": True} if required else found


def mapping(key: Any, value: Any) -> dict[str, Any]:
    return {"type": "map", "key": key, "value": value}


def told(old: Contract, new: Contract) -> list[tuple[str, str, bool]]:
    return [(change.kind, change.column, change.is_compatible) for change in changes(old, new)]


@pytest.mark.parametrize(
    "old, new, expected",
    [
        (table(a="int"), table(a="int"), []),
        (table(a="int"), table(a="int", b="date"), [("added", "b", True)]),
        (table(a="int"), table("b", a="int", b="date"), [("added", "b", False)]),
        (table(a="int", b="date"), table(a="int"), [("dropped", "b", False)]),
        (table(a="int"), table(a="long"), [("widened", "a", True)]),
        (table(a="long"), table(a="int"), [("type", "a", False)]),
        (table(a="float"), table(a="double"), [("widened", "a", True)]),
        (table(a="double"), table(a="float"), [("type", "a", False)]),
        (table(a="int"), table(a="double"), [("type", "a", False)]),
        (table(a="decimal(9, 2)"), table(a="decimal(10, 2)"), [("widened", "a", True)]),
        (table(a="decimal(9, 2)"), table(a="decimal(8, 2)"), [("type", "a", False)]),
        (table(a="decimal(9, 2)"), table(a="decimal(12, 3)"), [("type", "a", False)]),
        (table(a="date"), table(a="timestamp"), [("type", "a", False)]),
        (table("a", a="int"), table(a="int"), [("optional", "a", True)]),
        (table(a="int"), table("a", a="int"), [("required", "a", False)]),
        (table(a="int", b="int"), table(b="int", a="int"), [("order", "", True)]),
        (table(a="int", b="int", c="int"), table(a="int", c="int"), [("dropped", "b", False)]),
        (table(Id="int"), table(id="int"), [("renamed", "id", False)]),
        (
            table(aB="int", Ab="int"),
            table(AB="int"),
            [("renamed", "AB", False), ("dropped", "Ab", False)],
        ),
        (table(a=array("int")), table(a=array("long")), [("widened", "a.element", True)]),
        (table(a=array("int")), table(a="int"), [("type", "a", False)]),
        (table(a=array("int", True)), table(a=array("int")), [("optional", "a.element", True)]),
        (table(a=array("int")), table(a=array("int", True)), [("required", "a.element", False)]),
        (
            table(a=mapping("string", "int")),
            table(a=mapping("string", "long")),
            [("widened", "a.value", True)],
        ),
        (
            table(a=mapping("int", "int")),
            table(a=mapping("long", "int")),
            [("type", "a.key", False)],
        ),
        (
            table(a=struct(x="int", y="date")),
            table(a=struct(x="long", z=struct(w="int"))),
            [("widened", "a.x", True), ("added", "a.z", True), ("dropped", "a.y", False)],
        ),
        (
            table(a=array(struct(x="int"))),
            table(a=array(struct("x", x="int"))),
            [("required", "a.element.x", False)],
        ),
        (
            table(a=struct(x="int", y="int")),
            table(a=struct(y="int", x="int")),
            [("order", "a", True)],
        ),
    ],
)
def test_each_change_is_told_and_judged(
    old: Contract, new: Contract, expected: list[tuple[str, str, bool]]
) -> None:
    assert told(old, new) == expected


def test_what_a_table_has_is_compared_as_its_contract_is() -> None:
    nested = table("a", a="int", b=array(struct("x", x="int")), c=mapping("string", "date"))
    assert changes(contract_of("orders", schema_json(nested)), nested) == ()


def test_words_change_in_place() -> None:
    old = Contract("orders", (Column("a", "int", "one"),), description="it")
    new = Contract("orders", (Column("a", "int", "two"),), description="that")
    assert told(old, new) == [("doc", "", True), ("doc", "a", True)]
    assert [(c.old, c.new) for c in changes(old, new)] == [("it", "that"), ("one", "two")]
    assert_compatible(changes(old, new))


def test_a_refusal_names_table_column_old_new_and_what_to_do() -> None:
    old = table(amount="decimal(9, 2)", customer="int", a="int")
    new = table(amount="decimal(9, 3)", custommer="int", a="long")
    with pytest.raises(TypeRefused) as refused:
        assert_compatible(changes(old, new))
    text = str(refused.value)
    assert text.startswith(
        "[PHLO545] column amount of orders is DECIMAL(9,2) and cannot become DECIMAL(9,3) in place;"
        " column customer (INTEGER) of orders is no longer declared. Did you mean `custommer`?"
    )
    assert "keep DECIMAL(9,2) for amount" in text and "declare customer again" in text
    assert "becomes wider" not in text


def test_drift_is_told_with_line_types_and_the_nearest_name() -> None:
    contract = Contract(
        "orders",
        (
            Column("id", "int", origin=Origin("m.yml", 4), written="integer"),
            Column("amount", "decimal(9, 2)", origin=Origin("m.yml", 6), written="decimal(9,2)"),
            Column("custommer", "string", origin=Origin("m.yml", 8), written="varchar(20)"),
            Column("waited", "long"),
        ),
    )
    with duckdb.connect() as engine:
        engine.execute(
            "create table t (customer varchar, ID smallint, amount decimal(9,3), "
            '_phlo_run_id varchar, waited interval, "x y" struct(a int)[])'
        )
        found = found_columns([(row[0], row[1]) for row in engine.execute("describe t").fetchall()])
    assert [one.text for one in differences(contract, found)] == [
        "m.yml:6: column amount of orders is declared decimal(9,2) and is DECIMAL(9,3)",
        "m.yml:8: orders lacks the column custommer (varchar(20)). Did you mean `customer`?",
        "column waited of orders is declared BIGINT and is INTERVAL",
        "orders has the column customer (VARCHAR), which its contract lacks. "
        "Did you mean `custommer`?",
        "orders has the column x y (STRUCT(a INTEGER)[]), which its contract lacks.",
    ]
    assert all(one.remedy for one in differences(contract, found))


def test_a_table_that_is_as_declared_has_no_drift() -> None:
    contract = table("a", a="int", b=array(struct(x="int")), c=mapping("string", "date"))
    assert differences(contract, columns_of_contract(contract)) == ()
    for kind in ('STRUCT("X" INTEGER)[]', 'STRUCT("X" INTEGER)[3]'):
        found = [("A", "INTEGER"), ("c", "MAP(VARCHAR, DATE)"), ("b", kind)]
        assert differences(contract, found_columns(found)) == ()


def test_a_column_that_may_be_null_against_an_enforced_contract_is_drift() -> None:
    found = [Found("a", "int", "INTEGER", is_required=False)]
    assert differences(table("a", a="int"), found) == ()  # a data test says it, row by row
    contract = replace(table("a", a="int"), is_enforced=True)
    (one,) = differences(contract, found)
    assert (one.kind, one.column) == ("nullable", "a")
    assert differences(contract, [Found("a", "int", "INTEGER", is_required=True)]) == ()
    assert differences(contract, [Found("a", "int", "INTEGER")]) == ()
