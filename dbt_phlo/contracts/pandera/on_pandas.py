"""What a generated class on pandas builds on: ``Table``, ``TableConfig`` and the type ``Iceberg``.

Columns are held as Arrow (``pandas.ArrowDtype``), so that NULL and NaN stay apart. A frame of other
dtypes is converted first where no value changes: whole floats to integers, nanoseconds to
microseconds, Python's dates and decimals. NaN in a numpy column counts as NULL, as pandas means it.
"""

from typing import Any

from dbt_phlo.extras import optional

pyarrow: Any = optional("pyarrow", extra="arrow")
pandas: Any = optional("pandas", extra="pandas")
optional("pandera.pandas", extra="pandas")

import pandera.pandas as pa  # noqa: E402
from pandera.api.pandas.model_config import BaseConfig  # noqa: E402
from pandera.engines import pandas_engine  # noqa: E402

from dbt_phlo.contracts.pandera import checks  # noqa: E402
from dbt_phlo.contracts.pandera.arrow_types import arrow_type  # noqa: E402
from dbt_phlo.contracts.pandera.lossless import DoesNotFit, convert  # noqa: E402
from dbt_phlo.contracts.pandera.pandas_backends import Column, DataFrameSchema  # noqa: E402
from dbt_phlo.contracts.pandera.recorded import combinations, recorded  # noqa: E402
from dbt_phlo.tables.schema import Type  # noqa: E402

__all__ = ["Iceberg", "Table", "TableConfig", "combinations", "recorded"]

ParserError: Any = optional("pandera.errors", extra="pandas").ParserError

checks.register()


class Iceberg(pandas_engine.DataType):
    """An Iceberg type as a column's dtype: ``Annotated[Iceberg, "decimal(12, 2)"]``."""

    def __init__(self, of: Type = "string") -> None:
        object.__setattr__(self, "of", of)
        object.__setattr__(self, "type", pandas.ArrowDtype(arrow_type(of)))

    of: Type

    def coerce(self, data_container: Any) -> Any:
        """The Series in this type; raises ``ParserError`` where a value would change."""
        if data_container.dtype == self.type:
            return data_container
        try:
            column = convert(_arrow(data_container, self.type.pyarrow_dtype), self._arrow)
        except (DoesNotFit, pyarrow.ArrowException, ValueError, TypeError, OverflowError) as error:
            rows = error.rows if isinstance(error, DoesNotFit) else range(len(data_container))
            bad = data_container.iloc[list(rows)]
            cases = pandas.DataFrame(
                {"index": list(bad.index), "failure_case": bad.astype(object).tolist()}
            )
            raise ParserError(f"not {self}: {error}", failure_cases=cases) from error
        values = pandas.arrays.ArrowExtensionArray(column)
        return pandas.Series(values, index=data_container.index, name=data_container.name)

    try_coerce = coerce

    def coerce_value(self, value: Any) -> Any:
        """One value in this type."""
        return self.coerce(pandas.Series([value], dtype=object)).iloc[0]

    def check(self, pandera_dtype: Any, data_container: Any = None) -> bool:
        """Whether a column has exactly this type."""
        found = pandera_dtype if data_container is None else data_container.dtype
        return bool(getattr(found, "type", found) == self.type or found == self.type)

    @property
    def _arrow(self) -> Any:
        return self.type.pyarrow_dtype

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Iceberg) and self.of == other.of

    def __hash__(self) -> int:
        return hash(repr(self.of))

    def __str__(self) -> str:
        return str(self.type)


class TableConfig(BaseConfig):
    """As dbt sees tables: columns beyond the contract are allowed, missing ones are not."""

    coerce = True
    strict = False


class Table(pa.DataFrameModel):
    """The base of generated classes."""

    Config = TableConfig

    @classmethod
    def build_schema_(cls, **options: Any) -> DataFrameSchema:
        """The schema, as Pandera builds it, with our reports of what failed."""
        built = super().build_schema_(**options)
        columns = {name: Column(**column.properties) for name, column in built.columns.items()}
        return DataFrameSchema(columns, checks=built.checks, **options)


def _arrow(series: Any, wanted: Any) -> Any:
    """A Series' values as Arrow, of the type that they have."""
    if isinstance(series.dtype, pandas.ArrowDtype) or series.dtype != object:
        return pyarrow.array(series, from_pandas=True)
    values = series.array.to_numpy()
    try:
        return pyarrow.array(values, from_pandas=True)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):
        return _as_wanted(series, wanted)


def _as_wanted(series: Any, wanted: Any) -> Any:
    """Objects that Arrow cannot place by itself, as maps; taken only where they come back equal."""
    values = [None if value is pandas.NA else value for value in series.tolist()]
    made = pyarrow.array(values, wanted, from_pandas=True)
    for row, (before, after) in enumerate(zip(values, made.to_pylist(), strict=True)):
        if after is not None and not _equal(before, after):
            raise DoesNotFit(f"{before!r} is no {wanted}", [row])
    return made


def _equal(before: Any, after: Any) -> bool:
    if isinstance(before, dict) and isinstance(after, list):
        return list(before.items()) == after
    return bool(type(before) is type(after) and before == after)
