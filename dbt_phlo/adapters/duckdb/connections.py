"""Connections of ``phlo_duckdb``: all of one invocation share one environment, bound to one ref."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt_common.exceptions import DbtDatabaseError

from dbt_phlo.adapters.duckdb.environment import PhloEnvironment
from dbt_phlo.adapters.problems import PhloDbtError, as_dbt_errors
from dbt_phlo.errors import CatalogError
from dbt_phlo.runs.session import Session


class PhloDuckDBConnectionManager(DuckDBConnectionManager):
    """Opens the environment before dbt-duckdb would, because that one is to be ours."""

    TYPE = "phlo_duckdb"
    session: ClassVar[Callable[[], Session]]
    """Gives the invocation's session, which is bound when it is first asked for."""

    @classmethod
    def open(cls, connection: Any) -> Any:
        shared: Any = DuckDBConnectionManager  # dbt-duckdb asks for its environment by this name
        with shared._LOCK, as_dbt_errors():
            session = cls.session()
            environment = shared._ENV
            bound = isinstance(environment, PhloEnvironment) and environment.session is session
            try:
                if not bound or environment.creds != connection.credentials:
                    cls.close_environment()
                    shared._ENV = PhloEnvironment(connection.credentials, session)
                return shared.open.__func__(shared, connection)
            except duckdb.Error as error:
                raise CatalogError(
                    f"DuckDB cannot open the lake at {session.settings.warehouse}: {error}",
                    remedy="`dbt-phlo doctor` checks the installation and the lake",
                    code="PHLO313",
                ) from error

    @contextmanager
    def exception_handler(self, sql: str, connection_name: str = "master") -> Iterator[None]:
        """DuckDB's errors are dbt's database errors; ours stay what they are."""
        with super().exception_handler(sql, connection_name):
            try:
                with as_dbt_errors(), engine_errors():
                    yield
            except (PhloDbtError, DbtDatabaseError):
                self.rollback_if_open()
                raise

    @classmethod
    def close_environment(cls) -> None:
        """End the invocation's DuckDB and its endpoint."""
        shared: Any = DuckDBConnectionManager
        with shared._LOCK:
            if shared._ENV is not None:
                shared._ENV.close()
                shared._ENV = None


@contextmanager
def engine_errors() -> Iterator[None]:
    """DuckDB's errors as dbt's, which dbt prints without a traceback."""
    try:
        yield
    except duckdb.Error as error:
        raise DbtDatabaseError(told(error)) from error


def told(error: duckdb.Error) -> str:
    """What happened: the endpoint's own words where DuckDB only quotes its answer.

    >>> body = json.dumps({"error": {"message": "[PHLO304] may only read", "code": 403}})
    >>> told(duckdb.Error(f"Request to ... returned a non-200 status code, body: {body}"))
    '[PHLO304] may only read'
    >>> told(duckdb.Error("Parser Error: syntax error"))
    'Parser Error: syntax error'
    """
    text = str(error)
    listed = _LISTED.search(text)
    if listed is not None:
        return listed["message"]
    body = text.partition("body: ")[2]
    for _ in range(2):  # DuckDB wraps the answer in a document of its own
        found = _first_object(body)
        if "error" in found:
            return str(found["error"].get("message", text))
        body = str(found.get("exception_message", "")).partition("body: ")[2]
    return text


_LISTED = re.compile(r"message: (?P<message>.*?)\n\s*type: \w+Exception", re.DOTALL)
"""How a refused commit is quoted."""


def _first_object(text: str) -> dict[str, Any]:
    """The JSON object that a text begins with, or an empty one."""
    try:
        found, _ = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
