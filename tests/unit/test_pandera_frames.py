"""Frames as people have them pass where the values fit, and nothing is ever changed in silence."""

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pandera.errors
import polars as pl
import pyarrow as pa
import pytest

from dbt_phlo.contracts.contract import Column, Constraint, Contract, Origin
from dbt_phlo.contracts.pandera import to_class
from dbt_phlo.contracts.pandera.arrow_types import arrow_type, polars_type
from dbt_phlo.contracts.pandera.plan import BACKENDS, Backend
from dbt_phlo.contracts.rules import NotNull, Range, Unique
from dbt_phlo.errors import ContractError
from dbt_phlo.tables.schema import Type

UTC = timezone.utc
MOMENT = datetime(2024, 2, 29, 12, 30, 1, 123456)
ID = "6f1b2c3d-0000-4000-8000-000000000001"
STRUCT: Type = {
    "type": "struct",
    "fields": [
        {"name": "x", "required": False, "type": "int"},
        {"name": "tags", "required": False, "type": {"type": "list", "element": "string"}},
    ],
}
LONGS: Type = {"type": "list", "element": "long"}
COUNTS: Type = {"type": "map", "key": "string", "value": "int"}


def table(of: Type, backend: Backend) -> Any:
    return to_class(Contract("t", (Column("c", of),)), backend)


def values(frame: Any) -> list[Any]:
    column = frame["c"]
    array = pa.array(column) if isinstance(column, pd.Series) else column.to_arrow()
    return list(array.to_pylist())


PANDAS: list[tuple[Type, Any, list[Any]]] = [
    ("int", pd.Series([1, 2]), [1, 2]),
    ("int", pd.Series([1.0, np.nan]), [1, None]),
    ("int", pd.Series([1, None], dtype="Int64"), [1, None]),
    ("int", pd.Series([1, None], dtype=object), [1, None]),
    ("long", pd.Series([2**31, 7], dtype="uint32"), [2**31, 7]),
    ("double", pd.Series([1, 2]), [1.0, 2.0]),
    ("double", pd.Series([0.1, np.nan]), [0.1, None]),
    ("float", pd.Series([0.5, 1e10]), [0.5, 1e10]),
    ("boolean", pd.Series([True, None], dtype=object), [True, None]),
    ("string", pd.Series(["a", None]), ["a", None]),
    ("string", pd.Series(["a", None], dtype=object), ["a", None]),
    ("string", pd.Series(["a", "b", None], dtype="category"), ["a", "b", None]),
    ("binary", pd.Series([b"a", None], dtype=object), [b"a", None]),
    ("decimal(12, 2)", pd.Series([Decimal("1.5"), None]), [Decimal("1.50"), None]),
    ("decimal(12, 2)", pd.Series([3, 4]), [Decimal("3.00"), Decimal("4.00")]),
    ("decimal(38, 0)", pd.Series([Decimal(9), Decimal("1E+3")]), [Decimal(9), Decimal(1000)]),
    ("date", pd.Series([date(2024, 2, 29), None]), [date(2024, 2, 29), None]),
    ("date", pd.to_datetime(pd.Series(["2024-02-29", None])), [date(2024, 2, 29), None]),
    ("time", pd.Series([time(1, 2, 3, 4), None]), [time(1, 2, 3, 4), None]),
    ("timestamp", pd.Series([MOMENT, None]), [MOMENT, None]),
    ("timestamp", pd.Series([MOMENT]).astype("datetime64[ns]"), [MOMENT]),
    ("timestamp", pd.Series([MOMENT, None], dtype=object), [MOMENT, None]),
    ("timestamptz", pd.Series([MOMENT]).dt.tz_localize("UTC"), [MOMENT.replace(tzinfo=UTC)]),
    (
        "timestamptz",
        pd.Series([MOMENT.replace(tzinfo=timezone(timedelta(hours=2)))], dtype=object),
        [(MOMENT - timedelta(hours=2)).replace(tzinfo=UTC)],
    ),
    (LONGS, pd.Series([[1, None], None, []]), [[1, None], None, []]),
    (STRUCT, pd.Series([{"x": 1, "tags": ["a"]}, None]), [{"x": 1, "tags": ["a"]}, None]),
    (COUNTS, pd.Series([[("k", 1)], None]), [[("k", 1)], None]),
    ("string", pd.Series([None, None]), [None, None]),
    ("int", pd.Series([], dtype=object), []),
]


