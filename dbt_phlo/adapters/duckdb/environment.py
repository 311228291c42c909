"""The one DuckDB of an invocation, with the lake attached at the ref of its session."""

import os
import tempfile
import threading
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.environments.local import LocalEnvironment

from dbt_phlo.adapters.duckdb.cursor import PhloCursor
from dbt_phlo.adapters.duckdb.statements import Ddl
from dbt_phlo.adapters.duckdb.views import LakeViews
from dbt_phlo.catalogs.values import Key
from dbt_phlo.endpoint import extensions, warehouse
from dbt_phlo.endpoint.client import Endpoint
from dbt_phlo.errors import AlreadyExists, NotFound
from dbt_phlo.names import quoted
from dbt_phlo.runs.session import Session


class PhloEnvironment(LocalEnvironment):
    """dbt-duckdb's local environment; the endpoint's child starts while DuckDB is set up."""

    current: "PhloEnvironment | None" = None

    def __init__(self, credentials: Any, session: Session) -> None:
        super().__init__(credentials)
        self.session = session
        self.database: str = credentials.database
        binding = session.binding
        writer = session.invocation.id if binding.writable else ""
        self.tables = session.catalog.at(binding.ref, writable=binding.writable, writer=writer)
        self._endpoint: Endpoint | None = Endpoint(
            session.settings.catalog,
            binding.ref,
            writable=binding.writable,
            writer=writer,
            track=binding.run is not None,
            consistent="" if binding.writable else "command",
        )
        self.schemas: list[str] = self.tables.namespaces()
        self.path_version = 0
        self._schema_lock = threading.RLock()
        self.views = LakeViews(self.tables, self.database, self.native, self._note_read)
        PhloEnvironment.current = self

    def initialize_db(self, creds: Any, plugins: Any = None) -> Any:  # type: ignore[override]
        """dbt-duckdb's set-up with our extensions first and the lake attached last."""
        config = {"temp_directory": _spill_folder(), **(creds.config_options or {})}
        for plugin in (plugins or {}).values():
            plugin.update_connection_config(creds, config)
        connection = extensions.connect(creds.path, config)
        for extension in creds.extensions or []:
            name = extension if isinstance(extension, str) else extension["name"]
            source = "" if isinstance(extension, str) else f" FROM {extension['repo']}"
            connection.execute(f"INSTALL {name}{source}")
            connection.execute(f"LOAD {name}")
        warehouse.unlock(connection, self.session.settings.catalog)
        for sql in creds.secrets_sql():
            warehouse.create_secret(connection, sql)
        if creds.filesystems:
            import fsspec

            for options in creds.filesystems:
                kept = {key: value for key, value in options.items() if key != "fs"}
                connection.register_filesystem(fsspec.filesystem(options["fs"], **kept))
        for plugin in (plugins or {}).values():
            plugin.configure_connection(connection)
        for attachment in creds.attach or []:
            connection.execute(attachment.to_sql())
        assert self._endpoint is not None
        self._endpoint.attach(connection, self.database)
        connection.execute(f"ATTACH ':memory:' AS {quoted(self.views.database)}")
        for schema in self.schemas:
            place = f"{quoted(self.views.database)}.{quoted(schema)}"
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {place}")
        return connection

    @classmethod
    def initialize_cursor(
        cls, creds: Any, cursor: Any, plugins: Any = None, registered_df: Any = None
    ) -> Any:
        """A classmethod because dbt-duckdb calls it on the class for Python models."""
        assert cls.current is not None
        cursor = super().initialize_cursor(creds, cursor, plugins, registered_df or {})
        return cursor if isinstance(cursor, PhloCursor) else PhloCursor(cursor, cls.current)

    def native(self, sql: str) -> list[Any]:
        """Run a statement on a cursor of its own: one transaction writes to one database."""
        if self.conn is None:
            self.handle().close()  # type: ignore[no-untyped-call]
        cursor = self.conn.cursor()  # type: ignore[attr-defined]
        try:
            path = self.search_path()
            if path:
                cursor.execute(f"SET search_path = '{path}'")
            rows: list[Any] = cursor.execute(sql).fetchall()
            return rows
        finally:
            cursor.close()

    def search_path(self) -> str:
        """Every schema of the lake and of its views, the target's first."""
        target = self.creds.schema.lower()
        ordered = sorted(self.schemas, key=lambda schema: schema.lower() != target)
        pairs = [
            f"{quoted(database)}.{quoted(schema)}"
            for schema in ordered
            for database in (self.database, self.views.database)
        ]
        return ",".join(pairs).replace("'", "''")

    # ---- DDL that DuckDB's Iceberg catalog cannot do

    def stands_in(self, ddl: Ddl) -> bool:
        """Do what a statement asks for, if it concerns the lake; else leave it to DuckDB."""
        if ddl.action.endswith("schema"):
            return self._schema_ddl(ddl)
        if len(ddl.name) == 3 and ddl.name[0].lower() != self.database.lower():
            return False
        if len(ddl.name) < 2 or not self.has_schema(ddl.name[-2]):
            return False
        schema, name = self.exact_schema(ddl.name[-2]), ddl.name[-1]
        if ddl.action == "create view":
            self._create_view(ddl, schema, name)
        elif ddl.action == "vacuum":  # gives nothing back in DuckDB's own tables either
            return True
        elif ddl.action == "rename view":
            self.views.rename(schema, name, ddl.body)
        elif self.views.get(schema, name) is not None:
            self.views.drop(schema, name)
        elif not ddl.conditional:
            raise NotFound(f"view {schema}.{name} does not exist on {self.tables.ref}")
        return True

    def create_schema(self, schema: str) -> None:
        """Create a schema through DuckDB, which keeps a list of them of its own."""
        with self._schema_lock:
            if self.has_schema(schema):
                return
            for database in (self.database, self.views.database):
                self.native(f"CREATE SCHEMA IF NOT EXISTS {quoted(database)}.{quoted(schema)}")
            self.schemas = [*self.schemas, schema]
            self.path_version += 1

    def drop_schema(self, schema: str) -> None:
        """Drop a schema with everything in it."""
        with self._schema_lock:
            if not self.has_schema(schema):
                return
            exact = self.exact_schema(schema)
            for view in self.views.named(exact):
                self.views.forget(*view)
            self.tables.drop_namespace(exact, cascade=True)
            self.schemas = [known for known in self.schemas if known != exact]
            self.path_version += 1

    def has_schema(self, schema: str) -> bool:
        return any(known.lower() == schema.lower() for known in self.schemas)

    def exact_schema(self, schema: str) -> str:
        """A schema as it was created; DuckDB finds names without regard to case."""
        return next((s for s in self.schemas if s.lower() == schema.lower()), schema)

    def close(self) -> None:
        super().close()  # type: ignore[no-untyped-call]
        endpoint = getattr(self, "_endpoint", None)
        if endpoint is not None:
            self._endpoint = None
            endpoint.close()
        if PhloEnvironment.current is self:
            PhloEnvironment.current = None

    def _note_read(self, schema: str, name: str) -> None:
        """A run reads a view: the endpoint sees tables only."""
        pointer = self.tables.pointer(schema, name)
        if self.session.run is not None and pointer is not None:
            key = Key("view", schema, name)
            self.session.catalog.record_reads(self.tables.ref, {key: pointer})

    def _schema_ddl(self, ddl: Ddl) -> bool:
        in_lake = len(ddl.name) == 1 or ddl.name[0].lower() == self.database.lower()
        if not in_lake:
            return False
        schema = ddl.name[-1]
        if ddl.action == "create schema":
            if self.has_schema(schema) and not ddl.conditional:
                raise AlreadyExists(f"schema {schema} already exists on {self.tables.ref}")
            self.create_schema(schema)
        elif self.has_schema(schema):
            if not ddl.cascade:  # refuses what is not empty
                self.tables.drop_namespace(self.exact_schema(schema))
            self.drop_schema(schema)
        elif not ddl.conditional:
            raise NotFound(f"schema {schema} does not exist on {self.tables.ref}")
        return True

    def _create_view(self, ddl: Ddl, schema: str, name: str) -> None:
        exists = self.views.get(schema, name) is not None
        if exists and not ddl.replace:
            if ddl.conditional:
                return
            raise AlreadyExists(f"view {schema}.{name} already exists on {self.tables.ref}")
        self.views.put(schema, name, ddl.body)


def _spill_folder() -> str:
    """Where DuckDB puts what does not fit into memory: not into the user's project."""
    return str(Path(tempfile.gettempdir()) / f"dbt-phlo-{os.getpid()}")
