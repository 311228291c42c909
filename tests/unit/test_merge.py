"""A copy-on-write merge against a plain dictionary, and what of a table it leaves alone."""

import datetime
import types
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg.types import DoubleType, LongType, StringType

from dbt_phlo.errors import CatalogError
from dbt_phlo.loads.writing.commit import commit
from dbt_phlo.loads.writing.merge import Change, merge
from dbt_phlo.loads.writing.reading import batches, tasks_of
from dbt_phlo.tables.files import local_path
from tests.unit.test_data_files import Place, as_table

UTC = datetime.timezone.utc
COUNTS = ("examined", "rewritten", "updated", "inserted", "deleted")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("place"))
    yield made
    made.catalog.close()


def merged(place: Place, name: str, rows: list[dict[str, Any]], *key: str) -> Change:
    """Merge rows in one commit."""
    change = merge(place.open(name), place.written(name, rows), key)
    commit(place.open(name), added=change.added, removed=change.removed)
    return change


def counts(change: Change) -> dict[str, int]:
    return {name: getattr(change, name) for name in COUNTS}


KEYS = st.tuples(st.integers(0, 8), st.sampled_from(["a", "A", "ä", "a\u0308", ""]))
LOAD = st.dictionaries(KEYS, st.integers(-(10**37), 10**37), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(loads=st.lists(LOAD, min_size=1, max_size=4), partitioned=st.booleans())
def test_merges_leave_what_a_dictionary_would(
    place: Place, loads: list[dict[tuple[int, str], int]], partitioned: bool
) -> None:
    fields = {"id": "int", "code": "string", "value": "decimal(38, 0)"}
    name = place.table(fields, by={"id": "bucket[3]"} if partitioned else {})
    model: dict[tuple[int, str], int] = {}
    for load in loads:
        rows = [{"id": i, "code": c, "value": Decimal(v)} for (i, c), v in load.items()]
        change = merged(place, name, rows, "id", "code")
        assert change.updated == change.deleted == len(model.keys() & load.keys())
        assert change.inserted == len(load.keys() - model.keys())
        model |= load
        found = {(row["id"], row["code"]): row["value"] for row in place.rows(name)}
        assert found == model
        assert len(place.rows(name)) == len(model)


def test_duckdb_and_pyiceberg_read_the_same_rows_after_a_merge(place: Place) -> None:
    name = place.table({"id": "long", "v": "string"}, by={"id": "truncate[10]"})
    place.load(name, [{"id": n, "v": "old"} for n in range(30)])
    merged(place, name, [{"id": n, "v": "new"} for n in range(25, 35)], "id")
    expected = [(n, "old" if n < 25 else "new") for n in range(35)]
    assert sorted((row["id"], row["v"]) for row in place.rows(name)) == expected
    assert place.by_duckdb(f"select * from lake.s.{name} order by id") == expected


NAN = float("nan")
OF_TYPE: dict[str, tuple[list[Any], list[Any], int]] = {
    "boolean": ([True, False], [False], 1),
    "int": ([-(2**31), 0, 5], [5, -(2**31), 6], 2),
    "long": ([-(2**63), 2**63 - 1], [2**63 - 1, 0], 1),
    "float": ([0.5, NAN, -0.0], [NAN, 0.0, 0.25], 2),
    "double": ([0.1, NAN, -0.0, float("inf")], [NAN, 0.0, float("inf"), 0.3], 3),
    "decimal(9, 2)": ([Decimal("-1.50"), Decimal("2.00")], [Decimal("-1.50")], 1),
    "decimal(38, 3)": ([Decimal("-1.500"), Decimal("9" * 35)], [Decimal("9" * 35)], 1),
    "date": (
        [datetime.date(1969, 12, 31), datetime.date(2024, 1, 1)],
        [datetime.date(1969, 12, 31)],
        1,
    ),
    "time": ([datetime.time(1), datetime.time(23, 59, 59, 999999)], [datetime.time(1)], 1),
    "timestamp": ([datetime.datetime(1969, 12, 31, 23)], [datetime.datetime(1969, 12, 31, 23)], 1),
    "timestamptz": (
        [datetime.datetime(2024, 1, 1, 0, 0, 0, 1, tzinfo=UTC)],
        [datetime.datetime(2024, 1, 1, 0, 0, 0, 1, tzinfo=UTC)],
        1,
    ),
    "string": (["a", "A", "x" * 40, "", "é"], ["x" * 40, "x" * 41, "e\u0301", "A"], 2),
    "uuid": (
        [uuid.UUID(int=1).bytes, uuid.UUID(int=2**127 + 1).bytes],
        [uuid.UUID(int=1).bytes],
        1,
    ),
    "binary": ([b"\x00\xff", b""], [b"", b"\x00"], 1),
}
"""Keys of the table, keys of the load, and how many of these the table has."""


@pytest.mark.parametrize("kind", OF_TYPE)
def test_every_type_is_a_key(place: Place, kind: str) -> None:
    before, load, known = OF_TYPE[kind]
    name = place.table({"k": kind, "v": "string"})
    place.load(name, [{"k": None, "v": "old"}, *({"k": key, "v": "old"} for key in before)])
    change = merged(place, name, [{"k": key, "v": "new"} for key in load], "k")
    assert (change.updated, change.inserted) == (known, len(load) - known)
    values = [row["v"] for row in place.rows(name)]
    assert values.count("new") == len(load)
    assert values.count("old") == len(before) + 1 - known  # a NULL in the table matches nothing


def test_a_nan_is_found_in_a_file_whose_bounds_do_not_tell_of_it(place: Place) -> None:
    name = place.table({"x": "double", "v": "string"})
    place.load(name, [{"x": 1.0, "v": "old"}, {"x": NAN, "v": "old"}])
    change = merged(place, name, [{"x": 100.0, "v": "new"}, {"x": NAN, "v": "new"}], "x")
    assert (change.updated, change.inserted) == (1, 1)
    assert sorted(row["v"] for row in place.rows(name)) == ["new", "new", "old"]


IDENTITY = {
    "boolean": True,
    "date": datetime.date(1969, 12, 31),
    "time": datetime.time(1, 2, 3, 4),
    "timestamp": datetime.datetime(1969, 12, 31, 23),
    "timestamptz": datetime.datetime(2024, 1, 1, tzinfo=UTC),
    "decimal(9, 2)": Decimal("-1.50"),
    "uuid": uuid.UUID(int=2**127 + 1).bytes,
    "binary": b"\x00\xff",
}


@pytest.mark.parametrize("kind", IDENTITY)
def test_rows_of_a_partition_of_any_type_are_replaced(place: Place, kind: str) -> None:
    name = place.table({"id": "long", "p": kind}, by={"p": "identity"})
    value = IDENTITY[kind]
    place.load(name, [{"id": 1, "p": value}, {"id": 2, "p": value}, {"id": 3, "p": None}])
    change = merged(place, name, [{"id": 2, "p": None}, {"id": 3, "p": value}], "id")
    assert (change.updated, change.rewritten, len(change.removed)) == (2, 1, 2)
    found = sorted((row["id"], row["p"] is None) for row in place.rows(name))
    assert found == [(1, False), (2, True), (3, False)]


def test_key_columns_may_have_any_name(place: Place) -> None:
    names = ("with space", "a.b", 'sel"ect', "größe", "c0", "pos")
    name = place.table({**dict.fromkeys(names, "long"), "v": "string"})
    place.load(name, [{**dict.fromkeys(names, n), "v": "old"} for n in range(4)])
    change = merged(place, name, [{**dict.fromkeys(names, 2), "v": "new"}], *names)
    assert (change.updated, change.rewritten) == (1, 1)
    assert sorted((row["a.b"], row["v"]) for row in place.rows(name)) == [
        (0, "old"), (1, "old"), (2, "new"), (3, "old")
    ]  # fmt: skip


def test_only_files_that_can_hold_a_key_are_read_and_only_those_that_do_are_written(
    place: Place,
) -> None:
    name = place.table({"id": "long", "v": "string"})
    for start in (0, 100, 200, 300):
        place.load(name, [{"id": start + 2 * n, "v": "old"} for n in range(50)])
    far, untouched = place.load(name, [{"id": 900, "v": "old"}])[0], place.data(name)
    local_path(far.file_path).rename(local_path(far.file_path).with_suffix(".away"))
    change = merged(place, name, [{"id": 100, "v": "new"}, {"id": 301, "v": "new"}], "id")
    assert counts(change) == {
        "examined": 3,  # of 100, 200 and 300; the file of 900 is not even there
        "rewritten": 1,
        "updated": 1,
        "inserted": 1,
        "deleted": 1,
    }
    assert len(change.removed) == 1
    local_path(far.file_path).with_suffix(".away").rename(local_path(far.file_path))
    left = {task.file.file_path for task in place.open(name).scan().plan_files()}
    assert len(left & untouched) == 4
    assert len(place.rows(name)) == 202


def test_a_file_whose_rows_all_give_way_is_not_written_again(place: Place) -> None:
    name = place.table({"id": "long"})
    place.load(name, [{"id": 1}, {"id": 2}])
    change = merged(place, name, [{"id": 1}, {"id": 2}, {"id": 3}], "id")
    assert counts(change) == {
        "examined": 1, "rewritten": 0, "updated": 2, "inserted": 1, "deleted": 2
    }  # fmt: skip
    assert len(change.removed) == len(change.added) == 1


def test_rewritten_files_stay_in_their_partition_and_follow_a_changed_spec(place: Place) -> None:
    name = place.table({"id": "long", "state": "string"}, by={"state": "identity"})
    place.load(name, [{"id": n, "state": "ab"[n % 2]} for n in range(10)])
    change = merged(place, name, [{"id": 2, "state": "a"}], "id")
    assert [file.partition[0] for file in change.added] == ["a", "a"]
    with place.open(name).update_spec() as update:
        update.add_field("id", "bucket[2]", "id_bucket")
    change = merged(place, name, [{"id": 3, "state": "b"}], "id")
    assert {len(file.partition) for file in change.added} == {2}
    assert sorted(row["id"] for row in place.rows(name)) == list(range(10))
    assert place.by_duckdb(f"select count(*), sum(id) from lake.s.{name}") == [(10, 45)]


def test_rewritten_files_keep_their_column_ids_after_the_schema_has_changed(place: Place) -> None:
    name = place.table({"id": "int", "old_name": "string", "amount": "float", "gone": "int"})
    place.load(name, [{"id": n, "old_name": f"n{n}", "amount": 0.5, "gone": 7} for n in range(3)])
    with place.open(name).update_schema() as update:
        update.rename_column("old_name", "name")
        update.update_column("id", LongType())
        update.update_column("amount", DoubleType())
        update.delete_column("gone")
        update.add_column("added", StringType())
    new = {"id": 1, "name": "new", "amount": 0.1, "added": "x"}
    change = merged(place, name, [new], "ID")
    (rewritten,) = [file for file in change.added if file.record_count == 2]
    schema = pq.read_schema(local_path(rewritten.file_path))
    assert {f.name: int(f.metadata[b"PARQUET:field_id"]) for f in schema} == {
        "id": 1, "name": 2, "amount": 3, "added": 5
    }  # fmt: skip
    rows = sorted(place.rows(name), key=lambda row: row["id"])
    assert rows == [
        {"id": 0, "name": "n0", "amount": 0.5, "added": None},
        new,
        {"id": 2, "name": "n2", "amount": 0.5, "added": None},
    ]
    assert place.by_duckdb(f"select * from lake.s.{name} order by id") == [
        tuple(row.values()) for row in rows
    ]


def test_a_key_column_that_older_files_lack_matches_none_of_their_rows(place: Place) -> None:
    name = place.table({"id": "long"})
    place.load(name, [{"id": 1}])
    with place.open(name).update_schema() as update:
        update.add_column("code", StringType())
    change = merged(place, name, [{"id": 1, "code": "a"}], "id", "code")
    assert (change.updated, change.inserted, change.removed) == (0, 1, ())
    change = merged(place, name, [{"id": 1, "code": "a"}], "code")
    assert (change.updated, change.inserted) == (1, 0)


def test_rows_that_were_deleted_do_not_come_back(place: Place) -> None:
    name = place.table({"id": "long", "v": "string"})
    place.load(name, [{"id": n, "v": "old"} for n in range(10)])
    place.by_duckdb(f"delete from lake.s.{name} where id in (3, 4)")
    (task,) = place.open(name).scan().plan_files()
    assert task.delete_files, "DuckDB has written no position deletes"
    change = merged(place, name, [{"id": 3, "v": "new"}, {"id": 5, "v": "new"}], "id")
    assert (change.updated, change.inserted, change.deleted) == (1, 1, 1)
    expected = [(n, "new" if n in (3, 5) else "old") for n in range(10) if n != 4]
    assert sorted((row["id"], row["v"]) for row in place.rows(name)) == expected
    assert place.by_duckdb(f"select * from lake.s.{name} order by id") == expected


def test_files_that_duckdb_has_written_are_merged_into(place: Place) -> None:
    name = place.table({"id": "long", "u": "uuid", "x": "double"})
    place.by_duckdb(
        f"insert into lake.s.{name} select range, uuid(), case when range = 5 then 'nan'::double "
        "else range end from range(10)"
    )
    change = merged(place, name, [{"id": 77, "u": None, "x": NAN}], "x")
    assert (change.updated, change.inserted) == (1, 0)
    assert sorted(row["id"] for row in place.rows(name)) == [0, 1, 2, 3, 4, 6, 7, 8, 9, 77]


def test_a_key_that_is_no_column_is_refused(place: Place) -> None:
    name = place.table({"id": "long"})
    with pytest.raises(CatalogError, match=f"s.{name} has no column idd.*`id`") as caught:
        merged(place, name, [{"id": 1}], "idd")
    assert caught.value.code == "PHLO639"


def test_a_merge_into_nothing_and_of_nothing_changes_no_file(place: Place) -> None:
    name = place.table({"id": "long"})
    assert merged(place, name, [{"id": 1}], "id").removed == ()
    before = place.tables.pointer("s", name)
    change = merged(place, name, [], "id")
    assert (change.added, change.removed) == ((), ())
    assert place.tables.pointer("s", name) == before


def test_a_file_is_read_batch_by_batch(place: Place) -> None:
    """Fails where pyiceberg's reader, whose inner generator is used, is another."""
    name = place.table({"id": "long", "v": "string"})
    rows = [{"id": n, "v": "x"} for n in range(300_000)]
    table = place.open(name)
    (file,) = place.written(name, rows)
    (task,) = tasks_of([file])
    reading = batches(table, task)
    assert isinstance(reading, types.GeneratorType)
    assert next(reading).num_rows < 300_000
    assert next(batches(table, task, ["v"])).schema.names == ["v"]
    assert as_table(table, rows[:2]).num_rows == 2
