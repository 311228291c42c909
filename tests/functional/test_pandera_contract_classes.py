"""``pandera_contract`` with a class that somebody has written by hand, on pandas and on polars."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from lake import Lake, ended
from test_pandera_contract import DEV, records, results

from dbt_phlo.contracts import Column, Constraint, Contract
from dbt_phlo.contracts.pandera import to_source
from dbt_phlo.contracts.rules import NotNull, Unique

ROWS = """
select * from (values
  (1, 5, 'a@x.org', 1.5::double, timestamp '2024-01-01 10:00:00', date '2024-01-01'),
  (2, -1, 'b@x.org', 2.5, timestamp '2024-01-01 10:00:00', date '2024-01-01'),
  (2, 70, 'nobody', 0.5, timestamp '2024-01-02 10:00:00', date '2024-01-02'),
  (3, null, null, null, null, date '2024-01-03'),
  (null, 7, 'e@x.org', 1.0, timestamp '2024-01-02 10:00:00', date '2024-01-03')
) as t (id, amount, email, ratio, made, day)
"""
PANDAS = """
import pandas as pd
import pandera.pandas as pa


class Order(pa.DataFrameModel):
    id: int = pa.Field(unique=True)
    amount: pd.Int64Dtype = pa.Field(ge=0, le=50, nullable=True)
    email: str = pa.Field(nullable=True)
    made: pd.Timestamp = pa.Field(nullable=True)

    @pa.check("email")
    def has_an_at(cls, email):
        return email.str.contains("@")

    @pa.dataframe_check
    def ratio_is_below_amount(cls, rows):
        return ~(rows["ratio"] > rows["amount"]).fillna(False)

    @pa.check("amount", raise_warning=True)
    def is_seldom_seven(cls, amount):
        return amount != 7


class Whole(pa.DataFrameModel):
    id: float = pa.Field(nullable=True, coerce=True)

    @pa.check("id")
    def sum_is_small(cls, ids):
        return ids.sum() < 9

    @pa.check("id", name="sum_is_large")
    def sum_is_large(cls, ids):
        return ids.sum() > 8

    class Config:
        metadata = {"phlo": {"whole_table": True}}


class Sum(pa.DataFrameModel):
    amount: float = pa.Field(nullable=True, coerce=True)

    @pa.check("amount")
    def sum_is_small(cls, amounts):
        return amounts.sum() < 1000


class Copies(pa.DataFrameModel):
    id: float = pa.Field(nullable=True, coerce=True)

    @pa.dataframe_check
    def differs(cls, rows):
        return ~rows.duplicated(["day"])


class Mean(pa.DataFrameModel):
    ratio: float = pa.Field(nullable=True)

    @pa.check("ratio")
    def is_near_the_mean(cls, ratios):
        return ratios <= ratios.mean() + 1


class Grouped(pa.DataFrameModel):
    email: str = pa.Field(nullable=True)
    amount: float = pa.Field(nullable=True, coerce=True)

    @pa.check("amount", groupby="email")
    def by_email(cls, groups):
        return all(len(one) for one in groups.values())


class Coerced(pa.DataFrameModel):
    email: int = pa.Field(coerce=True, nullable=True)


class Typed(pa.DataFrameModel):
    email: int
    amont: int


class Mistyped(pa.DataFrameModel):
    email: int = pa.Field(nullable=True)


class Together(pa.DataFrameModel):
    made: pd.Timestamp = pa.Field(nullable=True)
    day: object

    class Config:
        unique = ["made", "day"]


class Raising(pa.DataFrameModel):
    email: str = pa.Field(nullable=True)

    @pa.check("email")
    def breaks(cls, email):
        raise ValueError("a@x.org")


Good = pa.DataFrameSchema({"ratio": pa.Column(float, pa.Check.gt(0), nullable=True)}, name="good")
"""
POLARS = """
from datetime import datetime

import pandera.polars as pa
import polars as pl


class Order(pa.DataFrameModel):
    id: int = pa.Field(unique=True)
    amount: int = pa.Field(ge=0, le=50, nullable=True)
    email: str = pa.Field(nullable=True)
    made: datetime = pa.Field(nullable=True)

    @pa.check("email")
    def has_an_at(cls, data):
        return data.lazyframe.select(pl.col(data.key).str.contains("@"))

    @pa.dataframe_check
    def ratio_is_below_amount(cls, data):
        return data.lazyframe.select(~(pl.col("ratio") > pl.col("amount")))

    @pa.check("amount", raise_warning=True)
    def is_seldom_seven(cls, data):
        return data.lazyframe.select(pl.col(data.key) != 7)


