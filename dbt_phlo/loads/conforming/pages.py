"""One item that a source yields, as pages of rows.

A page has the names of its fields, and each field's values: a list of Python values, or a
``pyarrow.ChunkedArray``. What holds many rows (a reader, a relation) is read batch by batch.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from operator import itemgetter
from typing import Any, Protocol

from dbt_phlo.errors import DataRefused
from dbt_phlo.extras import optional
from dbt_phlo.loads.conforming.arrow_values import python
from dbt_phlo.loads.conforming.kinds import plain

YIELDS = (
    "a dict, a list of dicts, a pydantic model, a dataclass, a pyarrow Table, RecordBatch or "
    "RecordBatchReader, a pandas or polars DataFrame, a polars LazyFrame, or a DuckDB relation"
)
BATCH = 100_000
"""Rows of a DuckDB relation that are read at a time."""


class Page(Protocol):
    """Some rows, field by field."""

    names: tuple[Any, ...]
    rows: int

    def values(self, place: int) -> Any:
        """The values of a field: a list, or a ``pyarrow.ChunkedArray``."""

    def row(self, number: int) -> dict[Any, Any]:
        """One row, from 0, as the source gave it."""


class Rows:
    """A page of dicts. Where keys differ, a key that a row lacks is NULL in it."""

    def __init__(self, rows: Sequence[dict[Any, Any]]) -> None:
        self._rows = rows
        self.rows = len(rows)
        self.names, self._columns = _columns(rows)

    def values(self, place: int) -> list[Any]:
        return self._columns[place]

    def row(self, number: int) -> dict[Any, Any]:
        return self._rows[number]


class Frame:
    """A page of columns, each a list or a ``pyarrow.ChunkedArray``."""

    def __init__(self, names: Sequence[Any], columns: Sequence[Any], rows: int) -> None:
        self.names, self._columns, self.rows = tuple(names), columns, rows

    def values(self, place: int) -> Any:
        return self._columns[place]

    def row(self, number: int) -> dict[Any, Any]:
        return {
            name: first_values(column, number, 1)[0]
            for name, column in zip(self.names, self._columns, strict=True)
        }


def pages(item: Any) -> Iterator[Page]:
    """The pages of an item, none for None, an empty list and a frame without rows.

    Raises ``DataRefused`` for what no source may yield (PHLO613) and for Arrow data that break
    Arrow's own format (PHLO615).
    """
    if type(item) is list:
        yield from _of_list(item)
    elif item is not None:
        row = _row(item)
        yield from _frames(item) if row is None else iter([Rows([row])])


def first_values(column: Any, start: int, size: int) -> list[Any]:
    """``size`` values of a page's field, from a row on, as Python values."""
    if isinstance(column, list):
        return column[start : start + size]
    chunks = column.slice(start, size).chunks
    return [value for chunk in chunks for value in python(chunk)]


def _columns(rows: Sequence[dict[Any, Any]]) -> tuple[tuple[Any, ...], list[list[Any]]]:
    names = tuple(rows[0])
    if set(map(len, rows)) == {len(names)}:
        try:
            return names, [list(map(itemgetter(name), rows)) for name in names]
        except KeyError:
            pass
    more = set().union(*rows).difference(names)
    names = (*names, *sorted(more, key=str))
    return names, [[row.get(name) for row in rows] for name in names]


def _of_list(items: list[Any]) -> Iterator[Page]:
    if set(map(type, items)) == {dict}:
        yield Rows(items)
        return
    rows: list[dict[Any, Any]] = []
    for item in items:
        row = None if item is None else _row(item)
        if row is not None:
            rows.append(row)
        elif item is not None:
            if rows:
                yield Rows(rows)
                rows = []
            yield from _frames(item)
    if rows:
        yield Rows(rows)


