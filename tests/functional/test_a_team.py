"""A lake that several people and CI share, with its catalog in SQLite and in PostgreSQL."""

import shutil
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lake import Lake

import dbt_phlo

sys.path.insert(0, str(Path(__file__).parents[1] / "catalogs"))

from postgres_server import new_database, postgres_server

DEMO = Path(__file__).parents[2] / "integration_tests"
PAIR = "select range::int as id, {{ var('version', 0) }} as version from range(100)"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    pytest.importorskip("pgserver", reason="pgserver has no wheel for this Python")
    with postgres_server() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgres"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    uri = ""
    if request.param == "postgres":
        uri = new_database(request.getfixturevalue("server"), f"team_{uuid.uuid4().hex}")
    return Lake(tmp_path / "shop", uri)


def test_two_people_and_ci_build_at_once_and_readers_never_see_half(lake: Lake) -> None:
    """Ann rebuilds two tables that belong together, Bob a third one, CI everything on a branch."""
    for name in ("left", "right", "bobs"):
        lake.write(f"models/{name}.sql", PAIR)
    assert lake.dbt("build").code == 0, "the first state of main"
    seen: set[tuple[int, ...]] = set()
    done = threading.Event()

    def read() -> None:
        with dbt_phlo.connect(lake.folder) as connection:
            while not done.is_set():
                both = connection.execute(
                    'select distinct l.version, r.version from lake.main."left" l '
                    'join lake.main."right" r using (id)'
                ).fetchall()
                assert len(both) == 1
                seen.add(both[0])

    reader = threading.Thread(target=read)
    reader.start()
    people = [
        start(lake, "ann", "--select", "left", "right", "--vars", "{version: 1}"),
        start(lake, "bob", "--select", "bobs", "--vars", "{version: 2}"),
        start(lake, "ci", "--vars", "{version: 3}", PHLO_BRANCH="pr-12"),
    ]
    ended = [(one.communicate()[0], one.returncode) for one in people]
    done.set()
    reader.join(60)
    assert [code for _, code in ended] == [0, 0, 0], ended
    assert versions(lake) == {"left": 1, "right": 1, "bobs": 2}
    assert versions(lake, "pr-12") == {"left": 3, "right": 3, "bobs": 3}
    assert {state for state, _ in lake.runs().values()} == {"promoted"}
    assert seen <= {(0, 0), (1, 1)}
    assert seen


def start(lake: Lake, run: str, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    folders = ("--target-path", f"target-{run}", "--log-path", f"logs-{run}")
    return lake.start("build", *arguments, *folders, PHLO_RUN_ID=run, **environment)


def versions(lake: Lake, ref: str = "main") -> dict[str, int]:
    return {
        name: lake.rows(f'select max(version) from lake.main."{name}"', ref)[0][0]
        for name in ("left", "right", "bobs")
    }


def test_two_who_build_the_same_table_at_once_one_wins_and_the_other_is_told(lake: Lake) -> None:
    lake.write("models/same.sql", PAIR)
    lake.write("models/slow.py", SLOW)
    assert lake.dbt("build").code == 0
    meeting = lake.folder / "meeting"
    meeting.mkdir()
    people = [
        start(lake, name, "--vars", f"{{version: {number}}}", MEETING=str(meeting))
        for number, name in enumerate(("ann", "bob"), 1)
    ]
    ended = {
        name: (*one.communicate()[:1], one.returncode)
        for name, one in zip(("ann", "bob"), people, strict=True)
    }
    assert sorted(code for _, code in ended.values()) == [0, 1], ended
    winner, loser = sorted(ended, key=lambda name: ended[name][1])
    assert f"main.same was moved by run {winner}" in ended[loser][0]
    assert lake.runs()[loser][0] == "kept"
    expected = {"ann": 1, "bob": 2}[winner]
    assert lake.rows("select max(version) from lake.main.same") == [(expected,)]


SLOW = """
import os
import time
from pathlib import Path


def model(dbt, session):
    dbt.ref("same")
    if meeting := os.environ.get("MEETING"):  # neither ends before both have built `same`
        (Path(meeting) / os.environ["PHLO_RUN_ID"]).touch()
        deadline = time.monotonic() + 120
        while len(list(Path(meeting).iterdir())) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
    return session.sql("select 1 as i")
"""


def test_the_demo_passes_on_a_teams_catalog(server: Any, tmp_path: Path) -> None:
    folder = tmp_path / "integration_tests"
    ignored = shutil.ignore_patterns("lake", "deliveries", "target", "logs", "__pycache__")
    shutil.copytree(DEMO, folder, ignore=ignored)
    uri = new_database(server, f"demo_{uuid.uuid4().hex}")
    done = subprocess.run(
        [sys.executable, str(folder / "demo.py")],
        capture_output=True,
        text=True,
        check=False,
        env={**clean_environment(), "FLIGHTS_CATALOG_URI": uri},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "195,583 flights in bronze" in done.stdout
    assert not (folder / "lake" / "catalog.db").exists()


def clean_environment() -> dict[str, str]:
    import os

    return {key: value for key, value in os.environ.items() if not key.startswith("PHLO_")}
