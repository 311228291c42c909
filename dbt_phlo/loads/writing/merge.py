"""Copy-on-write merge: new rows take the place of those of the table with the same key.

Which files of the table can hold such a key is asked of the manifests' bounds first, then of the
files' key columns alone; only a file that does hold one is read whole and written again, without
the rows that give way. Keys are compared as DuckDB's joins compare them: text by its bytes, NaN
equal to NaN, -0.0 equal to 0.0; NULL equals nothing here, for a key with a NULL names no row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbt_phlo.extras import optional
from dbt_phlo.loads.writing.key_join import hits, key_list, same, scratch, without_hits
from dbt_phlo.loads.writing.reading import column_names, numbered, planned, tasks_of

if TYPE_CHECKING:
    from pyiceberg.expressions import BooleanExpression
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

ORDERED = ("int", "long", "float", "double", "date", "timestamp", "timestamptz", "string")
"""The types whose bounds every engine orders alike; ``decimal`` too."""


@dataclass(frozen=True)
class Change:
    """What a commit is to take out of a table and put into it, and how it was found.

    ``updated`` rows of the load have a key that the table had, ``inserted`` ones have not;
    ``deleted`` counts the rows of the table that give way. ``examined`` files were read for their
    keys, ``rewritten`` ones were read whole; ``removed`` has these and those with no row left.
    """

    removed: tuple["DataFile", ...]
    added: tuple["DataFile", ...]
    examined: int = 0
    rewritten: int = 0
    updated: int = 0
    inserted: int = 0
    deleted: int = 0


def merge(table: "Table", added: Sequence["DataFile"], key: Sequence[str]) -> Change:
    """Let the rows of ``added``, one for each key and none with a NULL in it, replace the table's.

    ``added`` are files that are not the table's yet. Raises ``CatalogError`` (PHLO639) for a key
    column that is not there, (PHLO640) for a table with equality deletes.
    """
    return replaced(table, added, key, distinct=False)


def replaced(
    table: "Table", added: Sequence["DataFile"], key: Sequence[str], *, distinct: bool
) -> Change:
    """``merge``; with ``distinct`` a key may be that of several rows of ``added``."""
    columns = column_names(table, key)
    rows = sum(file.record_count for file in added)
    if not rows or table.current_snapshot() is None:
        return Change((), tuple(added), inserted=rows)
    with scratch() as engine:
        _incoming(engine, table, added, columns, distinct)
        tasks = planned(table, _bounds(engine, table, added, columns))
        counts = hits(engine, table, tasks, columns)
        updated = _updated(engine, columns, distinct)
        removed, rewritten, deleted, written = without_hits(engine, table, tasks, counts)
    return Change(
        removed,
        (*added, *written),
        examined=len(tasks),
        rewritten=rewritten,
        updated=updated,
        inserted=rows - updated,
        deleted=deleted,
    )


def _incoming(
    engine: Any,
    table: "Table",
    added: Sequence["DataFile"],
    columns: Sequence[str],
    distinct: bool,
) -> None:
    """Make ``incoming`` of the keys of the load, with a number ``n`` each."""
    engine.register("arrived", numbered(table, tasks_of(added), columns, {}))
    keys = key_list(len(columns))
    if distinct:
        engine.execute(f"create temp table every as select {keys} from arrived")
        source = f"(select distinct {keys} from every)"
    else:
        source = "arrived"
    engine.execute(
        f"create temp table incoming as select row_number() over () n, {keys} from {source}"
    )
    engine.unregister("arrived")


def _updated(engine: Any, columns: Sequence[str], distinct: bool) -> int:
    """How many rows of the load have a key that the table had."""
    if not distinct:
        (count,) = engine.execute("select count(distinct n) from hit").fetchone()
        return int(count)
    (count,) = engine.execute(
        f"select count(*) from every e semi join (select {key_list(len(columns))} from incoming "
        f"where n in (select n from hit)) i on {same('e', 'i', len(columns))}"
    ).fetchone()
    return int(count)


def _bounds(
    engine: Any, table: "Table", added: Sequence["DataFile"], columns: Sequence[str]
) -> "BooleanExpression":
    """What the keys of the load lie between, by the bounds of its own files."""
    expressions = optional("pyiceberg.expressions", extra="ingest")
    from_bytes = optional("pyiceberg.conversions", extra="ingest").from_bytes
    found: BooleanExpression = expressions.AlwaysTrue()
    files = [file for file in added if file.record_count]
    for number, name in enumerate(columns):
        field = table.schema().find_field(name)
        kind = str(field.field_type)
        lower = [(file.lower_bounds or {}).get(field.field_id) for file in files]
        upper = [(file.upper_bounds or {}).get(field.field_id) for file in files]
        if not (kind in ORDERED or kind.startswith("decimal")) or None in lower + upper:
            continue
        if kind in ("float", "double") and _has_nan(engine, number):
            continue  # a file's bounds leave NaN out
        least = min(from_bytes(field.field_type, raw) for raw in lower)
        most = max(from_bytes(field.field_type, raw) for raw in upper)
        above = expressions.GreaterThanOrEqual(name, least)
        found = expressions.And(found, above, expressions.LessThanOrEqual(name, most))
    return found


def _has_nan(engine: Any, column: int) -> bool:
    (found,) = engine.execute(
        f"select coalesce(bool_or(isnan(c{column})), false) from incoming"
    ).fetchone()
    return bool(found)