@pytest.mark.parametrize(("of", "given", "expected"), PANDAS)
def test_an_ordinary_pandas_frame_passes_with_its_values(
    of: Type, given: Any, expected: list[Any]
) -> None:
    frame = pd.DataFrame({"c": given})
    before = frame.copy(deep=True)
    passed = table(of, "pandas").validate(frame)
    assert passed["c"].dtype == pd.ArrowDtype(arrow_type(of))
    assert values(passed) == expected
    pd.testing.assert_frame_equal(frame, before)


POLARS: list[tuple[Type, Any, list[Any]]] = [
    ("int", pl.Series([1, None], dtype=pl.Int64), [1, None]),
    ("long", pl.Series([1, None], dtype=pl.UInt8), [1, None]),
    ("double", pl.Series([1, None], dtype=pl.Int32), [1.0, None]),
    ("float", pl.Series([0.5, None]), [0.5, None]),
    ("string", pl.Series(["a", None], dtype=pl.Categorical), ["a", None]),
    ("string", pl.Series(["a", None], dtype=pl.Enum(["a"])), ["a", None]),
    ("decimal(12, 2)", pl.Series([Decimal("1.50")], dtype=pl.Decimal(38, 4)), [Decimal("1.50")]),
    ("date", pl.Series([datetime(2024, 2, 29), None]), [date(2024, 2, 29), None]),
    (
        "timestamp",
        pl.Series([datetime(2024, 1, 1)], dtype=pl.Datetime("ms")),
        [datetime(2024, 1, 1)],
    ),
    ("timestamp", pl.Series([MOMENT], dtype=pl.Datetime("ns")), [MOMENT]),
    (
        "timestamptz",
        pl.Series([MOMENT]).dt.replace_time_zone("Europe/Paris"),
        [(MOMENT - timedelta(hours=1)).replace(tzinfo=UTC)],
    ),
    ("uuid", pl.Series([ID.upper(), None]), [ID, None]),
    (LONGS, pl.Series([[1, None], None, []], dtype=pl.List(pl.Int8)), [[1, None], None, []]),
    (STRUCT, pl.Series([{"x": 1, "tags": ["a"]}]), [{"x": 1, "tags": ["a"]}]),
    (COUNTS, pl.Series([[{"key": "k", "value": 1}]]), [[{"key": "k", "value": 1}]]),
    ("string", pl.Series([None, None]), [None, None]),
]


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(("of", "given", "expected"), POLARS)
def test_a_polars_frame_of_other_dtypes_passes_with_its_values(
    of: Type, given: pl.Series, expected: list[Any], lazy: bool
) -> None:
    frame = pl.DataFrame({"c": given})
    passed = table(of, "polars").validate(frame.lazy() if lazy else frame)
    assert isinstance(passed, pl.LazyFrame if lazy else pl.DataFrame)
    passed = passed.lazy().collect()
    assert passed.schema["c"] == polars_type(of)
    assert values(passed) == expected


REFUSED: list[tuple[Type, list[Any], list[int]]] = [
    ("int", [1.0, 1.5], [1]),
    ("int", [1, 2**31], [1]),
    ("int", ["1", "2"], [0, 1]),
    ("int", [True, False], [0, 1]),
    ("long", [1.0, float("inf")], [1]),
    ("double", [0, 2**53 + 1], [1]),
    ("float", [0.5, 0.1], [1]),
    ("string", [1, 2], [0, 1]),
    ("decimal(4, 2)", [Decimal("1.5"), Decimal("1.555")], [1]),
    ("decimal(4, 2)", [Decimal("1.5"), Decimal("100")], [1]),
    ("decimal(4, 2)", [0.1, 0.2], [0, 1]),
    ("date", [datetime(2024, 1, 1), datetime(2024, 1, 1, 1)], [1]),
    ("timestamp", [MOMENT.replace(tzinfo=UTC)], [0]),
    ("timestamptz", [MOMENT], [0]),
    ("uuid", [ID, "no uuid"], [1]),
    ("fixed[2]", [b"ab", b"abc"], [1]),
    ({"type": "list", "element": "int"}, [[1], [2**31], None], [1]),
    (STRUCT, [{"x": 1, "tags": None, "more": 1}], [0]),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("of", "given", "rows"), REFUSED)
