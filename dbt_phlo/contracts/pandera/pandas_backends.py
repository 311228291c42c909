"""Pandera's schema and column for pandas, with backends that report values as they are.

Pandera 0.35 gathers the values that fail in one column of one dtype: a long beside a double becomes
a double, and fails where no double holds it. Here they stay objects.
"""

from typing import Any

import pandera.pandas as pa
from pandera.backends.base import CoreCheckResult
from pandera.backends.pandas.components import ColumnBackend
from pandera.backends.pandas.container import DataFrameSchemaBackend
from pandera.errors import SchemaErrorReason

from dbt_phlo.contracts.pandera.checks import COMBINATIONS, keys_of
from dbt_phlo.extras import optional

pandas: Any = optional("pandas", extra="pandas")


class TableBackend(DataFrameSchemaBackend):
    """The backend of a whole frame."""

    def run_check(
        self, check_obj: Any, schema: Any, check: Any, check_index: int, *arguments: Any
    ) -> Any:
        """One check; of our own the key of each row that fails is reported, as a dictionary."""
        if check.name not in COMBINATIONS:
            return super().run_check(check_obj, schema, check, check_index, *arguments)
        keys = keys_of(check)
        output = check(check_obj[keys]).check_output
        bad = check_obj.loc[~output.to_numpy(dtype=bool), keys].astype(object)
        cases = pandas.DataFrame(
            {"index": list(bad.index), "failure_case": bad.to_dict(orient="records")}
        )
        return CoreCheckResult(
            passed=bad.empty,
            check=check,
            check_index=check_index,
            check_output=output,
            reason_code=SchemaErrorReason.DATAFRAME_CHECK,
            message=f"{schema.name}: {check.error}: {len(bad)} rows have the key of another row",
            failure_cases=cases,
        )

    def failure_cases_metadata(self, schema_name: str, schema_errors: list[Any]) -> Any:
        """What failed, as data; Pandera calls this when it makes ``SchemaErrors``."""
        return super().failure_cases_metadata(schema_name, _as_objects(schema_errors))


class TableColumnBackend(ColumnBackend):
    """The backend of one column."""

    def failure_cases_metadata(self, schema_name: str, schema_errors: list[Any]) -> Any:
        """What failed, as data."""
        return super().failure_cases_metadata(schema_name, _as_objects(schema_errors))


class Column(pa.Column):
    """Pandera's column, with the backend above; reports name the class, so the name is the same."""


class DataFrameSchema(pa.DataFrameSchema):
    """Pandera's schema, with the backend above."""


for _kind in (pandas.DataFrame, pandas.Series):
    Column.register_backend(_kind, TableColumnBackend)
DataFrameSchema.register_backend(pandas.DataFrame, TableBackend)


def _as_objects(errors: list[Any]) -> list[Any]:
    for error in errors:
        cases = error.failure_cases
        if isinstance(cases, pandas.DataFrame) and "failure_case" in cases:
            error.failure_cases = cases.assign(failure_case=cases["failure_case"].astype(object))
    return errors
