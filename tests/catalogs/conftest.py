"""One behaviour suite, every implementation: a new one is one more line in ``IMPLEMENTATIONS``."""

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "services"))
sys.path.insert(0, str(Path(__file__).parent))

from lakes import Lake
from postgres_server import new_database, postgres_server
from s3_server import BUCKET, Server, s3_server

from dbt_phlo.catalogs import Catalog, open_catalog
from dbt_phlo.settings import catalog_configuration, warehouse_uri

IMPLEMENTATIONS = ("sqlite", "postgres", "s3")
"""``s3``: the catalog in SQLite, the tables in a bucket."""


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    with postgres_server() as started:
        yield started


@pytest.fixture(scope="session")
def bucket() -> Iterator[Server]:
    with s3_server() as started:
        yield started


@pytest.fixture(params=IMPLEMENTATIONS)
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lake]:
    """An empty lake."""
    given: dict[str, Any] = {"type": "sql"}
    if request.param == "postgres":
        name = f"lake_{uuid.uuid4().hex}"
        given["uri"] = new_database(request.getfixturevalue("server"), name)
    warehouse, storage = str(tmp_path / "lake"), None
    if request.param == "s3":
        given["uri"] = f"sqlite:///{tmp_path}/catalog.db"
        warehouse = f"s3://{BUCKET}/{uuid.uuid4().hex}/lake"
        storage = request.getfixturevalue("bucket").storage()
    uri = warehouse_uri(warehouse, tmp_path)
    configuration = catalog_configuration(given, uri, storage=storage)
    opened: list[Catalog] = []

    def again(**options: Any) -> Catalog:
        opened.append(open_catalog(configuration, **options))
        return opened[-1]

    yield Lake(again(), again, configuration)
    for catalog in opened:
        catalog.close()


@pytest.fixture
def catalog(lake: Lake) -> Catalog:
    """The lake's catalog."""
    return lake.catalog
