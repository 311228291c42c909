"""Files that nothing reaches go; what a ref reaches, or a writer may be about to commit, stays."""

import threading
import time
from functools import partial

import pytest
from lakes import DAY, Lake

from dbt_phlo.catalogs.port import Tables
from dbt_phlo.errors import CatalogError, Conflict
from dbt_phlo.runs import cleanup as cleanups
from dbt_phlo.runs.cleanup import Cleanup, cleanup
from dbt_phlo.tables.manifests import DataFile
from dbt_phlo.tables.reach import reached

LATER = 400 * DAY


def name_of(location: str) -> str:
    return location.rsplit("/", 1)[1]


def clean(lake: Lake, *, at: float = 0.0, patience: float = 0.0, dry_run: bool = False) -> Cleanup:
    now = time.time() + at
    return cleanup(lake.catalog, None, clock=lambda: now, patience=patience, dry_run=dry_run)


def uncommitted(lake: Lake, value: str) -> str:
    """A file that somebody has written beside a table and not committed; its name."""
    location = f"{value.rsplit('/metadata/', 1)[0]}/data/new.parquet"
    lake.catalog.stored.write(location, b"12345")
    return name_of(location)


def test_what_only_a_deleted_ref_reached_goes_and_the_rest_stays(lake: Lake) -> None:
    first = lake.table("s.a")
    run = lake.run("r1", expires_in=0.0)
    theirs, added = lake.change("s.a", run.ref), lake.table("s.only_there", run.ref)
    assert clean(lake, at=-60).deleted.files == 0
    done = clean(lake, at=60)
    assert [ref.name for ref in done.refs] == [run.ref]
    assert done.deleted.files == 2
    assert lake.files() == {name_of(first)}
    assert not {name_of(theirs), name_of(added)} & lake.files()


def test_a_dry_run_tells_the_same_files_and_bytes_and_deletes_nothing(lake: Lake) -> None:
    lake.table("s.a")
    run = lake.run("r1", expires_in=0.0)
    lake.change("s.a", run.ref)
    before = lake.files()
    told = clean(lake, at=60, dry_run=True)
    assert lake.files() == before
    assert lake.catalog.ref(run.ref).open
    assert told.deleted.bytes > 500
    assert clean(lake, at=60)._replace(dry_run=True) == told


def test_what_a_ref_was_made_from_stays_with_the_ref(lake: Lake) -> None:
    """`branches diff` of a run tells what the tables were before it."""
    first = lake.table("s.a")
    lake.run("r1")
    lake.change("s.a")
    lake.drop("s.a")
    clean(lake, at=60)
    assert name_of(first) in lake.files()
    lake.catalog.delete_ref("pipeline-run-r1")
    clean(lake, at=60)
    assert lake.files() == set()


def test_earlier_metadata_that_a_table_names_stays(lake: Lake) -> None:
    values = [lake.table("s.a"), lake.change("s.a"), lake.change("s.a")]
    assert clean(lake, at=60).deleted.files == 0
    assert lake.files() == set(map(name_of, values))


def test_folders_of_tables_that_are_no_more_go_and_others_stay(lake: Lake, tmp_path) -> None:
    value = lake.table("s.a")
    lake.table("s.b")
    lake.drop("s.b")
    clean(lake)
    assert lake.files() == {name_of(value)}
    if value.startswith("file://"):
        assert len(list((tmp_path / "lake" / "s").iterdir())) == 1


def test_what_is_not_in_the_folder_of_a_table_is_not_ours_to_delete(lake: Lake) -> None:
    notes = f"{lake.catalog.warehouse}/s/notes/data/readme.txt"
    lake.catalog.stored.write(notes, b"mine")
    assert clean(lake).deleted.files == 0
    assert lake.catalog.stored.read(notes) == b"mine"


def test_a_file_of_somebody_who_writes_waits_for_the_end_of_that_writer_alone(lake: Lake) -> None:
    name = uncommitted(lake, lake.table("s.a"))
    lake.catalog.begin_writing("w1", "main", time.time() + 60)
    done = clean(lake)
    assert (done.deleted.files, done.waiting, done.writers) == (0, (1, 5), ("w1",))
    lake.catalog.begin_writing("w2", "main", time.time() + 60)  # began after the file was seen
    assert clean(lake).writers == ("w1",)
    lake.catalog.end_writing("w1")
    assert clean(lake).deleted.files == 1
    assert name not in lake.files()


@pytest.mark.parametrize("jump", [-LATER, 0.0, LATER])
def test_a_file_of_somebody_who_writes_stays_whatever_the_clock_says(
    lake: Lake, jump: float
) -> None:
    name = uncommitted(lake, lake.table("s.a"))
    lake.catalog.begin_writing("w1", "main", time.time() + 60)
    renew = partial(lake.again().renew_writing, "w1", time.time() + 60)
    timer = threading.Timer(0.1, renew)
    timer.start()
    assert clean(lake, at=jump, patience=0.6).deleted.files == 0
    timer.join()
    assert name in lake.files()


