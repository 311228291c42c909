"""Generated modules: formatted, typed, the same bytes each time, and never more than data."""

import os
import subprocess
import sys
from pathlib import Path

import pandera.pandas
import pandera.polars
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbt_phlo.contracts.contract import Column, Constraint, Contract
from dbt_phlo.contracts.pandera import plan, to_source
from dbt_phlo.contracts.pandera.names import INHERITED
from dbt_phlo.contracts.pandera.plan import BACKENDS, Backend
from dbt_phlo.contracts.rules import NotNull, Range
from tests.unit.pandera_contracts import EVERY_KIND, HOSTILE, NAMES, contracts

RUFF = [sys.executable, "-m", "ruff"]
ROOT = Path(__file__).parents[2]


def ruff(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [*RUFF, *arguments, "--isolated", "--no-cache", "--line-length", "100", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def write(folder: Path, many: list[Contract]) -> None:
    for old in folder.glob("*.py"):
        old.unlink()
    for number, contract in enumerate(many):
        for backend in BACKENDS:
            source = to_source(contract, backend)
            (folder / f"m{number}_{backend}.py").write_text(source, encoding="utf-8")


@settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(many=st.lists(contracts(), min_size=25, max_size=25))
def test_ruff_has_nothing_to_format_or_to_say_about_any_contract(
    many: list[Contract], tmp_path: Path
) -> None:
    write(tmp_path, many)
    assert ruff(tmp_path, "format", "--diff") == ""
    assert ruff(tmp_path, "check", "--extend-select", "I") == ""


def test_mypy_has_nothing_to_say_in_strict_mode(tmp_path: Path) -> None:
    hostile = Contract("table", tuple(Column(name, "long", "x") for name in NAMES if name))
    write(tmp_path, [EVERY_KIND, hostile, Contract("empty", ())])
    assert ruff(tmp_path, "format", "--diff") == ""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "."],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_module_is_the_same_bytes_in_every_process() -> None:
    program = (
        "import hashlib; from tests.unit.pandera_contracts import EVERY_KIND as c; "
        "from dbt_phlo.contracts.pandera import to_source; import sys; "
        "sys.stdout.write(to_source(c, 'pandas') + to_source(c, 'polars'))"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1
    assert made.pop()


def test_writing_a_module_imports_neither_pandera_nor_a_data_frame_library() -> None:
    program = (
        "import sys; from tests.unit.pandera_contracts import EVERY_KIND as c; "
        "from dbt_phlo.contracts.pandera import to_source; to_source(c, 'polars'); "
        "print({'pandera', 'pandas', 'polars', 'pyarrow'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    # hypothesis looks for numpy and pandas only when it is told to
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_module_says_where_it_comes_from_and_what_it_does_not_enforce(backend: Backend) -> None:
    source = to_source(EVERY_KIND, backend)
    assert "do not edit" in source.splitlines()[0]
    assert "# Source: models/silver/_silver.yml" in source
    listed = source.split("# This class does not enforce:")[1]
    for expected in (
        "not_null: NotNull(column='string_11') (its severity is warn)",
        "not_null: NotNull(column='date_7') (it has a filter: long_2 > 0)",
        "relationships: Relationship(column='long_2', to='other', field='id') "
        "(it needs another table)",
        "(only SQL can check it)",
    ):
        assert expected in listed
    assert listed.count("# - ") == 4


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_yaml_is_never_code(text: str) -> None:
    contract = Contract(
        text,
        (Column(text, "string", text),),
        (Constraint(NotNull(text), text, text, where=text),),
        description=text,
        unique_key=(text,),
    )
    space: dict[str, object] = {}
    exec(compile(to_source(contract, "pandas"), "module", "exec"), space)
    made = [v for k, v in space.items() if isinstance(v, type) and v.__module__ == "builtins"]
    schema = made[-1].to_schema() if made else None
    assert schema is not None
    assert list(schema.columns) == [text]
    assert schema.columns[text].description == text
    assert schema.description == text


@pytest.mark.parametrize("model", [pandera.pandas.DataFrameModel, pandera.polars.DataFrameModel])
def test_every_public_attribute_of_a_model_is_kept_from_fields(model: type) -> None:
    assert {name for name in dir(model) if not name.startswith("_")} <= INHERITED


def test_a_bound_that_the_column_cannot_hold_is_listed_and_not_enforced() -> None:
    contract = Contract(
        "t", (Column("a", "int"),), (Constraint(Range("a", minimum="x"), "phlo_range"),)
    )
    (missing,) = plan(contract, "pandas").missing
    assert "phlo_range" in missing[0]
    assert "'x'" in missing[1]
