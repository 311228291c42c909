"""Which rows of data files have a key of a load: a join in a DuckDB of its own."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dbt_phlo.loads.writing.data_files import DataFileWriter
from dbt_phlo.loads.writing.reading import copy, numbered

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import FileScanTask, Table

MEMORY = "1GiB"
"""What DuckDB may hold of keys before it puts them on the disk."""
NOT_HERE = ("join_order", "build_side_probe_side", "join_filter_pushdown", "filter_pushdown")
"""DuckDB's optimizers that are off: the second table of a join is the one that it holds, and a
filter that it pushes into Arrow takes NaN for equal to nothing and cannot compare UUIDs."""


@contextmanager
def scratch() -> Iterator[Any]:
    """A DuckDB for keys, which puts on the disk what is more than ``MEMORY``.

    The second table of a join is the one that it holds, as the queries here are written. No filter
    is handed to Arrow, for which NaN equals nothing and which has no filter for a UUID.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="phlo-keys-") as folder:
        engine = duckdb.connect(config={"temp_directory": folder, "memory_limit": MEMORY})
        try:
            engine.execute(f"set disabled_optimizers = '{','.join(NOT_HERE)}'")
            engine.execute("set enable_progress_bar = false")
            yield engine
        finally:
            engine.close()


def hits(
    engine: Any, table: "Table", tasks: Sequence["FileScanTask"], columns: Sequence[str]
) -> dict[int, int]:
    """Make ``hit`` of the rows whose key is in ``incoming``; returns the rows of each file."""
    counts: dict[int, int] = {}
    engine.register("existing", numbered(table, tasks, columns, counts))
    engine.execute(
        f"create temp table hit as select e.file, e.pos, i.n from existing e join incoming i "
        f"on {same('e', 'i', len(columns))}"
    )
    engine.unregister("existing")
    return counts


def without_hits(
    engine: Any, table: "Table", tasks: Sequence["FileScanTask"], counts: dict[int, int]
) -> tuple[tuple["DataFile", ...], int, int, "list[DataFile]"]:
    """The files with rows in ``hit``; how many files were written again, how many rows are gone,
    and what was written.

    A file of which no row is left is not read.
    """
    found = engine.execute(
        "select file, count(distinct pos) from hit group by file order by file"
    ).fetchall()
    rewritten = 0
    with DataFileWriter(table) as writer:
        for number, gone in found:
            if gone < counts[number]:
                copy(writer, table, tasks[number], kept(engine, number, counts[number]))
                rewritten += 1
    removed = tuple(tasks[number].file for number, _ in found)
    return removed, rewritten, sum(gone for _, gone in found), writer.files


def kept(engine: Any, file: int, rows: int) -> Any:
    """For each row of a file, whether it is not in ``hit``; one boolean array."""
    mask = engine.execute(
        "select p not in (select pos from hit where file = ?) from range(?) r(p) order by p",
        [file, rows],
    ).to_arrow_table()
    return mask.column(0).combine_chunks()


def same(left: str, right: str, columns: int) -> str:
    """The condition of a join on the key."""
    return " and ".join(f"{left}.c{n} = {right}.c{n}" for n in range(columns))


def key_list(columns: int) -> str:
    """The key's columns in a scratch table."""
    return ", ".join(f"c{n}" for n in range(columns))
