"""The hints are what dlt itself makes of the same Arrow types, and dlt accepts them."""

from typing import Any

import pytest

from dbt_phlo.contracts import Column, Constraint, Contract, arrow, dlt
from dbt_phlo.contracts.data_types import PRIMITIVES
from dbt_phlo.contracts.rules import Length, NotNull, Unique

pytest.importorskip("dlt", reason="the extra of dlt is not installed")
pa = pytest.importorskip("pyarrow")

NESTED = {"type": "list", "element": "int"}
EVERY = sorted({*PRIMITIVES.values(), "decimal(12, 5)"})


@pytest.mark.parametrize("kind", [kind for kind in EVERY if kind != "uuid"])
def test_a_type_is_what_dlt_makes_of_the_arrow_type(kind: str) -> None:
    from dlt.common.libs.pyarrow import get_column_type_from_py_arrow

    theirs = get_column_type_from_py_arrow(arrow.data_type(kind))
    ours = dlt.data_type(kind)
    assert ours["data_type"] == theirs["data_type"]
    assert ours.get("scale") == theirs.get("scale")
    assert ours.get("timezone", True) == theirs.get("timezone", True)  # its default
    if kind.startswith("decimal") or kind == "int":
        assert ours["precision"] == theirs["precision"]


def test_dlt_accepts_the_hints_and_keeps_them() -> None:
    from dlt.common.schema import Schema
    from dlt.common.schema.typing import TColumnSchema
    from dlt.common.schema.utils import new_table

    names = [kind.split("(")[0] + str(n) for n, kind in enumerate(EVERY)]
    contract = Contract(
        "t",
        (*map(Column, names, EVERY), Column("nested", NESTED, "a list"), Column("id", "long")),
        (
            Constraint(NotNull("id"), "constraint"),
            Constraint(Unique(("id",)), "constraint"),
            Constraint(Length(names[EVERY.index("string")], maximum=9), "data_type"),
        ),
    )
    hints = dlt.columns(contract)
    allowed = {*TColumnSchema.__annotations__}
    assert all(set(hint) <= allowed for hint in hints.values())
    schema = Schema("s")
    schema.update_table(new_table("t", columns=list(hints.values())))  # type: ignore[arg-type]
    kept: Any = schema.get_table("t")["columns"]
    assert {name: dict(kept[name]) for name in hints} == hints


def test_rows_go_through_dlt_with_the_hints(tmp_path: Any) -> None:
    import dlt as library

    contract = Contract("t", (Column("id", "long"), Column("at", "timestamptz")))
    rows = [{"id": "7", "at": "2020-01-02T03:04:05Z"}]
    pipeline = library.pipeline("p", destination="dummy", pipelines_dir=str(tmp_path))
    pipeline.extract(library.resource(rows, name="t", columns=dlt.columns(contract)))  # type: ignore[arg-type]
    pipeline.normalize()
    found = pipeline.default_schema.get_table("t")["columns"]
    assert found["id"]["data_type"] == "bigint"
    assert "id__v_text" not in found
    assert found["at"]["timezone"] is True
