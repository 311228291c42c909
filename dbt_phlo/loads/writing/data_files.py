"""Data files of a table, written in bounded memory and split by its partition spec.

They are Parquet, with the field ids, bounds and counts that Iceberg's readers prune by. Nothing
here commits: a file is part of the table when ``commit`` says so.
"""

import logging
import uuid
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dbt_phlo.errors import DataRefused
from dbt_phlo.extras import optional
from dbt_phlo.loads.writing.partition_values import parts

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table
    from pyiceberg.typedef import Record

log = logging.getLogger(__name__)

ROWS = 1_000_000
"""The most rows of a file."""
BYTES = 128 << 20
"""The most bytes of Arrow that become one file, and that wait to be written at one time."""
ROW_GROUP = 122_880
"""DuckDB's own; it reads the row groups of a file in parallel."""
ROW_GROUP_BYTES = 16 << 20
OPEN_FILES = 64
"""How many partitions are written at one time; more of them give smaller files."""


class DataFileWriter:
    """Writes rows into new data files below ``<table>/data``.

    ``files`` is complete after ``finish``, which the end of the ``with`` block calls too; they are
    in the order of arrival where the table has no partitions. When the block ends by an exception
    its files are deleted, unless ``keep`` was called: call it before a commit that stands in the
    block, for nobody may delete what a commit of unknown outcome may have made rows of the table.
    """

    def __init__(
        self,
        table: "Table",
        *,
        rows_per_file: int = ROWS,
        bytes_per_file: int = BYTES,
        open_files: int = OPEN_FILES,
    ) -> None:
        schemas = optional("pyiceberg.schema", extra="ingest")
        arrow = optional("pyiceberg.io.pyarrow", extra="ingest")
        self.files: list[DataFile] = []
        self.rows = 0
        self._table = table
        self._name = ".".join(table.name())
        self._schema = schemas.sanitize_column_names(table.schema())
        self._arrow: pa.Schema = arrow.schema_to_pyarrow(self._schema)
        self._limits = (rows_per_file, bytes_per_file, open_files)
        self._nowhere: Record = optional("pyiceberg.typedef", extra="ingest").Record()
        self._waiting: dict[Record | None, _Waiting] = {}  # None: not split by partition yet
        self._kept = False
        self._open: dict[Record, _OpenFile] = {}  # the one written last goes last

    def __enter__(self) -> "DataFileWriter":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None:
            self.restart()
            return
        try:
            self.finish()
        except BaseException:
            self.restart()
            raise

    def finish(self) -> "list[DataFile]":
        """Write what waits, close every file, and return them. Rows may still be added."""
        self._flush_all()
        for of in list(self._open):
            self._close(of)
        return self.files

    def restart(self) -> None:
        """Delete what was written, and begin anew."""
        for file in self._open.values():
            file.abandon()
        if not self._kept:
            delete(self._table, [file.file_path for file in self.files])
        delete(self._table, [file.location for file in self._open.values()])
        self.files, self.rows = [], 0
        self._open, self._waiting = {}, {}

    def keep(self) -> None:
        """Leave the finished files where they are, whatever happens."""
        self._kept = True

    @property
    def bytes(self) -> int:
        """The size of the finished files."""
        return sum(file.file_size_in_bytes for file in self.files)

    def write(self, batch: "pa.Table", partition: "Record | None" = None) -> None:
        """Add rows. Columns are found by name; one that is missing and may be NULL is NULL.

        ``partition``: that of all rows, where it is known. Raises ``DataRefused`` for what the
        table cannot hold.
        """
        rows = self._conformed(batch)
        if not rows.num_rows:
            return
        self.rows += rows.num_rows
        if partition is None and not self._table.spec().fields:
            partition = self._nowhere
        waiting = self._waiting.setdefault(partition, _Waiting())
        waiting.add(rows)
        if partition is not None:
            self._flush(partition, waiting, all_rows=waiting.bytes >= ROW_GROUP_BYTES)
        if sum(one.bytes for one in self._waiting.values()) > self._limits[1]:
            self._flush_all()

    def _flush_all(self) -> None:
        """Write out all that waits. Rows are split here and not before: thousands of partitions
        of a few rows each would take many times the memory of the rows themselves."""
        for of, waiting in list(self._waiting.items()):
            if of is not None:
                self._flush(of, waiting, all_rows=True)
                continue
            rows = waiting.taken(waiting.rows, waiting.bytes)
            named = rows.rename_columns([field.name for field in self._table.schema().fields])
            for partition, at in parts(self._table, named):
                part = _Waiting()
                part.add(rows if at is None else rows.take(at))
                self._flush(partition, part, all_rows=True)
        self._waiting = {}

    def _flush(self, of: "Record", waiting: "_Waiting", *, all_rows: bool) -> None:
        most_rows, most_bytes, _ = self._limits
        while waiting.rows >= (1 if all_rows else ROW_GROUP):
            file = self._opened(of)
            room = most_bytes - file.arrow_bytes
            file.write(waiting.taken(min(ROW_GROUP, most_rows - file.rows), room))
            if file.rows >= most_rows or file.arrow_bytes >= most_bytes:
                self._close(of)

    def _opened(self, of: "Record") -> "_OpenFile":
        file = self._open.pop(of, None)
        if file is None:
            if len(self._open) >= self._limits[2]:
                self._close(next(iter(self._open)))
            file = _OpenFile(self._table, self._schema, self._arrow, of)
        self._open[of] = file
        return file

    def _close(self, of: "Record") -> None:
        self.files.append(self._open[of].close())
        del self._open[of]

    def _conformed(self, batch: "pa.Table") -> "pa.Table":
        """The batch in the columns, order and types of the table."""
        import pyarrow as pa

        names = [field.name for field in self._table.schema().fields]
        unknown = [name for name in batch.column_names if name not in names]
        missing = [
            field.name
            for field in self._table.schema().fields
            if field.required and field.name not in batch.column_names
        ]
        if unknown or missing:
            told = [f"has no column {name}" for name in unknown]
            told += [f"needs a value for {name}" for name in missing]
            raise DataRefused(
                f"{self._name} {', '.join(told)}",
                remedy="declare the columns in the model's YAML, or leave them out of the source",
                code="PHLO630",
            )
        columns = [
            self._column(batch[name], name, field)
            if name in batch.column_names
            else pa.nulls(batch.num_rows, field.type)
            for name, field in zip(names, self._arrow, strict=True)
        ]
        return pa.Table.from_arrays(columns, schema=self._arrow)

    def _column(self, column: Any, name: str, field: "pa.Field") -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        if column.null_count and not field.nullable:
            row = pc.index(column.is_null(), True).as_py()
            raise DataRefused(
                f"{self._name}: column {name} is required and is NULL in row {row} of a batch "
                f"({column.null_count} of {len(column)})",
                remedy="correct the source, or remove the column's not_null constraint",
                code="PHLO631",
            )
        try:
            return column if column.type == field.type else column.cast(field.type)
        except pa.ArrowException as error:
            raise DataRefused(
                f"{self._name}: column {name} holds {field.type}; values of type {column.type} do "
                f"not fit: {error}",
                remedy="change the column's data_type, or convert the values in the source",
                code="PHLO632",
            ) from error


