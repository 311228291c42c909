"""Run records, leases and the ledger in the SQL database."""

import json
import time
from collections.abc import Iterable
from typing import Any

from dbt_phlo.catalogs.sql.database import Database
from dbt_phlo.catalogs.sql.writers import SqlWriters
from dbt_phlo.catalogs.values import OVER, LedgerEntry, RunRecord, RunState
from dbt_phlo.errors import AlreadyExists, NotFound, RunError

_COLUMNS = "id, ref, branch, state, reason, project, created_at, updated_at, lease_until, renewals"


class SqlRuns:
    """The part of the ``Catalog`` port that concerns runs."""

    def __init__(self, database: Database, writers: SqlWriters) -> None:
        self._database = database
        self._writers = writers

    def insert(self, run: RunRecord) -> None:
        """Store a new run; part of the transaction that creates its ref."""
        try:
            self._database.run(
                f"INSERT INTO phlo_runs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *run[:10],
            )
        except self._database.integrity_error as error:
            raise AlreadyExists(
                f"run {run.id} exists already in this lake", remedy="choose another PHLO_RUN_ID"
            ) from error
        for invocation in run.invocations:
            self._note_invocation(run.id, invocation)
            if run.lease_until:
                self._writers.registered(invocation, run.ref, run.lease_until)

    def get(self, run_id: str) -> RunRecord:
        row = self._database.one(f"SELECT {_COLUMNS} FROM phlo_runs WHERE id = ?", run_id)
        if row is None:
            raise NotFound(
                f"run {run_id} does not exist in this lake",
                remedy="`dbt-phlo runs list` shows the runs there are",
            )
        return self._record(row)

    def of_invocation(self, invocation: str) -> RunRecord | None:
        row = self._database.one(
            "SELECT run FROM phlo_invocations WHERE invocation = ?", invocation
        )
        return self.get(row[0]) if row else None

    def latest(self, limit: int) -> list[RunRecord]:
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM phlo_runs ORDER BY created_at DESC, id LIMIT ?", limit
        )
        return [self._record(row) for row in rows]

    def join(
        self, run_id: str, invocation: str, lease_until: float, expires_at: float | None
    ) -> RunRecord:
        """Add an invocation to a run that is not over, and take its lease further.

        A run that is ``promoting`` may be joined: on this catalog its promotion either was one
        transaction, and then the run is ``promoted``, or has not happened.
        """
        ref = self.get(run_id).ref
        with self._database.transaction(ref):
            run = self.get(run_id)
            if run.over:
                raise RunError(
                    f"run {run_id} is {run.state} and takes no more work",
                    remedy="choose another PHLO_RUN_ID, or unset it",
                    code="PHLO402",
                )
            self._note_invocation(run_id, invocation)
            self._writers.registered(invocation, ref, lease_until)
            self._database.run(
                "UPDATE phlo_runs SET state = 'open', reason = '', updated_at = ?, "
                "lease_until = ?, renewals = renewals + 1 WHERE id = ?",
                time.time(),
                lease_until,
                run_id,
            )
            if expires_at is not None:
                self._expire_at(run_id, expires_at)
        return self.get(run_id)

    def renew(self, run_id: str, lease_until: float) -> None:
        """Take the lease of a run that is not over further."""
        self._database.run(
            "UPDATE phlo_runs SET lease_until = ?, renewals = renewals + 1 "
            f"WHERE id = ? AND state NOT IN {OVER}",
            lease_until,
            run_id,
        )

    def set_state(
        self, run_id: str, state: RunState, reason: str, expires_at: float | None, by: str
    ) -> None:
        """Move a run to ``state``; a promoted or discarded run stays what it is.

        The invocation ``by`` that keeps the run gives its lease back, unless another one is at
        work. Nobody's is taken by who does so by hand, as none of the run's invocations.
        """
        ref = self.get(run_id).ref
        with self._database.transaction(ref):
            last = state == "kept" and self._at_work(run_id, without=by) == 0
            given_back = state in OVER or last
            lease = ", lease_until = 0" if given_back else ""
            changed = self._database.run(
                f"UPDATE phlo_runs SET state = ?, reason = ?, updated_at = ?{lease} "
                f"WHERE id = ? AND state NOT IN {OVER}",
                state,
                reason,
                time.time(),
                run_id,
            )
            if changed and state in OVER:
                self._database.run("UPDATE phlo_refs SET is_open = 0 WHERE name = ?", ref)
            if changed and expires_at is not None:
                self._expire_at(run_id, expires_at)

    def end_invocation(self, run_id: str, invocation: str) -> None:
        """An invocation is done; the last one gives the lease of a kept run back."""
        with self._database.transaction(self.get(run_id).ref):
            self._database.run(
                "UPDATE phlo_invocations SET ended = 1 WHERE invocation = ?", invocation
            )
            if self._at_work(run_id) == 0:
                self._database.run(
                    "UPDATE phlo_runs SET lease_until = 0 WHERE id = ? AND state = 'kept'", run_id
                )

    def forget(self, run_id: str) -> None:
        """Delete a run's record; inside the transaction that deletes its ref."""
        for table, column in (
            ("phlo_ledger", "run"),
            ("phlo_invocations", "run"),
            ("phlo_runs", "id"),
        ):
            self._database.run(f"DELETE FROM {table} WHERE {column} = ?", run_id)

    def _at_work(self, run_id: str, without: str = "") -> int:
        """How many invocations of a run have not ended and hold a lease, as no killed one does."""
        row = self._database.one(
            "SELECT COUNT(*) FROM phlo_invocations JOIN phlo_writers "
            "ON phlo_writers.id = phlo_invocations.invocation "
            "WHERE run = ? AND ended = 0 AND lease_until > ? AND invocation <> ?",
            run_id,
            time.time(),
            without,
        )
        return int(row[0]) if row else 0

    def record(self, run_id: str, entries: Iterable[LedgerEntry]) -> None:
        """Append to a run's ledger; sequence numbers are given here."""
        with self._database.transaction(f"ledger of {run_id}"):
            self.append(run_id, entries)

    def append(self, run_id: str, entries: Iterable[LedgerEntry]) -> None:
        """What ``record`` does, inside the transaction of whoever needs it."""
        row = self._database.one(
            "SELECT COALESCE(MAX(sequence), 0) FROM phlo_ledger WHERE run = ?", run_id
        )
        last = int(row[0]) if row else 0
        self._database.many(
            "INSERT INTO phlo_ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (run_id, number, e.invocation, e.kind, e.node, e.status, _json(e), e.at)
                for number, e in enumerate(entries, last + 1)
            ],
        )

    def ledger(self, run_id: str) -> list[LedgerEntry]:
        rows = self._database.all(
            "SELECT sequence, invocation, kind, node, status, tables, at FROM phlo_ledger "
            "WHERE run = ? ORDER BY sequence",
            run_id,
        )
        return [
            LedgerEntry(row[0], row[1], row[2], row[3], row[4], json.loads(row[5]), row[6])
            for row in rows
        ]

    def _record(self, row: tuple[Any, ...]) -> RunRecord:
        identifier, ref, branch, state, reason, project, created, updated, lease, renewals = row
        return RunRecord(
            identifier,
            ref,
            branch,
            state,
            reason,
            project,
            created,
            updated,
            lease,
            renewals,
            self._invocations(identifier),
        )

    def _expire_at(self, run_id: str, expires_at: float) -> None:
        self._database.run(
            "UPDATE phlo_refs SET expires_at = ? "
            "WHERE name = (SELECT ref FROM phlo_runs WHERE id = ?)",
            expires_at,
            run_id,
        )

    def _invocations(self, run_id: str) -> tuple[str, ...]:
        rows = self._database.all(
            "SELECT invocation FROM phlo_invocations WHERE run = ? ORDER BY at", run_id
        )
        return tuple(row[0] for row in rows)

    def _note_invocation(self, run_id: str, invocation: str) -> None:
        known = self._database.one(
            "SELECT run FROM phlo_invocations WHERE invocation = ?", invocation
        )
        if known is None:
            self._database.run(
                "INSERT INTO phlo_invocations VALUES (?, ?, ?, 0)",
                invocation,
                run_id,
                time.time(),
            )


def _json(entry: LedgerEntry) -> str:
    return json.dumps(dict(entry.tables), sort_keys=True)
