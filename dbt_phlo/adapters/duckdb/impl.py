"""The adapter ``phlo_duckdb``: what dbt and our macros call."""

from typing import Any

from dbt.adapters.base.impl import ConstraintSupport
from dbt.adapters.base.meta import available
from dbt.adapters.capability import Capability, CapabilityDict, CapabilitySupport, Support
from dbt.adapters.contracts.relation import RelationType
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt_common.contracts.constraints import ConstraintType

from dbt_phlo.adapters.checks import ChecksMixin
from dbt_phlo.adapters.duckdb import constraints, documentation, leftovers, seeds
from dbt_phlo.adapters.duckdb.column import PhloDuckDBColumn
from dbt_phlo.adapters.duckdb.connections import PhloDuckDBConnectionManager, engine_errors
from dbt_phlo.adapters.duckdb.contracts import ContractsMixin
from dbt_phlo.adapters.duckdb.environment import PhloEnvironment
from dbt_phlo.adapters.duckdb.freshness import FreshnessMixin
from dbt_phlo.adapters.duckdb.loads import LoadsMixin
from dbt_phlo.adapters.duckdb.relation import PhloDuckDBRelation
from dbt_phlo.adapters.hook_lines import HookLinesMixin
from dbt_phlo.adapters.ingestion import IngestionMixin
from dbt_phlo.adapters.lifecycle import PhloAdapterMixin
from dbt_phlo.adapters.load_operations import LoadOperationsMixin
from dbt_phlo.adapters.operations import OperationsMixin
from dbt_phlo.adapters.problems import as_dbt_errors
from dbt_phlo.adapters.schema_checks import SchemaChecksMixin
from dbt_phlo.errors import ConfigError
from dbt_phlo.history import TABLES
from dbt_phlo.names import quoted
from dbt_phlo.tables import duckdb_types, statistics, types
from dbt_phlo.tables.metadata import staging_name, under_construction


