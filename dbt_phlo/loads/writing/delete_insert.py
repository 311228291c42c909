"""delete+insert: the rows of a window, or of the keys of a load, give way to the rows of the load.

A file that lies wholly inside of the window goes by its bounds, unread; one that lies partly inside
is written again without the rows of the window.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

from dbt_phlo.extras import optional
from dbt_phlo.loads.writing.data_files import DataFileWriter
from dbt_phlo.loads.writing.merge import Change, replaced
from dbt_phlo.loads.writing.reading import batches, column_names, copy, planned

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import FileScanTask, Table
    from pyiceberg.types import NestedField


def replace_keys(table: "Table", added: Sequence["DataFile"], key: Sequence[str]) -> Change:
    """The rows of ``added`` take the place of all rows of the table that have one of their keys.

    A key may be that of several rows, on both sides. Raises as ``merge`` does.
    """
    return replaced(table, added, key, distinct=True)


def replace_window(
    table: "Table", added: Sequence["DataFile"], column: str, start: Any, end: Any
) -> Change:
    """The rows of ``added`` take the place of those with ``column >= start and column < end``.

    ``start`` and ``end`` are values of the column; an aware datetime fits a date and a timestamp
    too, in UTC. A row that is NULL or NaN there is in no window, and stays. Raises
    ``CatalogError`` (PHLO639) for a column that is not there.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    expressions = optional("pyiceberg.expressions", extra="ingest")
    (name,) = column_names(table, [column])
    field = table.schema().find_field(name)
    first, last = (bound_of(str(field.field_type), bound) for bound in (start, end))
    inserted = sum(file.record_count for file in added)
    if table.current_snapshot() is None:
        return Change((), tuple(added), inserted=inserted)
    window = expressions.And(
        expressions.GreaterThanOrEqual(name, first), expressions.LessThan(name, last)
    )
    tasks = planned(table, window)
    removed: list[DataFile] = []
    examined = rewritten = deleted = 0
    with DataFileWriter(table) as writer:
        for task in tasks:
            if _is_inside(task, field, first, last):
                removed.append(task.file)
                deleted += task.file.record_count
                continue
            examined += 1
            held = pa.Table.from_batches(batches(table, task, [name]), _schema(table, name))
            values = held.column(0)
            bounds = [pa.scalar(bound, values.type) for bound in (first, last)]
            inside = pc.and_(pc.greater_equal(values, bounds[0]), pc.less(values, bounds[1]))
            inside = pc.fill_null(inside, False).combine_chunks()
            gone = pc.sum(inside).as_py() or 0
            if not gone:
                continue
            removed.append(task.file)
            deleted += gone
            if gone < held.num_rows:
                rewritten += 1
                copy(writer, table, task, pc.invert(inside))
    return Change(
        tuple(removed),
        (*added, *writer.files),
        examined=examined,
        rewritten=rewritten,
        inserted=inserted,
        deleted=deleted,
    )


def _is_inside(task: "FileScanTask", field: "NestedField", first: Any, last: Any) -> bool:
    """Whether a file's own counts and bounds say that all of its rows are in the window."""
    from_bytes = optional("pyiceberg.conversions", extra="ingest").from_bytes
    literal = optional("pyiceberg.expressions.literals", extra="ingest").literal
    file, number = task.file, field.field_id
    lower = (file.lower_bounds or {}).get(number)
    upper = (file.upper_bounds or {}).get(number)
    if lower is None or upper is None or (file.null_value_counts or {}).get(number) != 0:
        return False
    if str(field.field_type) in ("float", "double"):
        return False  # bounds leave NaN out, which is in no window
    if task.delete_files:
        return False  # to count the rows that go, they are read
    start, end = (literal(bound).to(field.field_type).value for bound in (first, last))
    return bool(
        start <= from_bytes(field.field_type, lower) and from_bytes(field.field_type, upper) < end
    )


def bound_of(kind: str, bound: Any) -> Any:
    """A bound as a value of the column.

    >>> bound_of("date", datetime(2024, 1, 1, 12, tzinfo=timezone.utc))
    datetime.date(2024, 1, 2)
    >>> bound_of("timestamp", datetime(2024, 1, 1, 12, tzinfo=timezone.utc))
    datetime.datetime(2024, 1, 1, 12, 0)
    """
    if isinstance(bound, datetime):
        moment = bound if bound.tzinfo else bound.replace(tzinfo=timezone.utc)
        moment = moment.astimezone(timezone.utc)
        if kind == "date":  # a day is a moment, its first
            begun = moment.time() > time.min
            return moment.date() + timedelta(days=1) if begun else moment.date()
        return moment.replace(tzinfo=None) if kind == "timestamp" else moment
    if isinstance(bound, date) and kind in ("timestamp", "timestamptz"):
        midnight = datetime.combine(bound, time.min)
        return midnight if kind == "timestamp" else midnight.replace(tzinfo=timezone.utc)
    return bound


def _schema(table: "Table", name: str) -> Any:
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    return schema_to_pyarrow(table.schema().select(name), include_field_ids=False)
