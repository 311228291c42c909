"""What a ref has changed, in the words of a person: tables and views, rows, columns."""

from typing import Any, Literal, NamedTuple

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import Change, ChangeKind, Diff
from dbt_phlo.names import HISTORY_SCHEMA
from dbt_phlo.runs import refs
from dbt_phlo.tables import duckdb_types, statistics
from dbt_phlo.tables import schema as schemas
from dbt_phlo.tables.statistics import Count


class ColumnChange(NamedTuple):
    """One column that was added, removed, or got another type (as DuckDB writes types)."""

    column: str
    change: Literal["added", "removed", "type changed"]
    before: str | None
    after: str | None


class TableChange(NamedTuple):
    """One table or view. ``rows_*`` are None for a view and where there is none."""

    schema: str
    name: str
    kind: str
    change: ChangeKind
    rows_before: int | None
    rows_after: int | None
    columns: tuple[ColumnChange, ...]
    conflict: bool
    """The target has moved it as well, so that a promotion would be refused."""
    moved_by: str
    """The run that moved it on the target, when it is known."""

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


class RefDiff(NamedTuple):
    """What promoting ``ref`` into ``target`` would do, or has done if ``promoted``."""

    ref: str
    target: str
    promoted: bool
    changes: tuple[TableChange, ...]
    schemas_added: tuple[str, ...]
    schemas_dropped: tuple[str, ...]
    stale_reads: tuple[str, ...]


def compared(catalog: Catalog, name: str, target: str | None, count: Count) -> RefDiff:
    """The difference between a ref (or run id) and ``target`` (default: what it came from).

    ``count`` counts a table's rows where its metadata does not say how many there are. History is
    left out: each branch has its own, and no promotion takes it along.
    """
    ref = refs.found(catalog, name)
    onto = refs.found(catalog, target).name if target else None
    diff = catalog.diff(ref.name, onto)
    promoted = not ref.open and onto is None
    mine = [
        change
        for change in diff.changes
        if (promoted or change.ours != change.theirs) and change.key.namespace != HISTORY_SCHEMA
    ]
    moved = catalog.moved_by(diff.target, [c.key for c in mine if not promoted and c.conflicting])
    changes = [
        _table(catalog, change, promoted, moved.get(change.key, ""), count)
        for change in mine
        if change.key.kind != "namespace"
    ]
    return RefDiff(
        ref.name,
        diff.target,
        promoted,
        tuple(sorted(changes, key=str)),
        _schemas(mine, "added"),
        _schemas(mine, "dropped"),
        () if promoted else _stale(diff),
    )


def _table(
    catalog: Catalog, change: Change, promoted: bool, moved_by: str, count: Count
) -> TableChange:
    before = change.base if promoted else change.theirs
    old = catalog.content(before) if before else None
    new = catalog.content(change.ours) if change.ours else None
    is_table = change.key.kind == "table"
    return TableChange(
        change.key.namespace,
        change.key.name,
        change.key.kind,
        _kind(old, new),
        statistics.rows(before, old, count) if is_table and before and old else None,
        statistics.rows(change.ours, new, count) if is_table and change.ours and new else None,
        _columns(old, new) if is_table and old and new else (),
        not promoted and change.conflicting,
        moved_by,
    )


def _kind(old: object, new: object) -> ChangeKind:
    return "added" if old is None else "dropped" if new is None else "changed"


def _columns(old: dict[str, Any], new: dict[str, Any]) -> tuple[ColumnChange, ...]:
    """Added, removed and changed columns, in the order of the new schema."""
    before, after = _types(old), _types(new)
    found = [
        ColumnChange(name, "added", None, kind)
        if name not in before
        else ColumnChange(name, "type changed", before[name], kind)
        for name, kind in after.items()
        if before.get(name) != kind
    ]
    gone = [name for name in before if name not in after]
    return (*found, *(ColumnChange(name, "removed", before[name], None) for name in gone))


def _types(metadata: dict[str, Any]) -> dict[str, str]:
    return {
        field["name"]: duckdb_types.written(field["type"])
        for field in schemas.current(metadata)["fields"]
    }


def _schemas(changes: list[Change], kind: ChangeKind) -> tuple[str, ...]:
    return tuple(c.key.namespace for c in changes if c.key.kind == "namespace" and c.kind == kind)


def _stale(diff: Diff) -> tuple[str, ...]:
    return tuple(str(key) for key in diff.stale_reads)
