"""Pages of a source as the columns of a contract, and what becomes of the rest."""

import enum
import json
import time
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from dbt_phlo.contracts.arrow import schema
from dbt_phlo.contracts.contract import Column, Constraint, Contract
from dbt_phlo.contracts.rules import NotNull
from dbt_phlo.errors import DataRefused
from dbt_phlo.loads.conforming.conform import Conform
from dbt_phlo.loads.conforming.field_names import snake_case
from dbt_phlo.loads.conforming.rejected import Reason, Rejected

UTC = timezone.utc


def contract(*required: str, pii: str = "", **types: Any) -> Contract:
    return Contract(
        "orders",
        tuple(Column(name, of, pii=name == pii) for name, of in types.items()),
        tuple(Constraint(NotNull(name), "constraint") for name in required),
    )


def conform(of: Contract, **options: Any) -> tuple[Conform, list[Rejected]]:
    rejected: list[Rejected] = []
    return Conform(of, reject=rejected.append, **options), rejected


def refusal(of: Contract, *items: Any, **options: Any) -> DataRefused:
    made, _ = conform(of, **options)
    with pytest.raises(DataRefused) as caught:
        for item in items:
            made.page(item)
    return caught.value


ORDERS = contract("id", id="long", amount="decimal(9, 2)", at="timestamptz", note="string")


def test_a_page_becomes_the_columns_of_the_contract_in_their_order() -> None:
    made, _ = conform(ORDERS)
    table = made.page(
        [
            {"note": "x", "id": "7", "amount": 1.5, "at": "2024-01-01T00:00:00Z"},
            {"id": 8, "amount": None, "at": None, "note": None},
        ]
    )
    assert table.schema == schema(ORDERS)
    assert table.to_pylist() == [
        {"id": 7, "amount": Decimal("1.50"), "at": datetime(2024, 1, 1, tzinfo=UTC), "note": "x"},
        {"id": 8, "amount": None, "at": None, "note": None},
    ]
    assert (made.rows, made.rejected, made.missing) == (2, 0, ())


def test_nothing_gives_no_page() -> None:
    made, _ = conform(ORDERS)
    assert made.page(None) is None
    assert made.page([]) is None
    assert made.rows == 0


def test_the_first_bad_row_is_named_with_its_value_and_the_remedy() -> None:
    first = [{"id": number, "amount": 1} for number in range(1230)]
    second = [{"id": 1}, {"id": 2}, {"id": 3, "amount": 1}, {"id": 4, "amount": "1.239"}]
    error = refusal(ORDERS, first, [*second, {"id": "x"}])
    assert str(error) == (
        "[PHLO610] orders: row 1,234, column amount (decimal(9, 2)): '1.239' has more than 2 "
        "decimal places (2 of the page's 5 rows do not fit)\n  -> mend the source or the column's "
        "type, or set on_bad_rows: quarantine to put such rows aside"
    )


def test_bad_rows_go_aside_with_all_their_reasons_and_the_others_stay() -> None:
    made, rejected = conform(ORDERS, on_bad_rows="quarantine")
    made.page([{"id": 0}])
    bad = {"id": None, "amount": "x", "note": b"\xff"}
    table = made.page([{"id": 1}, bad, {"id": "3"}])
    assert table.column("id").to_pylist() == [1, 3]
    assert table.schema == schema(ORDERS)
    assert (made.rows, made.rejected) == (4, 1)
    (one,) = rejected
    assert (one.row, one.position) == (bad, 3)
    assert one.reasons == (
        Reason("id", "NULL", "is not allowed: the column is not null"),
        Reason("amount", "'x'", "is not the text of a decimal number"),
        Reason("note", r"b'\xff'", "is not UTF-8 (its byte 1)"),
    )
    assert json.loads(one.row_json) == {"id": None, "amount": "x", "note": "/w=="}


def test_a_column_that_may_not_be_null_and_is_not_sent_makes_every_row_bad() -> None:
    error = refusal(ORDERS, [{"amount": 1}, {"amount": 2}])
    assert "row 1, column id (long): NULL is not allowed: the column is not null" in str(error)
    assert "the source does not send it (2 of the page's 2 rows do not fit)" in str(error)


