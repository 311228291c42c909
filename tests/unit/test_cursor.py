"""The cursor of a source lives in the table, and goes where the table goes."""

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from dbt_phlo.errors import CatalogError
from dbt_phlo.loads import cursor


def _state(value: Any) -> dict[str, Any]:
    return {"shop": {"resources": {"orders": {"incremental": {"id": {"last_value": value}}}}}}


def _table(*loads: tuple[int, int | None, str, Any], current: int) -> dict[str, Any]:
    """Snapshots as (id, parent, load, state); the properties are those of the last load."""
    snapshots = []
    for number, parent, load, state in loads:
        summary = cursor.properties(state, load, "run") if load else {"operation": "replace"}
        snapshots.append({"snapshot-id": number, "parent-snapshot-id": parent, "summary": summary})
    last = [one for one in loads if one[2]][-1]
    return {
        "properties": cursor.properties(last[3], last[2], "run"),
        "snapshots": snapshots,
        "current-snapshot-id": current,
    }


@pytest.mark.parametrize(
    "value",
    [12, "2026-01-01", datetime(2026, 1, 1, tzinfo=timezone.utc), Decimal("1.50"), None, 2**60],
)
def test_what_is_kept_reads_back_as_the_same_type(value: Any) -> None:
    table = _table((1, None, "a", _state(value)), current=1)
    assert cursor.read(table, "t") == _state(value)


def test_a_table_that_was_never_loaded_has_none() -> None:
    assert cursor.read({"properties": {}, "snapshots": []}, "t") == {}


def test_a_cursor_survives_compaction_and_expired_snapshots() -> None:
    loads = [(1, None, "a", _state(1)), (2, 1, "b", _state(2)), (3, 2, "", None)]
    assert cursor.read(_table(*loads, current=3), "t") == _state(2)
    expired = _table(*loads, current=3)
    expired["snapshots"] = expired["snapshots"][2:]
    assert cursor.read(expired, "t") == _state(2)


def test_a_table_that_is_rolled_back_has_the_cursor_of_then() -> None:
    loads = [(1, None, "a", _state(1)), (2, 1, "b", _state(2))]
    assert cursor.read(_table(*loads, current=1), "t") == _state(1)
    assert cursor.read(_table((0, None, "", None), *loads, current=0), "t") == {}


def test_a_cursor_that_is_no_cursor_is_told_with_the_remedy() -> None:
    table = _table((1, None, "a", _state(1)), current=1)
    table["properties"][cursor.STATE] = "!!"
    with pytest.raises(CatalogError, match=r"cursor of main\.t cannot be read") as told:
        cursor.read(table, "main.t")
    assert told.value.code == "PHLO340"


def test_last_values_are_told_by_resource_and_field() -> None:
    assert cursor.last_values(_state(12)) == {"orders.id": 12}
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert cursor.last_values(_state(moment)) == {"orders.id": "2026-01-01 00:00:00+00:00"}


def test_a_cursor_is_set_in_the_kind_that_it_has() -> None:
    assert cursor.last_values(cursor.moved(_state(12), "", "7", "t")) == {"orders.id": 7}
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    after = cursor.moved(_state(moment), "orders.id", "2025-12-31T00:00:00Z", "t")
    reached = after["shop"]["resources"]["orders"]["incremental"]["id"]["last_value"]
    assert reached == datetime(2025, 12, 31, tzinfo=timezone.utc)
    for key, value in (("orders.at", 1), ("", "soon")):
        with pytest.raises(CatalogError) as told:
            cursor.moved(_state(12), key, value, "t")
        assert told.value.code == "PHLO341"
    with pytest.raises(CatalogError, match="it has none"):
        cursor.moved({}, "", 1, "t")


def test_a_cursor_that_is_forgotten_is_none() -> None:
    table = _table((1, None, "a", _state(1)), current=1)
    assert cursor.read(cursor.without(table), "t") == {}
