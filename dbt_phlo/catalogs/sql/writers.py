"""Who writes now: one row for each invocation that may still write files and move pointers."""

from collections.abc import Iterable

from dbt_phlo.catalogs.sql.database import Database
from dbt_phlo.catalogs.values import Writer
from dbt_phlo.errors import Conflict


class SqlWriters:
    """The part of the ``Catalog`` port that concerns writers and their leases."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, writer: str, ref: str, lease_until: float) -> None:
        """Register a writer before its first file; one of the same id is taken up again."""
        with self._database.transaction(ref, shared=True):
            self.registered(writer, ref, lease_until)

    def registered(self, writer: str, ref: str, lease_until: float) -> None:
        """What ``begin`` does, inside the transaction of whoever makes the writer part of a run.

        One that is taken up again has renewed its lease: a cleanup that watches it must see that.
        """
        self._database.run(
            "INSERT INTO phlo_writers (id, ref, lease_until, renewals) VALUES (?, ?, ?, 0) "
            "ON CONFLICT (id) DO UPDATE SET ref = excluded.ref, "
            "lease_until = excluded.lease_until, renewals = phlo_writers.renewals + 1",
            writer,
            ref,
            lease_until,
        )

    def renew(self, writer: str, lease_until: float) -> bool:
        """Take the lease further; False for one that was fenced off."""
        renewed = self._database.run(
            "UPDATE phlo_writers SET lease_until = ?, renewals = renewals + 1 WHERE id = ?",
            lease_until,
            writer,
        )
        return renewed > 0

    def end(self, writer: str) -> None:
        self._database.run("DELETE FROM phlo_writers WHERE id = ?", writer)

    def all(self) -> list[Writer]:
        rows = self._database.all(
            "SELECT id, ref, lease_until, renewals FROM phlo_writers ORDER BY id"
        )
        return [Writer(*row) for row in rows]

    def fence(self, writers: Iterable[Writer]) -> None:
        """Take the right to write from those that have not renewed since they were read.

        Nor from one that was fenced off already and has begun again: its lease is another one.
        """
        for writer in writers:
            with self._database.transaction(writer.ref):
                self._database.run(
                    "DELETE FROM phlo_writers WHERE id = ? AND renewals = ? AND lease_until = ?",
                    writer.id,
                    writer.renewals,
                    writer.lease_until,
                )


def assert_writing(database: Database, writer: str, ref: str) -> None:
    """Raise when ``writer`` of ``ref`` was taken for dead: its files may be gone already."""
    found = "SELECT 1 FROM phlo_writers WHERE id = ? AND ref = ?"
    if writer and not database.one(found, writer, ref):
        raise Conflict(
            f"this command ({writer}) has not renewed its lease and was taken for dead; what it "
            "had not committed may be deleted already",
            remedy="the machine slept, or the catalog could not be reached: `dbt retry`",
            code="PHLO320",
        )
