"""What the behaviour suite needs of a lake, in few words: tables, views and runs by name."""

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import Ref, RunRecord
from dbt_phlo.names import run_ref
from dbt_phlo.runs.cleanup import PATIENCE_SECONDS, cleanup
from dbt_phlo.storage import Storage

DAY = 86_400.0


def columns(**types: str) -> dict[str, Any]:
    """An Iceberg schema for a create request.

    >>> columns(id="int")["fields"]
    [{'id': 1, 'name': 'id', 'type': 'int', 'required': False}]
    """
    return {
        "type": "struct",
        "fields": [
            {"id": number, "name": name, "type": kind, "required": False}
            for number, (name, kind) in enumerate(types.items(), 1)
        ],
    }


class Lake(NamedTuple):
    """A catalog, how to open it once more, and where its files are."""

    catalog: Catalog
    again: Callable[..., Catalog]
    configuration: dict[str, Any]

    def message(self, **changes: Any) -> str:
        """The configuration (with changes) for another process, which gets it by ``read``."""
        storage = self.configuration["storage"]
        told = storage and storage.to_message()
        return json.dumps({**self.configuration, "storage": told, **changes})

    @staticmethod
    def read(message: str) -> dict[str, Any]:
        """What ``message`` has written."""
        configuration: dict[str, Any] = json.loads(message)
        if configuration["storage"]:
            configuration["storage"] = Storage.from_message(configuration["storage"])
        return configuration

    def table(self, name: str, ref: str = "main", /, **types: str) -> str:
        """Create ``schema.table`` (and its schema); returns its value."""
        namespace, table = name.split(".", 1)
        tables = self.catalog.at(ref)
        if namespace not in tables.namespaces():
            tables.create_namespace(namespace)
        return tables.create(
            namespace, {"name": table, "schema": columns(**(types or {"id": "int"}))}
        )[0]

    def change(self, name: str, ref: str = "main", *, to: str = "") -> str:
        """Write a new version of a table; returns its value."""
        namespace, table = name.split(".", 1)
        update = {"action": "set-properties", "updates": {"version": to or str(time.time_ns())}}
        return self.catalog.at(ref).commit([(namespace, table, [], [update])])[0][0]

    def drop(self, name: str, ref: str = "main") -> None:
        self.catalog.at(ref).drop(*name.split(".", 1))

    def view(self, name: str, ref: str = "main", sql: str = "select 1") -> None:
        """Create or replace a view (and its schema)."""
        namespace, view = name.split(".", 1)
        tables = self.catalog.at(ref)
        if namespace not in tables.namespaces():
            tables.create_namespace(namespace)
        tables.put_view(namespace, view, {"sql": sql, "dialect": "duckdb"})

    def run(
        self,
        name: str,
        base: str = "main",
        *,
        project: str = "shop",
        lease: float = 0.0,
        expires_in: float | None = DAY,
    ) -> RunRecord:
        """Begin a run. ``lease`` 0: it is given back at once, as if the run were over."""
        now = time.time()
        record = RunRecord(
            id=name,
            ref=run_ref(name),
            branch=base,
            state="open",
            reason="",
            project=project,
            created_at=now,
            updated_at=now,
            lease_until=now + lease if lease else 0.0,
            renewals=0,
            invocations=(f"invocation-{name}",),
        )
        expires_at = None if expires_in is None else now + expires_in
        return self.catalog.create_run(record, base=base, expires_at=expires_at)

    def expire(
        self,
        now: float,
        *,
        project: str | None,
        dry_run: bool = False,
        patience: float = PATIENCE_SECONDS,
    ) -> list[Ref]:
        """Clean up as if it were ``now``; the refs that went."""
        done = cleanup(self.catalog, project, dry_run=dry_run, patience=patience, clock=lambda: now)
        return list(done.refs)

    def files(self) -> set[str]:
        """The names of the files in the folders of tables."""
        return {
            file.location.rsplit("/", 1)[1]
            for file in self.catalog.stored.listed(self.catalog.warehouse)
            if "/metadata/" in file.location or "/data/" in file.location
        }

    def keys(self, ref: str = "main") -> dict[str, str]:
        """Every table and view of a ref with its kind."""
        return {str(key): key.kind for key in self.catalog.at(ref).pointers()}

    def values(self, ref: str = "main") -> dict[str, str]:
        """Every table and view of a ref with its value."""
        return {str(key): value for key, value in self.catalog.at(ref).pointers().items()}

    def changes(self, ref: str) -> set[tuple[str, str, str]]:
        """(kind of change, kind of key, key) of a ref against its base."""
        return {(c.kind, c.key.kind, str(c.key)) for c in self.catalog.diff(ref).changes}
