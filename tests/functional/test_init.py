"""``dbt-phlo init``: new projects, and the edits of existing ones."""

from pathlib import Path

import pytest
from cli import phlo
from dbt.cli.main import dbtRunner
from lake import Lake
from ruamel.yaml import YAML

EXISTING = """\
# The shop's project. Do not reorder.
name: 'shop'   # as in the warehouse
version: "1.0"
profile: shop

vars: {start: '2024-01-01', "end": 2025-01-01}  # kept as written

model-paths:
    - "models"
    - 'more models'   # a second place

on-run-end:
    - "{{ log('bye') }}"   # ours
models:
    shop:
        # tables everywhere
        +materialized: table
"""
PROFILES = """\
# team profiles
shop:
  target: dev   # everybody's default
  outputs:
    dev:
      type: duckdb
      path: 'shop.duckdb'   # local
other:
  target: x
  outputs: {x: {type: duckdb, path: "x.db"}}
"""


def dbt(folder: Path, *arguments: str) -> bool:
    place = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    return dbtRunner().invoke([*arguments, *place]).success


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No profile of the user's own, and none in the current folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("DBT_PROFILES_DIR", raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def existing(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "dbt_project.yml").write_text(EXISTING)
    (folder / "profiles.yml").write_text(PROFILES)
    return folder


def actions(document: dict) -> dict[str, str]:
    return {Path(file["path"]).name: file["action"] for file in document["files"]}


def test_a_new_project_builds_at_once_and_promotes(tmp_path: Path) -> None:
    made = phlo("init", str(tmp_path / "my-lake"), "--json")
    assert made.code == 0
    folder = tmp_path / "my-lake"
    assert made.document["project"] == "my_lake"
    assert set(actions(made.document).values()) == {"created"}
    assert dbt(folder, "build")
    assert dbt(folder, "build", "--target", "prod")
    lake = Lake.__new__(Lake)
    lake.folder = folder
    assert [state for state, _ in lake.runs().values()] == ["promoted"]
    assert sorted(lake.holds("main")) == sorted(lake.holds("dev"))
    assert sorted(lake.holds("main")) == [
        "bronze.raw_orders",
        "gold.daily_revenue",
        "silver.orders",
    ]
    ignored = (folder / ".gitignore").read_text().split()
    assert {"lake/", "target/", "logs/"} <= set(ignored)


def test_the_second_time_nothing_is_written(tmp_path: Path) -> None:
    name = str(tmp_path / "twice")
    phlo("init", name)
    before = {path: path.read_bytes() for path in Path(name).rglob("*") if path.is_file()}
    again = phlo("init", name, "--json")
    assert set(actions(again.document).values()) == {"left alone"}
    assert {p: p.read_bytes() for p in Path(name).rglob("*") if p.is_file()} == before


def test_a_dry_run_writes_nothing(tmp_path: Path, existing: Path) -> None:
    told = phlo("init", str(tmp_path / "dry"), "--dry-run").out
    assert "would be created: dbt_project.yml" in told
    assert not (tmp_path / "dry").exists()
    told = phlo("init", str(existing), "--dry-run").out
    assert "would be changed: dbt_project.yml" in told
    assert (existing / "dbt_project.yml").read_text() == EXISTING
    assert not (existing / ".gitignore").exists()


def test_files_that_are_there_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "half"
    (folder / "macros").mkdir(parents=True)
    (folder / "macros" / "generate_schema_name.sql").write_text("{# mine #}")
    made = actions(phlo("init", str(folder), "--json").document)
    assert made["generate_schema_name.sql"] == "left alone"
    assert made["dbt_project.yml"] == "created"
    assert (folder / "macros" / "generate_schema_name.sql").read_text() == "{# mine #}"


def test_an_existing_project_keeps_every_line_it_had(existing: Path) -> None:
    assert phlo("init", str(existing)).code == 0
    text = (existing / "dbt_project.yml").read_text()
    expected = EXISTING.replace(
        "    - \"{{ log('bye') }}\"   # ours\n",
        '    - "{{ log(\'bye\') }}"   # ours\n    - "{{ phlo_run_end(results) }}"\n',
    )
    assert text == expected + 'on-run-start: "{{ phlo_run_start() }}"\n'
    profiles = (existing / "profiles.yml").read_text()
    kept = [line for line in profiles.splitlines() if line in PROFILES.splitlines()]
    assert kept == PROFILES.splitlines()


