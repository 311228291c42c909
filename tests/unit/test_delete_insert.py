"""delete+insert against plain Python: windows and keys, and files that go unread."""

import datetime
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbt_phlo.errors import CatalogError
from dbt_phlo.loads.writing.commit import commit
from dbt_phlo.loads.writing.delete_insert import replace_keys, replace_window
from dbt_phlo.loads.writing.merge import Change
from dbt_phlo.tables.files import local_path
from tests.unit.test_data_files import Place

UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("place"))
    yield made
    made.catalog.close()


def windowed(
    place: Place, name: str, rows: list[dict[str, Any]], column: str, *window: Any
) -> Change:
    change = replace_window(place.open(name), place.written(name, rows), column, *window)
    commit(place.open(name), added=change.added, removed=change.removed)
    return change


def keyed(place: Place, name: str, rows: list[dict[str, Any]], *key: str) -> Change:
    change = replace_keys(place.open(name), place.written(name, rows), key)
    commit(place.open(name), added=change.added, removed=change.removed)
    return change


VALUES = st.lists(st.one_of(st.none(), st.integers(-20, 20)), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    before=st.lists(VALUES, max_size=3),
    load=VALUES,
    window=st.tuples(st.integers(-20, 20), st.integers(-20, 20)),
    partitioned=st.booleans(),
)
def test_a_window_leaves_what_plain_python_would(
    place: Place, before: list[Any], load: list[Any], window: Any, partitioned: bool
) -> None:
    name = place.table({"x": "int", "v": "string"}, by={"x": "truncate[5]"} if partitioned else {})
    for values in before:
        place.load(name, [{"x": x, "v": "old"} for x in values])
    held = [x for values in before for x in values]
    change = windowed(place, name, [{"x": x, "v": "new"} for x in load], "x", *window)
    stays = [x for x in held if x is None or not window[0] <= x < window[1]]
    assert (change.deleted, change.inserted) == (len(held) - len(stays), len(load))
    found = sorted((row["v"], str(row["x"])) for row in place.rows(name))
    assert found == sorted([("old", str(x)) for x in stays] + [("new", str(x)) for x in load])


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=st.lists(VALUES, max_size=3), load=st.lists(st.integers(-20, 20), max_size=12))
def test_keys_may_come_several_times_on_both_sides(
    place: Place, before: list[Any], load: list[int]
) -> None:
    name = place.table({"x": "long", "v": "string"})
    for values in before:
        place.load(name, [{"x": x, "v": "old"} for x in values])
    held = [x for values in before for x in values]
    change = keyed(place, name, [{"x": x, "v": "new"} for x in load], "x")
    stays = [x for x in held if x not in load]
    assert change.deleted == len(held) - len(stays)
    assert change.updated == len([x for x in load if x in held])
    assert change.inserted == len(load) - change.updated
    found = sorted((row["v"], str(row["x"])) for row in place.rows(name))
    assert found == sorted([("old", str(x)) for x in stays] + [("new", str(x)) for x in load])


def test_a_file_wholly_inside_is_not_read_and_one_outside_neither(place: Place) -> None:
    name = place.table({"at": "timestamptz", "n": "long"})
    start = datetime.datetime(2024, 1, 1, tzinfo=UTC)
    days = [
        place.load(
            name, [{"at": start + datetime.timedelta(days=d, hours=h), "n": d} for h in range(24)]
        )[0]
        for d in range(3)
    ]
    for file in days[:2]:
        path = local_path(file.file_path)
        path.rename(path.with_suffix(".away"))
    window = (start + datetime.timedelta(days=1), start + datetime.timedelta(days=2, hours=6))
    change = windowed(place, name, [{"at": window[0], "n": 9}], "at", *window)
    assert (change.examined, change.rewritten, len(change.removed)) == (1, 1, 2)
    assert (change.deleted, change.inserted) == (30, 1)
    path = local_path(days[0].file_path)
    path.with_suffix(".away").rename(path)
    expected = [(0, 24), (2, 18), (9, 1)]
    assert (
        place.by_duckdb(f"select n, count(*) from lake.s.{name} group by n order by n") == expected
    )
    numbers = [row["n"] for row in place.rows(name)]
    assert sorted((n, numbers.count(n)) for n in set(numbers)) == expected


def test_rows_that_are_null_or_nan_are_in_no_window(place: Place) -> None:
    name = place.table({"x": "double", "d": "date"})
    rows = [{"x": x, "d": None} for x in (None, math.nan, 1.0)]
    place.load(name, rows)
    change = windowed(place, name, [], "x", 0.0, math.inf)
    assert change.deleted == 1
    assert [str(row["x"]) for row in place.rows(name)] == ["None", "nan"]
    place.load(name, [{"x": x, "d": None} for x in (5.0, math.nan)])
    assert windowed(place, name, [], "x", 0.0, math.inf).deleted == 1
    day = datetime.date(2024, 1, 1)
    assert windowed(place, name, [], "d", day, day + datetime.timedelta(days=9)).deleted == 0


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_a_window_of_moments_fits_every_column_of_time(place: Place, kind: str) -> None:
    name = place.table({"at": kind})
    moments = [datetime.datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2, 3, 4)]
    plain = {
        "date": [moment.date() for moment in moments],
        "timestamp": [moment.replace(tzinfo=None) for moment in moments],
        "timestamptz": moments,
    }[kind]
    place.load(name, [{"at": value} for value in plain])
    east = datetime.timezone(datetime.timedelta(hours=5))
    start = datetime.datetime(2024, 1, 2, 5, tzinfo=east)  # midnight in UTC
    windowed(place, name, [], "AT", start, datetime.datetime(2024, 1, 3, 12, tzinfo=UTC))
    assert sorted(row["at"] for row in place.rows(name)) == [plain[0], plain[3]]


def test_deleted_rows_do_not_come_back(place: Place) -> None:
    name = place.table({"x": "long"})
    place.load(name, [{"x": x} for x in range(10)])
    place.by_duckdb(f"delete from lake.s.{name} where x in (2, 7)")
    other = place.table({"x": "long"})
    place.load(other, [{"x": x} for x in range(10)])
    place.by_duckdb(f"delete from lake.s.{other} where x in (2, 7)")
    assert windowed(place, other, [], "x", 0, 100).deleted == 8
    change = windowed(place, name, [], "x", 5, 100)
    assert (change.deleted, change.rewritten) == (4, 1)
    assert place.by_duckdb(f"select x from lake.s.{name} order by x") == [(0,), (1,), (3,), (4,)]
    assert windowed(place, name, [], "x", 0, 100).deleted == 4
    assert place.rows(name) == []


def test_a_window_of_no_column_is_refused(place: Place) -> None:
    name = place.table({"x": "long"})
    with pytest.raises(CatalogError, match="has no column y") as caught:
        windowed(place, name, [], "y", 0, 1)
    assert caught.value.code == "PHLO639"
