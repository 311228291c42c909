"""Values of failing rows: exact, JSON, short, and none that are to be hidden."""

import json
import math
import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from dbt_phlo.checks import redaction, samples


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (2**53, 2**53),
        (2**53 + 1, "9007199254740993"),
        (0.1, 0.1),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (Decimal("1.10"), "1.10"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.00000000001"), "0.00000000001"),
        (Decimal("NaN"), "NaN"),
        (date(2024, 1, 5), "2024-01-05"),
        (datetime(2024, 1, 5, 1, 2, 3, 4, timezone.utc), "2024-01-05T01:02:03.000004+00:00"),
        (time(1, 2, 3), "01:02:03"),
        (timedelta(days=1), "1 day, 0:00:00"),
        (b"\x00\xff", "0x00ff"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({"a": [Decimal("1.0"), {"b": math.inf}]}, {"a": ["1.0", {"b": "Infinity"}]}),
        ({1: None}, {"1": None}),
    ],
)
def test_values_are_exact_and_json(value: Any, expected: Any) -> None:
    found = samples.json_value(value)
    assert found == expected
    assert type(found) is type(expected)
    json.dumps(found, allow_nan=False)


def test_what_is_long_is_cut_with_its_length() -> None:
    assert samples.json_value("x" * 501).endswith("x… (501 characters)")
    assert samples.json_value("x" * 500) == "x" * 500
    assert samples.json_value(b"x" * 65).endswith("… (65 bytes)")
    assert samples.json_value(list(range(21)))[-1] == "… (21 items)"
    assert samples.json_value({n: n for n in range(21)})["…"] == "21 entries"


def test_there_are_at_most_twenty_rows_and_no_column_is_lost() -> None:
    rows = samples.rows(["id", "id", "id_2"], ([n, n + 1, n + 2] for n in range(30)))
    assert len(rows) == 20
    assert rows[0] == {"id": 0, "id_2": 1, "id_2_2": 2}


def hidden(columns: list[str], sql: str) -> set[str]:
    return set(redaction.hidden_columns(columns, pii=["Email"], sql=sql))


def test_pii_columns_are_hidden_under_any_case() -> None:
    assert hidden(["id", "EMAIL"], "") == {"EMAIL"}


def test_what_a_query_makes_of_a_pii_column_is_hidden() -> None:
    assert hidden(["id", "e"], "select id, lower(email) e from c") == {"e"}
    assert hidden(["id"], 'select "Email" as id from c') == {"id"}
    assert hidden(["unique_field", "n_records"], "select email as unique_field") == {
        "unique_field",
        "n_records",
    }


def test_a_query_that_does_not_name_it_hides_nothing_else() -> None:
    assert hidden(["id", "total", "emails"], "select id, 1 as total, emails from c") == set()


@pytest.mark.parametrize(
    "sql",
    [
        "select id, email grade from c",
        "with x(id, grade) as (select id, email from c) select id, grade from x",
        "select id, columns('^em') as grade from c",
        "select id, to_json(m) as grade from c as m",
        "select id, cast(m as varchar) as grade from c as m",
        "select id, grade from (select id, email as grade from c)",
        "select id, (select max(email) from c) as grade from c",
        "select id, grade from c union all select id, email from c",
        "select * replace (email as grade) from c",
    ],
)
def test_no_way_to_write_a_query_shows_a_pii_column(sql: str) -> None:
    assert "grade" in hidden(["id", "grade"], sql)


def test_rows_of_a_model_behind_a_filter_are_shown() -> None:
    sql = "select * from (select * from c where id > 1) as dbt_subquery where grade < 0"
    assert hidden(["id", "email", "grade"], sql) == {"email"}
    assert hidden(["id", "n"], "select id, count(*) as n from c group by id") == set()


def test_a_hidden_null_is_still_seen_to_be_one() -> None:
    row = {"id": 1, "email": None, "phone": "5"}
    assert redaction.redacted(row, frozenset({"email", "phone"})) == {
        "id": 1,
        "email": None,
        "phone": "***",
    }
