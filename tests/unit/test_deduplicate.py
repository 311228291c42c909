"""Within one load: one row for each key, the same one whatever the files look like."""

import datetime
import math
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbt_phlo.errors import DataRefused
from dbt_phlo.loads.plan import ROW_ID, SYSTEM_COLUMNS, Deduplicate
from dbt_phlo.loads.writing.commit import commit
from dbt_phlo.loads.writing.deduplicate import Deduplicated, deduplicate
from tests.unit.test_data_files import Place

FIELDS = {"id": "int", "code": "string", "x": "double", **SYSTEM_COLUMNS}
NOW = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
LAST = Deduplicate("last")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("place"))
    yield made
    made.catalog.close()


def arrived(rows: list[tuple[Any, Any, Any]]) -> list[dict[str, Any]]:
    """Rows of (id, code, x) in their order of arrival, each with its system columns."""
    return [
        {
            "id": id_,
            "code": code,
            "x": x,
            ROW_ID: number,
            "_phlo_ingested_at": NOW + datetime.timedelta(seconds=number),
            "_phlo_partition_date": NOW.date(),
            "_phlo_run_id": f"r{number}",
        }
        for number, (id_, code, x) in enumerate(rows, 100)
    ]


def left(place: Place, name: str, done: Deduplicated) -> list[int]:
    """The row ids that are in the table after the commit."""
    commit(place.open(name), added=done.files)
    return sorted(row[ROW_ID] for row in place.rows(name))


def chosen(rows: list[dict[str, Any]], how: Deduplicate) -> list[int]:
    """What stays, in plain Python."""

    def rank(row: dict[str, Any]) -> Any:
        x = row["x"]
        number = math.inf if x is None or math.isnan(x) else x
        kind = 2 if x is None else 1 if math.isnan(x) else 0
        last = how.keep == "last"
        order = (-kind if kind == 2 and last else kind, number) if how.order_by else ()
        return (order, row[ROW_ID])

    keys: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        keys.setdefault((row["id"], row["code"]), []).append(row)
    pick = max if how.keep == "last" else min
    return sorted(pick(group, key=rank)[ROW_ID] for group in keys.values())


ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["a", "A", ""]),
        st.sampled_from([None, math.nan, -1.0, 0.0, 2.5, math.inf]),
    ),
    max_size=25,
)
HOW = st.builds(Deduplicate, st.sampled_from(["last", "first"]), st.sampled_from(["", "x"]))


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, how=HOW, partitioned=st.booleans(), in_file=st.integers(1, 9))
def test_the_row_that_stays_is_the_one_that_plain_python_picks(
    place: Place, rows: list[Any], how: Deduplicate, partitioned: bool, in_file: int
) -> None:
    name = place.table(FIELDS, by={"code": "identity"} if partitioned else {})
    page = arrived(rows)
    files = place.written(name, page, rows_per_file=in_file)
    done = deduplicate(place.open(name), files, ["id", "code"], how)
    expected = chosen(page, how)
    assert done.duplicates == len(rows) - len(expected)
    assert left(place, name, done) == expected
    assert place.data(name) == {file.file_path for file in done.files}


def test_a_load_without_duplicates_keeps_its_very_files(place: Place) -> None:
    name = place.table(FIELDS)
    files = place.written(name, arrived([(n, "a", None) for n in range(20)]), rows_per_file=5)
    done = deduplicate(place.open(name), files, ["id"], LAST)
    assert done == Deduplicated(tuple(files))


def test_only_files_with_a_row_too_many_are_written_again(place: Place) -> None:
    name = place.table(FIELDS)
    files = place.written(
        name, arrived([(n, "a", None) for n in (1, 2, 3, 4, 5, 2)]), rows_per_file=2
    )
    done = deduplicate(place.open(name), files, ["ID"], LAST)
    assert [file for file in files if file in done.files] == files[1:]
    assert done.duplicates == 1
    assert left(place, name, done) == [100, 102, 103, 104, 105]


def test_nan_and_both_zeros_are_one_key_each(place: Place) -> None:
    name = place.table(FIELDS)
    files = place.written(
        name, arrived([(1, "a", math.nan), (2, "a", 0.0), (3, "a", math.nan), (4, "a", -0.0)])
    )
    done = deduplicate(place.open(name), files, ["x"], LAST)
    assert left(place, name, done) == [102, 103]


def test_hash_lets_equal_rows_be_one_and_keeps_the_first(place: Place) -> None:
    name = place.table(FIELDS)
    rows = [(1, "a", math.nan), (2, None, 0.5), (1, "a", math.nan), (2, None, 0.5), (3, "c", None)]
    files = place.written(name, arrived(rows), rows_per_file=2)
    done = deduplicate(place.open(name), files, ["id"], Deduplicate("hash"))
    assert (done.duplicates, left(place, name, done)) == (2, [100, 101, 104])


def test_hash_refuses_differing_rows_of_one_key_and_names_both(place: Place) -> None:
    name = place.table(FIELDS)
    rows = [(7, "a", 1.0), (8, "b", 1.0), (7, "a", 1.0), (8, "secret", 2.0), (7, "z", 1.0)]
    files = place.written(name, arrived(rows), rows_per_file=2)
    with pytest.raises(DataRefused) as caught:
        deduplicate(place.open(name), files, ["id"], Deduplicate("hash"), hidden={"code"})
    assert caught.value.code == "PHLO634"
    assert f"s.{name}: the rows with {ROW_ID} 100 and 104 have one key, id = 7" in str(caught.value)
    assert "differ in code (***, ***)" in str(caught.value)
    assert place.data(name) == {file.file_path for file in files}


def test_hash_tells_the_values_that_differ(place: Place) -> None:
    name = place.table(FIELDS)
    files = place.written(name, arrived([(8, "b", 1.0), (8, "c", 2.0)]))
    with pytest.raises(DataRefused, match=r"differ in code \('b', 'c'\), x \(1.0, 2.0\)"):
        deduplicate(place.open(name), files, ["id"], Deduplicate("hash"))


def test_a_null_in_the_key_is_refused_with_column_and_row(place: Place) -> None:
    name = place.table(FIELDS)
    files = place.written(name, arrived([(1, "a", None), (None, "b", None), (2, None, None)]))
    with pytest.raises(DataRefused) as caught:
        deduplicate(place.open(name), files, ["id", "code"], LAST)
    assert caught.value.code == "PHLO633"
    assert "2 rows have NULL" in str(caught.value)
    assert f"id (1), code (1); the first has {ROW_ID} 101" in str(caught.value)


def test_rows_without_a_key_are_set_aside_and_left_out_when_that_is_asked(place: Place) -> None:
    name = place.table(FIELDS)
    rows = [(1, "a", None), (None, "b", 0.5), (1, "c", None), (None, "d", None)]
    files = place.written(name, arrived(rows), rows_per_file=2)
    aside: list[pa.Table] = []
    done = deduplicate(place.open(name), files, ["id"], LAST, set_aside=aside.append)
    assert (done.without_key, done.duplicates) == (2, 1)
    found = pa.concat_tables(aside)
    assert found[ROW_ID].to_pylist() == [101, 103]
    assert found["x"].to_pylist() == [0.5, None]
    assert left(place, name, done) == [102]


def test_a_load_of_nothing_has_no_duplicates(place: Place) -> None:
    name = place.table(FIELDS)
    assert deduplicate(place.open(name), [], ["id"], LAST) == Deduplicated(())
