"""Hand-written Pandera classes as contracts, and how a class is found."""

import datetime
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pandera.pandas as pap
import pandera.polars as pal
import polars as pl
import pyarrow as pa
import pytest
from pandera.engines import pandas_engine
from pandera.typing import Series

from dbt_phlo.contracts.contract import Column, Constraint
from dbt_phlo.contracts.pandera_source import contract_from_class, load_class
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Length,
    NotNull,
    Other,
    Pattern,
    Range,
    Unique,
)
from dbt_phlo.errors import ConfigError, TypeRefused

# pandera reads `datetime` as what it is only where it is the class
Moment = datetime.datetime


class OnPandas(pap.DataFrameModel):
    """Raw flights.

    From the airline.
    """

    text: str = pap.Field(str_length={"max_value": 3}, description="A text.")
    count: int = pap.Field(ge=0, lt=10, unique=True, nullable=True)
    share: Series[float] = pap.Field(in_range=(0, 1, True, False))
    when: Moment = pap.Field(nullable=True)
    flag: bool
    kind: str = pap.Field(isin=["a", "b"], str_startswith="a.", title="Its kind")
    price: Annotated[pandas_engine.Decimal, 12, 2, None] = pap.Field(nullable=True)

    class Config:
        unique = ["text", "kind"]  # noqa: RUF012

    @pap.check("count")
    def is_even(cls, series: Any) -> Any:
        return series % 2 == 0

    @pap.dataframe_check
    def count_is_below_share(cls, frame: Any) -> Any:
        return frame["count"] < frame["share"]


class OnPolars(pal.DataFrameModel):
    text: str
    count: int = pal.Field(gt=0, nullable=True)
    share: float = pal.Field(nullable=True)
    when: Moment = pal.Field(nullable=True)
    day: date = pal.Field(nullable=True)
    price: Annotated[pl.Decimal, 12, 2] = pal.Field(le=Decimal("9.99"), nullable=True)
    many: pl.List(pl.Int32) = pal.Field(nullable=True)  # type: ignore[valid-type]
    part: pl.Struct({"x": pl.Int64}) = pal.Field(nullable=True)  # type: ignore[valid-type]

    @pal.check("text")
    def is_known(cls, data: Any) -> Any:
        return data.lazyframe.select(pl.col(data.key) == "x")


def test_a_class_on_pandas_is_a_contract_with_its_checks_as_rules() -> None:
    contract = contract_from_class(OnPandas, name="raw_flights")
    assert contract.name == "raw_flights"
    assert contract.description == "Raw flights.\n\nFrom the airline."
    assert {column.name: column.type for column in contract.columns} == {
        "text": "string",
        "count": "long",
        "share": "double",
        "when": "timestamptz",
        "flag": "boolean",
        "kind": "string",
        "price": "decimal(12, 2)",
    }
    assert [contract.column(name).description for name in ("text", "kind")] == [  # type: ignore[union-attr]
        "A text.",
        "Its kind",
    ]
    assert [constraint.rule for constraint in contract.constraints] == [
        NotNull("text"),
        Length("text", None, 3),
        Unique(("count",), nulls_are_equal=True),
        Range("count", minimum=0),
        Range("count", maximum=10, includes_maximum=False),
        Other("is_even", ("count",)),
        NotNull("share"),
        Range("share", 0, 1, True, False),
        NotNull("flag"),
        NotNull("kind"),
        AcceptedValues("kind", ("a", "b")),
        Pattern("kind", r"^a\."),
        Unique(("text", "kind"), nulls_are_equal=True),
        Other("count_is_below_share"),
    ]
    assert {constraint.source for constraint in contract.constraints} == {"class"}


def test_a_class_on_polars_is_a_contract_with_its_checks_as_rules() -> None:
    contract = contract_from_class(OnPolars)
    assert contract.name == "OnPolars"
    assert {column.name: column.type for column in contract.columns} == {
        "text": "string",
        "count": "long",
        "share": "double",
        "when": "timestamptz",
        "day": "date",
        "price": "decimal(12, 2)",
        "many": {"type": "list", "element": "int"},
        "part": {
            "type": "struct",
            "fields": [{"name": "x", "required": False, "type": "long"}],
        },
    }
    assert [constraint.rule for constraint in contract.constraints] == [
        NotNull("text"),
        Other("is_known", ("text",)),
        Range("count", minimum=0, includes_minimum=False),
        Range("price", maximum=Decimal("9.99")),
    ]


