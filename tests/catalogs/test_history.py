"""What runs leave in the schema `_phlo`: appended on a branch, beside whoever else writes there."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from lakes import Lake
from test_sql_lake import pyiceberg

from dbt_phlo.history import SCHEMA, TABLES, write, writer
from dbt_phlo.tables.append import data_files


def read(lake: Lake, table: str, ref: str = "main") -> list[dict[str, Any]]:
    found = pyiceberg(lake, ref).load_table(f"{SCHEMA}.{table}").scan().to_arrow()
    return sorted(found.to_pylist(), key=lambda row: str(row["run_id"]))


def run(number: int, **more: Any) -> dict[str, Any]:
    return {"run_id": f"r{number:03d}", "decided_at": "2024-01-02T03:04:05.678901+00:00", **more}


def test_rows_are_appended_with_their_types(lake: Lake) -> None:
    check = {"run_id": "r1", "name": "dbt__unique__t__id", "failed_count": 2**40, "message": "a\nb"}
    write(lake.catalog, "main", {"runs": [run(1)], "checks": [check], "check_failures": []})
    write(lake.catalog, "main", {"runs": [run(2, reason='it\'s "odd" €')]})
    first, second = read(lake, "runs")
    assert list(first) == list(TABLES["runs"])
    assert first["decided_at"].isoformat() == "2024-01-02T03:04:05.678901+00:00"
    assert second["reason"] == 'it\'s "odd" €'
    assert (first["reason"], second["run_id"]) == (None, "r002")
    (found,) = read(lake, "checks")
    assert {k: v for k, v in found.items() if v is not None} == check
    tables = ("runs", "checks", "check_failures")  # a reader finds one without rows too
    assert lake.keys() == {f"{SCHEMA}.{name}": "table" for name in tables}
    assert read(lake, "check_failures") == []


def test_many_small_files_are_written_together(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MOST_FILES", 4)
    for number in range(11):
        write(lake.catalog, "main", {"runs": [run(number)]})
        files = data_files(lake.catalog.at("main").metadata(SCHEMA, "runs"))
        assert files == number % 4 + 1
    assert [row["run_id"] for row in read(lake, "runs")] == [f"r{n:03d}" for n in range(11)]


def test_runs_that_end_at_once_lose_no_row(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MOST_FILES", 3)
    catalogs = [lake.again() for _ in range(6)]

    def several(number: int) -> None:
        for more in range(3):
            write(catalogs[number], "main", {"runs": [run(number * 10 + more)]})

    with ThreadPoolExecutor() as pool:
        list(pool.map(several, range(len(catalogs))))
    assert len(read(lake, "runs")) == 18


def test_a_table_of_an_earlier_version_gets_the_new_columns(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = {"run_id": "string", "decided_at": "timestamptz"}
    monkeypatch.setattr(writer, "MOST_FILES", 2)
    with monkeypatch.context() as patch:
        patch.setitem(TABLES, "runs", early)  # type: ignore[arg-type]
        write(lake.catalog, "main", {"runs": [run(1)]})
    for number in (2, 3, 4):
        write(lake.catalog, "main", {"runs": [run(number, state="kept")]})
    found = read(lake, "runs")
    assert [(row["run_id"], row["state"]) for row in found] == [
        ("r001", None),
        ("r002", "kept"),
        ("r003", "kept"),
        ("r004", "kept"),
    ]


def test_a_run_beside_is_promoted_whatever_was_appended_meanwhile(lake: Lake) -> None:
    lake.table("s.a")
    write(lake.catalog, "main", {"runs": [run(1)]})
    mine = lake.run("mine")
    lake.change("s.a", mine.ref)
    lake.catalog.record_reads(mine.ref, lake.catalog.at(mine.ref).pointers())
    write(lake.catalog, "main", {"runs": [run(2)], "checks": [{"run_id": "r002"}]})
    done = lake.catalog.promote(mine.ref, run="mine", serializable=True)
    assert not done.diff.stale_reads
    assert len(read(lake, "runs")) == 2
