"""Whatever a source may yield, as pages: names, values, rows."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel

from dbt_phlo.errors import DataRefused
from dbt_phlo.loads.conforming.pages import pages

TABLE = pa.table({"id": [1, 2], "name": ["a", None]})
ROWS = [{"id": 1, "name": "a"}, {"id": 2, "name": None}]


class Address(BaseModel):
    zip: str


class Person(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    id: int
    first_name: str = Field(alias="firstName")
    address: Address | None = None


@dataclass
class Order:
    id: int
    items: list[str]


def held(item: Any) -> list[list[dict[Any, Any]]]:
    return [[page.row(number) for number in range(page.rows)] for page in pages(item)]


@pytest.mark.parametrize(
    "item",
    [
        ROWS,
        [OrderedDict(row) for row in ROWS],
        TABLE,
        TABLE.to_batches()[0],
        TABLE.to_reader(),
        [TABLE],
        pd.DataFrame(ROWS),
        pl.DataFrame(ROWS),
        pl.DataFrame(ROWS).lazy(),
    ],
    ids=lambda item: type(item).__name__,
)
def test_rows_frames_and_arrow_hold_the_same(item: Any) -> None:
    assert held(item) == [ROWS]


def test_a_duckdb_relation_is_read_batch_by_batch() -> None:
    with duckdb.connect() as connection:
        relation = connection.sql("select range as id from range(250000)")
        found = list(pages(relation))
    assert sum(page.rows for page in found) == 250_000
    assert len(found) > 1
    assert found[0].row(7) == {"id": 7}


def test_a_dict_a_model_and_a_dataclass_are_one_row() -> None:
    assert held({"id": 1}) == [[{"id": 1}]]
    person = Person(id=1, first_name="Ada", address=Address(zip="1"))
    assert held(person) == [[{"id": 1, "firstName": "Ada", "address": {"zip": "1"}}]]
    assert held(Order(1, ["x"])) == [[{"id": 1, "items": ["x"]}]]


def test_a_list_may_mix_rows_and_frames_in_their_order() -> None:
    found = held([{"id": 0}, None, Order(5, []), TABLE, {"id": 9}])
    assert found == [[{"id": 0}, {"id": 5, "items": []}], ROWS, [{"id": 9}]]


@pytest.mark.parametrize("item", [None, [], [None], TABLE.slice(0, 0), pd.DataFrame({"id": []})])
def test_what_holds_nothing_gives_nothing(item: Any) -> None:
    assert held(item) == []


@pytest.mark.parametrize(
    "item, told",
    [
        ("text", "builtins.str"),
        (3, "builtins.int"),
        ((1, 2), "builtins.tuple"),
        (iter([]), "list_iterator"),
        (Order, "builtins.type"),
        (RootModel[list[int]]([1]), "RootModel"),
        (pd.Series([1]), "Series"),
        ([{"id": 1}, 7], "builtins.int"),
    ],
)
def test_anything_else_is_an_error_that_says_what_may_be_yielded(item: Any, told: str) -> None:
    with pytest.raises(DataRefused, match=told) as caught:
        held(item)
    assert caught.value.code == "PHLO613"
    assert "a dict, a list of dicts, a pydantic model" in caught.value.remedy


def test_keys_that_a_row_lacks_are_null_in_it() -> None:
    (page,) = pages([{"a": 1}, {"b": 2, "c": 3}, {"a": 4, "c": 5}])
    assert page.names == ("a", "b", "c")
    assert [page.values(place) for place in range(3)] == [
        [1, None, 4],
        [None, 2, None],
        [None, 3, 5],
    ]


def test_rows_of_equal_length_may_have_other_keys() -> None:
    (page,) = pages([{"a": 1}, {"b": 2}])
    assert page.names == ("a", "b")


def test_missing_values_of_pandas_are_null_and_objects_stay_what_they_are() -> None:
    frame = pd.DataFrame(
        {
            "n": [1.0, float("nan")],
            "at": [pd.Timestamp("2024-01-01"), pd.NaT],
            "o": [{"a": 1}, float("nan")],
            "mixed": [datetime(2024, 1, 1), b"x"],
        }
    )
    (page,) = pages(frame)
    assert page.values(0).to_pylist() == [1.0, None]
    assert page.values(1).null_count == 1
    assert page.values(2) == [{"a": 1}, None]
    assert page.values(3) == [datetime(2024, 1, 1), b"x"]


def test_text_that_is_not_utf8_stays_bytes_and_does_no_harm() -> None:
    offsets = pa.array([0, 1, 3], pa.int32()).buffers()[1]
    broken = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a\xff\xfe")])
    (page,) = pages(pa.table({"t": broken}))
    assert page.values(0) == ["a", b"\xff\xfe"]


def test_arrow_data_that_break_the_format_are_an_error_that_names_the_column() -> None:
    broken = pa.DictionaryArray.from_arrays(pa.array([900]), pa.array(["a"]), safe=False)
    with pytest.raises(DataRefused, match="the Arrow column t") as caught:
        held(pa.table({"t": broken}))
    assert caught.value.code == "PHLO615"


def test_polars_objects_are_looked_at_one_by_one() -> None:
    frame = pl.DataFrame({"o": pl.Series([{1}, None], dtype=pl.Object)})
    (page,) = pages(frame)
    assert page.values(0) == [{1}, None]
