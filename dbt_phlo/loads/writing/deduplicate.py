"""Within one load, one row for each key: the last or first one, or the only one there is.

Which keys come twice is found on the key columns alone. Only where some do is more read, and only
the files that hold a row too many are written again. Keys are equal as in ``merge``.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbt_phlo.errors import DataRefused
from dbt_phlo.loads.plan import ROW_ID, SYSTEM_COLUMNS, Deduplicate
from dbt_phlo.loads.writing.data_files import DataFileWriter, delete
from dbt_phlo.loads.writing.key_join import kept, key_list, same, scratch
from dbt_phlo.loads.writing.reading import batches, column_names, copy, numbered, tasks_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import FileScanTask, Table

SHOWN = 5
"""How many differing columns a message names."""


@dataclass(frozen=True)
class Deduplicated:
    """The files to load. ``duplicates`` rows were left out, and ``without_key`` set aside."""

    files: tuple["DataFile", ...]
    duplicates: int = 0
    without_key: int = 0


def deduplicate(
    table: "Table",
    files: Sequence["DataFile"],
    key: Sequence[str],
    how: Deduplicate,
    *,
    set_aside: Callable[["pa.Table"], None] | None = None,
    hidden: Collection[str] = (),
) -> Deduplicated:
    """Leave one row of each key in ``files``, which no commit has made part of ``table`` yet.

    Arrival is the order of ``_phlo_row_id``. ``last`` and ``first`` go by ``how.order_by``, where
    a row with a NULL loses to all others, NaN is the greatest number, and equal values are in the
    order of arrival. ``hash`` compares whole rows, but the
    system columns, by 64-bit hashes: equal rows become one, the first.

    ``set_aside`` gets the rows whose key has a NULL, in batches, and they are left out; without it
    they raise ``DataRefused`` (PHLO633), as rows of one key that differ do under ``hash``
    (PHLO634). Values of the columns ``hidden`` are not told. Files that are written again are
    deleted; on an error all stay as they are.
    """
    columns = column_names(table, key)
    job = _Job(table, tasks_of(files), columns, frozenset(hidden))
    with scratch() as engine:
        order_by = column_names(table, [how.order_by] if how.order_by else [])
        job.read(engine, order_by)
        without_key = job.without_key(engine, set_aside)
        duplicates = job.duplicates(engine, how)
        if not without_key + duplicates:
            return Deduplicated(tuple(files))
        return Deduplicated(job.rewritten(engine), duplicates, without_key)


class _Job:
    def __init__(
        self,
        table: "Table",
        tasks: "list[FileScanTask]",
        columns: list[str],
        hidden: frozenset[str],
    ) -> None:
        self._table, self._tasks, self._columns, self._hidden = table, tasks, columns, hidden
        self._counts: dict[int, int] = {}
        self._keys = key_list(len(columns))
        self._name = ".".join(table.name())

    def read(self, engine: Any, order_by: list[str]) -> None:
        """Make ``arrived`` of keys, arrival and order, and an empty ``hit`` for what has to go."""
        columns = [*self._columns, ROW_ID, *order_by]
        engine.register("stream", numbered(self._table, self._tasks, columns, self._counts))
        ordering = f", c{len(columns) - 1} as ordering" if order_by else ""
        engine.execute(
            f"create temp table arrived as select file, pos, {self._keys}, "
            f"c{len(self._columns)} as row_id{ordering} from stream"
        )
        engine.unregister("stream")
        engine.execute("create temp table hit (file integer, pos bigint)")

    def without_key(self, engine: Any, set_aside: "Callable[[pa.Table], None] | None") -> int:
        """Put the rows whose key has a NULL into ``hit``; returns their number."""
        any_null = " or ".join(f"c{n} is null" for n in range(len(self._columns)))
        found = engine.execute(
            f"select count(*), min(row_id) from arrived where {any_null}"
        ).fetchone()
        count, first = int(found[0]), found[1]
        if not count:
            return 0
        if set_aside is None:
            nulls = ", ".join(
                f"count(*) filter (where c{n} is null)" for n in range(len(self._columns))
            )
            counted = engine.execute(f"select {nulls} from arrived").fetchone()
            told = [f"{c} ({n:,})" for c, n in zip(self._columns, counted, strict=True) if n]
            raise DataRefused(
                f"{self._name}: {count:,} rows have NULL in a column of their key: "
                f"{', '.join(told)}; the first has {ROW_ID} {first}",
                remedy="correct the source, choose another unique_key, or set on_bad_rows: "
                "quarantine",
                code="PHLO633",
            )
        engine.execute(f"insert into hit select file, pos from arrived where {any_null}")
        for number, task in self._touched(engine):
            gone = kept(engine, number, self._counts[number])
            _filtered(self._table, task, gone, set_aside)
        engine.execute(f"delete from arrived where {any_null}")
        return count

    def duplicates(self, engine: Any, how: Deduplicate) -> int:
        """Put the rows that are too many into ``hit``; returns their number."""
        engine.execute(
            f"create temp table twice as select {self._keys} from arrived "
            f"group by {self._keys} having count(*) > 1"
        )
        if engine.execute("select 1 from twice limit 1").fetchone() is None:
            return 0
        engine.execute(
            f"create temp table several as select a.* from arrived a semi join twice t "
            f"on {same('a', 't', len(self._columns))}"
        )
        if how.keep == "hash":
            self._assert_equal(engine)
        direction = "desc" if how.keep == "last" else "asc"
        ordering = f"ordering {direction} nulls last, " if how.order_by else ""
        found = engine.execute(
            f"insert into hit select file, pos from several qualify row_number() over "
            f"(partition by {self._keys} order by {ordering}row_id {direction}) > 1"
        ).fetchone()
        return int(found[0])

    def rewritten(self, engine: Any) -> tuple["DataFile", ...]:
        """The files without the rows of ``hit``; those that held some are deleted."""
        touched = self._touched(engine)
        with DataFileWriter(self._table) as writer:
            for number, task in touched:
                copy(writer, self._table, task, kept(engine, number, self._counts[number]))
        gone = {task.file.file_path for _, task in touched}
        stay = [task.file for task in self._tasks if task.file.file_path not in gone]
        delete(self._table, gone)
        return (*stay, *writer.files)

    def _touched(self, engine: Any) -> "list[tuple[int, FileScanTask]]":
        found = engine.execute("select distinct file from hit order by file").fetchall()
        return [(number, self._tasks[number]) for (number,) in found]

    def _assert_equal(self, engine: Any) -> None:
        """Raise for a key whose rows differ."""
        import pyarrow as pa

        engine.execute("create temp table digest (file integer, pos bigint, digest ubigint)")
        every = [field.name for field in self._table.schema().fields]
        names = [name for name in every if name not in SYSTEM_COLUMNS]
        hashed = ", ".join(f"c{n}" for n in range(len(names)))
        files = engine.execute("select distinct file from several order by file").fetchall()
        for (number,) in files:
            task, start = self._tasks[number], 0
            for batch in batches(self._table, task, names):
                columns = [batch.column(name) for name in names]
                rows = pa.table(columns, names=[f"c{n}" for n in range(len(names))])
                engine.register("rows", rows)
                engine.execute(
                    f"insert into digest select ?, ? + n, h from (select row_number() over () - 1 "
                    f"as n, hash({hashed}) as h from rows) where ? + n in "
                    "(select pos from several where file = ?)",
                    [number, start, start, number],
                )
                engine.unregister("rows")
                start += batch.num_rows
        keys = ", ".join(f"s.c{n}" for n in range(len(self._columns)))
        differing = engine.execute(
            f"select min(s.row_id) as first, "
            f"list((s.file, s.pos, s.row_id, d.digest) order by s.row_id) "
            f"from several s join digest d on s.file = d.file and s.pos = d.pos "
            f"group by {keys} having count(distinct d.digest) > 1 order by first limit 1"
        ).fetchone()
        if differing is not None:
            first, *others = differing[1]
            second = next(other for other in others if other[3] != first[3])
            raise self._differing(first, second, names)

    def _differing(
        self, first: Sequence[Any], second: Sequence[Any], names: list[str]
    ) -> DataRefused:
        one, other = (self._row(place[0], place[1]) for place in (first, second))
        key = ", ".join(f"{name} = {self._shown(name, one[name])}" for name in self._columns)
        differing = [n for n in names if n not in self._columns and repr(one[n]) != repr(other[n])]
        told = [
            f"{name} ({self._shown(name, one[name])}, {self._shown(name, other[name])})"
            for name in differing[:SHOWN]
        ]
        if len(differing) > SHOWN:
            told.append(f"{len(differing) - SHOWN} more columns")
        return DataRefused(
            f"{self._name}: the rows with {ROW_ID} {first[2]} and {second[2]} have one key, {key}, "
            f"and differ in {', '.join(told)}",
            remedy="correct the source, or say which one stays: deduplicate: last, or first",
            code="PHLO634",
        )

    def _row(self, file: int, position: int) -> dict[str, Any]:
        start = 0
        for batch in batches(self._table, self._tasks[file]):
            if position < start + batch.num_rows:
                (row,) = batch.slice(position - start, 1).to_pylist()
                return dict(row)
            start += batch.num_rows
        raise AssertionError("a row that was read is gone")

    def _shown(self, column: str, value: Any) -> str:
        return "***" if column in self._hidden else repr(value)[:80]


def _filtered(
    table: "Table", task: "FileScanTask", keep: Any, take: "Callable[[pa.Table], None]"
) -> None:
    """Give the rows of a file for which ``keep`` is false to ``take``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    start = 0
    for batch in batches(table, task):
        rows = batch.filter(pc.invert(keep.slice(start, batch.num_rows)))
        start += batch.num_rows
        if rows.num_rows:
            take(pa.Table.from_batches([rows]))