class PhloDuckDBAdapter(
    SchemaChecksMixin,
    ContractsMixin,
    FreshnessMixin,
    LoadsMixin,
    IngestionMixin,
    LoadOperationsMixin,
    ChecksMixin,
    PhloAdapterMixin,
    HookLinesMixin,
    OperationsMixin,
    DuckDBAdapter,
):
    """dbt-duckdb on an Iceberg lake."""

    ConnectionManager = PhloDuckDBConnectionManager
    Relation = PhloDuckDBRelation
    Column = PhloDuckDBColumn
    CONSTRAINT_SUPPORT = {  # noqa: RUF012 - declared by dbt
        ConstraintType.check: ConstraintSupport.ENFORCED,
        ConstraintType.not_null: ConstraintSupport.ENFORCED,
        ConstraintType.unique: ConstraintSupport.ENFORCED,
        ConstraintType.primary_key: ConstraintSupport.ENFORCED,
        ConstraintType.foreign_key: ConstraintSupport.NOT_SUPPORTED,
    }
    _capabilities = CapabilityDict(
        {
            Capability.SchemaMetadataByRelations: CapabilitySupport(support=Support.Full),
            Capability.TableLastModifiedMetadata: CapabilitySupport(support=Support.Full),
            Capability.TableLastModifiedMetadataBatch: CapabilitySupport(support=Support.Full),
            # The batches of one model are serialised: they all commit to one table.
            Capability.MicrobatchConcurrency: CapabilitySupport(support=Support.Unsupported),
        }
    )

    @classmethod
    def type(cls) -> str:
        return "phlo_duckdb"

    def phlo_close_engine(self) -> None:
        PhloDuckDBConnectionManager.close_environment()

    @classmethod
    def quote(cls, identifier: str) -> str:
        return quoted(identifier)

    def _make_match_kwargs(self, database: str, schema: str, identifier: str) -> dict[str, str]:
        """What to search a relation by: DuckDB keeps the case of names that are not quoted.

        dbt (1.10 to 1.12) folds them to lower case, as Postgres does, and then finds its own table
        only approximately, which is an error.
        """
        parts = {"database": database, "schema": schema, "identifier": identifier}
        return {key: value for key, value in parts.items() if value is not None}

    # ---- what is in the lake, from the catalog: DuckDB's information_schema loads every table

    def list_schemas(self, database: str) -> list[str]:
        if not self._is_lake(database):
            found: list[str] = super().list_schemas(database)
            return found
        return list(self._environment.schemas)

    def check_schema_exists(self, database: str, schema: str) -> bool:
        if not self._is_lake(database):
            return bool(super().check_schema_exists(database, schema))
        return self._environment.has_schema(schema)

    def create_schema(self, relation: Any) -> None:
        if not self._is_lake(relation.database):
            super().create_schema(relation)
            return
        self.commit_if_has_connection()
        with as_dbt_errors(), engine_errors():
            self._environment.create_schema(relation.schema)

    def drop_schema(self, relation: Any) -> None:
        if not self._is_lake(relation.database):
            super().drop_schema(relation)
            return
        self.commit_if_has_connection()
        with as_dbt_errors():
            self._environment.drop_schema(relation.schema)
        self.cache.drop_schema(relation.database, relation.schema)

    def list_relations_without_caching(self, schema_relation: Any) -> list[Any]:
        if not self._is_lake(schema_relation.database):
            found: list[Any] = super().list_relations_without_caching(schema_relation)
            return found
        environment = self._environment
        schema = environment.exact_schema(schema_relation.schema.strip('"'))
        if not environment.has_schema(schema):
            return []
        named = [(name, RelationType.Table) for name in environment.tables.tables(schema)]
        named += [(name, RelationType.View) for _, name in environment.views.named(schema)]
        return [
            self.Relation.create(
                database=self.config.credentials.database,
                schema=schema,
                identifier=name,
                type=kind,
                quote_policy={"database": True, "schema": True, "identifier": True},
            )
            for name, kind in named
            if under_construction(name) is None
        ]

    # ---- building a table: into a staging table, then one commit makes it the next snapshot

    @available.parse(lambda self, relation: relation)
    def phlo_staging(self, relation: Any) -> Any:
        """The staging table of a relation, this writer's own; what killed builds left goes."""
        environment = self._environment
        with as_dbt_errors():
            leftovers.drop(
                environment.tables, environment.exact_schema(relation.schema), relation.identifier
            )
        return relation.incorporate(
            path={"identifier": staging_name(relation.identifier)}, type="table"
        )

    @available.parse(lambda *a, **k: "")
    def phlo_replace(self, staging: Any, target: Any, model: Any = None) -> str:
        """Make the staging table the next snapshot of ``target``, if its rows are allowed."""
        self.commit_if_has_connection()
        environment = self._environment
        schema = environment.exact_schema(target.schema)
        with as_dbt_errors():
            try:
                contract = self._phlo_enforced(model)
                if contract is not None:
                    self._phlo_keeps(staging, contract, model)
                environment.tables.replace(
                    schema,
                    staging.identifier,
                    target.identifier,
                    required=constraints.required(contract),
                    order=[column.name for column in contract.columns] if contract else (),
                )
            except BaseException:
                if environment.tables.exists(schema, staging.identifier):
                    environment.tables.drop(schema, staging.identifier)
                raise
            environment.views.forget(schema, target.identifier)
        return ""

    @available.parse(lambda self, sql, relation: sql)
    def phlo_widen(self, sql: str, relation: Any) -> str:
        """The query with casts for the column types that Iceberg lacks.

        The question is asked inside the transaction that will create the table, which has the
        endpoint's answers about the tables of the query by then.
        """
        begin = not self.connections.disable_transactions
        _, cursor = self.connections.add_query(f"DESCRIBE ({sql}\n)", auto_begin=begin)
        columns = [(row[0], row[1]) for row in cursor.fetchall()]
        with as_dbt_errors():
            table = under_construction(relation.identifier) or relation.identifier
            casts = types.projection(columns, f"{relation.schema}.{table}")
        return f"select * replace ({', '.join(casts)}) from (\n{sql}\n)" if casts else sql

    @available.parse(lambda *a, **k: "")
    def phlo_clone(self, target: Any, source: Any) -> str:
        """A new table on the files of ``source``."""
        self.commit_if_has_connection()
        environment = self._environment
        with as_dbt_errors():
            environment.tables.clone(
                (environment.exact_schema(source.schema), source.identifier),
                (environment.exact_schema(target.schema), target.identifier),
            )
            environment.views.forget(target.schema, target.identifier)
        return ""

    # ---- dropping and renaming

    @available.parse(lambda *a, **k: "")
    def phlo_drop(self, relation: Any) -> str:
        """Drop a table or view from the ref; nothing happens when it is not there."""
        self.commit_if_has_connection()
        environment = self._environment
        schema = environment.exact_schema(relation.schema)
        with as_dbt_errors():
            if environment.views.get(schema, relation.identifier) is not None:
                environment.views.drop(schema, relation.identifier)
            elif environment.tables.exists(schema, relation.identifier):
                environment.tables.drop(schema, relation.identifier)
        return ""

    @available.parse(lambda *a, **k: "")
    def phlo_rename(self, old: Any, new: Any) -> str:
        """Give a table or view another name in its schema."""
        self.commit_if_has_connection()
        environment = self._environment
        schema = environment.exact_schema(old.schema)
        with as_dbt_errors():
            if environment.views.get(schema, old.identifier) is not None:
                environment.views.rename(schema, old.identifier, new.identifier)
            else:
                environment.tables.rename((schema, old.identifier), (schema, new.identifier))
        return ""

    @available.parse(lambda *a, **k: "")
    def phlo_refuse_grants(self, relation: Any) -> str:
        """Say that a grant on a lake's table would protect nothing."""
        with as_dbt_errors():
            raise ConfigError(
                f"{relation.schema}.{relation.identifier} declares grants, but the lake is a "
                "folder: it has no users, and whoever can read the folder can read the table",
                remedy="remove `grants` from the model, or protect the warehouse folder itself",
                code="PHLO116",
            )

    @available.parse(lambda *a, **k: "")
    def phlo_check_seed(self, model: Any, columns: list[str], delimiter: str) -> str:
        """Raise when a seed's file cannot be what its config says."""
        with as_dbt_errors():
            seeds.check_header(model["original_file_path"], columns, delimiter)
        return ""

    @available.parse(lambda *a, **k: False)
    def phlo_is_lake(self, relation: Any) -> bool:
        """Whether a relation lies in the lake, not in a database attached beside it."""
        return bool(relation.schema) and self._is_lake(relation.database)

    # ---- checks

    def phlo_table_rows(self, relation: Any) -> int | None:
        """The rows of a table of the lake, from its snapshot's summary where that is certain."""
        if not self.phlo_is_lake(relation):
            return None
        environment = self._environment
        schema = environment.exact_schema(relation.schema)
        if environment.views.get(schema, relation.identifier) is not None:
            return None
        pointer = environment.tables.pointer(schema, relation.identifier)
        if pointer is None:
            return None
        if pointer not in self._phlo_counted:
            metadata = environment.tables.metadata(schema, relation.identifier)
            rows = statistics.rows(pointer, metadata, lambda _: -1)
            self._phlo_counted[pointer] = rows if rows >= 0 else None
        return self._phlo_counted[pointer]

    # ---- history

    @available
    def phlo_history_columns(self, name: str) -> dict[str, str]:
        """The columns of a table of history, with the engine's types."""
        return {column: duckdb_types.written(kind) for column, kind in TABLES[name].items()}

    # ---- documentation

    @available.parse(lambda *a, **k: "")
    def phlo_document(self, relation: Any, comment: str | None, columns: dict[str, Any]) -> str:
        """Store the comment of a relation and the descriptions of its columns."""
        self.commit_if_has_connection()
        docs = {name: column["description"] for name, column in columns.items()}
        environment = self._environment
        schema = environment.exact_schema(relation.schema)
        with as_dbt_errors():
            environment.tables.document(schema, relation.identifier, comment, docs)
            if environment.views.get(schema, relation.identifier) is not None:
                environment.views.reload()
        return ""

    @available.parse(lambda *a, **k: None)
    def phlo_docs_catalog(self, relations: list[Any]) -> Any:
        """The rows of dbt's docs catalog for these relations (or whole schemas)."""
        wanted = [(r.schema or "", r.identifier or "") for r in relations]
        return documentation.catalog(self._environment, wanted)

    def get_catalog_for_single_relation(self, relation: Any) -> Any:
        return documentation.single(self._environment, relation)

    # ---- merging

    @available
    def phlo_merges_in_copy(self, config: Any) -> bool:
        """Whether a merge uses what DuckDB has for its own tables but not for Iceberg."""
        clauses = config.get("merge_clauses")
        groups = clauses.values() if isinstance(clauses, dict) else []
        actions = [c.get("action") for group in groups for c in group if isinstance(c, dict)]
        changing = sum(action in ("update", "delete") for action in actions)
        return bool(
            config.get("merge_returning_columns")
            or changing > 1
            or {"error", "do_nothing"} & set(actions)
        )

    # ---- helpers

    @property
    def _environment(self) -> PhloEnvironment:
        self.connections.get_thread_connection().handle  # noqa: B018 - opening it binds the ref
        environment = PhloEnvironment.current
        assert environment is not None
        return environment

    def _is_lake(self, database: str | None) -> bool:
        lake: str = self.config.credentials.database
        return (database or "").strip('"').lower() == lake.lower()