def test_a_value_that_would_change_is_refused_by_row(
    of: Type, given: list[Any], rows: list[int], backend: Backend
) -> None:
    frame = pd.DataFrame({"c": given}) if backend == "pandas" else pl.DataFrame({"c": given})
    with pytest.raises(pandera.errors.SchemaErrors) as raised:
        table(of, backend).validate(frame, lazy=True)
    cases = raised.value.failure_cases
    reported = {
        (column, index)
        for column, check, index in zip(
            cases["column"], cases["check"], cases["index"], strict=True
        )
        if check.startswith("coerce_dtype")
    }
    assert reported == {("c", row) for row in rows}


def test_nanoseconds_are_never_cut_off() -> None:
    pandas = pd.DataFrame({"c": pd.to_datetime(["2024-01-01 00:00:00.000000001"])})
    polars = pl.DataFrame({"c": pl.Series([1], dtype=pl.Datetime("ns"))})
    for backend, frame in (("pandas", pandas), ("polars", polars)):
        with pytest.raises(pandera.errors.SchemaErrors):
            table("timestamp", backend).validate(frame, lazy=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", BACKENDS)
def test_extra_columns_are_allowed_and_missing_ones_are_not_even_nullable_ones(
    backend: Backend,
) -> None:
    made = table("int", backend)
    frame = pd.DataFrame if backend == "pandas" else pl.DataFrame
    assert list(made.validate(frame({"c": [1], "more": ["x"]})).columns) == ["c", "more"]
    with pytest.raises((pandera.errors.SchemaError, pandera.errors.SchemaErrors)):
        made.validate(frame({"more": ["x"]}))


def test_a_lazy_frame_is_validated_by_value() -> None:
    contract = Contract(
        "t", (Column("c", "int"),), (Constraint(Range("c", 0), ""), Constraint(NotNull("c"), ""))
    )
    made = to_class(contract, "polars")
    for validate in (made.validate, made.to_schema().validate):
        with pytest.raises(pandera.errors.SchemaErrors) as raised:
            validate(pl.LazyFrame({"c": [1, -1, None]}), lazy=True)
        assert set(raised.value.failure_cases["index"]) == {1, 2}


def test_one_column_that_does_not_fit_hides_no_other() -> None:
    contract = Contract(
        "t",
        (Column("a", "int"), Column("b", "int"), Column("c", "date")),
        (Constraint(Range("b", 0), ""),),
    )
    for backend, frame in (("pandas", pd.DataFrame), ("polars", pl.DataFrame)):
        given = frame({"a": [1.5, 2.0], "b": [1, -1], "c": ["x", "y"]})
        with pytest.raises(pandera.errors.SchemaErrors) as raised:
            to_class(contract, backend).validate(given, lazy=True)  # type: ignore[arg-type]
        cases = raised.value.failure_cases
        found = set(zip(cases["column"], cases["index"], strict=True))
        assert {("a", 0), ("b", 1), ("c", 0), ("c", 1)} <= found
        assert ("a", 1) not in found
        assert ("b", 0) not in found


def test_rows_are_named_by_the_index_of_a_pandas_frame() -> None:
    made = to_class(
        Contract("t", (Column("c", "double"),), (Constraint(Range("c", 0), ""),)), "pandas"
    )
    frame = pd.DataFrame({"c": [1.0, -1.0]}, index=["first", "second"])
    with pytest.raises(pandera.errors.SchemaErrors) as raised:
        made.validate(frame, lazy=True)
    assert raised.value.failure_cases["index"].tolist() == ["second"]
    assert raised.value.failure_cases["failure_case"].tolist() == [-1.0]


def test_a_column_of_a_pandas_frame_may_have_any_name() -> None:
    columns = (Column("lazyframe", "int"), Column("key", "int"))
    together = Constraint(Unique(("lazyframe", "key")), "")
    made = to_class(Contract("t", columns, (together,)), "pandas")
    assert len(made.validate(pd.DataFrame({"lazyframe": [1, 1], "key": [1, 2]}))) == 2
    with pytest.raises(pandera.errors.SchemaErrors):
        made.validate(pd.DataFrame({"lazyframe": [1, 1], "key": [1, 1]}), lazy=True)


@pytest.mark.parametrize("name", ["*", "^x$"])
def test_a_name_that_polars_takes_for_a_pattern_is_refused_there(name: str) -> None:
    contract = Contract("t", (Column(name, "int", origin=Origin("m.yml", 3)),))
    with pytest.raises(ContractError, match=r"m\.yml:3: t has the column") as caught:
        to_class(contract, "polars")
    assert caught.value.code == "PHLO952"
    assert len(to_class(contract, "pandas").validate(pd.DataFrame({name: [1]}))) == 1
