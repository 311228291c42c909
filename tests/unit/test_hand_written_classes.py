"""Hand-written classes over batches: what each batch says adds up to what the whole table is."""

import random
from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pandera.polars as pp
import polars as pl
import pyarrow
import pytest
from pandera.errors import SchemaErrors

from dbt_phlo.contracts.pandera.batches import Outcome, run
from dbt_phlo.contracts.pandera.hand_written import HandWritten
from dbt_phlo.errors import ContractError


def judged(cls: Any, table: Any, rows: int = 7) -> Outcome:
    """A class over a table in batches of so many rows."""

    def batches() -> Iterator[Any]:
        for start in range(0, max(1, table.num_rows), rows):
            yield table.slice(start, rows)

    return run(HandWritten(cls, "m:C", Path()), batches(), [], [])


def counts(outcome: Outcome) -> dict[str, int]:
    return {f"{one.column}: {one.rule}".lstrip(": "): one.failed for one in outcome.counted()}


class OnPandas(pa.DataFrameModel):
    id: int = pa.Field(ge=0)
    amount: pd.Int64Dtype = pa.Field(lt=50, nullable=True)
    name: str = pa.Field(str_length={"max_value": 3}, nullable=True)
    ratio: float = pa.Field(isin=[0.5, 1.5], nullable=True)

    @pa.dataframe_check
    def below(cls, rows: Any) -> Any:
        return (rows["id"] < rows["ratio"] * 40) | rows["ratio"].isna()


class OnPolars(pp.DataFrameModel):
    id: int = pp.Field(ge=0)
    amount: int = pp.Field(lt=50, nullable=True)
    name: str = pp.Field(str_length={"max_value": 3}, nullable=True)
    ratio: float = pp.Field(isin=[0.5, 1.5], nullable=True)

    @pp.dataframe_check
    def below(cls, data: Any) -> Any:
        return data.lazyframe.select(pl.col("id") < pl.col("ratio") * 40)


def drawn(seed: int) -> Any:
    """Rows with NULLs in some batches and none in others."""
    draw = random.Random(seed)

    def some(values: list[Any], share: float) -> list[Any]:
        return [None if draw.random() < share else draw.choice(values) for _ in range(60)]

    return pyarrow.table(
        {
            "id": pyarrow.array([draw.randint(-5, 40) for _ in range(60)], pyarrow.int64()),
            "amount": pyarrow.array(some([1, 49, 50, 2**40], 0.05), pyarrow.int64()),
            "name": pyarrow.array(some(["a", "abc", "abcd", ""], 0.1)),
            "ratio": pyarrow.array(some([0.5, 1.5, 2.5], 0.1)),
        }
    )


def of_the_whole(schema: Any, frame: Any) -> int:
    """How many rows Pandera itself finds when it sees all of them."""
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        found = cases["index"].to_list()
        return len({int(row) for row in found if row is not None})
    return 0


@pytest.mark.parametrize("seed", range(8))
def test_batches_find_the_rows_that_the_class_finds_in_the_whole_table(seed: int) -> None:
    table = drawn(seed)
    frame = table.to_pandas().astype({"amount": "Int64"})
    assert judged(OnPandas, table).failed == of_the_whole(OnPandas, frame)
    assert judged(OnPolars, table).failed == of_the_whole(OnPolars, pl.from_arrow(table))
    assert counts(judged(OnPandas, table)) == counts(judged(OnPandas, table, 60))
    assert counts(judged(OnPandas, table)) == counts(judged(OnPolars, table))


@pytest.mark.parametrize("cls", [OnPandas, OnPolars])
def test_an_empty_table_breaks_nothing(cls: Any) -> None:
    outcome = judged(cls, drawn(1).slice(0, 0))
    assert (outcome.total, outcome.failed, outcome.problems) == (0, 0, {})


@pytest.mark.parametrize("module", [pa, pp])
def test_a_strict_class_refuses_further_columns(module: Any) -> None:
    schema = module.DataFrameSchema({"id": module.Column(int)}, strict=True)
    (problem,) = judged(schema, drawn(1).select(["id", "amount"])).problems
    assert "amount" in problem


@pytest.mark.parametrize("module", [pa, pp])
def test_columns_may_be_described_by_a_pattern(module: Any) -> None:
    name = "^n_.*$"
    schema = module.DataFrameSchema(
        {name: module.Column(int, module.Check.ge(0), regex=True, nullable=False)}
    )
    table = pyarrow.table({"n_a": [1, -1, 2], "n_b": [-1, -2, 3], "m": [-1, -1, -1]})
    assert counts(judged(schema, table)) == {
        "n_a: greater_than_or_equal_to(0)": 1,
        "n_b: greater_than_or_equal_to(0)": 2,
    }


