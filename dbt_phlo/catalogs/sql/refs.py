"""Refs in the SQL database: made as copies, listed, deleted, expired."""

import time
from collections.abc import Iterable

from dbt_phlo import names
from dbt_phlo.catalogs.sql import tables
from dbt_phlo.catalogs.sql.database import Database
from dbt_phlo.catalogs.sql.lake import ROOT
from dbt_phlo.catalogs.sql.rows import copied
from dbt_phlo.catalogs.values import Expired, Ref, RefKind
from dbt_phlo.errors import AlreadyExists, CatalogError, NotFound

_COLUMNS = "name, kind, base, is_open, created_at, expires_at"
_GONE = "its ref was deleted"
_EXPIRED = "its time was over and its ref was deleted"


class SqlRefs:
    """The part of the ``Catalog`` port that concerns refs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Ref]:
        rows = self._database.all(f"SELECT {_COLUMNS} FROM phlo_refs ORDER BY kind, name")
        return [_ref(row) for row in rows]

    def get(self, name: str) -> Ref:
        row = self._database.one(f"SELECT {_COLUMNS} FROM phlo_refs WHERE name = ?", name)
        if row is None:
            raise NotFound(
                f"ref {name} does not exist in this lake",
                remedy="`dbt-phlo branches list` shows the refs there are",
            )
        return _ref(row)

    def insert(self, name: str, base: str, kind: RefKind, expires_at: float | None) -> None:
        """Copy ``base`` to a new ref; inside the transaction of whoever needs it."""
        names.branch_name(name) if kind == "branch" else names.assert_run_ref(name)
        self.get(base)
        try:
            self._database.run(
                f"INSERT INTO phlo_refs ({_COLUMNS}) VALUES (?, ?, ?, 1, ?, ?)",
                name,
                kind,
                base,
                time.time(),
                expires_at,
            )
        except self._database.integrity_error as error:
            raise AlreadyExists(f"ref {name} already exists") from error
        copied(self._database, base, name)

    def delete(self, name: str) -> None:
        """Delete a ref; the record of its run stays."""
        if name == ROOT:
            raise CatalogError(f"{ROOT} cannot be deleted", code="PHLO310")
        with self._database.transaction(name):
            self.get(name)
            self._delete(name, _GONE)

    def remove(self, name: str) -> None:
        """Delete a ref inside the transaction of whoever needs it."""
        self._delete(name, _GONE)

    def expired(self, now: float, project: str | None) -> list[Expired]:
        """See the port."""
        mine = "" if project is None else "AND u.project = ?"
        columns = ", ".join(f"r.{column}" for column in _COLUMNS.split(", "))
        rows = self._database.all(
            f"SELECT {columns}, COALESCE(u.renewals, 0), COALESCE(u.lease_until, 0) "
            "FROM phlo_refs AS r LEFT JOIN phlo_runs AS u ON u.ref = r.name "
            "WHERE r.kind = 'run' AND r.expires_at IS NOT NULL AND r.expires_at < ? "
            f"AND COALESCE(u.lease_until, 0) < ? {mine} ORDER BY r.name",
            now,
            now,
            *([] if project is None else [project]),
        )
        return [Expired(_ref(row), int(row[6]), row[7] == 0) for row in rows]

    def delete_expired(self, refs: Iterable[Expired], now: float) -> list[Ref]:
        """See the port."""
        deleted = []
        for ref, renewals, _ in refs:
            with self._database.transaction(ref.name):
                row = self._database.one(
                    "SELECT 1 FROM phlo_refs AS r LEFT JOIN phlo_runs AS u ON u.ref = r.name "
                    "WHERE r.name = ? AND r.expires_at < ? AND COALESCE(u.renewals, 0) = ?",
                    ref.name,
                    now,
                    renewals,
                )
                if row is not None:
                    self._delete(ref.name, _EXPIRED)
                    deleted.append(ref)
        if deleted:
            with self._database.transaction("phlo_views"):
                self._database.run(tables.DELETE_UNREACHED_VIEWS)
        return deleted

    def _delete(self, name: str, reason: str) -> None:
        for table, column in (
            ("iceberg_tables", "catalog_name"),
            ("iceberg_namespace_properties", "catalog_name"),
            ("phlo_base", "ref"),
            ("phlo_reads", "ref"),
            ("phlo_writers", "ref"),
            ("phlo_refs", "name"),
        ):
            self._database.run(f"DELETE FROM {table} WHERE {column} = ?", name)
        self._database.run(
            "UPDATE phlo_runs SET lease_until = 0, updated_at = ?, "
            "reason = CASE WHEN reason = '' THEN ? ELSE reason || '; ' || ? END, "
            "state = CASE WHEN state = 'promoted' THEN state ELSE 'discarded' END WHERE ref = ?",
            time.time(),
            reason,
            reason,
            name,
        )


def _ref(row: tuple[object, ...]) -> Ref:
    return Ref(row[0], row[1], row[2], bool(row[3]), row[4], row[5])  # type: ignore[arg-type]