class Whole(pa.DataFrameModel):
    id: float = pa.Field(nullable=True, coerce=True)

    @pa.check("id")
    def sum_is_small(cls, data):
        return data.lazyframe.select(pl.col(data.key).sum() < 9)

    @pa.check("id")
    def sum_is_large(cls, data):
        return data.lazyframe.select(pl.col(data.key).sum() > 8)

    class Config:
        metadata = {"phlo": {"whole_table": True}}


class Sum(pa.DataFrameModel):
    amount: float = pa.Field(nullable=True, coerce=True)

    @pa.check("amount")
    def sum_is_small(cls, data):
        return data.lazyframe.select(pl.col(data.key).sum() < 1000)


class Copies(pa.DataFrameModel):
    id: float = pa.Field(nullable=True, coerce=True)

    @pa.dataframe_check
    def differs(cls, data):
        return data.lazyframe.select(~pl.struct("day").is_duplicated())


class Mean(pa.DataFrameModel):
    ratio: float = pa.Field(nullable=True)

    @pa.check("ratio")
    def is_near_the_mean(cls, data):
        ratio = pl.col(data.key)
        return data.lazyframe.select(ratio <= ratio.mean() + 1)


class Coerced(pa.DataFrameModel):
    email: int = pa.Field(coerce=True, nullable=True)


class Typed(pa.DataFrameModel):
    email: int
    amont: int


class Mistyped(pa.DataFrameModel):
    email: int = pa.Field(nullable=True)


class Together(pa.DataFrameModel):
    made: datetime = pa.Field(nullable=True)
    day: pl.Date

    class Config:
        unique = ["made", "day"]


class Raising(pa.DataFrameModel):
    email: str = pa.Field(nullable=True)

    @pa.check("email")
    def breaks(cls, data):
        raise ValueError("a@x.org")


Good = pa.DataFrameSchema({"ratio": pa.Column(float, pa.Check.gt(0), nullable=True)}, name="good")
"""
NAMES = (
    "Order", "Mistyped", "Mean", "Whole", "Sum", "Copies", "Coerced", "Typed", "Together",
    "Raising", "Good", "Grouped",
)  # fmt: skip


def declared(name: str, reference: str, share: float = 0, **config: Any) -> dict[str, Any]:
    arguments = {"schema": reference, **({"allow_threshold": share} if share else {})}
    return {"pandera_contract": {"name": name, "arguments": arguments, "config": config}}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lake, str]]:
    """One table of five rows, and a test of each class in both modules."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PHLO_RUN_ID", "PHLO_WAP", "PHLO_BRANCH"):
            patch.delenv(name, raising=False)
        lake = Lake(tmp_path_factory.mktemp("classes") / "shop")
        lake.write("class_schemas/on_pandas.py", PANDAS)
        lake.write("class_schemas/on_polars.py", POLARS)
        lake.write("models/orders.sql", ROWS)
        tests = [
            declared(f"{backend}_{name}", f"class_schemas.on_{backend}:{name}")
            for backend in ("pandas", "polars")
            for name in NAMES
            if not (backend == "polars" and name == "Grouped")
        ]
        tests += [
            declared("some_rows", "class_schemas.on_pandas:Order", where="id = 2 or id is null"),
            declared("allowed", "class_schemas.on_polars:Order", 0.6),
            declared("not_allowed", "class_schemas.on_polars:Order", 0.59),
            declared("one_row", "class_schemas.on_polars:Order", where="id = 1"),
            declared("no_class", "class_schemas.on_pandas:Ordr"),
            declared("no_module", "class_schemas.on_panda:Order"),
            declared("no_reference", "class_schemas.on_pandas"),
        ]
        document = {
            "models": [
                {
                    "name": "orders",
                    "config": {"unique_key": "id"},
                    "data_tests": tests,
                    "columns": [
                        {"name": "id", "data_type": "int"},
                        {"name": "email", "config": {"meta": {"phlo": {"pii": True}}}},
                    ],
                }
            ]
        }
        lake.write("models/models.yml", json.dumps(document, indent=1))
        ran = lake.dbt("run", *DEV)
        assert ran.code == 0, ran.text
        tested = lake.dbt("test", *DEV)
        yield lake, tested.text


