"""A disk that is full, and a file of which only half is there: told, and nothing else is harmed."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hands import SETTINGS
from lakes import Lake

from dbt_phlo.errors import CatalogError
from dbt_phlo.runs import promotion
from dbt_phlo.runs.cleanup import cleanup
from dbt_phlo.tables.files import local_path


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """The operating system refuses to write more into any file, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def no_space_in(database) -> Iterator[None]:
    """The database's file cannot grow."""
    pages = database.one("PRAGMA page_count")[0]
    database.all(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        database.all("PRAGMA max_page_count = 1000000")


def everything(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*") if "/s/" in str(path))


def test_a_commit_on_a_full_disk_leaves_table_and_folder_as_they_were(
    lake: Lake, tmp_path: Path
) -> None:
    value = lake.table("s.a")
    before = everything(tmp_path)
    with (
        no_file_longer_than(100),
        pytest.raises(CatalogError, match="cannot write") as caught,
    ):
        lake.change("s.a")
    assert caught.value.code == "PHLO306"
    assert "free some space" in caught.value.remedy
    assert lake.values() == {"s.a": value}
    assert everything(tmp_path) == before, "no half file is left"
    lake.change("s.a")
    assert lake.values() != {"s.a": value}


@pytest.mark.parametrize("make_lake", ["sqlite"], indirect=True)
def test_a_promotion_that_fills_the_disk_changes_nothing_and_can_be_done_again(lake: Lake) -> None:
    lake.table("s.first")
    run = lake.run("r1")
    for number in range(120):
        lake.table(f"s.a_table_with_a_rather_long_name_{number}", run.ref)
    before, database = lake.values(), lake.catalog._database  # type: ignore[attr-defined]
    with no_space_in(database), pytest.raises(CatalogError, match="full"):
        promotion.promote(lake.catalog, run, SETTINGS)
    assert lake.values() == before
    assert lake.catalog.run("r1").state == "promoting"
    assert lake.catalog.ref(run.ref).open
    promotion.promote(lake.catalog, run, SETTINGS)
    assert lake.values() == lake.values(run.ref)


def test_half_a_metadata_file_is_told_and_harms_nothing_else(lake: Lake, tmp_path: Path) -> None:
    half, whole = lake.table("s.half"), lake.table("s.whole")
    path = local_path(half)
    path.write_bytes(path.read_bytes()[:200])
    fresh = Lake(lake.again(), lake.again, {})
    for use in (
        lambda: fresh.catalog.at("main").metadata("s", "half"),
        lambda: fresh.change("s.half"),
    ):
        with pytest.raises(CatalogError, match="is damaged") as caught:
            use()
        assert caught.value.code == "PHLO316"
        assert str(path) in caught.value.message
    run = lake.run("r1")
    changed = fresh.change("s.whole", run.ref)
    promotion.promote(fresh.catalog, run, SETTINGS)
    assert lake.values() == {"s.half": half, "s.whole": changed} != {"s.whole": whole}
    orphan = path.with_name("orphan.parquet")
    orphan.write_bytes(b"nobody needs it")
    before = everything(tmp_path)
    with pytest.raises(CatalogError, match="is damaged"):
        cleanup(fresh.catalog, None, patience=0.0)
    assert everything(tmp_path) == before
