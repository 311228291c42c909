"""The model's modules, and the lakes of the catalogs' behaviour suite, can be imported by name."""

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "catalogs"))
sys.path.insert(0, str(Path(__file__).parent))

from driver import Make
from lakes import Lake
from postgres_server import new_database, postgres_server

from dbt_phlo.catalogs import Catalog, open_catalog
from dbt_phlo.settings import catalog_configuration, warehouse_uri


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    with postgres_server() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgres"])
def make_lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """What makes empty lakes, as many as a test needs; all are closed at its end."""
    opened: list[Catalog] = []

    def make() -> Lake:
        name = f"lake_{uuid.uuid4().hex}"
        given: dict[str, Any] = {"type": "sql"}
        if request.param == "postgres":
            given["uri"] = new_database(request.getfixturevalue("server"), name)
        configuration = catalog_configuration(given, warehouse_uri(str(tmp_path / name), tmp_path))

        def again(**options: Any) -> Catalog:
            opened.append(open_catalog(configuration, **options))
            return opened[-1]

        return Lake(again(), again, configuration)

    yield make
    for catalog in opened:
        catalog.close()


@pytest.fixture
def lake(make_lake: Make) -> Lake:
    """An empty lake."""
    return make_lake()