def test_a_writer_that_was_killed_is_fenced_off_and_its_files_go(lake: Lake) -> None:
    value = lake.table("s.a")
    name = uncommitted(lake, value)
    lake.catalog.begin_writing("w1", "main", time.time() - 1)
    suspended: Tables = lake.catalog.at("main", writer="w1")
    told: list[str] = []
    done = cleanup(lake.catalog, None, patience=0.05, tell=told.append)
    assert done.deleted.files == 1
    assert name not in lake.files()
    assert "w1 did not come to an end" in told[0]
    with pytest.raises(Conflict, match="taken for dead") as refused:
        suspended.commit([("s", "a", [], [{"action": "set-properties", "updates": {"x": "1"}}])])
    assert refused.value.code == "PHLO320"
    assert lake.values() == {"s.a": value}


def test_a_dry_run_fences_nobody_off(lake: Lake) -> None:
    lake.table("s.a")
    lake.catalog.begin_writing("w1", "main", time.time() - 1)
    clean(lake, patience=0.05, dry_run=True)
    change = [("s", "a", [], [{"action": "set-properties", "updates": {"x": "1"}}])]
    lake.catalog.at("main", writer="w1").commit(change)


@pytest.mark.parametrize("moment", ["writers", "roots"])
def test_what_is_committed_while_cleanup_looks_stays(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """A writer commits and ends between any two of the questions that cleanup asks."""
    lake.table("s.a")
    lake.catalog.begin_writing("w1", "main", time.time() + 60)
    ask, other = getattr(lake.catalog, moment), lake.again()
    committed: list[str] = []

    def asked(**options):
        if not committed:
            change = [("s", "a", [], [{"action": "set-properties", "updates": {"x": "1"}}])]
            committed.append(other.at("main", writer="w1").commit(change)[0][0])
            other.end_writing("w1")
        return ask(**options)

    monkeypatch.setattr(lake.catalog, moment, asked)
    clean(lake)
    assert name_of(committed[0]) in lake.files()


def test_a_clone_of_a_table_that_goes_meanwhile_is_refused(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the clone would stand on files that cleanup deletes."""
    lake.table("s.a")
    tables = lake.catalog.at("main")
    prepare = lake.catalog._files.prepare  # type: ignore[attr-defined]

    def dropped_meanwhile(folder: str) -> None:
        lake.drop("s.a")
        prepare(folder)

    monkeypatch.setattr(lake.catalog._files, "prepare", dropped_meanwhile)  # type: ignore[attr-defined]
    with pytest.raises(Conflict, match=r"s\.a has moved"):
        tables.clone(("s", "a"), ("s", "b"))
    assert lake.keys() == {}


def test_nothing_is_deleted_when_a_metadata_file_cannot_be_read(lake: Lake) -> None:
    value = lake.table("s.a")
    uncommitted(lake, value)
    stored = lake.catalog.stored
    stored.write(value, stored.read(value)[:100])
    before = lake.files()
    with pytest.raises(CatalogError, match="is damaged"):
        clean(lake)
    assert lake.files() == before


def test_two_cleanups_at_once_do_what_one_does(lake: Lake) -> None:
    lake.table("s.a")
    for number in range(10):
        run = lake.run(f"r{number}", expires_in=0.0)
        lake.change("s.a", run.ref)
    failures: list[BaseException] = []

    def work(catalog) -> None:
        try:
            cleanup(catalog, None, clock=lambda: time.time() + 60)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(lake.again(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(lake.files()) == 1
    assert [ref.name for ref in lake.catalog.refs()] == ["main"]


def test_a_lake_of_the_layout_before_gets_what_it_lacks(lake: Lake) -> None:
    database = lake.catalog._database  # type: ignore[attr-defined]
    database.run("DROP TABLE phlo_writers")
    database.run("DROP TABLE phlo_garbage")
    database.run("UPDATE phlo_lake SET layout = 1")
    lake.table("s.a")
    assert cleanups.cleanup(lake.again(), None).deleted.files == 0


def test_a_cleanup_beside_another_one_reads_its_roots_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.table("s.a")
    run = lake.run("r1", expires_in=0.0)
    lake.change("s.a", run.ref)
    other = lake.again()
    roots = lake.catalog.roots
    asked = []

    def overtaken(**options: object) -> set[str]:
        found = roots(**options)  # type: ignore[arg-type]
        if not asked:
            asked.append(1)
            cleanup(other, None, patience=0.0, clock=lambda: time.time() + 60)
        return found

    monkeypatch.setattr(lake.catalog, "roots", overtaken)
    cleanup(lake.catalog, "another project", patience=0.0)
    assert run.ref not in [ref.name for ref in lake.catalog.refs()]


def test_a_manifest_that_is_damaged_anywhere_is_told_with_its_name(lake: Lake) -> None:
    lake.table("s.a")
    catalog = lake.catalog
    catalog.at("main").append("s", "a", [DataFile("file:///x.parquet", 1, 1)])
    snapshot = catalog.at("main").metadata("s", "a")["snapshots"][-1]
    location = snapshot["manifest-list"]
    whole = catalog.stored.read(location)
    refused = 0
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        catalog.stored.write(location, bytes(damaged))
        try:
            reached(catalog.stored, catalog.roots())
        except CatalogError as error:
            refused += 1
            assert error.code in ("PHLO316", "PHLO305", "PHLO317"), error
    assert refused > 20