def test_an_existing_project_builds_on_the_lake_afterwards(existing: Path) -> None:
    (existing / "models").mkdir()
    (existing / "models" / "one.sql").write_text("select 1 as id")
    told = phlo("init", str(existing), "--json").document
    assert "dbt build --target phlo_dev" in told["next"]
    assert "dbt build --target prod" in told["next"]
    outputs = YAML(typ="safe").load((existing / "profiles.yml").read_text())["shop"]["outputs"]
    assert outputs["dev"] == {"type": "duckdb", "path": "shop.duckdb"}
    assert {name: output["type"] for name, output in outputs.items()} == {
        "dev": "duckdb",
        "phlo_dev": "phlo_duckdb",
        "prod": "phlo_duckdb",
    }
    assert dbt(existing, "build", "--target", "prod")


def test_the_edit_is_idempotent(existing: Path) -> None:
    phlo("init", str(existing))
    before = {path: path.read_bytes() for path in existing.rglob("*") if path.is_file()}
    again = phlo("init", str(existing), "--json").document
    assert set(actions(again).values()) == {"left alone"}
    assert {p: p.read_bytes() for p in existing.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    ("hooks", "expected"),
    [
        ("", "{{ phlo_run_end(results) }}"),
        ('on-run-end: "{{ mine() }}"\n', ["{{ mine() }}", "{{ phlo_run_end(results) }}"]),
        ("on-run-end: []\n", ["{{ phlo_run_end(results) }}"]),
        (
            'on-run-end: ["{{ phlo_run_end(results) }}", "{{ mine() }}"]\n',
            ["{{ mine() }}", "{{ phlo_run_end(results) }}"],
        ),
        ('on-run-end: "{{ phlo_run_end(results) }}"\n', "{{ phlo_run_end(results) }}"),
    ],
)
def test_our_end_hook_is_the_last_whatever_was_there(
    existing: Path, hooks: str, expected: object
) -> None:
    project = existing / "dbt_project.yml"
    project.write_text(f"name: shop\nprofile: shop\n{hooks}")
    assert phlo("init", str(existing)).code == 0
    assert YAML(typ="safe").load(project.read_text())["on-run-end"] == expected


def test_a_profile_in_the_home_folder_is_used_where_it_is(existing: Path, home: Path) -> None:
    (existing / "profiles.yml").unlink()
    (home / ".dbt").mkdir()
    (home / ".dbt" / "profiles.yml").write_text(PROFILES)
    told = phlo("init", str(existing), "--json").document
    changed = {file["path"] for file in told["files"] if file["action"] == "changed"}
    assert str(home / ".dbt" / "profiles.yml") in changed
    assert not (existing / "profiles.yml").exists()


def test_windows_line_ends_stay(existing: Path) -> None:
    project = existing / "dbt_project.yml"
    project.write_bytes(b"name: shop\r\nprofile: shop # x\r\n")
    assert phlo("init", str(existing)).code == 0
    raw = project.read_bytes()
    assert raw.startswith(b"name: shop\r\nprofile: shop # x\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_a_project_that_is_no_yaml_is_refused_untouched(existing: Path) -> None:
    project = existing / "dbt_project.yml"
    project.write_text("name: [shop\n")
    answer = phlo("init", str(existing), "--json")
    assert (answer.code, answer.document["error"]["code"]) == (1, "PHLO804")
    assert project.read_text() == "name: [shop\n"
    assert not (existing / ".gitignore").exists()


@pytest.mark.parametrize("name", ["1lake", "my lake", "läke", "."])
def test_a_name_that_dbt_cannot_take_is_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / "un usable"
    folder.mkdir()
    monkeypatch.chdir(folder)
    answer = phlo("init", name, "--json")
    assert (answer.code, answer.document["error"]["code"]) == (2, "PHLO801")
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = phlo("init", str(tmp_path / "file" / "lake"), "--json")
    assert answer.code == 1
    assert answer.document["error"]["code"] == "PHLO803"
