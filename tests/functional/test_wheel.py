"""The built wheel in an empty environment is all that a user's project needs."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: object, cwd: Path) -> str:
    """Run a program; fail with everything that it printed."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        folder,
        ROOT,
        cwd=folder,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_the_include_project_and_nothing_of_the_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "dbt/include/phlo/dbt_project.yml",
        "dbt/include/phlo/macros/run/phlo_run_end.sql",
        "dbt/include/phlo/python_hooks/run_end.py",
        "dbt/adapters/phlo_duckdb/__init__.py",
        "dbt_phlo/py.typed",
    ):
        assert needed in names
    tops = {name.split("/")[0] for name in names}
    assert tops == {"dbt", "dbt_phlo", next(t for t in tops if t.endswith(".dist-info"))}
    assert not [n for n in names if n in ("dbt/__init__.py", "dbt/adapters/__init__.py")]


def test_a_project_builds_with_nothing_but_the_wheel(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    binaries = tmp_path / "venv" / "bin"
    pip = (binaries / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check")
    run(*pip, "-c", ROOT / "constraints.txt", wheel, cwd=tmp_path)
    run(binaries / "dbt-phlo", "init", "first", cwd=tmp_path)
    project = tmp_path / "first"
    told = run(binaries / "dbt", "build", "--target", "prod", cwd=project)
    assert "promoted run" in told
    assert "promoted" in run(binaries / "dbt-phlo", "runs", "list", cwd=project)
    installed = run(
        *pip[:3], "list", "--format=freeze", "--disable-pip-version-check", cwd=tmp_path
    )
    for heavy in ("pyiceberg", "pandas", "psycopg", "polars", "dlt"):
        assert f"\n{heavy}==" not in installed, f"{heavy} is not needed by the embedded default"
