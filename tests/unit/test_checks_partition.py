"""The partition of an invocation, and the share of rows that may fail."""

from datetime import datetime, timezone
from decimal import Decimal

import duckdb
import pytest

from dbt_phlo.checks import partition, threshold
from dbt_phlo.errors import ConfigError


def window(key: str) -> tuple[str, str]:
    found = partition.parsed(key)
    return f"{found.start:%Y-%m-%dT%H:%M}", f"{found.end:%Y-%m-%dT%H:%M}"


def test_keys_name_months_days_hours_and_intervals() -> None:
    assert window("2023-12") == ("2023-12-01T00:00", "2024-01-01T00:00")
    assert window("2024-02-29") == ("2024-02-29T00:00", "2024-03-01T00:00")
    assert window("2024-01-05T13") == ("2024-01-05T13:00", "2024-01-05T14:00")
    assert window("2024-01-05-23:00") == ("2024-01-05T23:00", "2024-01-06T00:00")
    assert window("2024-01-01/2024-01-08") == ("2024-01-01T00:00", "2024-01-08T00:00")
    assert window("2024-01-01T00:00:00Z/2024-01-01T02:00:00+01:00")[1] == "2024-01-01T01:00"


@pytest.mark.parametrize("key", ["today", "2024", "2024-13", "2024-01-08/2024-01-01", "a/b", "'"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="PHLO133"):
        partition.parsed(key)


def test_dbts_flags_come_before_the_key_which_then_names_them() -> None:
    start, end = datetime(2024, 1, 5), datetime(2024, 1, 6, tzinfo=timezone.utc)
    found = partition.requested(start, end, "")
    assert found is not None
    assert found.key == "2024-01-05"
    named = partition.requested(start, end, "2024-01-05|eu")
    assert named is not None
    assert (named.key, named.start) == ("2024-01-05|eu", found.start)
    assert partition.requested(None, None, "") is None


def test_uniqueness_stays_whole_table_unless_the_test_says_else() -> None:
    def column(test: str, own: dict[str, str], model: dict[str, str]) -> str | None:
        return partition.column_of(test, own, model)

    assert column("not_null", {}, {}) == ""
    assert column("unique", {}, {}) is None
    assert column("unique", {}, {"partition_column": "at"}) is None
    assert column("unique", {"partition_column": "at"}, {}) == "at"
    assert column("unique", {"scope": "partition"}, {"partition_column": "at"}) == "at"
    assert column("not_null", {"scope": "table"}, {"partition_column": "at"}) is None


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamp with time zone", "varchar"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_day_is_the_same_rows_for_every_type_and_time_zone(kind: str, zone: str) -> None:
    connection = duckdb.connect()
    connection.execute(f"set timezone = '{zone}'")
    days = {
        "date": "date '2024-01-04' + n::int",
        "timestamp": "timestamp '2024-01-04 00:00:00' + to_days(n::int)",
        "timestamp with time zone": "timestamptz '2024-01-04 00:00:00+00' + to_days(n::int)",
        "varchar": "(date '2024-01-04' + n::int)::varchar",
    }[kind]
    condition = partition.condition('"at"', kind, partition.parsed("2024-01-05"))
    sql = f'select n from (select n, {days} as "at" from range(4) as t (n)) where {condition}'
    assert connection.execute(sql).fetchall() == [(1,)]


def test_exactly_the_share_is_allowed_without_rounding() -> None:
    share = threshold.parsed("0.1", "x")
    assert threshold.within(1, 10, share)
    assert not threshold.within(2, 10, share)
    assert threshold.within(3, 30, share), "0.1 * 30 is 3.0000000000000004 in floating point"
    assert not threshold.within(1, 0, share)
    assert not threshold.within(1, None, share)
    assert not threshold.within(0, 10, None)


def test_a_test_of_a_whole_table_has_one_row_to_fail() -> None:
    assert not threshold.within(1, 1000, Decimal("0.5"), test="phlo_row_count")
    assert threshold.within(1, 1000, Decimal(1), test="phlo_row_count")


@pytest.mark.parametrize("given", ["1.01", "-0.1", "2%", True, "nan", [1]])
def test_what_is_no_share_is_refused(given: object) -> None:
    with pytest.raises(ConfigError, match="PHLO132"):
        threshold.parsed(given, "test x")
