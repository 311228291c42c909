"""A table of a ref as pyiceberg's: what it commits is ours to allow, on every catalog and store."""

import threading
from typing import Any

import pyarrow as pa
import pytest
from lakes import Lake
from test_sql_lake import pyiceberg

from dbt_phlo.catalogs.iceberg import file_properties, iceberg_table
from dbt_phlo.errors import Conflict, NotFound, ReadOnly
from dbt_phlo.loads.writing.commit import commit
from dbt_phlo.loads.writing.data_files import DataFileWriter
from dbt_phlo.loads.writing.merge import merge
from dbt_phlo.storage import Hidden, Storage


def opened(lake: Lake, ref: str = "main", name: str = "a", **options: Any) -> Any:
    return iceberg_table(lake.catalog.at(ref, **options), "s", name, lake.configuration)


def written(table: Any, *ids: int) -> Any:
    """Files of rows that nothing has committed."""
    with DataFileWriter(table) as writer:
        writer.write(pa.table({"id": pa.array(ids, pa.int32())}))
    return writer.files


def ids(lake: Lake, ref: str = "main") -> list[int]:
    return sorted(pyiceberg(lake, ref).load_table("s.a").scan().to_arrow()["id"].to_pylist())


def test_rows_properties_and_summary_are_one_commit(lake: Lake) -> None:
    lake.table("s.a")
    table = opened(lake)
    snapshot = commit(
        table, added=written(table, 1, 2), properties={"cursor": "7"}, summary={"load": "l1"}
    )
    metadata = lake.catalog.at("main").metadata("s", "a")
    assert metadata["current-snapshot-id"] == snapshot
    assert len(metadata["metadata-log"]) == 1
    assert metadata["properties"]["cursor"] == "7"
    assert "commit.retry.num-retries" not in metadata["properties"]
    summary = metadata["snapshots"][0]["summary"]
    assert (summary["load"], summary["operation"]) == ("l1", "append")
    assert (summary["added-records"], summary["total-records"]) == ("2", "2")
    assert ids(lake) == [1, 2]


def test_a_change_of_no_file_still_sets_properties_and_makes_no_snapshot(lake: Lake) -> None:
    lake.table("s.a")
    assert commit(opened(lake), properties={"cursor": "1"}) is None
    table = opened(lake)
    first = commit(table, added=written(table, 1))
    assert commit(table, properties={"cursor": "2"}) == first
    before = lake.values()
    assert commit(table) == first
    assert lake.values() == before
    metadata = lake.catalog.at("main").metadata("s", "a")
    assert (metadata["properties"]["cursor"], len(metadata["snapshots"])) == ("2", 1)


def test_a_merge_takes_files_out_and_puts_files_in_at_once(lake: Lake) -> None:
    lake.table("s.a", id="int", name="string")
    table = opened(lake)
    commit(table, added=written(table, 1, 2, 3))
    change = merge(table, written(table, 3, 4), ["id"])
    commit(table, added=change.added, removed=change.removed)
    assert ids(lake) == [1, 2, 3, 4]
    summary = lake.catalog.at("main").metadata("s", "a")["snapshots"][-1]["summary"]
    assert (summary["operation"], summary["deleted-data-files"]) == ("overwrite", "1")
    assert summary["total-records"] == "4"


@pytest.mark.parametrize("is_change", [True, False])
def test_a_table_that_has_moved_is_a_conflict_and_is_not_tried_again(
    lake: Lake, is_change: bool
) -> None:
    lake.table("s.a")
    slow, fast = opened(lake), opened(lake)
    files = written(slow, 1) if is_change else ()
    commit(fast, added=written(fast, 2))
    before = lake.values()
    with pytest.raises(Conflict, match=r"s\.a has moved"):
        commit(slow, added=files, properties={"cursor": "1"})
    assert lake.values() == before
    assert ids(lake) == [2]


def test_of_writers_at_the_same_moment_each_is_in_or_is_told(lake: Lake) -> None:
    lake.table("s.a")
    told: list[int] = []
    ready = threading.Barrier(4)

    def write(number: int) -> None:
        table = opened(lake)
        files = written(table, number)
        ready.wait()
        try:
            commit(table, added=files)
        except Conflict:
            told.append(number)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(ids(lake) + told) == [0, 1, 2, 3]
    assert len(told) == 3


def test_pyiceberg_is_shown_that_it_may_not_retry(lake: Lake) -> None:
    """Fails where pyiceberg's property, or the place where it reads it, is another."""
    from pyiceberg.table import TableProperties

    lake.table("s.a")
    table = opened(lake)
    assert table.properties[TableProperties.COMMIT_NUM_RETRIES] == "0"
    commit(table, properties={"x": "1"})
    assert table.properties[TableProperties.COMMIT_NUM_RETRIES] == "0"


def test_a_schema_that_pyiceberg_changes_is_changed_on_the_ref(lake: Lake) -> None:
    from pyiceberg.types import StringType

    lake.table("s.a")
    run = lake.run("r1")
    with opened(lake, run.ref).update_schema() as update:
        update.add_column("name", StringType(), doc="what it is called")
    fields = lake.catalog.at(run.ref).metadata("s", "a")["schemas"][-1]["fields"]
    assert [(f["name"], f.get("doc")) for f in fields] == [
        ("id", None), ("name", "what it is called")
    ]  # fmt: skip
    assert len(lake.catalog.at("main").metadata("s", "a")["schemas"]) == 1


def test_a_run_writes_its_own_ref_alone(lake: Lake) -> None:
    lake.table("s.a")
    run = lake.run("r1")
    table = opened(lake, run.ref)
    commit(table, added=written(table, 5))
    assert (ids(lake, run.ref), ids(lake)) == ([5], [])


def test_a_table_that_is_not_there_or_may_only_be_read_is_said(lake: Lake) -> None:
    lake.table("s.a")
    with pytest.raises(NotFound, match=r"s\.b"):
        opened(lake, name="b")
    table = opened(lake, writable=False)
    with pytest.raises(ReadOnly):
        commit(table, properties={"x": "1"})


def test_the_way_into_a_bucket_is_that_of_the_profile() -> None:
    storage = Storage("KEY", Hidden("s3cret"), Hidden("token"), "", "minio:9000", "path", False)
    assert file_properties({"storage": storage}) == {
        "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO",
        "s3.endpoint": "http://minio:9000",
        "s3.region": "us-east-1",
        "s3.access-key-id": "KEY",
        "s3.secret-access-key": "s3cret",
        "s3.session-token": "token",
    }
    assert file_properties({"storage": Storage(region="eu-central-1")}) == {
        "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO",
        "s3.region": "eu-central-1",
        "s3.force-virtual-addressing": "true",
    }
    assert set(file_properties({"storage": None})) == {"py-io-impl"}


def test_an_error_on_any_store_leaves_no_file_behind(lake: Lake) -> None:
    lake.table("s.a")
    table = opened(lake)
    before = lake.files()
    with pytest.raises(KeyError), DataFileWriter(table) as writer:
        writer.write(pa.table({"id": pa.array([1], pa.int32())}))
        writer.finish()
        assert len(lake.files()) == len(before) + 1
        raise KeyError
    assert {name for name in lake.files() if name} == before