def test_values_of_personal_columns_are_not_shown() -> None:
    of = contract(pii="email", email="long", tags={"type": "map", "key": "long", "value": "long"})
    error = refusal(of, [{"email": "ada@example.com"}])
    assert "(pii) is not the text of a whole number" in str(error)
    assert "ada" not in str(error)


@pytest.mark.parametrize(
    "item",
    [
        pa.table({"id": [1, 2], "amount": ["1.5", "x"]}),
        pd.DataFrame({"id": [1, 2], "amount": ["1.5", "x"]}),
        pl.DataFrame({"id": [1, 2], "amount": ["1.5", "x"]}),
        [{"id": 1, "amount": "1.5"}, {"id": 2, "amount": "x"}],
    ],
    ids=lambda item: type(item).__name__,
)
def test_frames_are_sorted_into_good_and_bad_like_dicts(item: Any) -> None:
    made, rejected = conform(ORDERS, on_bad_rows="quarantine")
    table = made.page(item)
    assert table.column("amount").to_pylist() == [Decimal("1.50")]
    assert [(one.position, dict(one.row)) for one in rejected] == [(2, {"id": 2, "amount": "x"})]
    assert made.missing == ("at", "note")


def test_a_field_is_found_by_its_name_without_case_or_in_snake_case() -> None:
    made, _ = conform(contract(id="long", user_id="long", HTTPCode="long"))
    table = made.page([{"ID": 1, "userId": 2, "httpcode": 3}])
    assert table.to_pylist() == [{"id": 1, "user_id": 2, "HTTPCode": 3}]
    assert made.page([{"Id": 4, "User-Id": 5}]).to_pylist()[0]["user_id"] == 5


@pytest.mark.parametrize(
    "item",
    [
        [{"userId": 1, "user_id": 2}],
        [{"userId": 1}, {"user_id": 2}],
        pa.table([pa.array([1]), pa.array([2])], names=["userId", "user_id"]),
        pa.table([pa.array([1]), pa.array([2])], names=["user_id", "user_id"]),
        [{"inner": {"x": 1, "X": 2}}],
    ],
)
def test_two_fields_of_one_column_are_an_error_that_names_both(item: Any) -> None:
    inner = {"type": "struct", "fields": [{"name": "x", "required": False, "type": "long"}]}
    error = refusal(contract(user_id="long", inner=inner), item, on_unknown="ignore")
    assert error.code == "PHLO612"
    assert "user_id" in str(error) or "x and X" in str(error)


@settings(deadline=None)
@given(st.from_regex(r"[A-Za-z0-9_ @|*+-]{0,12}[A-Za-z0-9]", fullmatch=True))
def test_snake_case_is_that_of_dlt(name: str) -> None:
    naming = pytest.importorskip("dlt.common.normalizers.naming.snake_case")
    assert snake_case(name) == naming.NamingConvention().normalize_identifier(name)


@pytest.mark.parametrize("item", [[{1: 2}], [{"": 1}], [{"id": 1}, {None: 1}]])
def test_a_field_without_a_name_is_an_error(item: Any) -> None:
    assert refusal(contract(id="long"), item).code == "PHLO614"


def test_an_unknown_field_is_refused_with_its_kind_its_row_and_the_nearest_column() -> None:
    error = refusal(ORDERS, [{"id": 1}], [{"id": 2}, {"id": 3, "amont": "secret"}])
    assert error.code == "PHLO611"
    assert "amont (text, first in row 3; Did you mean `amount`?)" in str(error)
    assert "secret" not in str(error)


def test_unknown_fields_may_be_passed_over_and_are_remembered() -> None:
    made, _ = conform(ORDERS, on_unknown="ignore")
    table = made.page([{"id": 1, "x": None}, {"id": 2, "x": 1.5}])
    made.page([{"id": 3, "x": "y", "z": None}])
    assert table.column_names == ["id", "amount", "at", "note"]
    assert {name: tuple(seen) for name, seen in made.unknown.items()} == {
        "x": ("float", 2),
        "z": ("null", 3),
    }