def test_a_schema_object_is_a_contract_too_and_loses_no_check() -> None:
    schema = pap.DataFrameSchema(
        {
            "a": pap.Column(int, [pap.Check(lambda s: s > 0), pap.Check(lambda v: v, name="mine")]),
            "b": pap.Column(
                str,
                [pap.Check.str_matches("x"), pap.Check.str_matches(r"(?<=a)b"), pap.Check.ne("q")],
                nullable=True,
            ),
            "c": pap.Column(float, pap.Check.ge(0, raise_warning=True), nullable=True),
        },
        checks=pap.Check(lambda frame: True, title="totals agree"),
        name="things",
    )
    contract = contract_from_class(schema)
    assert contract.name == "things"
    assert contract.constraints == (
        Constraint(NotNull("a"), "class"),
        Constraint(Other("check 1", ("a",)), "class"),
        Constraint(Other("mine", ("a",)), "class"),
        Constraint(Pattern("b", "^(?:x)"), "class"),
        Constraint(Other("str_matches", ("b",), {"pattern": r"(?<=a)b"}), "class"),
        Constraint(Other("not_equal_to", ("b",), {"value": "q"}), "class"),
        Constraint(Range("c", minimum=0), "class", severity="warn"),
        Constraint(Other("totals agree"), "class"),
    )


def test_flags_of_a_pattern_are_kept_and_others_are_listed() -> None:
    def rule(check: Any) -> Any:
        schema = pap.DataFrameSchema({"a": pap.Column(str, check, nullable=True)})
        (found,) = contract_from_class(schema).constraints
        return found.rule

    matches, contains = pap.Check.str_matches, pap.Check.str_contains
    assert rule(matches(re.compile("ab.", re.I | re.S))) == Pattern("a", "^(?:(?is:ab.))")
    assert rule(contains(re.compile("^b", re.M))) == Pattern("a", "(?m:^b)")
    assert rule(matches(re.compile("ab"))) == Pattern("a", "^(?:ab)")
    assert isinstance(rule(matches(re.compile("a b", re.X))), Other)
    assert isinstance(rule(contains(re.compile(r"\w", re.A))), Other)


class Optionals(pap.DataFrameModel):
    a: Series[int] | None
    b: Series[int] | None = pap.Field(nullable=True, ge=1)


def test_a_column_that_may_be_missing_is_listed_and_not_required() -> None:
    assert [one.rule for one in contract_from_class(Optionals).constraints] == [
        Other("optional", ("a",), {"nullable": False}),
        Other("optional", ("b",), {"nullable": True}),
        Range("b", minimum=1),
    ]


def test_values_of_numpy_are_pythons() -> None:
    day = np.datetime64("2020-01-31T10:00:00.5", "ns")
    schema = pap.DataFrameSchema(
        {
            "a": pap.Column(int, [pap.Check.ge(np.int64(5)), pap.Check.isin([np.int8(7)])]),
            "b": pap.Column(float, pap.Check.in_range(np.float32(0.5), np.float64(2))),
            "c": pap.Column("datetime64[ns]", [pap.Check.ge(day), pap.Check.eq(day)]),
            "d": pap.Column(str, pap.Check.str_length(np.int64(1), np.int64(2))),
        }
    )
    moment = datetime.datetime(2020, 1, 31, 10, 0, 0, 500000)
    found = [one.rule for one in contract_from_class(schema).constraints]
    wanted = [
        Range("a", minimum=5),
        AcceptedValues("a", (7,)),
        Range("b", 0.5, 2.0),
        Range("c", minimum=moment),
        AcceptedValues("c", (moment,)),
        Length("d", 1, 2),
    ]
    rules = [rule for rule in found if not isinstance(rule, NotNull)]
    assert list(map(repr, rules)) == list(map(repr, wanted))


DTYPES: list[tuple[Any, Any]] = [
    (np.int8, "int"),
    (np.uint32, "long"),
    (np.uint64, "decimal(20, 0)"),
    (np.float32, "float"),
    ("Int64", "long"),
    ("boolean", "boolean"),
    ("string", "string"),
    ("datetime64[ns]", "timestamp"),
    (pd.DatetimeTZDtype("ns", "UTC"), "timestamptz"),
    (pd.CategoricalDtype(["a"]), "string"),
    (pd.ArrowDtype(pa.decimal128(9, 3)), "decimal(9, 3)"),
    (pd.ArrowDtype(pa.timestamp("us", "UTC")), "timestamptz"),
    (pd.ArrowDtype(pa.date32()), "date"),
    (pd.ArrowDtype(pa.time64("us")), "time"),
    (pd.ArrowDtype(pa.large_string()), "string"),
    (pd.ArrowDtype(pa.binary(16)), "fixed[16]"),
    (pd.ArrowDtype(pa.list_(pa.int64())), {"type": "list", "element": "long"}),
    (
        pd.ArrowDtype(pa.map_(pa.string(), pa.int32())),
        {"type": "map", "key": "string", "value": "int"},
    ),
    (pandas_engine.Date(), "date"),
    (pandas_engine.Decimal(10, 4), "decimal(10, 4)"),
]


