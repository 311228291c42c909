"""The lake's views, realised in a DuckDB database beside it when a statement first names them.

DuckDB cannot create views in an attached Iceberg catalog. Their definitions are therefore stored
in the catalog, per ref; here they become live DuckDB views in ``<lake>_views``, under the same
schema and name. Creating one makes DuckDB load every table below it, so a lake with a thousand
views pays only for those that are named.
"""

import threading
from collections.abc import Callable
from typing import Any

from dbt_phlo.adapters.duckdb import statements, view_order
from dbt_phlo.adapters.duckdb.view_order import Name
from dbt_phlo.catalogs.port import Tables
from dbt_phlo.errors import CatalogError
from dbt_phlo.names import quoted


class LakeViews:
    """Views at one ref. ``execute`` runs a statement outside of any model's transaction."""

    def __init__(
        self,
        tables: Tables,
        database: str,
        execute: Callable[[str], Any],
        on_read: Callable[[str, str], None],
    ) -> None:
        self._tables = tables
        self._database = database
        self.database = f"{database}_views"
        self._execute = execute
        self._on_read = on_read
        self._lock = threading.RLock()
        self._documents: dict[Name, tuple[Name, dict[str, Any]]] = {}
        self._by_name: dict[str, list[Name]] | None = None
        self._realised: set[Name] = set()
        self.reload()

    def reload(self) -> None:
        """Read the definitions on the ref anew."""
        with self._lock:
            before = self._documents
            found = self._tables.views()
            self._documents = {_folded(*name): (name, document) for name, document in found.items()}
            self._by_name = None
            for key in self._realised - self._documents.keys():
                self._realised.discard(key)
                self._execute(f"DROP VIEW IF EXISTS {self._path(*before[key][0])}")
            self._realised -= {
                key
                for key in self._realised
                if not _same_query(before[key][1], self._documents[key][1])
            }

    def named(self, schema: str | None = None) -> list[Name]:
        """The (schema, name) of every view, or of one schema's."""
        names = (name for name, _ in self._documents.values())
        return sorted(n for n in names if schema is None or n[0].lower() == schema.lower())

    def get(self, schema: str, name: str) -> dict[str, Any] | None:
        """A view's document, or None."""
        found = self._documents.get(_folded(schema, name))
        return found[1] if found else None

    def missing_for(self, sql: str) -> list[Name]:
        """The views that a statement names, or may name, and that are not realised yet."""
        return [] if self._documents.keys() <= self._realised else self._missing(sql)

    def realise(self, views: list[Name]) -> None:
        """Create the DuckDB views, in the order given."""
        with self._lock:
            for key in views:
                if key in self._realised or key not in self._documents:
                    continue
                (schema, name), document = self._documents[key]
                self._create(schema, name, document["sql"])
                self._realised.add(key)
                self._on_read(schema, name)

    def redirected(self, sql: str) -> str:
        """The statement with ``lake.schema.view`` names sent to the views' database."""
        if not self._documents or self._database.lower() not in sql.lower():
            return sql
        return statements.with_names(sql, self._place)

    def put(self, schema: str, name: str, sql: str) -> None:
        """Create or replace a view: first in DuckDB, which checks it, then in the catalog."""
        with self._lock:
            self.realise([key for key in self._missing(sql) if key != _folded(schema, name)])
            self._create(schema, name, sql)
            document = {"sql": sql, "dialect": "duckdb"}
            self._tables.put_view(schema, name, document)
            key, before = _folded(schema, name), self.get(schema, name)
            if before is None or not _same_query(before, document):
                self._documents[key] = ((schema, name), document)
                self._by_name = None
            self._realised.add(key)

    def drop(self, schema: str, name: str) -> None:
        """Drop a view from the ref."""
        with self._lock:
            key = _folded(schema, name)
            (schema, name), _ = self._documents[key]
            self._tables.drop(schema, name)
            self.forget(schema, name)

    def forget(self, schema: str, name: str) -> None:
        """Drop the DuckDB view of what is no view any more on the ref."""
        with self._lock:
            key = _folded(schema, name)
            known = self._documents.pop(key, None) is not None
            self._by_name = None
            if known and key in self._realised:
                self._realised.discard(key)
                self._execute(f"DROP VIEW IF EXISTS {self._path(schema, name)}")

    def rename(self, schema: str, name: str, new: str) -> None:
        """Give a view of the ref another name."""
        with self._lock:
            document = self.get(schema, name)
            self._tables.rename((schema, name), (schema, new))
            self.forget(schema, name)
            if document is not None:
                self._documents[_folded(schema, new)] = ((schema, new), document)
                self._by_name = None

    def _create(self, schema: str, name: str, sql: str) -> None:
        if len(statements.split(sql)) != 1:
            raise CatalogError(
                f"the view {schema}.{name} is not one query: {sql[:200]!r}",
                remedy="build it again, or drop it",
                code="PHLO319",
            )
        self._execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(self.database)}.{quoted(schema)}")
        self._execute(
            f"CREATE OR REPLACE VIEW {self._path(schema, name)} AS {self.redirected(sql)}"
        )

    def _missing(self, sql: str) -> list[Name]:
        """The views that ``sql`` needs and that are not realised, what they stand on first."""
        known = self._by_name  # another thread may forget it meanwhile
        if known is None:
            known = self._by_name = view_order.by_bare_name(list(self._documents))
        return list(
            view_order.in_order(view_order.named(sql, known), self._query, known, self._realised)
        )

    def _query(self, key: Name) -> str:
        found = self._documents.get(key)
        return str(found[1]["sql"]) if found else ""

    def _place(self, chain: tuple[str, ...]) -> str | None:
        if len(chain) < 3 or chain[0].lower() != self._database.lower():
            return None
        if _folded(chain[1], chain[2]) not in self._documents:
            return None
        return ".".join(quoted(part) for part in (self.database, *chain[1:]))

    def _path(self, schema: str, name: str) -> str:
        return f"{quoted(self.database)}.{quoted(schema)}.{quoted(name)}"


def _same_query(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two documents differ in their comments alone."""
    return all(one.get(key) == other.get(key) for key in ("sql", "dialect"))


def _folded(schema: str, name: str) -> Name:
    """DuckDB finds names without regard to case."""
    return schema.lower(), name.lower()
