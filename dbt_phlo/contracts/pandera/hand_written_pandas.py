"""A hand-written class of ``pandera.pandas``: its frames and its checks."""

import copy
from typing import Any

from pandera.errors import SchemaErrorReason, SchemaErrors

from dbt_phlo.extras import optional

pyarrow: Any = optional("pyarrow", extra="arrow")
pandas: Any = optional("pandas", extra="pandas")

Positions = set[int]
Problems = list[tuple[str, str]]

_NULLABLE = {
    pyarrow.int8(): pandas.Int8Dtype(),
    pyarrow.int16(): pandas.Int16Dtype(),
    pyarrow.int32(): pandas.Int32Dtype(),
    pyarrow.int64(): pandas.Int64Dtype(),
    pyarrow.bool_(): pandas.BooleanDtype(),
}


class PandasFrames:
    """See ``hand_written.Frames``."""

    def bare(self, schema: Any) -> Any:
        found = copy.deepcopy(schema)
        found.checks, found.unique, found.drop_invalid_rows = [], None, False
        for column in found.columns.values():
            column.checks, column.unique, column.nullable = [], False, True
            column.drop_invalid_rows = False
        return found

    def frame(self, batch: Any, schema: Any) -> Any:
        columns = {}
        for name in batch.column_names:
            described = schema.columns.get(name)
            wanted = getattr(described.dtype, "type", None) if described is not None else None
            columns[name] = _series(batch.column(name), wanted)
        return pandas.DataFrame(columns, index=pandas.RangeIndex(batch.num_rows))

    def parsed(self, schema: Any, frame: Any) -> tuple[Any, dict[str, Positions], Problems]:
        try:
            return schema.validate(frame, lazy=True), {}, []
        except SchemaErrors as errors:
            misfits: dict[str, Positions] = {}
            problems: Problems = []
            for error in errors.schema_errors:
                cases, column = error.failure_cases, getattr(error.schema, "name", None)
                is_coercion = error.reason_code == SchemaErrorReason.DATATYPE_COERCION
                if is_coercion and isinstance(cases, pandas.DataFrame) and "index" in cases:
                    name = error.column_name or column
                    rows = {int(row) for row in cases["index"] if row is not None}
                    misfits.setdefault(str(name), set()).update(rows)
                else:
                    problems.append(_told(error, frame))
            return None, misfits, [] if misfits else problems

    def nulls(self, frame: Any, column: str) -> Positions:
        return _places(frame[column].isna())

    def failing(self, check: Any, frame: Any, column: str) -> Positions | None:
        output = check(frame[column] if column else frame).check_output
        if isinstance(output, pandas.DataFrame):
            output = output.all(axis="columns")
        if not isinstance(output, pandas.Series):
            return None
        if not output.index.isin(frame.index).all() or len(output) > len(frame):
            return None
        if len(output) < len(frame) - int(_nulls_of(frame, column)):
            return None
        passed = output.astype("boolean").fillna(bool(check.ignore_na))
        return {int(label) for label in output.index[~passed]}

    def passes(self, check: Any, frame: Any, column: str) -> bool:
        """What a check says that gives one answer for all rows, or one for each group."""
        found = check(frame, column) if column else check(frame)
        return bool(found.check_passed)

    def rows(self, frame: Any, positions: list[int]) -> Any:
        return frame.iloc[positions].reset_index(drop=True)


FRAMES = PandasFrames()


def _series(column: Any, wanted: Any) -> Any:
    """A column in the class's type, if it is of the same kind and no wider."""
    if column.null_count and column.type in _NULLABLE:
        series = column.to_pandas(types_mapper=_NULLABLE.get)
    else:
        series = column.to_pandas()
    if wanted is None or series.dtype == wanted:
        return series
    if isinstance(wanted, pandas.ArrowDtype):
        if column.type == wanted.pyarrow_dtype or _is_text(column.type, wanted.pyarrow_dtype):
            return column.to_pandas(types_mapper=lambda _: wanted)
        return series
    if _kind(series.dtype) != _kind(wanted) or not _is_wide_enough(series.dtype, wanted):
        return series
    try:
        return series.astype(wanted)
    except (ValueError, TypeError, OverflowError):
        return series


def _is_text(one: Any, other: Any) -> bool:
    texts = (pyarrow.string(), pyarrow.large_string())
    return one in texts and other in texts


def _kind(dtype: Any) -> str:
    types = pandas.api.types
    kinds = {
        "bool": types.is_bool_dtype,
        "unsigned": types.is_unsigned_integer_dtype,
        "integer": types.is_integer_dtype,
        "float": types.is_float_dtype,
        "moment": types.is_datetime64_dtype,
    }
    for kind, has in kinds.items():
        if has(dtype):
            return kind
    if isinstance(dtype, pandas.DatetimeTZDtype):
        return f"moment in {dtype.tz}"
    return "text" if types.is_string_dtype(dtype) else str(dtype)


def _is_wide_enough(have: Any, wanted: Any) -> bool:
    if _kind(have) in ("integer", "unsigned", "float"):
        return bool(wanted.itemsize >= have.itemsize)
    return True


def _places(mask: Any) -> Positions:
    return {int(row) for row in mask.to_numpy().nonzero()[0]}


def _nulls_of(frame: Any, column: str) -> int:
    """Pandera leaves values out that are not there, unless a check asks for them."""
    return int(frame[column].isna().sum()) if column else 0


def _told(error: Any, frame: Any) -> tuple[str, str]:
    """What is wrong with the table, and the column that it is about."""
    if error.reason_code != SchemaErrorReason.WRONG_DATATYPE:
        return "", str(error).splitlines()[0]
    name, found = error.schema.name, frame.dtypes[error.schema.name]
    if str(found) == "object":
        found = pandas.api.types.infer_dtype(frame[name], skipna=True)
    return str(name), f"column {name} is to be {error.schema.dtype}, and is {found}"
