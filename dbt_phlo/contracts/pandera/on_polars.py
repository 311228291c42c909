"""What a generated class on polars builds on: ``Table``, ``TableConfig`` and the type ``Iceberg``.

A frame whose dtypes differ is converted first where no value changes: 64-bit integers that fit,
other time units, categories. LazyFrames are collected and validated in full; Pandera alone
would look at their dtypes only.
"""

import inspect
from typing import Any

from dbt_phlo.extras import optional

pyarrow: Any = optional("pyarrow", extra="arrow")
optional("pandera.polars", extra="polars")

import pandera.polars as pa  # noqa: E402
import polars as pl  # noqa: E402
from pandera.api.polars.model_config import BaseConfig  # noqa: E402
from pandera.api.polars.types import PolarsData  # noqa: E402
from pandera.config import get_config_context  # noqa: E402
from pandera.constants import CHECK_OUTPUT_KEY  # noqa: E402
from pandera.engines import polars_engine  # noqa: E402
from pandera.errors import SchemaErrorReason, SchemaErrors  # noqa: E402

from dbt_phlo.contracts.pandera import checks  # noqa: E402
from dbt_phlo.contracts.pandera.arrow_types import arrow_type, polars_type  # noqa: E402
from dbt_phlo.contracts.pandera.lossless import DoesNotFit, convert  # noqa: E402
from dbt_phlo.contracts.pandera.polars_backends import Column, TableBackend  # noqa: E402
from dbt_phlo.contracts.pandera.recorded import combinations, recorded  # noqa: E402
from dbt_phlo.tables.schema import Type  # noqa: E402

__all__ = ["Iceberg", "Table", "TableConfig", "combinations", "recorded"]

_ERRORS: Any = optional("pandera.errors", extra="polars")
ParserError, SchemaError = _ERRORS.ParserError, _ERRORS.SchemaError

checks.register()


class Iceberg(polars_engine.DataType):
    """An Iceberg type as a column's dtype: ``Annotated[Iceberg, "decimal(12, 2)"]``."""

    def __init__(self, of: Type = "string") -> None:
        object.__setattr__(self, "of", of)
        object.__setattr__(self, "type", polars_type(of))

    of: Type

    def coerce(self, data_container: Any) -> pl.LazyFrame:
        """The frame with the column in this type; raises ``ParserError`` where a value would
        change."""
        data = (
            data_container if isinstance(data_container, PolarsData) else PolarsData(data_container)
        )
        have = data.lazyframe.collect_schema().get(data.key)
        if have is None:  # a missing column is another error
            return data.lazyframe
        if have == self.type and not _is_checked_by_value(self.of):
            return data.lazyframe
        series = data.lazyframe.select(data.key).collect()[data.key]
        try:
            column = convert(series.to_arrow(), arrow_type(self.of))
            text = column if self.of != "uuid" else convert(column, pyarrow.string())
            made = pl.Series(data.key, pl.from_arrow(text)).cast(self.type)
        except _REFUSALS as error:
            rows = error.rows if isinstance(error, DoesNotFit) else list(range(len(series)))
            fits = pl.Series(CHECK_OUTPUT_KEY, [True]).new_from_index(0, len(series))
            raise ParserError(
                f"not {self}: {error}",
                failure_cases=series.gather(rows).to_frame(),
                parser_output=fits.scatter(rows, False).to_frame(),
            ) from error
        return data.lazyframe.with_columns(made)

    try_coerce = coerce

    def check(self, pandera_dtype: Any, data_container: Any = None) -> bool:
        """Whether a column has exactly this type."""
        return bool(getattr(pandera_dtype, "type", pandera_dtype) == self.type)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Iceberg) and self.of == other.of

    def __hash__(self) -> int:
        return hash(repr(self.of))

    def __str__(self) -> str:
        return str(self.type)


_REFUSALS = (
    DoesNotFit,
    pyarrow.ArrowException,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    ValueError,
    TypeError,
)


class TableConfig(BaseConfig):
    """As dbt sees tables: columns beyond the contract are allowed, missing ones are not."""

    coerce = True
    strict = False


class DataFrameSchema(pa.DataFrameSchema):
    """Pandera's schema, which validates LazyFrames in full and says which values do not fit a type.

    Pandera's own coercion on polars gives up all columns for one, and reports none by name.
    """

    def validate(self, check_obj: Any, *arguments: Any, **options: Any) -> Any:
        """Validate a frame; a LazyFrame is collected once and comes back lazy."""
        if not get_config_context().validation_enabled:
            return check_obj
        if isinstance(check_obj, pl.LazyFrame):
            return self.validate(check_obj.collect(), *arguments, **options).lazy()
        frame, errors = self._taken_over(check_obj)
        if not errors:
            return super().validate(frame, *arguments, **options)
        if not _is_lazy(arguments, options):
            raise errors[0]
        try:
            super().validate(frame, *arguments, **options)
        except SchemaErrors as others:
            unfit = {error.schema.name for error in errors}
            errors += [
                error
                for error in others.schema_errors
                if error.reason_code != SchemaErrorReason.DATATYPE_COERCION
                and error.schema.name not in unfit
            ]
        raise SchemaErrors(self, errors, check_obj)

    def _taken_over(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Any]]:
        """The frame with each column that fits its type in that type, and what does not fit."""
        errors = []
        for name, column in self.columns.items():
            if name not in frame.columns or not isinstance(column.dtype, Iceberg):
                continue
            try:
                frame = column.dtype.coerce(PolarsData(frame.lazy(), name)).collect()
            except ParserError as error:
                errors.append(
                    SchemaError(
                        column,
                        frame,
                        f"column {name!r} does not fit: {error}",
                        failure_cases=error.failure_cases,
                        check=f"coerce_dtype('{column.dtype}')",
                        check_output=error.parser_output,
                        reason_code=SchemaErrorReason.DATATYPE_COERCION,
                        column_name=name,
                    )
                )
        return frame, errors


for _kind in (pl.DataFrame, pl.LazyFrame):
    DataFrameSchema.register_backend(_kind, TableBackend)


def _is_lazy(arguments: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """The argument ``lazy`` of Pandera's ``validate``, however it is given."""
    given = inspect.signature(pa.DataFrameSchema.validate).bind(None, None, *arguments, **options)
    return bool(given.arguments.get("lazy", False))


class Table(pa.DataFrameModel):
    """The base of generated classes."""

    Config = TableConfig

    @classmethod
    def build_schema_(cls, **options: Any) -> DataFrameSchema:
        """The schema, as Pandera builds it, of the class that validates LazyFrames in full."""
        built = super().build_schema_(**options)
        columns = {name: Column(**column.properties) for name, column in built.columns.items()}
        return DataFrameSchema(columns, checks=built.checks, **options)


def _is_checked_by_value(of: Type) -> bool:
    """Types that polars holds in a wider one: its text may be no uuid, its binary too short."""
    if isinstance(of, str):
        return of == "uuid" or of.startswith("fixed[")
    parts = [of[key] for key in ("element", "key", "value") if key in of]
    parts += [field["type"] for field in of.get("fields", [])]
    return any(_is_checked_by_value(part) for part in parts)
