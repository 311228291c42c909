"""What a commit forgets of a table's history."""

import time
from typing import Any

import pytest

from dbt_phlo.tables.expiry import forget

DAY = 86_400.0


def table(*ages_in_days: float, current: int = -1) -> dict[str, Any]:
    """A table with a snapshot of each age, the current one last, and a metadata file for each."""
    now = time.time() * 1000
    times = [now - age * DAY * 1000 for age in ages_in_days]
    ids = list(range(1, len(times) + 1))
    return {
        "current-snapshot-id": ids[current] if ids else -1,
        "refs": {"main": {"snapshot-id": ids[current], "type": "branch"}} if ids else {},
        "snapshots": [
            {"snapshot-id": i, "timestamp-ms": t} for i, t in zip(ids, times, strict=True)
        ],
        "snapshot-log": [
            {"snapshot-id": i, "timestamp-ms": t} for i, t in zip(ids, times, strict=True)
        ],
        "metadata-log": [
            {"metadata-file": f"m{i}", "timestamp-ms": t} for i, t in enumerate(times)
        ],
    }


def ids(entries: list[dict[str, Any]]) -> list[int]:
    return [entry["snapshot-id"] for entry in entries]


def test_old_snapshots_and_metadata_files_are_forgotten_and_young_ones_kept() -> None:
    document = forget(table(40, 31, 29, 0), 30 * DAY)
    assert ids(document["snapshots"]) == [3, 4]
    assert ids(document["snapshot-log"]) == [3, 4]
    assert [entry["metadata-file"] for entry in document["metadata-log"]] == ["m2", "m3"]


def test_the_current_snapshot_stays_whatever_its_age() -> None:
    document = forget(table(50, 40), 30 * DAY)
    assert ids(document["snapshots"]) == [2]


def test_a_snapshot_that_a_tag_names_stays() -> None:
    document = table(50, 45, 40)
    document["refs"]["audited"] = {"snapshot-id": 1, "type": "tag"}
    assert ids(forget(document, 30 * DAY)["snapshots"]) == [1, 3]


def test_the_log_begins_anew_after_the_last_snapshot_that_is_gone() -> None:
    """Iceberg specification, snapshot-log: it must not skip what was current in between."""
    document = table(50, 40, 0)
    document["refs"]["audited"] = {"snapshot-id": 1, "type": "tag"}
    assert ids(forget(document, 30 * DAY)["snapshot-log"]) == [3]


@pytest.mark.parametrize("key", ["statistics", "partition-statistics"])
def test_statistics_of_a_forgotten_snapshot_go_with_it(key: str) -> None:
    document = table(50, 0)
    document[key] = [{"snapshot-id": i, "statistics-path": f"s{i}"} for i in (1, 2)]
    assert ids(forget(document, 30 * DAY)[key]) == [2]


def test_a_table_without_snapshots_is_left_alone() -> None:
    assert forget(table(), 30 * DAY) == table()


def test_a_clock_that_runs_backwards_forgets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    document = table(5, 0)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert ids(forget(document, 30 * DAY)["snapshots"]) == [1, 2]