def test_types_of_the_same_kind_and_enough_width_are_taken_over() -> None:
    moment = datetime(2024, 1, 1, tzinfo=timezone.utc)
    table = pyarrow.table(
        {
            "small": pyarrow.array([1, 2], pyarrow.int32()),
            "zoned": pyarrow.array([moment, None], pyarrow.timestamp("us", "UTC")),
            "naive": pyarrow.array([moment.replace(tzinfo=None), None], pyarrow.timestamp("us")),
            "text": pyarrow.array(["a", None]),
            "exact": pyarrow.array([Decimal("1.10"), None], pyarrow.decimal128(9, 2)),
            "truth": pyarrow.array([True, None]),
        }
    )
    on_pandas = pa.DataFrameSchema(
        {
            "small": pa.Column("int64"),
            "zoned": pa.Column(pd.DatetimeTZDtype("ns", "UTC"), nullable=True),
            "naive": pa.Column("datetime64[ns]", nullable=True),
            "text": pa.Column(str, nullable=True),
            "exact": pa.Column(object, nullable=True),
            "truth": pa.Column("boolean", nullable=True),
        }
    )
    on_polars = pp.DataFrameSchema(
        {
            "small": pp.Column(pl.Int64),
            "zoned": pp.Column(pl.Datetime("ns", "UTC"), nullable=True),
            "naive": pp.Column(pl.Datetime("us"), nullable=True),
            "text": pp.Column(pl.String, nullable=True),
            "exact": pp.Column(pl.Decimal(9, 2), nullable=True),
            "truth": pp.Column(pl.Boolean, nullable=True),
        }
    )
    for schema in (on_pandas, on_polars):
        outcome = judged(schema, table, 1)
        assert (outcome.failed, outcome.problems) == (0, {})
    narrow = pa.DataFrameSchema({"small": pa.Column("int8")})
    (problem,) = judged(narrow, table).problems
    assert problem.endswith("column small is to be int8, and is int32")


def test_parsers_and_defaults_of_a_class_come_before_its_checks() -> None:
    class Parsed(pa.DataFrameModel):
        name: str = pa.Field(isin=["a"], default="a")

        @pa.dataframe_parser
        def lower(cls, rows: Any) -> Any:
            return rows.assign(name=rows["name"].str.lower())

    outcome = judged(Parsed, pyarrow.table({"name": ["A", "a", None, "B"]}))
    assert counts(outcome) == {"name: isin(['a'])": 1}


@pytest.mark.parametrize("module", [pa, pp])
def test_nan_is_missing_for_pandas_and_polars_alike(module: Any) -> None:
    schema = module.DataFrameSchema({"n": module.Column(float)})
    table = pyarrow.table({"n": [1.0, float("nan"), None]})
    assert counts(judged(schema, table)) == {"n: not null": 2}


def test_a_class_with_an_index_is_refused() -> None:
    schema = pa.DataFrameSchema({"id": pa.Column(int)}, index=pa.Index(int))
    with pytest.raises(ContractError, match="describes an index") as raised:
        HandWritten(schema, "m:C", Path())
    assert raised.value.code == "PHLO923"


def test_a_class_that_is_no_schema_is_refused() -> None:
    class Grouped(pa.DataFrameModel):
        amount: float

        @pa.check("amount", groupby="nowhere")
        def by(cls, groups: Any) -> Any:
            return True

    with pytest.raises(ContractError, match="m:C is no whole class") as raised:
        HandWritten(Grouped, "m:C", Path())
    assert raised.value.code == "PHLO925"


@pytest.mark.parametrize(
    "check",
    [
        lambda values: values.sum() > 0,
        lambda values: values >= values.shift(1).fillna(values),
        lambda values: ~values.duplicated(),
        lambda values: values <= values.quantile(0.9),
        lambda values: values.rank() < 90,
    ],
)
def test_what_looks_at_other_rows_is_recognised(check: Any) -> None:
    schema = pa.DataFrameSchema({"n": pa.Column(int, pa.Check(check))})
    table = pyarrow.table({"n": list(range(100))})
    with pytest.raises(ContractError) as raised:
        judged(schema, table, 100)
    assert raised.value.code == "PHLO924"


def test_what_looks_at_one_row_is_not_refused() -> None:
    elements = pa.Check(lambda value: value % 2 == 0, element_wise=True, name="even")
    table = pyarrow.table({"n": list(range(100))})
    outcome = judged(pa.DataFrameSchema({"n": pa.Column(int, elements)}), table, 10)
    assert counts(outcome) == {"n: even": 50}
