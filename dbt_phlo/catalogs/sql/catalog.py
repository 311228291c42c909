"""The embedded ``Catalog``: refs as rows of one SQL database.

A ref is a copy of its base's pointers (10,000 tables: some 60 ms), so reading at a ref costs what
reading the branch costs. What the base was when the ref was made is kept beside it; promotion
compares base, ours and theirs by value, in one transaction.
"""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from dbt_phlo.catalogs.bound import BoundTables
from dbt_phlo.catalogs.port import (
    PATIENCE_SECONDS,
    Diff,
    Key,
    LedgerEntry,
    Promotion,
    Ref,
    RefKind,
    RunRecord,
    RunState,
)
from dbt_phlo.catalogs.sql import lake
from dbt_phlo.catalogs.sql.database import Database
from dbt_phlo.catalogs.sql.pointers import SqlPointers
from dbt_phlo.catalogs.sql.promotion import SqlPromotions
from dbt_phlo.catalogs.sql.refs import SqlRefs
from dbt_phlo.catalogs.sql.runs import SqlRuns
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
        self._files = stored or CachedFiles(LocalFiles())
        self._refs = SqlRefs(self._database)
        self._promotions = SqlPromotions(self._database)
        self._runs = SqlRuns(self._database)
        lake.prepare(self._database, warehouse, read_only=read_only)

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
        judged: Mapping[str, str] | None = None,
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

    def expire(
        self,
        now: float,
        *,
        project: str | None,
        dry_run: bool = False,
        patience: float = PATIENCE_SECONDS,
    ) -> list[Ref]:
        """Delete the run refs whose time is over and that no lease protects; returns them.

        ``project`` limits it to that project's runs. A lease is honoured whatever the ref's age,
        and whatever the clock says: where a run has not given its lease back (it was killed, or is
        still at work and the clock has jumped), its renewals are watched for ``patience`` seconds.
        """
        found = self._refs.expired(now, project)
        if any(not released for _, _, released in found):
            time.sleep(patience)
            alive = {(ref.name, renewals) for ref, renewals, _ in self._refs.expired(now, project)}
            found = [entry for entry in found if (entry[0].name, entry[1]) in alive]
        if dry_run:
            return [ref for ref, _, _ in found]
        return self._refs.delete_expired([(ref, renewals) for ref, renewals, _ in found], now)

    def at(self, ref: str, *, writable: bool = True) -> BoundTables:
        """The tables and views at one ref. Raises ``NotFound``."""
        pointers = SqlPointers(self._database, self.ref(ref).name)
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

    def set_run_state(
        self, run_id: str, state: RunState, reason: str, *, expires_at: float | None = None
    ) -> None:
        self._runs.set_state(run_id, state, reason, expires_at=expires_at)

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
