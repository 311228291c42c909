"""The embedded ``Catalog``: refs as rows of one SQL database.

A ref is a copy of its base's pointers (10,000 tables: some 60 ms), so reading at a ref costs what
reading the branch costs. What the base was when the ref was made is kept beside it; promotion
compares base, ours and theirs by value, in one transaction.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dbt_phlo.catalogs.bound import BoundTables
from dbt_phlo.catalogs.sql import lake
from dbt_phlo.catalogs.sql.database import Database
from dbt_phlo.catalogs.sql.garbage import SqlGarbage
from dbt_phlo.catalogs.sql.pointers import SqlPointers
from dbt_phlo.catalogs.sql.promotion import SqlPromotions
from dbt_phlo.catalogs.sql.rebase import SqlRebases
from dbt_phlo.catalogs.sql.refs import SqlRefs
from dbt_phlo.catalogs.sql.runs import SqlRuns
from dbt_phlo.catalogs.sql.writers import SqlWriters
from dbt_phlo.catalogs.values import (
    Diff,
    Expired,
    Judged,
    Key,
    LedgerEntry,
    Promotion,
    Rebase,
    Ref,
    RefKind,
    RunRecord,
    RunState,
    Writer,
)
from dbt_phlo.tables.expiry import SNAPSHOT_SECONDS
from dbt_phlo.tables.files import CachedFiles, Files, LocalFiles, parsed


class SqlCatalog:
    """Implements the ``Catalog`` port. ``warehouse`` is the ``file://`` URI of the data folder.

    A ``read_only`` catalog makes no lake where there is none and needs no permission to write.
    A commit drops a table's snapshots that are older than ``snapshot_seconds``.
    """

    def __init__(
        self,
        url: str,
        warehouse: str,
        stored: Files | None = None,
        *,
        snapshot_seconds: float = SNAPSHOT_SECONDS,
        read_only: bool = False,
    ) -> None:
        self.url = url
        self.warehouse = warehouse
        self._snapshot_seconds = snapshot_seconds
        self._database = Database(url, read_only=read_only)
        self.stored = stored or LocalFiles()
        self._files = CachedFiles(self.stored)
        self._refs = SqlRefs(self._database)
        self._promotions = SqlPromotions(self._database)
        self._writers = SqlWriters(self._database)
        self._runs = SqlRuns(self._database, self._writers)
        self._rebases = SqlRebases(self._database, self._promotions, self._runs)
        self._garbage = SqlGarbage(self._database)
        lake.prepare(self._database, warehouse, read_only=read_only)

    def freeze(self) -> None:
        """From now on show the lake as it is now, whatever others write, until ``thaw``.

        For reading only: nothing can be written meanwhile.
        """
        self._database.freeze()

    def thaw(self) -> None:
        self._database.thaw()

    def close(self) -> None:
        self._database.close()

    # ---- refs

    def refs(self) -> list[Ref]:
        return self._refs.all()

    def ref(self, name: str) -> Ref:
        return self._refs.get(name)

    def create_ref(
        self, name: str, base: str, *, kind: RefKind, expires_at: float | None = None
    ) -> Ref:
        """A new ref that holds what ``base`` holds now."""
        with self._database.transaction(base):
            self._refs.insert(name, base, kind, expires_at)
        return self.ref(name)

    def diff(self, ref: str, target: str | None = None) -> Diff:
        """What promoting ``ref`` into ``target`` (default: its base) would do."""
        base = self.ref(ref).base or lake.ROOT
        return self._promotions.diff(ref, self.ref(target or base).name)

    def promote(
        self,
        ref: str,
        *,
        run: str,
        serializable: bool = False,
        dry_run: bool = False,
        judged: Judged | None = None,
        expires_at: float | None = None,
        reason: str = "",
    ) -> Promotion:
        """Make every change of ``ref`` true on its base branch in one transaction, or none.

        Closes the ref and marks the run promoted in that same transaction, so that there is no
        moment at which one of the three is true without the others. ``reason`` is kept in the
        run's record. Raises ``PromotionRefused``.
        """
        return self._promotions.promote(
            ref,
            self.ref(self.ref(ref).base or lake.ROOT).name,
            run=run,
            serializable=serializable,
            dry_run=dry_run,
            judged=judged,
            expires_at=expires_at,
            reason=reason,
        )

    def delete_ref(self, name: str) -> None:
        self._refs.delete(name)

    def rebase(
        self,
        ref: str,
        *,
        run: str,
        now: float,
        entries: Callable[[Rebase], Iterable[LedgerEntry]],
        dry_run: bool = False,
    ) -> Rebase:
        """Move ``ref`` onto what its base holds now, with its own changes that nobody has touched.

        What the base has overtaken becomes what the base holds. ``entries`` says what is to be
        noted in the ledger of ``run`` in the same step. Raises ``Conflict`` while somebody whose
        lease runs beyond ``now`` (seconds since the epoch) writes the ref.
        """
        target = self.ref(self.ref(ref).base or lake.ROOT).name
        return self._rebases.rebase(ref, target, run=run, now=now, entries=entries, dry_run=dry_run)

    def at(self, ref: str, *, writable: bool = True, writer: str = "") -> BoundTables:
        """The tables and views at one ref. Raises ``NotFound``.

        A commit of a ``writer`` is refused once it was fenced off.
        """
        pointers = SqlPointers(self._database, self.ref(ref).name, writer)
        return BoundTables(
            pointers,
            self._files,
            self.warehouse,
            snapshot_seconds=self._snapshot_seconds,
            writable=writable,
        )

    def content(self, value: str) -> dict[str, Any]:
        """What a key's value points to: a table's metadata document or a view's."""
        row = self._database.one("SELECT document FROM phlo_views WHERE location = ?", value)
        if row is None:
            return parsed(value, self._files.read(value))
        document: dict[str, Any] = json.loads(row[0])
        return document

    def moved_by(self, target: str, keys: Iterable[Key]) -> dict[Key, str]:
        """The run whose promotion made each key what it is now, where one did."""
        return self._promotions.moved_by(target, keys)

    # ---- runs

    def create_run(
        self, run: RunRecord, *, base: str, expires_at: float | None = None
    ) -> RunRecord:
        """A run and its ref, in one step."""
        with self._database.transaction(base):
            self._refs.insert(run.ref, base, "run", expires_at)
            self._runs.insert(run)
        return self.run(run.id)

    def run(self, run_id: str) -> RunRecord:
        return self._runs.get(run_id)

    def run_of_invocation(self, invocation: str) -> RunRecord | None:
        return self._runs.of_invocation(invocation)

    def runs(self, limit: int = 50) -> list[RunRecord]:
        return self._runs.latest(limit)

    def join_run(
        self, run_id: str, invocation: str, lease_until: float, *, expires_at: float | None = None
    ) -> RunRecord:
        return self._runs.join(run_id, invocation, lease_until, expires_at)

    def renew_lease(self, run_id: str, lease_until: float) -> None:
        self._runs.renew(run_id, lease_until)

    def end_invocation(self, run_id: str, invocation: str) -> None:
        self._runs.end_invocation(run_id, invocation)

    def forget_run(self, run_id: str) -> None:
        """Remove a run that has written nothing, its ref and its record, without a trace."""
        ref = self._runs.get(run_id).ref
        with self._database.transaction(ref):
            self._refs.remove(ref)
            self._runs.forget(run_id)

    def set_run_state(
        self,
        run_id: str,
        state: RunState,
        reason: str,
        *,
        expires_at: float | None = None,
        by: str = "",
    ) -> None:
        self._runs.set_state(run_id, state, reason, expires_at, by)

    def record(self, run_id: str, entries: Iterable[LedgerEntry]) -> None:
        self._runs.record(run_id, entries)

    def ledger(self, run_id: str) -> list[LedgerEntry]:
        return self._runs.ledger(run_id)

    def record_reads(self, ref: str, keys: Mapping[Key, str]) -> None:
        """Remember what was read on an open ``ref``, and which value it had."""
        with self._database.transaction(ref, shared=True):
            self._database.many(
                "INSERT INTO phlo_reads SELECT name, ?, ?, ?, ? FROM phlo_refs "
                "WHERE name = ? AND is_open = 1 ON CONFLICT DO NOTHING",
                [(*key, value, ref) for key, value in keys.items()],
            )

    # ---- who writes now

    def begin_writing(self, writer: str, ref: str, lease_until: float) -> None:
        """Say that ``writer`` is going to write ``ref``, before its first file.

        Times are seconds since the epoch (UTC).
        """
        self._writers.begin(writer, ref, lease_until)

    def renew_writing(self, writer: str, lease_until: float) -> bool:
        return self._writers.renew(writer, lease_until)

    def end_writing(self, writer: str) -> None:
        self._writers.end(writer)

    def writers(self) -> list[Writer]:
        """Everybody who may still write; those who were killed too, until they are fenced off."""
        return self._writers.all()

    def fence(self, writers: Iterable[Writer]) -> None:
        """Refuse every later commit of those who have not renewed since they were read."""
        self._writers.fence(writers)

    # ---- what may be deleted

    def expired(self, now: float, *, project: str | None) -> list[Expired]:
        """The refs of runs (of one project) whose time is over and whose lease has run out."""
        return self._refs.expired(now, project)

    def delete_expired(self, refs: Iterable[Expired], now: float) -> list[Ref]:
        """Delete those of ``refs`` that nobody has taken up since they were read; returns them."""
        return self._refs.delete_expired(refs, now)

    def roots(self, *, without: Iterable[str] = ()) -> set[str]:
        """The metadata files of all tables on all refs, but for the refs ``without``."""
        return self._garbage.roots(without)

    def garbage(self) -> dict[str, frozenset[str]]:
        """Files that nothing reaches and that wait for writers (by id) to end, by location."""
        return self._garbage.known()

    def note_garbage(self, waiting: Mapping[str, Iterable[str]]) -> None:
        """Replace what ``garbage`` says."""
        self._garbage.note(waiting)
