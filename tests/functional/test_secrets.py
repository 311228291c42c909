"""A password in the profile appears in no log, artifact, output or error."""

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli import phlo
from lake import Lake

sys.path.insert(0, str(Path(__file__).parents[1] / "catalogs"))

from postgres_server import new_database, postgres_server

SECRET = "hunter2-is-the-password"
COMMANDS = (
    ("build",),
    ("docs", "generate"),
    ("show", "--select", "orders"),
    ("run-operation", "phlo_branches"),
    ("debug",),
    ("retry",),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    pytest.importorskip("pgserver", reason="pgserver has no wheel for this Python")
    with postgres_server() as started:
        yield started


def with_password(uri: str) -> str:
    """The server trusts its socket and does not look at the password; everything else sees it."""
    return uri.replace("postgres:@", f"postgres:{SECRET}@", 1)


def told(lake: Lake) -> list[str]:
    """The files below the project, but for its profile, that hold the password."""
    return [
        str(path.relative_to(lake.folder))
        for path in lake.folder.rglob("*")
        if path.is_file() and path.name != "profiles.yml" and SECRET.encode() in path.read_bytes()
    ]


def test_it_is_in_no_log_and_no_artifact(server: Any, tmp_path: Path) -> None:
    uri = with_password(new_database(server, f"secret_{uuid.uuid4().hex}"))
    assert SECRET in uri
    lake = Lake(tmp_path / "shop", uri).shop()
    for command in COMMANDS:
        said = lake.start("--log-level", "debug", *command).communicate()[0]
        assert SECRET not in said, command
    lake.write("models/broken.sql", "select * from no_such_table")
    assert SECRET not in lake.start("--debug", "build").communicate()[0]
    for words in (("doctor",), ("branches", "list", "--json"), ("runs", "list")):
        answer = phlo(*words, lake=lake)
        assert SECRET not in answer.out + answer.err, words
    assert (lake.folder / "logs" / "dbt.log").stat().st_size > 10_000
    assert told(lake) == []


@pytest.mark.parametrize(
    "uri",
    [
        f"postgresql://ann:{SECRET}@127.0.0.1:1/lake",
        f"postgresql://127.0.0.1:1/lake?user=ann&password={SECRET}",
        f"postgresql://ann:{SECRET}@/no such host/lake",
        f"postgresq://ann:{SECRET}@127.0.0.1/lake",
    ],
)
def test_it_is_in_no_error(tmp_path: Path, uri: str) -> None:
    lake = Lake(tmp_path / "shop", uri).shop()
    ended = lake.start("--debug", "build")
    said = ended.communicate()[0]
    assert ended.returncode != 0
    assert "PHLO" in said
    assert SECRET not in said
    answer = phlo("runs", "list", lake=lake)
    assert SECRET not in answer.out + answer.err
    assert told(lake) == []
