"""The airlines' codes and names: each row as it came, every value as text."""

import hashlib
from pathlib import Path
from typing import Any

import duckdb
from dbt.flags import get_flags


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """All rows of the latest delivery."""
    dbt.config(materialized="table")
    project = Path(get_flags().PROJECT_DIR).resolve()
    path = project / dbt.config.get("meta")["deliveries"] / "reference" / "airlines.csv"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    rows = session.read_csv(str(path), header=True, delimiter=",", all_varchar=True)
    return rows.project(
        f"*, '{path.name}' as delivery, row_number() over () as delivery_row,"
        f" '{digest}' as delivery_hash"
    )