BACKENDS = pytest.mark.parametrize("backend", ["pandas", "polars"])


def record(built: tuple[Lake, str], name: str) -> dict[str, Any]:
    return records(built[0])[name]


@BACKENDS
def test_a_class_counts_the_rows_of_each_of_its_rules(
    built: tuple[Lake, str], backend: str
) -> None:
    found = record(built, f"{backend}_Order")
    assert found["notes"] == [
        "id: unique: 2 of 5 rows fail",
        "id: not null: 1 of 5 rows fail",
        "amount: greater_than_or_equal_to(0): 1 of 5 rows fail",
        "amount: less_than_or_equal_to(50): 1 of 5 rows fail",
        "email: has_an_at: 1 of 5 rows fail",
        "ratio_is_below_amount: 1 of 5 rows fail",
        *(["amount: is_seldom_seven: 1 of 5 rows fail (a warning)"] if backend == "polars" else []),
    ]
    assert (found["status"], found["failed_count"], found["total_count"]) == ("fail", 3, 5)
    assert results(built[0])[f"{backend}_Order"]["failures"] == 3
    assert "@x.org" not in json.dumps(found)
    assert {"id": 2, "amount": -1} in found["sample"]
    assert {"id": 2, "email": "***"} in found["sample"]
    assert len(found["sample"]) <= 20


@BACKENDS
def test_repro_sql_finds_the_rows_of_a_sample_by_their_key(
    built: tuple[Lake, str], backend: str
) -> None:
    sql = record(built, f"{backend}_Together")["repro_sql"]
    assert {row[0] for row in built[0].rows(sql, "dev")} == {1, 2}


@BACKENDS
def test_a_value_that_a_class_cannot_coerce_is_a_failing_row(
    built: tuple[Lake, str], backend: str
) -> None:
    found = record(built, f"{backend}_Coerced")
    assert (found["status"], found["failed_count"], found["total_count"]) == ("fail", 4, 5)
    assert found["notes"] == ["email: fits Int64: 4 of 5 rows fail"]


@BACKENDS
def test_uniqueness_of_several_columns_is_that_of_the_table(
    built: tuple[Lake, str], backend: str
) -> None:
    found = record(built, f"{backend}_Together")
    assert found["notes"] == ["made, day: unique together: 2 of 5 rows fail"]
    assert (found["failed_count"], len(found["sample"])) == (2, 2)


@BACKENDS
def test_a_column_that_the_table_lacks_is_told_with_the_classs_line(
    built: tuple[Lake, str], backend: str
) -> None:
    source = PANDAS if backend == "pandas" else POLARS
    line = source[: source.index("amont")].count("\n") + 1
    found = record(built, f"{backend}_Typed")
    assert found["status"] == "fail"
    assert found["failed_count"] == 5
    assert found["notes"][0].startswith(f"class_schemas/on_{backend}.py:{line}: ")
    assert "the table lacks the column amont" in found["notes"][0]
    assert "Did you mean `amount`?" in found["notes"][0]


@BACKENDS
def test_a_column_of_another_type_is_told_with_both_types(
    built: tuple[Lake, str], backend: str
) -> None:
    found = record(built, f"{backend}_Mistyped")
    assert (found["status"], found["failed_count"]) == ("fail", 5)
    assert re.search(r"py:\d+: .*column email is to be [Ii]nt64, and is [Ss]tr", found["notes"][0])


@BACKENDS
def test_a_check_that_looks_at_other_rows_is_refused_with_what_to_do(
    built: tuple[Lake, str], backend: str
) -> None:
    names = [f"{backend}_Sum", f"{backend}_Copies", f"{backend}_Mean"]
    for name in [*names, *(["pandas_Grouped"] if backend == "pandas" else [])]:
        assert record(built, name)["status"] == "error"
        message = results(built[0])[name]["message"]
        assert "[PHLO924]" in message
        assert "whole_table" in message


@BACKENDS
def test_a_class_that_asks_for_it_sees_the_whole_table(
    built: tuple[Lake, str], backend: str
) -> None:
    found = record(built, f"{backend}_Whole")
    assert found["status"] == "fail"
    (told,) = found["notes"]
    assert told.endswith("the check sum_is_large of id fails")


