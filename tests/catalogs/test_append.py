"""Parquet files that are written already become rows of a table, in one commit."""

import io
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from lakes import Lake
from test_sql_lake import pyiceberg

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.errors import Conflict
from dbt_phlo.runs.cleanup import cleanup
from dbt_phlo.tables.append import data_files
from dbt_phlo.tables.manifests import DataFile


def stored(lake: Lake, *rows: int, table: str = "s.a") -> DataFile:
    """A Parquet file of the table, with the field id that Iceberg finds its column by."""
    field = pyarrow.field("id", pyarrow.int32(), metadata={"PARQUET:field_id": "1"})
    out = io.BytesIO()
    pyarrow.parquet.write_table(
        pyarrow.table({"id": pyarrow.array(rows, pyarrow.int32())}, pyarrow.schema([field])), out
    )
    folder = lake.catalog.at("main").metadata(*table.split("."))["location"]
    location = f"{folder}/data/{'-'.join(map(str, rows))}.parquet"
    lake.catalog.stored.write(location, out.getvalue())
    return DataFile(location, len(rows), len(out.getvalue()))


def read(lake: Lake, ref: str = "main") -> list[int]:
    return sorted(pyiceberg(lake, ref).load_table("s.a").scan().to_arrow()["id"].to_pylist())


def test_appended_rows_stand_beside_those_that_were_there(lake: Lake) -> None:
    lake.table("s.a")
    tables = lake.catalog.at("main")
    tables.append("s", "a", [stored(lake, 1, 2)])
    tables.append("s", "a", [stored(lake, 3), stored(lake, 4, 5)])
    assert read(lake) == [1, 2, 3, 4, 5]
    metadata = tables.metadata("s", "a")
    assert data_files(metadata) == 3
    assert metadata["snapshots"][-1]["summary"]["total-records"] == "5"
    assert len(pyiceberg(lake).load_table("s.a").history()) == 2


def test_a_replacement_leaves_its_own_rows_alone_and_the_history(lake: Lake) -> None:
    lake.table("s.a")
    tables = lake.catalog.at("main")
    tables.append("s", "a", [stored(lake, 1), stored(lake, 2)])
    before = str(tables.pointer("s", "a"))
    tables.append("s", "a", [stored(lake, 7)], instead_of=before)
    assert read(lake) == [7]
    theirs = pyiceberg(lake).load_table("s.a")
    first = theirs.history()[0].snapshot_id
    assert sorted(theirs.scan(snapshot_id=first).to_arrow()["id"].to_pylist()) == [1, 2]
    with pytest.raises(Conflict):
        tables.append("s", "a", [stored(lake, 8)], instead_of=before)


def test_pyiceberg_appends_after_us_and_we_after_pyiceberg(lake: Lake) -> None:
    lake.table("s.a")
    tables = lake.catalog.at("main")
    tables.append("s", "a", [stored(lake, 1)])
    rows = pyarrow.table({"id": pyarrow.array([2], pyarrow.int32())})
    pyiceberg(lake).load_table("s.a").append(rows)
    tables.append("s", "a", [stored(lake, 3)])
    assert read(lake) == [1, 2, 3]


def test_of_two_appends_at_once_one_is_told(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.table("s.a")
    first, second = stored(lake, 1), stored(lake, 2)
    tables, other = lake.catalog.at("main"), lake.again()
    write: Any = lake.catalog.stored.write

    def faster(location: str, data: bytes) -> None:
        monkeypatch.undo()
        other.at("main").append("s", "a", [second])
        write(location, data)

    monkeypatch.setattr(lake.catalog.stored, "write", faster)
    with pytest.raises(Conflict):
        tables.append("s", "a", [first])
    tables.append("s", "a", [first])
    assert read(lake) == [1, 2]


def test_appended_files_are_reached_by_the_cleanup(lake: Lake, catalog: Catalog) -> None:
    lake.table("s.a")
    kept, lost = stored(lake, 1), stored(lake, 9)
    catalog.at("main").append("s", "a", [kept])
    cleanup(catalog, None)
    left = {file.location for file in catalog.stored.listed(catalog.warehouse)}
    assert kept.location in left
    assert lost.location not in left