def delete(table: "Table", locations: Iterable[str]) -> None:
    """Delete files that no commit has made part of a table; what cannot be is for the cleanup."""
    for location in locations:
        try:
            table.io.delete(location)
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("%s is not needed and cannot be deleted: %s", location, error)


class _Waiting:
    """Rows of one partition that are not written yet."""

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []
        self.rows = self.bytes = 0

    def add(self, table: "pa.Table") -> None:
        self._tables.append(table)
        self.rows += table.num_rows
        self.bytes += table.nbytes

    def taken(self, rows: int, most_bytes: int) -> "pa.Table":
        """The first rows, which wait no more: at most ``rows``, and about ``most_bytes``."""
        import pyarrow as pa

        held = pa.concat_tables(self._tables)
        fitting = most_bytes * self.rows // max(self.bytes, 1) + 1
        first = held.slice(0, min(rows, fitting))
        self._tables, self.rows, self.bytes = [], 0, 0
        if first.num_rows < held.num_rows:
            self.add(held.slice(first.num_rows))
        return first


class _OpenFile:
    """A Parquet file that grows."""

    def __init__(
        self, table: "Table", schema: Any, arrow: "pa.Schema", partition: "Record"
    ) -> None:
        from pyarrow.parquet import ParquetWriter

        self.location = f"{table.location()}/data/{uuid.uuid4()}.parquet"
        self.rows = self.arrow_bytes = 0
        self._table, self._schema, self._partition = table, schema, partition
        self._output = table.io.new_output(self.location)
        self._stream: Any = self._output.create()
        self._footer: list[Any] = []
        self._parquet = ParquetWriter(
            self._stream,
            arrow,
            compression="zstd",
            store_decimal_as_integer=True,
            metadata_collector=self._footer,
        )

    def write(self, rows: "pa.Table") -> None:
        self._parquet.write_table(rows, row_group_size=ROW_GROUP)
        self.rows += rows.num_rows
        self.arrow_bytes += rows.nbytes

    def close(self) -> "DataFile":
        from pyiceberg.io import pyarrow as arrow
        from pyiceberg.manifest import DataFile, DataFileContent, FileFormat

        self._parquet.close()
        size = self._stream.tell()
        self._stream.close()
        statistics = arrow.data_file_statistics_from_parquet_metadata(
            self._footer[0],
            arrow.compute_statistics_plan(self._schema, self._table.properties),
            arrow.parquet_path_to_id_mapping(self._schema),
        )
        file = DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=self.location,
            file_format=FileFormat.PARQUET,
            partition=self._partition,
            file_size_in_bytes=size,
            sort_order_id=None,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )
        file.spec_id = self._table.spec().spec_id
        return file

    def abandon(self) -> None:
        with suppress(Exception):  # what it was abandoned for is told, not this
            self._stream.close()