@pytest.mark.parametrize(("dtype", "expected"), DTYPES, ids=str)
def test_dtypes_of_pandas_numpy_and_arrow_have_their_iceberg_type(
    dtype: Any, expected: Any
) -> None:
    contract = contract_from_class(pap.DataFrameSchema({"c": pap.Column(dtype)}))
    assert contract.columns == (Column("c", expected),)


POLARS_DTYPES: list[tuple[Any, Any]] = [
    (pl.UInt16, "int"),
    (pl.UInt64, "decimal(20, 0)"),
    (pl.Datetime("ms"), "timestamp"),
    (pl.Datetime("us", "Europe/Paris"), "timestamptz"),
    (pl.Time, "time"),
    (pl.Binary, "binary"),
    (pl.Categorical(), "string"),
    (pl.Decimal(38, 0), "decimal(38, 0)"),
    (pl.Array(pl.Int8, 2), {"type": "list", "element": "int"}),
]


@pytest.mark.parametrize(("dtype", "expected"), POLARS_DTYPES, ids=str)
def test_dtypes_of_polars_have_their_iceberg_type(dtype: Any, expected: Any) -> None:
    contract = contract_from_class(pal.DataFrameSchema({"c": pal.Column(dtype)}))
    assert contract.columns == (Column("c", expected),)


@pytest.mark.parametrize(
    "schema",
    [
        pap.DataFrameSchema({"c": pap.Column("timedelta64[ns]")}, name="Things"),
        pap.DataFrameSchema({"c": pap.Column(object)}, name="Things"),
        pap.DataFrameSchema({"c": pap.Column()}, name="Things"),
        pap.DataFrameSchema({"^c": pap.Column(int, regex=True)}, name="Things"),
        pal.DataFrameSchema({"c": pal.Column(pl.Duration)}, name="Things"),
        pal.DataFrameSchema({"c": pal.Column(pl.List(pl.Duration))}, name="Things"),
    ],
)
def test_a_type_that_iceberg_lacks_is_refused_with_class_and_column(schema: Any) -> None:
    with pytest.raises(TypeRefused) as raised:
        contract_from_class(schema)
    assert raised.value.code == "PHLO572"
    assert "Things" in raised.value.message
    assert "c" in raised.value.message


CLASS = """
import pandera.pandas as pa


class Flights(pa.DataFrameModel):
    id: int


class Helper:
    pass
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / f"schemas_{tmp_path.name[-12:].replace('-', '_')}"
    package.mkdir()
    (package / "flights.py").write_text(CLASS, encoding="utf-8")
    (package / "broken.py").write_text("x = 1\ny = x / 0\n", encoding="utf-8")
    (package / "unreadable.py").write_text("x = (\n", encoding="utf-8")
    (package / "needy.py").write_text("import a_library_nobody_has\n", encoding="utf-8")
    (package / "leaving.py").write_text("raise SystemExit(3)\n", encoding="utf-8")
    return package


def test_a_class_is_loaded_from_the_projects_directory(project: Path) -> None:
    found = load_class(f"{project.name}.flights:Flights", project.parent)
    assert contract_from_class(found).columns == (Column("id", "long"),)


@pytest.mark.parametrize(
    ("reference", "code", "said"),
    [
        ("flights", "PHLO171", "names no class"),
        ("{p}.flights:", "PHLO171", "names no class"),
        ("{p}.flights:Flights()", "PHLO171", "names no class"),
        ("{p}.flight:Flights", "PHLO172", "Did you mean `{p}.flights`?"),
        ("{p}.broken:Flights", "PHLO173", "{p}/broken.py:2: ZeroDivisionError"),
        ("{p}.unreadable:Flights", "PHLO173", "{p}/unreadable.py:1: SyntaxError"),
        ("{p}.needy:Flights", "PHLO173", "a_library_nobody_has"),
        ("{p}.leaving:Flights", "PHLO173", "SystemExit"),
        ("{p}.flights:Flight", "PHLO174", "Did you mean `Flights`?"),
        ("{p}.flights:Helper", "PHLO175", "the class Helper, not a Pandera class"),
        ("{p}.flights:pa", "PHLO175", "not a Pandera class"),
    ],
)
def test_a_reference_that_leads_nowhere_says_where_it_stopped(
    reference: str, code: str, said: str, project: Path
) -> None:
    with pytest.raises(ConfigError) as raised:
        load_class(reference.format(p=project.name), project.parent)
    assert raised.value.code == code
    assert said.format(p=project.name) in raised.value.message


def test_two_projects_may_have_modules_of_one_name(tmp_path: Path) -> None:
    for name in ("one", "other"):
        folder = tmp_path / name / "namesakes"
        folder.mkdir(parents=True)
        (folder / "raw.py").write_text(
            f"import pandera.polars as pa\n\n\nclass Raw(pa.DataFrameModel):\n    {name}: int\n"
        )
    for name in ("one", "other", "one"):
        found = load_class("namesakes.raw:Raw", tmp_path / name)
        assert [column.name for column in contract_from_class(found).columns] == [name]
