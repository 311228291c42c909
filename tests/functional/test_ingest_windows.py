"""Windows of event time: batches, backfills, days that are loaded again, partitions."""

import json
from pathlib import Path
from typing import Any

import pytest
from lake import Lake

from dbt_phlo.loads import cursor

ROWS = """
import json
from pathlib import Path


def model(dbt, session):
    dbt.config(materialized="ingest")
    return json.loads((Path(__file__).parents[1] / "upstream.json").read_text())
"""
EVENTS = """
import json
from pathlib import Path

import dlt


@dlt.resource(name="events")
def events(at=dlt.sources.incremental("at", initial_value="2024-01-01T00:00:00Z")):
    rows = json.loads((Path(__file__).parents[1] / "upstream.json").read_text())
    yield [row for row in rows if row["at"] >= at.last_value]


def model(dbt, session):
    dbt.config(materialized="ingest")
    return events()
"""
SCHEMA = """
models:
  - name: raw_events
    config: {event_time: at, CONFIG}
    columns:
      - {name: id, data_type: bigint}
      - {name: at, data_type: timestamp with time zone}
      - {name: value, data_type: integer}
"""


def _project(lake: Lake, config: str, code: str = ROWS) -> Lake:
    lake.write("models/raw_events.py", code)
    lake.write("models/schema.yml", SCHEMA.replace("CONFIG", config))
    return lake


def _upstream(lake: Lake, *rows: tuple[int, str, int]) -> None:
    found = [{"id": number, "at": f"{at}:00Z", "value": value} for number, at, value in rows]
    lake.write("upstream.json", json.dumps(found))


