"""A lake with its endpoint as a real child process, and DuckDB attached to it; an S3 server."""

import http.client
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from s3_server import Server, s3_server

from dbt_phlo.catalogs import Catalog, open_catalog
from dbt_phlo.endpoint import extensions
from dbt_phlo.endpoint.client import Endpoint
from dbt_phlo.settings import catalog_configuration, warehouse_uri


@pytest.fixture(scope="session")
def s3() -> Iterator[Server]:
    """A real S3 server with an empty bucket."""
    with s3_server() as server:
        yield server


class Served(NamedTuple):
    """A lake, and how to serve a ref of it."""

    catalog: Catalog
    configuration: dict[str, Any]
    serve: Callable[..., Endpoint]
    connect: Callable[..., Any]

    def ask(self, endpoint: Endpoint, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """One request as DuckDB would send it; ``options`` change token, host, body, headers."""
        return ask(endpoint, method, path, **options)


def ask(
    endpoint: Endpoint,
    method: str,
    path: str,
    *,
    token: str | None = None,
    host: str | None = None,
    body: bytes | str | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, Any]:
    """Status and JSON (or raw bytes) of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=30)
    sent = {
        "Authorization": f"Bearer {endpoint._token if token is None else token}",
        "Host": host or f"127.0.0.1:{endpoint.port}",
        **(headers or {}),
    }
    connection.request(method, path, body=body, headers=sent)
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    try:
        return answer.status, json.loads(raw) if raw else None
    except ValueError:
        return answer.status, raw


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An empty lake on SQLite."""
    configuration = catalog_configuration({}, warehouse_uri(str(tmp_path / "la ke"), tmp_path))
    catalog = open_catalog(configuration)
    running: list[Any] = []

    def serve(ref: str = "main", *, writable: bool = True, track: bool = False) -> Endpoint:
        running.append(Endpoint(configuration, ref, writable=writable, track=track))
        return running[-1]

    def connect(endpoint: Endpoint | None = None) -> Any:
        connection = extensions.connect()
        (endpoint or serve()).attach(connection, "lake")
        running.append(connection)
        return connection

    yield Served(catalog, configuration, serve, connect)
    for one in reversed(running):
        one.close()
    catalog.close()
