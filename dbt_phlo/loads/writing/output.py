"""The data files of one attempt; the table grows where the source has more columns than it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dbt_phlo.loads.writing.data_files import DataFileWriter, delete

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table


class Output:
    """Takes pages in the order of arrival; ``files`` are complete behind the ``with`` block.

    ``grow`` is given the columns that a page has and the table lacks, and returns the table with
    them. When the block ends by an exception, all files are deleted.
    """

    def __init__(self, table: "Table", grow: Callable[["pa.Schema"], "Table"]) -> None:
        self.table = table
        self._grow = grow
        self._writer = DataFileWriter(table)
        self._done: list[DataFile] = []

    def __enter__(self) -> "Output":
        self._writer.__enter__()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            self._writer.__exit__(kind, error, trace)
        except BaseException:
            self.discard()
            raise
        if kind is not None:
            self.discard()

    @property
    def files(self) -> list["DataFile"]:
        """The files, those of a table with fewer columns first."""
        return [*self._done, *self._writer.files]

    def write(self, page: "pa.Table") -> None:
        known = set(self.table.schema().column_names)
        new = [field for field in page.schema if field.name not in known]
        if new:
            self._writer.__exit__(None, None, None)
            self._done += self._writer.files
            self.table = self._grow(page.select([field.name for field in new]).schema)
            self._writer = DataFileWriter(self.table)
            self._writer.__enter__()
        self._writer.write(page)

    def discard(self) -> None:
        """Delete every file: they are not committed."""
        delete(self.table, [file.file_path for file in self.files])
        self._done = []