def _rows(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.rows("select id, value from lake.main.raw_events order by id, value")


def _build(lake: Lake, *more: str) -> str:
    done = lake.dbt("build", *more)
    assert done.code == 0, done.text
    return done.text


DAY_2 = ("--event-time-start", "2024-01-02", "--event-time-end", "2024-01-03")


def test_a_day_that_is_loaded_again_takes_the_place_of_the_day(lake: Lake) -> None:
    _project(lake, "incremental_strategy: delete+insert")
    _upstream(lake, (1, "2024-01-01T10:00", 1), (2, "2024-01-02T10:00", 1))
    _build(lake)
    _upstream(
        lake, (1, "2024-01-01T10:00", 9), (2, "2024-01-02T10:00", 2), (3, "2024-01-02T11:00", 2)
    )
    assert "1 outside of the window" in _build(lake, *DAY_2)
    assert _rows(lake) == [(1, 1), (2, 2), (3, 2)]
    _build(lake, *DAY_2)
    assert _rows(lake) == [(1, 1), (2, 2), (3, 2)]


def test_a_partition_key_is_a_window(lake: Lake) -> None:
    _project(lake, "incremental_strategy: delete+insert")
    _upstream(lake, (1, "2024-01-01T10:00", 1), (2, "2024-01-02T10:00", 1))
    done = lake.dbt("build", PHLO_PARTITION_KEY="2024-01-02")
    assert done.code == 0, done.text
    assert _rows(lake) == [(2, 1)]


def test_microbatches_are_dbts_own(lake: Lake) -> None:
    _project(
        lake,
        "incremental_strategy: microbatch, batch_size: day, begin: '2024-01-01', lookback: 1",
    )
    _upstream(lake, *((n, f"2024-01-0{n}T10:00", 1) for n in range(1, 6)))
    text = _build(lake, "--event-time-start", "2024-01-01", "--event-time-end", "2024-01-04")
    assert "3 rows in 3 batches" in text
    assert _rows(lake) == [(1, 1), (2, 1), (3, 1)]
    _upstream(lake, *((n, f"2024-01-0{n}T10:00", 2) for n in range(1, 6)))
    _build(lake, *DAY_2)
    assert _rows(lake) == [(1, 1), (2, 2), (3, 1)]
    first = lake.rows("select _phlo_partition_date::varchar from lake.main.raw_events order by id")
    assert first == [("2024-01-01",), ("2024-01-02",), ("2024-01-03",)]


def test_a_backfill_does_not_move_the_cursor(lake: Lake) -> None:
    _project(lake, "incremental_strategy: merge, unique_key: id", EVENTS)
    _upstream(lake, (1, "2024-01-01T10:00", 1), (5, "2024-01-05T10:00", 1))
    _build(lake)

    def reached() -> Any:
        metadata = lake.catalog().at("main").metadata("main", "raw_events")
        return cursor.last_values(cursor.read(metadata, "raw_events"))["events.at"]

    assert reached() == "2024-01-05T10:00:00Z"
    _upstream(
        lake,
        (1, "2024-01-01T10:00", 1),
        (2, "2024-01-02T10:00", 2),
        (5, "2024-01-05T10:00", 1),
    )
    _build(lake, *DAY_2)
    assert _rows(lake) == [(1, 1), (2, 2), (5, 1)]
    assert reached() == "2024-01-05T10:00:00Z"
    assert "no data" in _build(lake) or _rows(lake) == [(1, 1), (2, 2), (5, 1)]


@pytest.mark.parametrize("missing", ["batch_size", "begin"])
def test_what_a_microbatch_lacks_is_told_with_its_line(lake: Lake, missing: str) -> None:
    keys = {"batch_size": "batch_size: day", "begin": "begin: '2024-01-01'"}
    given = ", ".join(text for key, text in keys.items() if key != missing)
    _project(lake, f"incremental_strategy: microbatch, {given}")
    _upstream(lake)
    done = lake.dbt("build")
    assert done.code == 1
    assert f"raw_events: microbatch needs {missing}" in done.text
    assert "models/schema.yml:3" in done.text


def test_a_partitioned_table_has_files_of_one_day_each(lake: Lake) -> None:
    _project(lake, "meta: {phlo: {partition_by: ['day(at)']}}")
    _upstream(lake, *((n, f"2024-01-0{1 + n % 3}T10:00", n) for n in range(9)))
    _build(lake)
    assert len(_rows(lake)) == 9
    metadata = lake.catalog().at("main").metadata("main", "raw_events")
    summary = metadata["snapshots"][-1]["summary"]
    assert summary["added-data-files"] == "3"
    assert metadata["partition-specs"][-1]["fields"][0]["transform"] == "day"
    found = lake.rows("select count(*) from lake.main.raw_events where \"at\" < '2024-01-02'")
    assert found == [(3,)]


@pytest.mark.parametrize(
    "returned",
    [
        "pyarrow.Table.from_pylist(ROWS)",
        "pandas.DataFrame(ROWS)",
        "polars.DataFrame(ROWS)",
        "iter(ROWS)",
        "session.sql(\"select 1 as id, '2024-01-01 00:00:00+00'::timestamptz as at, 7 as value\")",
        "[Event(**row) for row in ROWS]",
        "iter([pyarrow.Table.from_pylist(ROWS)])",
    ],
)
def test_whatever_a_model_returns(lake: Lake, returned: str) -> None:
    code = f"""
from dataclasses import dataclass

import pandas
import polars
import pyarrow

ROWS = [{{"id": 1, "at": "2024-01-01T00:00:00Z", "value": 7}}]


@dataclass
class Event:
    id: int
    at: str
    value: int


def model(dbt, session):
    dbt.config(materialized="ingest")
    return {returned}
"""
    _project(lake, "tags: [x]", code)
    _build(lake)
    assert _rows(lake) == [(1, 7)]


def test_rejected_rows_that_are_loaded_again_drive_out_no_row_of_their_day(lake: Lake) -> None:
    _project(lake, "incremental_strategy: delete+insert, meta: {phlo: {on_bad_rows: quarantine}}")
    schema = (lake.folder / "models/schema.yml").read_text()

    def allow(most: int) -> None:
        tested = f"integer, data_tests: [{{phlo_range: {{arguments: {{max_value: {most}}}}}}}]}}"
        lake.write("models/schema.yml", schema.replace("integer}", tested))

    allow(100)
    _upstream(lake, *((n, "2024-01-01T10:00", value) for n, value in ((1, 1), (2, 2), (3, 300))))
    _build(lake)
    assert _rows(lake) == [(1, 1), (2, 2)]
    allow(1000)
    arguments = json.dumps({"action": "replay", "model": "raw_events"})
    done = lake.dbt("run-operation", "phlo_rejected", "--args", arguments, PHLO_WAP="off")
    assert done.code == 0, done.text
    assert _rows(lake) == [(1, 1), (2, 2), (3, 300)]


def test_a_window_that_begins_at_noon_means_the_same_to_rows_that_come_and_go(lake: Lake) -> None:
    """A day is a moment, its midnight: one whose noon is asked for is not in the window."""
    _project(lake, "incremental_strategy: delete+insert")
    schema = (lake.folder / "models/schema.yml").read_text()
    lake.write("models/schema.yml", schema.replace("timestamp with time zone", "date"))
    rows = [{"id": n, "at": f"2024-01-0{n}", "value": 1} for n in (1, 2, 3)]
    lake.write("upstream.json", json.dumps(rows))
    _build(lake)
    noon = ("--event-time-start", "2024-01-01T12:00:00", "--event-time-end", "2024-01-03T12:00:00")
    _build(lake, *noon)
    assert _rows(lake) == [(1, 1), (2, 1), (3, 1)]


def test_an_event_time_that_is_no_time_is_refused_with_its_line(lake: Lake) -> None:
    _project(lake, "incremental_strategy: delete+insert")
    schema = (lake.folder / "models/schema.yml").read_text()
    lake.write("models/schema.yml", schema.replace("timestamp with time zone", "varchar"))
    _upstream(lake, (1, "2024-01-01T10:00", 1))
    done = lake.dbt("build")
    assert done.code == 1
    assert "event_time names at, which is string" in done.text
    assert "models/schema.yml:" in done.text


def test_other_models_are_read_in_a_source(lake: Lake, tmp_path: Path) -> None:
    code = """
def model(dbt, session):
    dbt.config(materialized="ingest")
    wanted = dbt.ref("wanted").fetchall()
    return [{"id": id, "value": value, "at": "2024-01-01T00:00:00Z"} for id, value in wanted]
"""
    lake.write("models/wanted.sql", "select 1 as id, 2 as value")
    _project(lake, "tags: [x]", code)
    _build(lake)
    assert _rows(lake) == [(1, 2)]