@BACKENDS
def test_a_check_that_raises_is_a_failure_that_quotes_no_pii(
    built: tuple[Lake, str], backend: str
) -> None:
    found = record(built, f"{backend}_Raising")
    assert found["status"] == "fail"
    assert found["notes"][0].endswith("the check breaks of email raised ValueError")


def test_where_limits_what_a_class_sees(built: tuple[Lake, str]) -> None:
    found = record(built, "some_rows")
    assert (found["status"], found["failed_count"], found["total_count"]) == ("fail", 3, 3)
    one = record(built, "one_row")
    assert (one["status"], one["failed_count"], one["total_count"]) == ("pass", 0, 1)
    assert record(built, "pandas_Good")["status"] == "pass"
    assert record(built, "polars_Good")["status"] == "pass"


def test_a_share_of_rows_may_break_a_class(built: tuple[Lake, str]) -> None:
    assert record(built, "allowed")["status"] == "pass"
    assert record(built, "not_allowed")["status"] == "fail"
    assert record(built, "allowed")["failed_count"] == 3


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("no_class", "PHLO174", "Did you mean `Order`?"),
        ("no_module", "PHLO172", "Did you mean `class_schemas.on_pandas`?"),
        ("no_reference", "PHLO171", "names no class"),
    ],
)
def test_a_class_that_is_not_there_is_told_with_the_line_of_the_yaml(
    built: tuple[Lake, str], name: str, code: str, told: str
) -> None:
    text = (built[0].folder / "models/models.yml").read_text()
    schema = {"no_class": ":Ordr", "no_module": "_panda:Order", "no_reference": '_pandas"'}[name]
    line = text[: text.index(schema)].count("\n") + 1
    message = results(built[0])[name]["message"]
    assert f"[{code}] models/models.yml:{line}: orders: " in message
    assert told in message


GENERATED = """
models:
  - name: raw
    config: {meta: {phlo: {schema: "generated_schemas.raw:Raw"}}}
    data_tests: [{pandera_contract: {name: by_class}}]
"""


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_the_class_of_a_model_may_be_a_generated_one(lake: Lake, backend: str) -> None:
    contract = Contract(
        "raw",
        (Column("id", "int"), Column("name", "string")),
        (Constraint(NotNull("id"), "not_null"), Constraint(Unique(("id",)), "unique")),
    )
    module = f"generated_{backend}"
    lake.write(f"{module}/raw.py", to_source(contract, backend))  # type: ignore[arg-type]
    lake.write("models/raw.sql", "select unnest([1, 1, 2, null])::int as id, 'a' as name")
    lake.write("models/raw.yml", GENERATED.replace("generated_schemas", module))
    lake.dbt("build", *DEV)
    found = records(lake)["by_class"]
    assert (found["status"], found["failed_count"], found["total_count"]) == ("fail", 3, 4)
    assert "id: unique: 2 of 4 rows fail" in found["notes"]


LARGE = """
import pandera.polars as pa


class Large(pa.DataFrameModel):
    id: int
    name: str
    amount: int = pa.Field(ge=0)
"""
PEAK = """
import resource, sys
from dbt.cli.main import dbtRunner
result = dbtRunner().invoke(sys.argv[1:])
print("peak", result.success, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_table(lake: Lake) -> None:
    lake.write("large_schemas/large.py", LARGE)
    tables = {"smaller": 500_000, "larger": 5_000_000}
    yaml = "models:"
    for name, rows in tables.items():
        lake.write(
            f"models/{name}.sql",
            "select range as id, 'the name of ' || range as name, range as amount "
            f"from range({rows})",
        )
        yaml += (
            f"\n  - {{name: {name}, data_tests: [{{pandera_contract: "
            f"{{name: of_{name}, arguments: {{schema: 'large_schemas.large:Large'}}}}}}]}}"
        )
    lake.write("models/models.yml", yaml)
    assert lake.dbt("run", *DEV).code == 0
    peaks = []
    for name, rows in tables.items():
        arguments = ("--select", name, "--project-dir", ".", "--profiles-dir", ".", *DEV)
        text = ended(lake.start("test", *arguments, script=PEAK))
        found = re.search(r"^peak True (\d+)", text, re.MULTILINE)
        assert found is not None, text
        assert records(lake)[f"of_{name}"]["total_count"] == rows
        peaks.append(int(found[1]))
    assert peaks[1] < 1.25 * peaks[0]