def _row(item: Any) -> dict[Any, Any] | None:
    """The row that an object is: a mapping, a model, an instance of a dataclass."""
    if type(item) is dict:
        return item
    if isinstance(item, Mapping):
        return dict(item)
    is_row = hasattr(item, "model_dump") or hasattr(item, "__dataclass_fields__")
    row = plain(item) if is_row and not isinstance(item, type) else None
    return row if type(row) is dict else None


def _frames(item: Any) -> Iterator[Page]:
    arrow = optional("pyarrow", extra="ingest")
    kinds = {f"{of.__module__.split('.')[0]}.{of.__name__}" for of in type(item).__mro__}
    if "pyarrow.Table" in kinds:
        yield from _of_table(item)
    elif "pyarrow.RecordBatch" in kinds:
        yield from _of_table(arrow.Table.from_batches([item]))
    elif "pyarrow.RecordBatchReader" in kinds:
        for batch in item:
            yield from _of_table(arrow.Table.from_batches([batch]))
    elif "pandas.DataFrame" in kinds:
        yield from _of_pandas(item)
    elif "polars.DataFrame" in kinds:
        yield from _of_polars(item)
    elif "polars.LazyFrame" in kinds:
        yield from _of_polars(item.collect())
    elif {"duckdb.DuckDBPyRelation", "_duckdb.DuckDBPyRelation"} & kinds:
        for batch in item.to_arrow_reader(BATCH):
            yield from _of_table(arrow.Table.from_batches([batch]))
    else:
        raise DataRefused(
            f"the source yields a value of the type {type(item).__module__}."
            f"{type(item).__qualname__}, which holds no rows",
            remedy=f"yield {YIELDS}",
            code="PHLO613",
        )


def _of_table(table: Any) -> Iterator[Page]:
    if table.num_rows:
        names = table.schema.names
        columns = [
            _checked(name, column) for name, column in zip(names, table.columns, strict=True)
        ]
        yield Frame(names, columns, table.num_rows)


def _checked(name: str, column: Any) -> Any:
    """A column whose buffers are sound; as Python values where its text is not UTF-8, or where its
    decimals have more digits than they may (DuckDB's largest HUGEINT)."""
    arrow = optional("pyarrow", extra="ingest")
    try:
        column.validate(full=True)
    except arrow.ArrowInvalid as error:
        if "UTF8" in str(error) or "does not fit in precision" in str(error):
            column.validate()
            return first_values(column, 0, len(column))
        raise DataRefused(
            f"the Arrow column {name} ({column.type}) breaks Arrow's format: {error}",
            remedy="mend what builds it: `table.validate(full=True)` is to pass",
            code="PHLO615",
        ) from error
    return column


def _of_pandas(frame: Any) -> Iterator[Page]:
    """NaN, NaT and NA are NULL, as pandas means them."""
    if len(frame):
        series = [frame.iloc[:, place] for place in range(frame.shape[1])]
        yield Frame(list(frame.columns), [_of_series(one) for one in series], len(frame))


def _of_series(series: Any) -> Any:
    arrow = optional("pyarrow", extra="ingest")
    if str(series.dtype) != "object":
        try:
            made = arrow.array(series, from_pandas=True)
            return made if isinstance(made, arrow.ChunkedArray) else arrow.chunked_array([made])
        except (arrow.ArrowException, TypeError, ValueError):
            pass
    found = series.tolist()
    return [None if type(value) is float and isnan(value) else value for value in found]


def _of_polars(frame: Any) -> Iterator[Page]:
    if not len(frame):
        return
    yield Frame(frame.columns, [_of_polars_series(one) for one in frame], len(frame))


def _of_polars_series(series: Any) -> Any:
    """Objects, and integers of 128 bits, have no Arrow type: they are looked at one by one."""
    arrow = optional("pyarrow", extra="ingest")
    if str(series.dtype) in ("Object", "Int128", "UInt128"):
        return series.to_list()
    return arrow.chunked_array([series.to_arrow()])
