"""Data files of a table read by column, and copied without some of their rows."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dbt_phlo.errors import CatalogError, nearest
from dbt_phlo.extras import optional
from dbt_phlo.loads.writing.data_files import DataFileWriter

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.expressions import BooleanExpression
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import FileScanTask, Table


def column_names(table: "Table", names: Sequence[str]) -> list[str]:
    """The columns as the table spells them. Raises ``CatalogError`` (PHLO639)."""
    fields = [field.name for field in table.schema().fields]
    known = {name.lower(): name for name in fields} | {name: name for name in fields}
    for name in names:
        if name not in known and name.lower() not in known:
            raise CatalogError(
                f"{'.'.join(table.name())} has no column {name}.{nearest(name, known)}",
                remedy="name a column of the model in its unique_key or event_time",
                code="PHLO639",
            )
    return [known.get(name) or known[name.lower()] for name in names]


def planned(table: "Table", where: "BooleanExpression") -> list["FileScanTask"]:
    """The table's files that may hold such rows. Raises ``CatalogError`` (PHLO640)."""
    try:
        return list(table.scan(row_filter=where).plan_files())
    except ValueError as error:
        if "equality deletes" not in str(error):
            raise
        raise CatalogError(
            f"{'.'.join(table.name())} has equality deletes of another engine, which cannot be "
            "applied here",
            remedy="compact the table with the engine that wrote them",
            code="PHLO640",
        ) from error


def tasks_of(files: Sequence["DataFile"]) -> list["FileScanTask"]:
    """Files that are not part of a table yet, to be read like those that are."""
    from pyiceberg.table import FileScanTask

    return [FileScanTask(file) for file in files]


def batches(
    table: "Table", task: "FileScanTask", columns: Sequence[str] = ()
) -> Iterator["pa.RecordBatch"]:
    """The rows of one file that its position deletes leave, in their order, as the table is now.

    Columns are found by id, as Iceberg wants: renamed, widened and added ones too. All columns
    where none is named. pyiceberg's ``ArrowScan.to_record_batches`` gathers a whole file before
    its first batch (0.12), so this takes the generator inside of it.
    """
    arrow = optional("pyiceberg.io.pyarrow", extra="ingest")
    expressions = optional("pyiceberg.expressions", extra="ingest")
    schema = table.schema().select(*columns) if columns else table.schema()
    scan = arrow.ArrowScan(table.metadata, table.io, schema, expressions.AlwaysTrue())
    deletes = arrow._read_all_delete_files(table.io, [task])
    found: Iterator[pa.RecordBatch] = scan._record_batches_from_scan_tasks_and_deletes(
        [task], deletes
    )
    return found


def numbered(
    table: "Table", tasks: Sequence["FileScanTask"], columns: Sequence[str], counts: dict[int, int]
) -> "pa.RecordBatchReader":
    """Columns of several files as one stream for DuckDB, named c0, c1 and so on.

    ``file`` is the number of the task, ``pos`` that of the row as ``batches`` gives them;
    ``counts`` gets the rows of each file.
    """
    import pyarrow as pa
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    selected = schema_to_pyarrow(table.schema().select(*columns), include_field_ids=False)
    fields = [pa.field(f"c{n}", selected.field(name).type) for n, name in enumerate(columns)]
    schema = pa.schema([("file", pa.int32()), ("pos", pa.int64()), *fields])

    def stream() -> Iterator[pa.RecordBatch]:
        for number, task in enumerate(tasks):
            counts[number] = 0
            for batch in batches(table, task, columns):
                place = [
                    pa.repeat(pa.scalar(number, pa.int32()), batch.num_rows),
                    rising(counts[number], batch.num_rows),
                ]
                held = [
                    column if column.type == field.type else column.cast(field.type)
                    for field, column in zip(fields, map(batch.column, columns), strict=True)
                ]
                counts[number] += batch.num_rows
                yield pa.RecordBatch.from_arrays([*place, *held], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, stream())


def copy(writer: DataFileWriter, table: "Table", task: "FileScanTask", keep: Any) -> None:
    """Write those rows of a file again for which ``keep``, a boolean array, is true.

    They stay in their partition; those of a file of an earlier partition spec go where the
    current one wants them.
    """
    import pyarrow as pa

    same_spec = task.file.spec_id == table.spec().spec_id
    start = 0
    for batch in batches(table, task):
        left = batch.filter(keep.slice(start, batch.num_rows))
        start += batch.num_rows
        writer.write(pa.Table.from_batches([left]), task.file.partition if same_spec else None)


def rising(start: int, length: int) -> Any:
    """The whole numbers from ``start``; pyarrow's own ``arange`` is newer than what we allow."""
    import pyarrow.compute as pc

    size = 1 << max(length - 1, 0).bit_length()
    return pc.add(_counted(size).slice(0, length), start)


@lru_cache(maxsize=4)
def _counted(size: int) -> Any:
    import pyarrow as pa

    return pa.array(range(size), pa.int64())
