"""Deliveries of flights, one CSV file a month: each row as it came, every value as text."""

import hashlib
from pathlib import Path
from typing import Any

import duckdb
from dbt.flags import get_flags

COLUMNS = (
    "year",
    "month",
    "day",
    "dep_time",
    "sched_dep_time",
    "dep_delay",
    "arr_time",
    "sched_arr_time",
    "arr_delay",
    "carrier",
    "flight",
    "tailnum",
    "origin",
    "dest",
    "air_time",
    "distance",
    "hour",
    "minute",
    "time_hour",
)


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """Rows of the files that the table does not hold yet, or holds with another content."""
    dbt.config(
        materialized="incremental", incremental_strategy="delete+insert", unique_key="delivery"
    )
    project = Path(get_flags().PROJECT_DIR).resolve()
    folder = project / dbt.config.get("meta")["deliveries"] / "flights"

    loaded: set[tuple[str, str]] = set()
    if dbt.is_incremental:
        loaded.update(
            session.sql(f"select distinct delivery, delivery_hash from {dbt.this}").fetchall()
        )

    selects = [no_rows()]
    for path in sorted(folder.glob("*.csv")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if (path.name, digest) not in loaded:
            selects.append(rows_of(path, digest))
    return session.sql("\nunion all\n".join(selects))


def no_rows() -> str:
    """A select of no row with the table's columns: the whole answer when nothing is new."""
    columns = [f"cast(null as varchar) as {column}" for column in COLUMNS]
    return f"""
        select
            {", ".join(columns)},
            cast(null as varchar) as delivery,
            cast(null as bigint) as delivery_row,
            cast(null as varchar) as delivery_hash
        where false
    """


def rows_of(path: Path, digest: str) -> str:
    """A select of one file's rows, in the file's order, with where each came from."""
    return f"""
        select
            {", ".join(COLUMNS)},
            {literal(path.name)} as delivery,
            row_number() over () as delivery_row,
            '{digest}' as delivery_hash
        from read_csv({literal(path)}, header = true, delim = ',', all_varchar = true)
    """


def literal(value: str | Path) -> str:
    """A text as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"
