"""What a ref has changed against its base, and the one transaction that makes it true there."""

import time
from collections.abc import Iterable

from dbt_phlo.catalogs.sql import tables
from dbt_phlo.catalogs.sql.database import Database
from dbt_phlo.catalogs.sql.rows import assert_open, swapped
from dbt_phlo.catalogs.values import Change, Diff, Judged, Key, Promotion, mover
from dbt_phlo.errors import Conflict, PromotionRefused
from dbt_phlo.names import HISTORY_SCHEMA
from dbt_phlo.tables.metadata import under_construction

_HELD = "catalog_name = ? AND table_namespace = ? AND table_name = ?"


class SqlPromotions:
    """Compares and merges refs; a ref and its target are known to exist."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def diff(self, ref: str, target: str) -> Diff:
        """What promoting ``ref`` into ``target`` would do.

        A staging table is no content: what a killed build left of one stays on its ref. Every run
        appends to the tables of history, so that one has read them says nothing.
        """
        rows = self._database.all(tables.THREE_WAY, ref, ref, ref, ref, target, target)
        found = [_change(row) for row in rows if under_construction(row[2]) is None]
        changes = self._with_clashes(found, ref, target)
        written = {change.key for change in changes}
        moved = self._database.all(tables.MOVED_READS, target, ref)
        stale = tuple(
            key
            for row in moved
            if (key := Key(*row)) not in written and key.namespace != HISTORY_SCHEMA
        )
        return Diff(ref, target, tuple(changes), stale)

    def promote(
        self,
        ref: str,
        target: str,
        *,
        run: str,
        serializable: bool,
        dry_run: bool,
        judged: Judged | None,
        expires_at: float | None,
        reason: str,
    ) -> Promotion:
        """Merge ``ref`` into ``target`` and close it, or change nothing (see the port)."""
        with self._database.transaction(ref, target):
            assert_open(self._database, ref)
            diff = self.diff(ref, target)
            if judged is not None:
                self._refuse_unjudged(diff, judged, run)
            self._refuse_conflicts(diff, serializable)
            now = self._moment(target)
            if not dry_run:
                self._apply(diff, run, now)
                self._close(ref, now, expires_at, reason)
        return Promotion(diff, now, dry_run)

    def moved_by(self, target: str, keys: Iterable[Key]) -> dict[Key, str]:
        """The run whose promotion made each key what it is on ``target`` now."""
        found: dict[Key, str] = {}
        for key in keys:
            rows = self._database.all(
                "SELECT run, value, at FROM phlo_promotions WHERE branch = ? AND kind IN (?, ?) "
                "AND namespace = ? AND name = ? ORDER BY at DESC LIMIT 2",
                target,
                *(("table", "view") if key.name else ("namespace", "namespace")),
                key.namespace,
                key.name,
            )
            values = [row[1] for row in rows if row[2] == rows[0][2]]
            if rows and self._value(target, key) in values:
                found[key] = rows[0][0]
        return found

    def _with_clashes(self, changes: list[Change], ref: str, target: str) -> list[Change]:
        """A table or view that the ref added where the target has one of the other kind now.

        Where the ref itself replaced one by the other, what it dropped is compared instead.
        """
        dropped = {change.key[1:] for change in changes if change.ours is None}
        if not any(change.base is None and change.key.name for change in changes):
            return changes
        rows = self._database.all(tables.OF_OTHER_KIND, target, ref)
        others = {(row[0], row[1]): row[2] for row in rows if (row[0], row[1]) not in dropped}
        return [
            change._replace(theirs=others[change.key[1:]])
            if change.base is None and change.theirs is None and change.key[1:] in others
            else change
            for change in changes
        ]

    def _refuse_unjudged(self, diff: Diff, judged: Judged, run: str) -> None:
        """Raise when the ref holds something else than what the verdict was given on."""
        held, seen = diff.outcome, judged.changes
        moved = sorted({name for name, _ in held.items() ^ seen.items()})
        if moved:
            raise Conflict(
                f"{diff.ref} was written by another invocation after its verdict: "
                + ", ".join(moved),
                remedy="run the checks of these tables again under the same PHLO_RUN_ID",
            )
        row = self._database.one(
            "SELECT COUNT(*) FROM phlo_ledger WHERE run = ? AND kind = 'plan'", run
        )
        if row is None or row[0] != judged.plans:
            raise Conflict(
                f"run {run} was joined or rebased after its verdict: more is to be built",
                remedy=f"the end of that work decides anew; else PHLO_RUN_ID={run} dbt build",
            )

    def _refuse_conflicts(self, diff: Diff, serializable: bool) -> None:
        conflicts = [change.key for change in diff.conflicts if change.key.kind != "namespace"]
        stale = list(diff.stale_reads) if serializable else []
        if not conflicts and not stale:
            return
        winners = self.moved_by(diff.target, [*conflicts, *stale])
        lines = [
            f"{key} was {what} by {mover(winners.get(key))}"
            for keys, what in ((conflicts, "moved"), (stale, "read here and moved"))
            for key in keys
        ]
        raise PromotionRefused(
            f"{diff.target} has moved since the run began: " + "; ".join(dict.fromkeys(lines)),
            tables=dict.fromkeys(str(key) for key in (*conflicts, *stale)),
            remedy=f"dbt run-operation phlo_rebase --args '{{ref: {diff.ref}}}' keeps what nobody "
            "else has touched and says what to build again; or `dbt build` begins a new run",
        )

    def _moment(self, target: str) -> float:
        """Now, and after every earlier promotion, whatever the clock does."""
        row = self._database.one("SELECT MAX(at) FROM phlo_promotions WHERE branch = ?", target)
        return max(time.time(), row[0] + 1e-3 if row and row[0] is not None else 0.0)

    def _apply(self, diff: Diff, run: str, now: float) -> None:
        """Move the target's pointers to ours, each against the value that was compared."""
        changes = [change for change in diff.changes if change.ours != change.theirs]
        pointers = [change for change in changes if change.key.kind != "namespace"]
        for change in sorted(pointers, key=lambda change: change.ours is not None):
            self._move(diff.target, change)
        wanted = {change.key.namespace for change in changes if change.ours is not None}
        for namespace in sorted(wanted):
            self._database.run(
                tables.COPY_NAMESPACE, diff.target, diff.ref, namespace, diff.target, namespace
            )
        for change in changes:
            if change.key.kind == "namespace" and change.ours is None:
                self._database.run(
                    tables.DROP_EMPTY_NAMESPACE, diff.target, change.key.namespace, diff.target
                )
        self._database.many(
            "INSERT INTO phlo_promotions VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(diff.target, *change.key, change.ours, run, now) for change in changes],
        )

    def _move(self, target: str, change: Change) -> None:
        if not swapped(self._database, target, change.key, change.theirs, change.ours):
            what = "appeared" if change.theirs is None else "has moved"
            raise Conflict(f"{change.key} {what} on {target} meanwhile")

    def _close(self, ref: str, now: float, expires_at: float | None, reason: str) -> None:
        self._database.run(
            "UPDATE phlo_refs SET is_open = 0, expires_at = COALESCE(?, expires_at) WHERE name = ?",
            expires_at,
            ref,
        )
        self._database.run(
            "UPDATE phlo_runs SET state = 'promoted', reason = ?, updated_at = ?, "
            "lease_until = 0 WHERE ref = ?",
            reason,
            now,
            ref,
        )

    def _value(self, target: str, key: Key) -> str | None:
        """What the target holds under a name, of whichever kind."""
        if not key.name:
            row = self._database.one(
                "SELECT 'true' FROM iceberg_namespace_properties "
                "WHERE catalog_name = ? AND namespace = ?",
                target,
                key.namespace,
            )
        else:
            row = self._database.one(
                f"SELECT metadata_location FROM iceberg_tables WHERE {_HELD}", target, *key[1:]
            )
        return row[0] if row else None


def _change(row: tuple[str | None, ...]) -> Change:
    kind, namespace, name, base, ours, theirs = row
    what = "added" if base is None else "dropped" if ours is None else "changed"
    return Change(Key(str(kind), str(namespace), str(name)), what, base, ours, theirs)  # type: ignore[arg-type]
