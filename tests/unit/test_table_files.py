"""Metadata files: whole or not at all, cached safely, numbered on."""

import json
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from dbt_phlo.errors import CatalogError
from dbt_phlo.tables.files import CachedFiles, LocalFiles, parsed, write_metadata


class Counting:
    """Files in memory that count how often they are read."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.reads = 0

    def read(self, location: str) -> bytes:
        self.reads += 1
        return self.held[location]

    def write(self, location: str, data: bytes) -> None:
        self.held[location] = data

    def prepare(self, location: str) -> None:
        """Nothing to do."""


def test_what_is_written_is_read_and_nothing_else_is_left(tmp_path: Path) -> None:
    files, location = LocalFiles(), f"file://{tmp_path}/a b/ü/x.json"
    files.write(location, b"one")
    files.write(location, b"two")
    assert files.read(location) == b"two"
    assert [path.name for path in (tmp_path / "a b" / "ü").iterdir()] == ["x.json"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    files, location = LocalFiles(), f"file://{tmp_path}/x.json"
    whole = {json.dumps({"n": n, "filler": "x" * 200_000}).encode() for n in range(2)}
    files.write(location, next(iter(whole)))
    stop, seen = threading.Event(), set()

    def read() -> None:
        while not stop.is_set():
            seen.add(files.read(location))

    reader = threading.Thread(target=read)
    reader.start()
    end = time.monotonic() + 1
    while time.monotonic() < end:
        for data in whole:
            files.write(location, data)
    stop.set()
    reader.join()
    assert seen <= whole


@pytest.mark.parametrize("step", ["write_bytes", "replace", "mkdir"])
def test_a_full_disk_is_told_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    files, location = LocalFiles(), f"file://{tmp_path}/x.json"
    files.write(location, b"old")

    def full(*arguments: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, step, full)
        with pytest.raises(CatalogError, match="No space left on device") as caught:
            files.write(location, b"new")
    assert caught.value.code == "PHLO306"
    assert files.read(location) == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    location = f"file://{tmp_path}/file/x.json"
    for write in (
        lambda: LocalFiles().write(location, b""),
        lambda: LocalFiles().prepare(f"file://{tmp_path}/file"),
    ):
        with pytest.raises(CatalogError) as caught:
            write()
        assert caught.value.code == "PHLO306"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="is gone") as caught:
        LocalFiles().read(f"file://{tmp_path}/none.json")
    assert caught.value.code == "PHLO305"
    with pytest.raises(CatalogError, match="cannot read") as caught:
        LocalFiles().read(f"file://{tmp_path}")
    assert caught.value.code == "PHLO317"


@pytest.mark.parametrize("data", [b"", b"{", b'{"a": 1', b"[]", b"null", b"\xff", b'{"a": 1}x'])
def test_a_damaged_file_is_told_and_not_kept(data: bytes) -> None:
    held = Counting()
    held.write("x", data)
    files = CachedFiles(held)
    for _ in range(2):
        with pytest.raises(CatalogError, match="x is damaged") as caught:
            files.read("x")
        assert caught.value.code == "PHLO316"
    held.write("x", b'{"a": 1}')
    assert parsed("x", files.read("x")) == {"a": 1}


def test_a_file_is_read_once_and_the_ones_used_last_are_kept() -> None:
    held = Counting()
    for name in "abcd":
        held.write(name, json.dumps({name: "x" * 90}).encode())
    files = CachedFiles(held, limit_bytes=310)
    for name in "abcabca":
        files.read(name)
    assert held.reads == 3
    files.read("d")  # b was used longest ago
    for name in "cad":
        files.read(name)
    assert held.reads == 4
    files.read("b")
    assert held.reads == 5


def test_the_size_of_what_is_kept_is_true_with_many_threads() -> None:
    held = Counting()
    for number in range(50):
        held.write(str(number), json.dumps({"n": "x" * number}).encode())
    files = CachedFiles(held, limit_bytes=1500)

    def work(seed: int) -> None:
        for turn in range(300):
            files.read(str((turn * seed) % 50))
            files.write("own", b"{}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 3, 7, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert files._size == sum(map(len, files._kept.values())) <= 1500


def test_metadata_files_are_numbered_and_name_their_predecessors() -> None:
    held, document = Counting(), {"location": "file:///t", "properties": {}}
    locations: list[str] = []
    for _ in range(3):
        previous = locations[-1] if locations else None
        locations.append(write_metadata(held, previous, document))
    for number, location in enumerate(locations):
        assert re.fullmatch(
            rf"file:///t/metadata/0000{number}-[0-9a-f-]{{36}}.metadata.json", location
        )
    last = json.loads(held.held[locations[-1]])
    assert [entry["metadata-file"] for entry in last["metadata-log"]] == locations[:-1]


def test_the_log_of_predecessors_is_bounded_and_its_times_are_theirs() -> None:
    held, document, location = Counting(), {"location": "t", "properties": {}}, None
    for _ in range(150):
        location = write_metadata(held, location, document)
    log = document["metadata-log"]
    assert len(log) == 100
    for entry in log:
        told = json.loads(held.held[entry["metadata-file"]])["last-updated-ms"]
        assert entry["timestamp-ms"] == told
    assert location is not None
    assert location.startswith("t/metadata/00149-")
    document["properties"] = {"write.metadata.previous-versions-max": "5"}
    write_metadata(held, location, document)
    assert len(document["metadata-log"]) == 5


@pytest.mark.parametrize(
    "previous, number", [("t/00041-x.metadata.json", 42), ("t/v7.metadata.json", 8), ("t/odd", 1)]
)
def test_files_of_other_writers_are_followed(previous: str, number: int) -> None:
    document: dict[str, Any] = {"location": "t", "properties": {}}
    location = write_metadata(Counting(), previous, document)
    assert location.startswith(f"t/metadata/{number:05d}-")


def test_time_does_not_run_backwards_within_a_table() -> None:
    document: dict[str, Any] = {"location": "t", "properties": {}, "last-updated-ms": 9 * 10**12}
    write_metadata(Counting(), None, document)
    assert document["last-updated-ms"] == 9 * 10**12
