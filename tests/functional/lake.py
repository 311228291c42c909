"""A real dbt project on a lake of its own, driven as a user would drive it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dbt.cli.main import dbtRunner

from dbt_phlo.catalogs.sql import SqlCatalog
from dbt_phlo.endpoint import extensions
from dbt_phlo.endpoint.client import Endpoint
from dbt_phlo.names import HISTORY_SCHEMA

HOOKS = """\
on-run-start: "{{ phlo_run_start() }}"
on-run-end: "{{ phlo_run_end(results) }}"
"""
PROJECT = """\
name: shop
profile: shop
models: {shop: {+materialized: table}}
flags: {send_anonymous_usage_stats: false}
"""
TARGET = "{type: phlo_duckdb, warehouse: ./lake, database: lake, schema: main, threads: 2"
PROFILES = f"""\
shop:
  target: prod
  outputs:
    prod: {TARGET}, branch: main, wap: auto}}
    dev: {TARGET}, branch: dev, wap: off}}
"""
ORDERS = "select range::int as id, range % 7 as customer from range(100)"
TOTALS = "select customer, count(*) as orders from {{ ref('orders') }} group by customer"
SCHEMA = """\
models:
  - name: orders
    columns: [{name: id, data_tests: [not_null, unique]}]
  - name: totals
    columns: [{name: customer, data_tests: [not_null]}]
"""


HEARS_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
"""As in a terminal: what a shell starts in the background inherits that Ctrl-C is ignored."""


class Outcome(NamedTuple):
    """How a command ended: its exit code and everything that it printed."""

    code: int
    text: str


class Lake:
    """A project folder; ``dbt`` runs a command in it, ``rows`` asks the lake at a ref."""

    catalog_uri = ""

    def __init__(self, folder: Path, catalog_uri: str = "") -> None:
        """``catalog_uri``: a database for a team, instead of SQLite in the lake's folder."""
        self.folder = folder
        self.catalog_uri = catalog_uri
        folder.mkdir(parents=True, exist_ok=True)
        self.write("dbt_project.yml", PROJECT + HOOKS)
        place = f'database: lake, iceberg_catalog: {{type: sql, uri: "{catalog_uri}"}}'
        place = place if catalog_uri else "database: lake"
        self.write("profiles.yml", PROFILES.replace("database: lake", place))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def shop(self) -> "Lake":
        """Two tables, one from the other, with three checks."""
        self.write("models/orders.sql", ORDERS)
        self.write("models/totals.sql", TOTALS)
        self.write("models/schema.yml", SCHEMA)
        return self

    def dbt(self, *arguments: str, **environment: str) -> Outcome:
        """Run a dbt command in this process, as the `dbt` program would."""
        lines: list[str] = []
        before = {name: os.environ.get(name) for name in environment}
        os.environ.update(environment)
        folder = str(self.folder)
        try:
            result = dbtRunner(callbacks=[lambda event: lines.append(event.info.msg)]).invoke(
                [*arguments, "--project-dir", folder, "--profiles-dir", folder]
            )
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        code = 0 if result.success else 2 if result.exception else 1
        return Outcome(code, "\n".join([*lines, str(result.exception or "")]))

    def start(
        self, *arguments: str, script: str = "", **environment: str
    ) -> "subprocess.Popen[str]":
        """Start a dbt command as a process of its own, optionally behind a script."""
        main = HEARS_CTRL_C + (script or "from dbt.cli.main import cli; cli()")
        return subprocess.Popen(
            [sys.executable, "-c", main, *arguments],
            cwd=self.folder,
            env={**os.environ, **environment, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def configuration(self) -> dict[str, Any]:
        warehouse = (self.folder / "lake").resolve()
        return {
            "type": "sql",
            "uri": self.catalog_uri or f"sqlite:///{warehouse}/catalog.db",
            "warehouse": f"file://{warehouse}",
        }

    def catalog(self) -> SqlCatalog:
        return SqlCatalog(self.configuration["uri"], self.configuration["warehouse"])

    def rows(self, sql: str, ref: str = "main") -> list[tuple[Any, ...]]:
        """The answer of a reader at ``ref``; the lake is called ``lake``."""
        endpoint = Endpoint(self.configuration, ref, writable=False)
        try:
            connection = extensions.connect()
            endpoint.attach(connection, "lake")
            found: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            connection.close()
            return found
        finally:
            endpoint.close()

    def holds(self, ref: str = "main", *, history: bool = False) -> Mapping[str, str]:
        """Every table and view on a ref, with its pointer; those of ``_phlo`` if asked for."""
        catalog = self.catalog()
        try:
            return {
                str(key): value
                for key, value in catalog.at(ref).pointers().items()
                if history or key.namespace != HISTORY_SCHEMA
            }
        finally:
            catalog.close()

    def runs(self) -> dict[str, tuple[str, str]]:
        """State and reason of every run, by id."""
        catalog = self.catalog()
        try:
            return {run.id: (run.state, run.reason) for run in catalog.runs()}
        finally:
            catalog.close()


def ended(process: "subprocess.Popen[str]") -> str:
    """What a process that was told to end has printed; one that does not listen is killed."""
    try:
        return process.communicate(timeout=120)[0]
    finally:
        process.kill()
