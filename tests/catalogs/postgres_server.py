"""A real PostgreSQL for the tests, from the ``pgserver`` wheel: no server has to be installed.

As root the wheel runs the server as a user of its own, which it makes with ``useradd`` and which
must be able to reach the data folder: a folder of its own directly under the temporary folder.
"""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def postgres_server() -> Iterator[Any]:
    """Start a server on a socket and stop it; only this one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
        import pgserver

    folder = Path(tempfile.mkdtemp(prefix="phlo-pg-"))
    server = pgserver.get_server(folder, cleanup_mode="stop")
    try:
        with _connected(server) as connection:  # nothing here outlives the tests
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server
    finally:
        _control(server, "stop")
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: Any, name: str) -> str:
    """The URL of an empty place of its own: a schema, which is made in no time."""
    with _connected(server) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
    return f"{server.get_uri()}&options=-csearch_path%3D{name}"


def restart(server: Any) -> None:
    """As if it had crashed: every connection is lost."""
    _control(server, "restart")


def _connected(server: Any) -> Any:
    import psycopg

    return psycopg.connect(server.get_uri(), autocommit=True)


def _control(server: Any, action: str) -> None:
    import pgserver

    arguments = ["-w", "-m", "immediate", action]
    pgserver.pg_ctl(arguments, pgdata=server.pgdata, user=server.system_user, timeout=60)