ADDRESS = {"type": "struct", "fields": [{"name": "zip", "required": True, "type": "int"}]}


def test_unknown_fields_within_a_column_have_a_path() -> None:
    of = contract(id="long", address=ADDRESS)
    rows = [{"id": 1, "address": {"zip": 1}}, {"id": 2, "address": {"zip": 2, "city": "Rome"}}]
    for on_unknown in ("fail", "add"):
        error = refusal(of, rows, on_unknown=on_unknown)
        assert "address.city (text, first in row 2)" in str(error)
    for item in (rows, pa.Table.from_pylist(rows)):
        made, _ = conform(of, on_unknown="ignore")
        assert made.page(item).column("address").to_pylist() == [{"zip": 1}, {"zip": 2}]
        assert tuple(made.unknown["address.city"]) == ("text", 2)


def test_what_does_not_fit_within_a_column_has_a_path() -> None:
    error = refusal(
        contract(address=ADDRESS), [{"address": {"zip": "1"}}, {"address": {"zip": "x"}}]
    )
    assert "row 2, column address.zip: 'x' is not the text of a whole number" in str(error)


def test_unknown_fields_become_columns_of_the_type_first_seen() -> None:
    made, rejected = conform(ORDERS, on_unknown="add", on_bad_rows="quarantine")
    assert made.page([{"id": 1, "userAge": None}]).column_names == ["id", "amount", "at", "note"]
    assert made.added == []
    table = made.page([{"id": 2, "userAge": 3, "tags": ["a"], "at2": date(2024, 1, 1)}])
    assert [(one.name, one.type) for one in made.added] == [
        ("user_age", "long"),
        ("tags", "string"),
        ("at2", "date"),
    ]
    assert table.to_pylist()[0]["tags"] == '["a"]'
    assert made.page([{"id": 3, "userAge": 1.5}, {"id": 4, "userAge": 5.0}]).num_rows == 1
    assert rejected[0].reasons == (Reason("user_age", "1.5", "is not a whole number"),)
    assert made.page([{"id": 4}]).column("user_age").to_pylist() == [None]
    assert made.unknown["userAge"] == ("integer", 2)
    assert made.missing == ("amount", "at", "note")


def test_two_unknown_fields_of_one_added_column_are_an_error() -> None:
    assert refusal(ORDERS, [{"id": 1, "aB": 1, "a_b": 2}], on_unknown="add").code == "PHLO612"


def test_an_added_column_has_the_type_of_its_arrow_field_if_iceberg_has_it() -> None:
    made, _ = conform(contract(id="long"), on_unknown="add")
    made.page(pa.table({"id": [1], "x": pa.array([1], pa.int16()), "y": pa.array([[1.5]])}))
    assert [one.type for one in made.added] == ["int", {"type": "list", "element": "double"}]
    error = refusal(
        contract(id="long"), pa.table({"x": pa.array([1], pa.duration("s"))}), on_unknown="add"
    )
    assert error.code == "PHLO616"


class Colour(str, enum.Enum):
    RED = "red"


class Inner(BaseModel):
    zip: int


@dataclass
class Row:
    id: np.int64
    address: Inner
    colour: Colour
    score: np.float32
    at: pd.Timestamp


