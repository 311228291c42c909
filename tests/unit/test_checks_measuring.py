"""What is asked of the engine about a test that has run, and what its record then says."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dbt.adapters.contracts.connection import AdapterResponse
from dbt_common.clients.agate_helper import table_from_data_flat
from dbt_common.exceptions import DbtRuntimeError

from dbt_phlo.adapters.measuring import Asked, Measurement, outcome
from dbt_phlo.checks import Evidence, Recorder
from dbt_phlo.checks.declared import Declared
from dbt_phlo.checks.failing import Shape
from dbt_phlo.checks.jsonl import JsonLines
from dbt_phlo.checks.recorder import Place

DECLARED = Declared(
    node="test.shop.x",
    name="dbt__unique__orders__id",
    test="unique",
    severity="error",
    model="orders",
    model_node="model.shop.orders",
    column="id",
    arguments={},
    shape=Shape("value", ("id",), "unique_field", "n_records"),
    keys=("id",),
    pii=frozenset(),
    counts_rows=True,
)


class OneDeclaration:
    def of(self, _: str) -> Declared:
        return DECLARED

    def node(self, _: str) -> object:
        return object()


class Engine:
    """Answers counts with 6 and anything else with one row; notes what it is asked."""

    def __init__(self, problem: str = "") -> None:
        self.asked: list[str] = []
        self._problem = problem

    def __call__(self, sql: str, _: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        self.asked.append(sql)
        if self._problem:
            raise DbtRuntimeError(self._problem)
        return (["n"], [(6,)]) if sql == "COUNT" else (["id", "note"], [(1, "x")])


def measured(
    engine: Engine,
    failures: int,
    *,
    share: str = "",
    samples: bool = True,
    supplied: Evidence | None = None,
    total: int | None = 100,
) -> tuple[Mapping[str, Any], Any]:
    """The record and dbt's table of a test with so many failures."""
    names = ["failures", "should_warn", "should_error", "phlo_total_count"]
    row = [failures, failures != 0, failures != 0, total]
    table = table_from_data_flat([dict(zip(names, row, strict=True))], names)
    answer = outcome(table)
    assert answer is not None
    asked = Asked(DECLARED, "QUERY", "", "ROWS", "COUNT", Decimal(share) if share else None)
    recorder = Recorder(OneDeclaration(), JsonLines(Path("x")), lambda: Place("r", "m", "i"))  # type: ignore[arg-type]
    main = {"table": table, "response": AdapterResponse("OK")}
    measurement = Measurement(engine, asked, answer, samples=samples, supplied=supplied)
    done = measurement.result(recorder, main)
    return done["response"].to_dict(), done["table"]


def test_a_test_that_passes_costs_no_query() -> None:
    engine = Engine()
    record, table = measured(engine, 0)
    assert engine.asked == []
    assert (record["status"], record["failed_count"], record["total_count"]) == ("pass", 0, 100)
    assert table.column_names == ("failures", "should_warn", "should_error")


def test_rows_of_groups_are_counted_and_shown_with_a_query_each() -> None:
    engine = Engine()
    record, table = measured(engine, 3)
    assert engine.asked[0] == "COUNT"
    assert "ROWS" in engine.asked[1]
    assert len(engine.asked) == 2
    assert (record["failed_count"], record["failures"], record["sample"]) == (6, 3, [{"id": 1}])
    assert list(table.rows[0])[:3] == [3, True, True]
    assert record["_message"] == "OK"


def test_no_query_is_made_for_a_sample_that_is_switched_off() -> None:
    engine = Engine()
    record, _ = measured(engine, 3, samples=False)
    assert engine.asked == ["COUNT"]
    assert record["sample"] == []


def test_failing_rows_within_the_share_have_no_consequences() -> None:
    record, table = measured(Engine(), 3, share="0.06")
    assert (record["status"], record["failed_count"]) == ("pass", 6)
    assert list(table.rows[0]) == [3, False, False]
    record, table = measured(Engine(), 3, share="0.0599")
    assert record["status"] == "fail"
    assert list(table.rows[0]) == [3, True, True]


def test_a_sample_that_cannot_be_had_does_not_change_the_result() -> None:
    record, _ = measured(Engine("out of memory"), 3)
    assert record["status"] == "fail"
    assert record["failed_count"] is None
    assert record["notes"] == ["no count of failing rows: its query failed"]


def test_a_share_that_cannot_be_judged_is_an_error() -> None:
    with pytest.raises(DbtRuntimeError, match="out of memory"):
        measured(Engine("out of memory"), 3, share="0.5")


def test_a_test_that_measures_by_itself_is_believed() -> None:
    engine = Engine()
    supplied = Evidence(failed_count=2, total_count=50, sample=({"rule": "x"},), notes=("n",))
    record, _ = measured(engine, 1, supplied=supplied)
    assert engine.asked == []
    assert (record["failed_count"], record["total_count"]) == (2, 50)
    assert (record["sample"], record["notes"]) == ([{"rule": "x"}], ["n"])
    record, _ = measured(engine, 1, supplied=supplied, samples=False)
    assert record["sample"] == []


def test_a_result_that_dbt_will_refuse_is_left_to_dbt() -> None:
    names = ["failures", "should_warn", "should_error"]
    assert outcome(table_from_data_flat([], names)) is None
    none = dict.fromkeys(names)
    assert outcome(table_from_data_flat([none], names)) is None
    assert outcome(table_from_data_flat([{"other": 1}], ["other"])) is None
