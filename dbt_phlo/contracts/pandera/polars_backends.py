"""Pandera's backends for polars, which here report values of every type.

Pandera 0.35 writes the values that fail as text by a cast, and fails itself on bytes that are no
UTF-8, alone or inside of a row.
"""

from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.backends.polars.components import ColumnBackend
from pandera.backends.polars.container import DataFrameSchemaBackend

from dbt_phlo.contracts.pandera.checks import COMBINATIONS, keys_of


class TableBackend(DataFrameSchemaBackend):
    """The backend of a whole frame."""

    def run_check(
        self, check_obj: Any, schema: Any, check: Any, check_index: int, *arguments: Any
    ) -> Any:
        """One check; of our own the key of each row that fails is reported, not the whole row."""
        narrow = check.name in COMBINATIONS
        frame = check_obj.select(keys_of(check)) if narrow else check_obj
        return super().run_check(frame, schema, check, check_index, *arguments)

    def failure_cases_metadata(self, schema_name: str, schema_errors: list[Any]) -> Any:
        """What failed, as data; Pandera calls this when it makes ``SchemaErrors``."""
        return super().failure_cases_metadata(schema_name, _shown(schema_errors))


class TableColumnBackend(ColumnBackend):
    """The backend of one column."""

    def failure_cases_metadata(self, schema_name: str, schema_errors: list[Any]) -> Any:
        """What failed, as data."""
        return super().failure_cases_metadata(schema_name, _shown(schema_errors))


class Column(pa.Column):
    """Pandera's column, with the backend above; reports name the class, so the name is the same."""


Column.register_backend(pl.LazyFrame, TableColumnBackend)


def _shown(errors: list[Any]) -> list[Any]:
    for error in errors:
        cases = error.failure_cases
        if isinstance(cases, pl.DataFrame):
            bytes_in = [name for name, of in cases.schema.items() if _has_bytes(of)]
            error.failure_cases = cases.with_columns(_text(cases[name]) for name in bytes_in)
    return errors


def _text(column: pl.Series) -> pl.Series:
    values = [None if value is None else repr(value) for value in column.to_list()]
    return pl.Series(column.name, values, pl.String)


def _has_bytes(of: Any) -> bool:
    if isinstance(of, pl.List | pl.Array):
        return _has_bytes(of.inner)
    if isinstance(of, pl.Struct):
        return any(_has_bytes(field.dtype) for field in of.fields)
    return bool(of == pl.Binary)
