"""A lake opened as the adapter opens it, for what is measured without dbt around it."""

from pathlib import Path
from typing import Any

SCHEMA = "s"


class OpenLake:
    """A fresh lake with one schema, or the one that is there; ``cursor`` is a dbt thread's.

    ``run``: the id of a run that is begun; empty writes the branch itself.
    """

    def __init__(self, folder: Path, run: str = "", **variables: Any) -> None:
        from dbt_phlo.adapters.duckdb.credentials import PhloDuckDBCredentials
        from dbt_phlo.adapters.duckdb.environment import PhloEnvironment
        from dbt_phlo.catalogs import open_catalog
        from dbt_phlo.runs.binding import Invocation
        from dbt_phlo.runs.session import Session
        from dbt_phlo.settings import resolve

        profile = {"warehouse": str(folder / "lake"), "wap": "auto" if run else "off"}
        settings = resolve(profile, variables, {}, project="bench", project_root=folder)
        self.catalog = open_catalog(settings.catalog)
        session = self.session = Session(self.catalog, settings, Invocation(run or "bench", "run"))
        keys = PhloDuckDBCredentials.__pre_deserialize__({**profile, "schema": SCHEMA})
        self.environment: PhloEnvironment = PhloEnvironment(
            PhloDuckDBCredentials.from_dict(keys), session
        )
        self.cursor: Any = self.environment.handle().cursor()
        self.environment.create_schema(SCHEMA)

    def rebuild(self, table: str, sql: str) -> None:
        """What a table model does: a staging table from the query, then one replace."""
        from dbt_phlo.tables.metadata import staging_name

        staging = staging_name(table)
        self.cursor.execute(f"DESCRIBE ({sql})").fetchall()
        self.cursor.execute("BEGIN")
        self.cursor.execute(f'CREATE TABLE "lake"."{SCHEMA}"."{staging}" AS ({sql})')
        self.cursor.execute("COMMIT")
        self.environment.tables.replace(SCHEMA, staging, table)

    def promote(self) -> None:
        """The end of a run without checks."""
        self.session.decide([], {})
        if self.session.promote() is None:
            raise SystemExit(f"not promoted: {self.session.verdict} {self.session.refusal}")

    def close(self) -> None:
        self.environment.close()
        self.session.release()
        self.catalog.close()
