"""Moving a ref onto what its base holds now, in one transaction."""

from collections.abc import Callable, Iterable

from dbt_phlo.catalogs.sql import tables
from dbt_phlo.catalogs.sql.database import Database
from dbt_phlo.catalogs.sql.promotion import SqlPromotions
from dbt_phlo.catalogs.sql.rows import assert_open, copied, swapped
from dbt_phlo.catalogs.sql.runs import SqlRuns
from dbt_phlo.catalogs.values import Change, Diff, Key, LedgerEntry, Rebase
from dbt_phlo.errors import Conflict


class SqlRebases:
    """The part of the ``Catalog`` port that rebases; a ref and its target are known to exist."""

    def __init__(self, database: Database, promotions: SqlPromotions, runs: SqlRuns) -> None:
        self._database = database
        self._promotions = promotions
        self._runs = runs

    def rebase(
        self,
        ref: str,
        target: str,
        *,
        run: str,
        now: float,
        entries: Callable[[Rebase], Iterable[LedgerEntry]],
        dry_run: bool,
    ) -> Rebase:
        """See the port."""
        with self._database.transaction(ref, target):
            assert_open(self._database, ref)
            self._assert_nobody_writes(ref, run, now)
            diff = self._promotions.diff(ref, target)
            lost, kept = _parted(diff)
            done = Rebase(ref, target, self._moved(ref, target), kept, lost, dry_run)
            noted = list(entries(done))
            if not dry_run:
                self._database.run("DELETE FROM phlo_writers WHERE ref = ?", ref)
                self._move(done)
                self._runs.append(run, noted)
        return done

    def _assert_nobody_writes(self, ref: str, run: str, now: float) -> None:
        """Nobody may write while the ref moves; who has lost its lease cannot come back then."""
        alive = self._database.one(
            "SELECT id FROM phlo_writers WHERE ref = ? AND lease_until > ?", ref, now
        )
        if alive is not None:
            raise Conflict(
                f"invocation {alive[0]} of run {run} still writes {ref}",
                remedy="wait for its end, or stop it",
            )

    def _moved(self, ref: str, target: str) -> tuple[Key, ...]:
        """The keys that the target holds differently from what the ref was made from."""
        rows = self._database.all(
            "SELECT kind, namespace, name, value FROM phlo_base WHERE ref = ?", ref
        )
        base = {Key(*row[:3]): row[3] for row in rows}
        held = {Key(*r[:3]): r[3] for r in self._database.all(tables.KEYS, target, target)}
        return tuple(sorted(k for k in base.keys() | held.keys() if base.get(k) != held.get(k)))

    def _move(self, done: Rebase) -> None:
        """Make the ref a copy of the target, with what is kept on top."""
        for table, column in (
            ("iceberg_tables", "catalog_name"),
            ("iceberg_namespace_properties", "catalog_name"),
            ("phlo_base", "ref"),
        ):
            self._database.run(f"DELETE FROM {table} WHERE {column} = ?", done.ref)
        copied(self._database, done.target, done.ref)
        pointers = [change for change in done.kept if change.key.kind != "namespace"]
        for change in sorted(pointers, key=lambda change: change.ours is not None):
            if not swapped(self._database, done.ref, change.key, change.theirs, change.ours):
                raise Conflict(f"{change.key} has moved on {done.target} meanwhile")
        for change in done.kept:
            place = (done.ref, change.key.namespace)
            if change.ours is not None:
                self._database.run(tables.ADD_NAMESPACE, *place, *place)
            elif change.key.kind == "namespace":
                self._database.run(tables.DROP_EMPTY_NAMESPACE, *place, done.ref)


def _parted(diff: Diff) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """What the target has overtaken, and what the ref keeps.

    By name, not by key: a table that the ref has made a view is one table dropped and one view
    added, and both are lost when the target has moved the table.
    """
    conflicts = [change.key for change in diff.conflicts if change.key.kind != "namespace"]
    names = {(key.namespace, key.name) for key in conflicts}
    lost = tuple(
        change
        for change in diff.changes
        if change.key.kind != "namespace" and (change.key.namespace, change.key.name) in names
    )
    kept = tuple(c for c in diff.changes if c not in lost and c.ours != c.theirs)
    return lost, kept
