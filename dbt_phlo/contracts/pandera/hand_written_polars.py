"""A hand-written class of ``pandera.polars``: its frames and its checks."""

import copy
from typing import Any

import polars
from pandera.constants import CHECK_OUTPUT_KEY
from pandera.errors import SchemaErrorReason, SchemaErrors

Positions = set[int]
Problems = list[tuple[str, str]]

_WIDTHS: dict[Any, tuple[str, int]] = {
    polars.Int8: ("integer", 8),
    polars.Int16: ("integer", 16),
    polars.Int32: ("integer", 32),
    polars.Int64: ("integer", 64),
    polars.Float32: ("float", 32),
    polars.Float64: ("float", 64),
}
_UNITS = ("ms", "us", "ns")


class PolarsFrames:
    """See ``hand_written.Frames``."""

    def bare(self, schema: Any) -> Any:
        found = copy.deepcopy(schema)
        found.checks, found.unique, found.drop_invalid_rows = [], None, False
        for column in found.columns.values():
            column.checks, column.unique, column.nullable = [], False, True
        return found

    def frame(self, batch: Any, schema: Any) -> polars.DataFrame:
        found: Any = polars.from_arrow(batch)
        casts = []
        for name, have in found.schema.items():
            described = schema.columns.get(name)
            wanted = getattr(described.dtype, "type", None) if described is not None else None
            if wanted is not None and _is_wider(have, wanted):
                casts.append(polars.col(name).cast(wanted))
        frame: polars.DataFrame = found.with_columns(casts)
        return frame

    def parsed(
        self, schema: Any, frame: polars.DataFrame
    ) -> tuple[polars.DataFrame | None, dict[str, Positions], Problems]:
        misfits: dict[str, Positions] = {}
        for name, column in schema.columns.items():
            if name in frame.columns and (schema.coerce or column.coerce) and column.dtype:
                rows = _misfits(frame[name], column.dtype.type)
                misfits |= {name: rows} if rows else {}
        if misfits:
            return None, misfits, []
        try:
            return schema.validate(frame, lazy=True), {}, []
        except SchemaErrors as errors:
            return None, {}, [_told(error, frame) for error in errors.schema_errors]

    def nulls(self, frame: polars.DataFrame, column: str) -> Positions:
        values = frame[column]
        mask = values.is_null()
        if values.dtype in (polars.Float32, polars.Float64):
            mask = mask | values.is_nan().fill_null(False)
        return set(mask.arg_true().to_list())

    def failing(self, check: Any, frame: polars.DataFrame, column: str) -> Positions | None:
        output = check(frame.lazy(), column or None).check_output
        answers = output.collect()[CHECK_OUTPUT_KEY]
        if len(answers) != len(frame):
            return None
        return set((~answers.fill_null(bool(check.ignore_na))).arg_true().to_list())

    def passes(self, check: Any, frame: polars.DataFrame, column: str) -> bool:
        """What a check says that gives one answer for all rows."""
        return bool(check(frame.lazy(), column or None).check_passed.collect().item())

    def rows(self, frame: polars.DataFrame, positions: list[int]) -> polars.DataFrame:
        return frame[positions]


FRAMES = PolarsFrames()


def _is_wider(have: Any, wanted: Any) -> bool:
    """Whether a type differs from another by its width or unit alone."""
    if isinstance(have, polars.Datetime) and isinstance(wanted, polars.Datetime):
        finer = _UNITS.index(wanted.time_unit) > _UNITS.index(have.time_unit)
        return finer and have.time_zone == wanted.time_zone
    one, other = _WIDTHS.get(_class(have)), _WIDTHS.get(_class(wanted))
    return one is not None and other is not None and one[0] == other[0] and one[1] < other[1]


def _class(dtype: Any) -> Any:
    return dtype if isinstance(dtype, type) else type(dtype)


def _misfits(values: polars.Series, wanted: Any) -> Positions:
    """The rows that a cast to a type would lose."""
    try:
        made = values.cast(wanted, strict=False)
    except polars.exceptions.PolarsError:
        return set()
    return set((made.is_null() & values.is_not_null()).arg_true().to_list())


def _told(error: Any, frame: polars.DataFrame) -> tuple[str, str]:
    """What is wrong with the table, and the column that it is about."""
    if error.reason_code != SchemaErrorReason.WRONG_DATATYPE:
        return "", str(error).splitlines()[0]
    name, found = error.schema.name, frame.schema[error.schema.name]
    return str(name), f"column {name} is to be {error.schema.dtype}, and is {found}"