def test_values_of_libraries_are_what_they_stand_for() -> None:
    of = contract(id="int", address=ADDRESS, colour="string", score="decimal(5, 2)", at="timestamp")
    made, rejected = conform(of, on_bad_rows="quarantine")
    fine = pd.Timestamp("2024-01-01T00:00:00.000000001")
    table = made.page(
        [
            Row(np.int64(1), Inner(zip=2), Colour.RED, np.float32(1.1), pd.Timestamp("2024-01-01")),
            {"id": np.int32(2), "score": np.float64(2.5), "at": np.datetime64("2024-01-02")},
            {"id": pd.NA, "colour": np.str_("x"), "at": pd.NaT},
            {"id": 4, "at": fine},
            {"id": 5, "at": np.datetime64("2024-01-01T00:00:00.000000001")},
        ]
    )
    assert table.to_pylist() == [
        {
            "id": 1,
            "address": {"zip": 2},
            "colour": "red",
            "score": Decimal("1.10"),
            "at": datetime(2024, 1, 1),
        },
        {
            "id": 2,
            "address": None,
            "colour": None,
            "score": Decimal("2.50"),
            "at": datetime(2024, 1, 2),
        },
        {"id": None, "address": None, "colour": "x", "score": None, "at": None},
    ]
    assert [one.position for one in rejected] == [4, 5]
    assert {one.reasons[0].text for one in rejected} == {
        "has nanoseconds, and the lake keeps microseconds"
    }


def test_arrow_text_that_is_not_utf8_is_a_bad_row() -> None:
    offsets = pa.array([0, 1, 3], pa.int32()).buffers()[1]
    broken = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a\xff\xfe")])
    made, rejected = conform(contract(t="string"), on_bad_rows="quarantine")
    assert made.page(pa.table({"t": broken})).to_pylist() == [{"t": "a"}]
    assert rejected[0].reasons[0].text == "is not UTF-8 (its byte 1)"
    assert json.loads(rejected[0].row_json) == {"t": "//4="}


def test_half_a_character_is_a_bad_row_that_can_still_be_written() -> None:
    made, rejected = conform(contract(t="string"), on_bad_rows="quarantine")
    made.page([{"t": "a\ud800"}])
    assert rejected[0].row_json == '{"t": "a\\ud800"}'
    assert rejected[0].reasons[0].value_text.encode()


def test_a_text_of_50_megabytes_goes_through_and_is_shortened_in_a_reason() -> None:
    large = "x" * 50_000_000
    made, rejected = conform(contract(t="string", n="long"), on_bad_rows="quarantine")
    assert made.page([{"t": large, "n": 1}]).column("t")[0].as_py() == large
    began = time.monotonic()
    made.page([{"t": "y", "n": large}])
    assert time.monotonic() - began < 5
    assert len(rejected[0].reasons[0].value_text) == 100


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def circle() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


@pytest.mark.parametrize(
    "value",
    [
        Rude(),
        circle(),
        10**5000,
        {1: {2: b"x"}},
        {(1, 2): float("inf")},
        Decimal("sNaN"),
        UUID(int=1),
        {1, 2},
        datetime(2024, 1, 1, tzinfo=UTC),
        "\ud800",
        json.loads("[" * 900 + "]" * 900),
    ],
    ids=lambda value: type(value).__name__,
)
def test_any_row_can_be_written_as_json(value: Any) -> None:
    text = Rejected({"v": value}, (), 1).row_json
    assert text.encode()
    assert "v" in json.loads(text)
    made, rejected = conform(contract(v="boolean"), on_bad_rows="quarantine")
    made.page([{"v": value}])
    assert len(rejected[0].reasons[0].value_text) <= 100


def test_a_row_reads_back_from_its_json() -> None:
    row = {"a": 1, "b": [1.5, None, True], "c": {"d": "é"}}
    assert json.loads(Rejected(row, (), 1).row_json) == row


def test_rows_are_numbered_through_all_pages_of_an_item() -> None:
    batches = [pa.record_batch({"id": ["1", "2"]}), pa.record_batch({"id": ["3", "x"]})]
    reader = pa.RecordBatchReader.from_batches(batches[0].schema, batches)
    made, rejected = conform(contract(id="long"), on_bad_rows="quarantine")
    assert made.page(reader).to_pylist() == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert (rejected[0].position, made.rows) == (4, 4)


def test_a_table_of_the_contract_goes_through_unchanged() -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int64()),
            "amount": pa.array([Decimal("1.50"), None], pa.decimal128(9, 2)),
            "at": pa.array([None, datetime(2024, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            "note": pa.array(["a", "b"]),
        }
    )
    made, _ = conform(ORDERS)
    assert made.page(table).equals(table.cast(schema(ORDERS)))
