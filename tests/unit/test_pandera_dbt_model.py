"""``dbt_model_to_pandera``: from a YAML file to a class that validates."""

import subprocess
import sys
from pathlib import Path
from typing import Literal

import pandas as pd
import pandera.errors
import polars as pl
import pytest

from dbt_phlo.contracts import dbt_model_to_pandera
from dbt_phlo.errors import PhloError

YAML = """
version: 2
models:
  - name: flights
    description: One row a flight.
    columns:
      - name: flight_id
        data_type: bigint
        data_tests: [not_null, unique]
      - name: carrier
        data_type: varchar(2)
        data_tests:
          - accepted_values:
              arguments: {values: [UA, DL]}
      - name: fare
        data_type: decimal(12, 2)
        data_tests:
          - not_null: {config: {severity: warn}}
"""


@pytest.fixture
def yaml(tmp_path: Path) -> Path:
    path = tmp_path / "_flights.yml"
    path.write_text(YAML, encoding="utf-8")
    return path


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_a_model_in_yaml_is_a_class_that_validates(
    yaml: Path, backend: Literal["pandas", "polars"]
) -> None:
    made = dbt_model_to_pandera(yaml, "flights", backend=backend)
    assert made.__name__ == "Flights"
    assert made.__doc__ == "One row a flight."
    frame = pd.DataFrame if backend == "pandas" else pl.DataFrame
    good = {"flight_id": [1, 2], "carrier": ["UA", None], "fare": [None, None]}
    made.validate(frame(good))
    bad = {"flight_id": [1, 1], "carrier": ["UA", "United"], "fare": [None, None]}
    with pytest.raises(pandera.errors.SchemaErrors) as raised:
        made.validate(frame(bad), lazy=True)
    cases = raised.value.failure_cases
    assert set(zip(cases["column"], cases["index"], strict=True)) == {
        ("flight_id", 0),
        ("flight_id", 1),
        ("carrier", 1),
    }


def test_pandas_is_the_backend_unless_one_is_named(yaml: Path) -> None:
    made = dbt_model_to_pandera(str(yaml), "flights")
    frame = pd.DataFrame({"flight_id": [1], "carrier": ["UA"], "fare": [None]})
    assert isinstance(made.validate(frame), pd.DataFrame)


def test_a_model_that_is_not_there_is_named_with_the_nearest(yaml: Path) -> None:
    with pytest.raises(PhloError, match="Did you mean `flights`"):
        dbt_model_to_pandera(yaml, "flihgts")


def test_importing_the_function_imports_no_heavy_library() -> None:
    program = (
        "import sys; from dbt_phlo.contracts import dbt_model_to_pandera; "
        "print({'pandera', 'pandas', 'polars', 'pyarrow', 'duckdb', 'sqlglot'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
