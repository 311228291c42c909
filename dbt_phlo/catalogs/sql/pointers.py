"""The pointers of one ref in the SQL database (the port ``catalogs.bound.Pointers``)."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from dbt_phlo.catalogs.sql.database import Database
from dbt_phlo.catalogs.sql.rows import assert_open, swapped
from dbt_phlo.catalogs.sql.tables import KEYS
from dbt_phlo.catalogs.sql.writers import assert_writing
from dbt_phlo.catalogs.values import Key
from dbt_phlo.errors import AlreadyExists, CatalogError, Conflict, NotFound


class SqlPointers:
    """Rows of ``iceberg_tables`` with one ``catalog_name``."""

    def __init__(self, database: Database, ref: str, writer: str = "") -> None:
        self._database = database
        self._ref = ref
        self._writer = writer

    @property
    def ref(self) -> str:
        return self._ref

    def get(self, namespace: str, name: str) -> tuple[Key, str] | None:
        row = self._database.one(
            "SELECT LOWER(COALESCE(iceberg_type, 'TABLE')), metadata_location FROM iceberg_tables "
            "WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?",
            self._ref,
            namespace,
            name,
        )
        return (Key(row[0], namespace, name), row[1]) if row else None

    def all(self) -> dict[Key, str]:
        rows = self._database.all(KEYS, self._ref, self._ref)
        return {Key(*row[:3]): row[3] for row in rows if row[0] != "namespace"}

    def namespaces(self) -> list[str]:
        return [
            row[0]
            for row in self._database.all(
                "SELECT DISTINCT namespace FROM iceberg_namespace_properties "
                "WHERE catalog_name = ? ORDER BY namespace",
                self._ref,
            )
        ]

    def names(self, kind: str, namespace: str) -> list[str]:
        return [
            row[0]
            for row in self._database.all(
                "SELECT table_name FROM iceberg_tables WHERE catalog_name = ? "
                "AND table_namespace = ? AND COALESCE(iceberg_type, 'TABLE') = ? "
                "ORDER BY table_name",
                self._ref,
                namespace,
                kind.upper(),
            )
        ]

    def swap(
        self,
        moves: Iterable[tuple[Key, str | None, str | None]],
        views: Mapping[str, dict[str, Any]] | None = None,
    ) -> None:
        """Move every pointer from its old value to its new one, or none.

        A move from a value to the same one only makes sure that it is still there.

        ``views`` are the documents of views that the new values name. Drops come first, so that a
        view may take a table's name in one step.
        """
        ordered = sorted(moves, key=lambda move: move[2] is not None)
        if not ordered:
            return
        with self._database.transaction(self._ref, shared=True):
            self._assert_writing()
            for value, document in (views or {}).items():
                text = json.dumps(document, sort_keys=True)
                self._database.run("INSERT INTO phlo_views VALUES (?, ?)", value, text)
            for key, old, new in ordered:
                self._move(key, old, new)

    def create_namespace(self, namespace: str) -> None:
        with self._database.transaction(self._ref):
            self._assert_writing()
            if self._has_namespace(namespace):
                raise AlreadyExists(f"namespace {namespace} already exists on {self._ref}")
            self._database.run(
                "INSERT INTO iceberg_namespace_properties VALUES (?, ?, 'exists', 'true')",
                self._ref,
                namespace,
            )

    def drop_namespace(self, namespace: str, *, cascade: bool) -> None:
        """Drop a namespace; with ``cascade`` also what it holds, in the same step."""
        with self._database.transaction(self._ref):
            self._assert_writing()
            if not self._has_namespace(namespace):
                raise NotFound(f"namespace {namespace} does not exist on {self._ref}")
            place = (self._ref, namespace)
            held = self._database.all(
                "SELECT table_name FROM iceberg_tables WHERE catalog_name = ? "
                "AND table_namespace = ? ORDER BY table_name",
                *place,
            )
            if held and not cascade:
                raise CatalogError(
                    f"namespace {namespace} is not empty: {', '.join(row[0] for row in held)}",
                    remedy="drop what it holds first, or say CASCADE",
                    code="PHLO308",
                )
            self._database.run(
                "DELETE FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ?", *place
            )
            self._database.run(
                "DELETE FROM iceberg_namespace_properties WHERE catalog_name = ? AND namespace = ?",
                *place,
            )

    def view(self, value: str) -> dict[str, Any]:
        """The document of a view, by its value."""
        row = self._database.one("SELECT document FROM phlo_views WHERE location = ?", value)
        if row is None:
            raise NotFound(f"the view {value} does not exist")
        document: dict[str, Any] = json.loads(row[0])
        return document

    def views(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = self._database.all(
            "SELECT t.table_namespace, t.table_name, v.document FROM iceberg_tables AS t "
            "JOIN phlo_views AS v ON v.location = t.metadata_location "
            "WHERE t.catalog_name = ? AND t.iceberg_type = 'VIEW'",
            self._ref,
        )
        return {(row[0], row[1]): json.loads(row[2]) for row in rows}

    def _assert_writing(self) -> None:
        assert_open(self._database, self._ref)
        assert_writing(self._database, self._writer, self._ref)

    def _has_namespace(self, namespace: str) -> bool:
        row = self._database.one(
            "SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = ? AND namespace = ?",
            self._ref,
            namespace,
        )
        return row is not None

    def _move(self, key: Key, old: str | None, new: str | None) -> None:
        if old is None and not self._has_namespace(key.namespace):
            raise NotFound(f"namespace {key.namespace} does not exist on {self._ref}")
        if swapped(self._database, self._ref, key, old, new):
            return
        if old is None:
            raise AlreadyExists(f"{key} already exists on {self._ref}")
        raise Conflict(
            f"{key} has moved on {self._ref} since it was read",
            remedy="another writer was faster; run the model again",
        )
