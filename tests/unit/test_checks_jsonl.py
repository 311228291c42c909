"""The file of records: whole lines, there at once, begun anew by each invocation."""

import json
import threading
from pathlib import Path

from dbt_phlo.checks import record
from dbt_phlo.checks.check import Check
from dbt_phlo.checks.jsonl import JsonLines


def a_check() -> Check:
    return Check(
        name="dbt__unique__orders__id", node="test.shop.x", status="fail", severity="error",
        source="dbt", test="unique", model="orders", model_node="model.shop.orders", column="id",
        arguments={"a": [1]}, partition_key=None, failed_count=2, total_count=3, failures=1,
        allow_threshold=None, query_or_sql="select 1", repro_sql="select 1",
        sample=({"id": 1},), run_id="r", ref="main", invocation_id="i", started_at=None,
        finished_at="2024-01-01T00:00:00+00:00",
    )  # fmt: skip


def test_lines_are_there_as_soon_as_they_are_written(tmp_path: Path) -> None:
    file = JsonLines(tmp_path / "phlo" / "checks.jsonl")
    file.begin()
    assert file.path.read_text() == ""
    file.append({"text": 'é "\n\udcff'})
    assert file.path.read_text().count("\n") == 1
    assert json.loads(file.path.read_text())["text"].startswith('é "\n')


def test_a_new_invocation_begins_with_nothing(tmp_path: Path) -> None:
    for number in range(2):
        file = JsonLines(tmp_path / "checks.jsonl")
        file.begin()
        file.append({"number": number})
        file.close()
    assert file.path.read_text() == '{"number":1}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["checks.jsonl"]


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    file = JsonLines(tmp_path / "checks.jsonl")
    file.begin()

    def write(number: int) -> None:
        for _ in range(50):
            file.append({"number": number, "text": "x" * 9000})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = file.path.read_text().splitlines()
    assert len(lines) == 200
    assert sum(json.loads(line)["number"] for line in lines) == 50 * (1 + 2 + 3)


def test_a_record_is_a_document_and_a_row_of_the_declared_columns() -> None:
    check = a_check()
    document = record.document(check)
    assert document["sample"] == [{"id": 1}]
    assert json.loads(record.text(document)) == document
    row = record.row(check)
    assert list(row) == list(record.COLUMNS)
    assert json.loads(row["sample"]) == [{"id": 1}]
    for name, kind in record.COLUMNS.items():
        expected = int if kind == "long" else str
        assert row[name] is None or isinstance(row[name], expected), name
