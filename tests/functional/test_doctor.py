"""``dbt-phlo doctor``: each thing that is wrong, and what mends it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from cli import phlo
from lake import PROJECT, Lake

from dbt_phlo.cli import installation, lake_health
from dbt_phlo.endpoint import extensions


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    shop = Lake(tmp_path_factory.mktemp("doctor") / "shop").shop()
    assert shop.dbt("build").code == 0
    yield shop


@pytest.fixture
def project(tmp_path: Path) -> Lake:
    """A project that was not built yet."""
    return Lake(tmp_path / "shop").shop()


def checks(lake: Lake, *arguments: str) -> dict[str, dict[str, Any]]:
    answer = phlo("doctor", "--json", *arguments, lake=lake)
    found = {check["check"]: check for check in answer.document["checks"]}
    wrong = [check for check in found.values() if check["status"] == "wrong"]
    assert answer.code == (1 if wrong else 0)
    assert answer.document["healthy"] == (not wrong)
    assert all(check["remedy"] or check["code"] for check in wrong)
    return found


def test_a_sound_lake_is_well(lake: Lake) -> None:
    answer = phlo("doctor", lake=lake)
    assert answer.code == 0, answer.out
    assert answer.out.endswith("all is well\n")
    assert {c["status"] for c in checks(lake).values()} <= {"ok", "warning", "not checked"}


def test_a_project_that_was_not_built_is_well_and_nothing_is_made(project: Lake) -> None:
    found = checks(project)
    assert found["catalog"]["status"] == "ok"
    assert found["endpoint"]["status"] == "not checked"
    assert not (project.folder / "lake").exists()


def test_no_project_is_said_and_the_rest_is_not_checked(tmp_path: Path) -> None:
    empty = Lake.__new__(Lake)
    empty.folder = tmp_path
    found = checks(empty)
    assert found["project"]["code"] == "PHLO111"
    assert "dbt-phlo init" in found["project"]["remedy"]
    assert found["target"]["status"] == found["endpoint"]["status"] == "not checked"


def test_missing_hook_lines_are_printed(project: Lake) -> None:
    project.write("dbt_project.yml", PROJECT)
    found = checks(project)["hook lines"]
    assert found["code"] == "PHLO405"
    assert 'on-run-end: "{{ phlo_run_end(results) }}"' in found["remedy"]


def test_hook_lines_that_are_not_last_are_said(project: Lake) -> None:
    hooks = 'on-run-start: "{{ phlo_run_start() }}"\n'
    hooks += 'on-run-end: ["{{ phlo_run_end(results) }}", "select 1"]\n'
    project.write("dbt_project.yml", PROJECT + hooks)
    assert checks(project)["hook lines"]["code"] == "PHLO405"


def test_an_unknown_key_of_the_profile_is_named(project: Lake) -> None:
    profiles = project.folder / "profiles.yml"
    profiles.write_text(profiles.read_text().replace("wap: auto", "wapp: auto"))
    found = checks(project)["target"]
    assert found["code"] == "PHLO101"
    assert "`wap`" in found["message"]


def test_an_unknown_target_and_a_foreign_type_are_named(project: Lake) -> None:
    assert "nope" in checks(project, "--target", "nope")["target"]["message"]
    project.write("profiles.yml", "shop: {outputs: {dev: {type: duckdb, path: x.db}}, target: dev}")
    assert checks(project)["target"]["code"] == "PHLO113"


def test_a_model_that_does_not_parse_is_said(project: Lake) -> None:
    project.write("models/bad.sql", "select {{ nope( }}")
    assert checks(project)["hook lines"]["status"] == "wrong"


def test_a_catalog_of_another_warehouse_is_said(project: Lake, lake: Lake) -> None:
    uri = lake.configuration["uri"]
    profiles = project.folder / "profiles.yml"
    text = profiles.read_text().replace(
        "warehouse: ./lake", f"warehouse: ./lake, iceberg_catalog: {{type: sql, uri: '{uri}'}}"
    )
    profiles.write_text(text)
    found = checks(project)
    assert found["catalog"]["code"] == "PHLO107"
    assert found["endpoint"]["status"] == "not checked"


def test_a_lost_catalog_is_said(project: Lake) -> None:
    assert project.dbt("build").code == 0
    for file in (project.folder / "lake").glob("catalog.db*"):
        file.unlink()
    found = checks(project)["catalog"]
    assert found["status"] == "wrong"
    assert "holds tables" in found["message"]


def test_a_broken_catalog_is_said(project: Lake) -> None:
    (project.folder / "lake").mkdir()
    (project.folder / "lake" / "catalog.db").write_bytes(b"no database" * 100)
    assert checks(project)["catalog"]["status"] == "wrong"


def test_an_unreachable_postgres_is_said_without_its_password(project: Lake) -> None:
    profiles = project.folder / "profiles.yml"
    uri = "postgresql://ann:secret@127.0.0.1:1/lake"
    text = profiles.read_text().replace(
        "warehouse: ./lake", f"warehouse: ./lake, iceberg_catalog: {{type: sql, uri: '{uri}'}}"
    )
    profiles.write_text(text)
    found = checks(project)["catalog"]
    assert found["status"] == "wrong"
    assert "secret" not in str(found)


def test_a_warehouse_that_is_a_file_is_said(project: Lake) -> None:
    project.write("lake", "")
    assert checks(project)["warehouse"]["status"] == "wrong"


def test_interrupted_runs_and_expired_refs_are_warned_of(lake: Lake) -> None:
    with closing(lake.catalog()) as catalog:
        record = catalog.runs(1)[0]
        for name, state, lease, expires in (
            ("stale", "open", time.time() - 60, None),
            ("over", "kept", 0.0, time.time() - 10),
        ):
            run = record._replace(
                id=name,
                ref=f"pipeline-run-{name}",
                state=state,
                lease_until=lease,
                invocations=(name,),
            )
            catalog.create_run(run, base="main", expires_at=expires)
    found = checks(lake)
    assert "stale" in found["interrupted runs"]["message"]
    assert found["expired refs"]["remedy"] == "dbt-phlo branches cleanup"
    phlo("branches", "cleanup", lake=lake)
    assert checks(lake)["expired refs"]["status"] == "ok"


def test_a_branch_that_cannot_be_made_is_said(lake: Lake, monkeypatch) -> None:
    profiles = lake.folder / "profiles.yml"
    before = profiles.read_text()
    profiles.write_text(before.replace("branch: dev", "branch: dev, base_branch: nowhere"))
    try:
        found = checks(lake, "--target", "dev")["branch"]
    finally:
        profiles.write_text(before)
    assert found["status"] == "wrong"
    assert "nowhere" in found["message"]


def test_an_extension_of_another_version_is_said(lake: Lake, monkeypatch) -> None:
    def other(name: str) -> str:
        return "1.0.0" if name == "duckdb-extension-iceberg" else version(name)

    monkeypatch.setattr(installation, "version", other)
    found = checks(lake)
    assert "duckdb-extension-iceberg is 1.0.0" in found["extension versions"]["message"]
    assert f"duckdb-extension-iceberg=={version('duckdb')}" in found["extension versions"]["remedy"]
    assert found["project"]["status"] == "not checked"


def test_an_extension_that_does_not_load_is_said(lake: Lake, monkeypatch, tmp_path: Path) -> None:
    broken = tmp_path / "iceberg.duckdb_extension"
    broken.write_bytes(b"no extension")
    monkeypatch.setattr(extensions, "file_of", lambda name: broken)
    assert checks(lake)["extensions"]["status"] == "wrong"


def test_a_network_file_system_is_said(lake: Lake, monkeypatch) -> None:
    monkeypatch.setattr(lake_health, "_file_system", lambda path: "nfs4")
    found = checks(lake)["file system"]
    assert found["status"] == "wrong"
    assert "postgresql" in found["remedy"]


def test_an_unknown_file_system_is_said_to_be_unchecked(lake: Lake, monkeypatch) -> None:
    monkeypatch.setattr(lake_health, "_file_system", lambda path: None)
    assert checks(lake)["file system"]["status"] == "not checked"


def test_the_catalog_of_a_newer_version_is_said(project: Lake) -> None:
    assert project.dbt("build").code == 0
    with closing(sqlite3.connect(project.folder / "lake" / "catalog.db")) as database, database:
        database.execute("UPDATE phlo_lake SET layout = 99")
    assert checks(project)["catalog"]["code"] == "PHLO311"
