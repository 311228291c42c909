"""Which partition each row of a table belongs to, in Iceberg's own form of the values.

``pyiceberg-core`` would do this in Rust, and is not asked for: a transform is applied to each
distinct value once, by pyiceberg in Python.
"""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.partitioning import PartitionField
    from pyiceberg.table import Table
    from pyiceberg.typedef import Record


def parts(table: "Table", rows: "pa.Table") -> Iterator[tuple["Record", Any]]:
    """The partitions of rows, each with the positions of its rows in their order, or None: all."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyiceberg.typedef import Record

    spec = table.spec()
    combined: Any = None
    found: list[list[Any]] = []
    for field in spec.fields:
        values, codes = _coded(table, rows, field)
        found.append(values)
        codes = codes.cast(pa.int64())
        combined = codes if combined is None else pc.add(pc.multiply(combined, len(values)), codes)
    if combined is None:
        yield Record(), None
        return
    order = pc.sort_indices(combined)  # a stable sort: the order of arrival stays
    runs = pc.run_end_encode(combined.take(order))
    start = 0
    for code, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        rest, values = code, []
        for known in reversed(found):
            rest, number = divmod(rest, len(known))
            values.append(known[number])
        yield Record(*reversed(values)), None if len(runs.values) == 1 else order[start:end]
        start = end


def _coded(table: "Table", rows: "pa.Table", field: "PartitionField") -> tuple[list[Any], Any]:
    """The values of a partition field in Iceberg's own form, and which of them each row has.

    A transform is applied to each distinct value of its column once, by pyiceberg in Python: in
    Arrow it can only with the library pyiceberg-core.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    source = table.schema().find_field(field.source_id)
    path = table.schema().find_column_name(field.source_id) or source.name
    column = rows[path] if path in rows.column_names else _nested(rows, path)
    encoded = pc.dictionary_encode(
        _coarser(column, str(field.transform)).combine_chunks(), null_encoding="encode"
    )
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    transform = field.transform.transform(source.field_type)
    numbers: dict[Any, int] = {}
    values = _plain(encoded.dictionary)
    if str(source.field_type) == "uuid":  # as pyiceberg reads it from a manifest
        values = [value and uuid.UUID(bytes=value) for value in values]
    codes = [numbers.setdefault(transform(value), len(numbers)) for value in values]
    return list(numbers), pa.array(codes, pa.int32()).take(encoded.indices)


def _nested(rows: "pa.Table", path: str) -> Any:
    import pyarrow.compute as pc

    first, *rest = path.split(".")
    return pc.struct_field(rows[first], rest)


def _coarser(column: Any, transform: str) -> Any:
    """A column with fewer distinct values, which are transformed to the same."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"))
        if transform in ("year", "month", "day", "hour"):
            return pc.floor_temporal(column, unit="hour" if transform == "hour" else "day")
    if isinstance(column.type, pa.BaseExtensionType):
        stored = [chunk.storage for chunk in column.chunks]
        return pa.chunked_array(stored, column.type.storage_type)
    return column


def _plain(values: Any) -> list[Any]:
    """Values as Iceberg keeps them: days and microseconds as numbers."""
    import pyarrow as pa

    if pa.types.is_date32(values.type):
        values = values.cast(pa.int32())
    elif pa.types.is_timestamp(values.type) or pa.types.is_time64(values.type):
        values = values.cast(pa.int64())
    found: list[Any] = values.to_pylist()
    return found
