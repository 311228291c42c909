"""A lake opened as the adapter opens it, for what is measured without dbt around it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass

SCHEMA = "s"


class OpenLake:
    """A fresh lake with one schema, or the one that is there; ``cursor`` is a dbt thread's."""

    def __init__(self, folder: Path) -> None:
        from dbt_phlo.adapters.duckdb.credentials import PhloDuckDBCredentials
        from dbt_phlo.adapters.duckdb.environment import PhloEnvironment
        from dbt_phlo.catalogs import open_catalog
        from dbt_phlo.runs.binding import Invocation
        from dbt_phlo.runs.session import Session
        from dbt_phlo.settings import resolve

        profile = {"warehouse": str(folder / "lake"), "wap": "off"}
        settings = resolve(profile, {}, {}, project="bench", project_root=folder)
        self.catalog = open_catalog(settings.catalog)
        session = Session(self.catalog, settings, Invocation("bench", "run"))
        keys = PhloDuckDBCredentials.__pre_deserialize__({**profile, "schema": SCHEMA})
        self.environment: PhloEnvironment = PhloEnvironment(
            PhloDuckDBCredentials.from_dict(keys), session
        )
        self.cursor: Any = self.environment.handle().cursor()
        self.environment.create_schema(SCHEMA)

    def rebuild(self, table: str, sql: str) -> None:
        """What a table model does: a staging table from the query, then one replace."""
        staging = f"{table}__phlo_new"
        self.cursor.execute(f"DESCRIBE ({sql})").fetchall()
        self.cursor.execute("BEGIN")
        self.cursor.execute(f'CREATE TABLE "lake"."{SCHEMA}"."{staging}" AS ({sql})')
        self.cursor.execute("COMMIT")
        self.environment.tables.replace(SCHEMA, staging, table)

    def close(self) -> None:
        self.environment.close()
        self.catalog.close()
