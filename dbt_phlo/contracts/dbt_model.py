"""``dbt_model_to_pandera``: the class of a dbt model, straight from its YAML file."""

from pathlib import Path
from typing import Any, Literal


def dbt_model_to_pandera(
    yaml_path: str | Path,
    model_name: str,
    *,
    backend: Literal["pandas", "polars"] = "pandas",
    dialect: str = "duckdb",
) -> Any:
    """The Pandera class of the model ``model_name`` in a dbt YAML file.

    It is a ``DataFrameModel`` of ``pandera.pandas`` or ``pandera.polars`` whose ``validate`` takes
    a frame and returns it with the contract's dtypes. It is what importing the module that
    ``dbt-phlo schema generate`` writes would give; nothing of the YAML is evaluated. ``dialect`` is
    the one that ``data_type`` is written in.
    Raises ``PhloError`` with file and line for what is wrong in the YAML, and ``InstallError``
    without the extra named like the backend.
    """
    from dbt_phlo.contracts.pandera import to_class
    from dbt_phlo.contracts.yaml_source import contract_from_yaml

    return to_class(contract_from_yaml(yaml_path, model_name, dialect), backend)
