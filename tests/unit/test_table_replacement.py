"""A staging table's content becomes its target's next snapshot."""

import io
from pathlib import Path
from typing import Any

import pytest

from dbt_phlo.tables import commits, metadata, replacement
from dbt_phlo.tables.files import LocalFiles


def table(location: str, *, snapshots: int, base: dict[str, Any] | None = None) -> dict[str, Any]:
    fields = [{"id": 1, "name": "a", "required": False, "type": "int"}]
    if base is not None:
        fields.append({"id": 2, "name": "b", "required": False, "type": "int"})
    found = metadata.new({"schema": {"fields": fields}}, location, base)
    for number in range(1, snapshots + 1):
        commits.add_snapshot(
            found,
            {
                "snapshot-id": id(found) + number,
                "sequence-number": number,
                "timestamp-ms": number,
                "manifest-list": f"{location}/{number}.avro",
                "summary": {"operation": "append", "total-records": str(number)},
                "schema-id": 0,
            },
        )
    return found


@pytest.mark.parametrize("before", [0, 1, 3])
@pytest.mark.parametrize("staged", [0, 1, 3])
def test_the_target_keeps_its_identity_and_gets_exactly_one_snapshot(
    tmp_path: Path, before: int, staged: int
) -> None:
    target = table(f"file://{tmp_path}", snapshots=before)
    old = {key: target[key] for key in ("table-uuid", "location")}
    history = list(target["snapshots"])
    parent = target["current-snapshot-id"]
    staging = table("unused", snapshots=staged, base=target)
    adopted = replacement.adopt(LocalFiles(), target, staging)
    assert {key: adopted[key] for key in old} == old
    assert adopted["snapshots"][:-1] == history
    newest = adopted["snapshots"][-1]
    assert newest["snapshot-id"] == adopted["current-snapshot-id"]
    assert newest["sequence-number"] == before + 1 == adopted["last-sequence-number"]
    assert newest["summary"]["operation"] == "overwrite"
    assert newest.get("parent-snapshot-id", -1) == parent
    assert newest["schema-id"] == adopted["current-schema-id"] == 1
    if staged:
        assert newest["manifest-list"] == staging["snapshots"][-1]["manifest-list"]
    else:
        path = Path(newest["manifest-list"].removeprefix("file://"))
        assert path.read_bytes()[:4] == b"Obj\x01"
        assert path.is_relative_to(tmp_path)


def test_time_does_not_run_backwards_in_a_tables_history(tmp_path: Path) -> None:
    target = table(f"file://{tmp_path}", snapshots=1)
    target["last-updated-ms"] = 9_000_000_000_000
    adopted = replacement.adopt(LocalFiles(), target, table("x", snapshots=1, base=target))
    assert adopted["snapshots"][-1]["timestamp-ms"] >= 9_000_000_000_000


def test_a_staging_table_without_rows_gets_an_empty_snapshot_once(tmp_path: Path) -> None:
    staging = table(f"file://{tmp_path}", snapshots=0)
    settled = replacement.settle(LocalFiles(), staging)
    assert len(settled["snapshots"]) == 1
    assert settled["current-snapshot-id"] == settled["snapshots"][0]["snapshot-id"]
    assert len(replacement.settle(LocalFiles(), settled)["snapshots"]) == 1


def test_pyiceberg_reads_the_empty_manifest_list(tmp_path: Path) -> None:
    from pyiceberg.io.pyarrow import PyArrowFileIO
    from pyiceberg.manifest import read_manifest_list

    path = tmp_path / "empty.avro"
    path.write_bytes(replacement.empty_manifest_list())
    assert list(read_manifest_list(PyArrowFileIO().new_input(str(path)))) == []


def test_duckdb_reads_the_empty_manifest_list(tmp_path: Path) -> None:
    from dbt_phlo.endpoint import extensions

    path = tmp_path / "empty.avro"
    path.write_bytes(replacement.empty_manifest_list())
    relation = extensions.connect().execute(f"SELECT * FROM read_avro('{path}')")
    assert relation.fetchall() == []
    assert "manifest_path" in [column[0] for column in relation.description]


@pytest.mark.parametrize("number", [0, 1, 63, 64, 127, 128, 8191, 8192, 2**31, 2**40])
def test_numbers_are_written_as_avro_writes_them(number: int) -> None:
    data, shift, read = io.BytesIO(replacement._zigzag(number)), 0, 0
    while True:
        (byte,) = data.read(1)
        read |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    assert (read >> 1) ^ -(read & 1) == number
    assert data.read() == b""
