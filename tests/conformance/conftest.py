"""dbt's fixtures, a fresh lake for each class, and the modes ``--wap off`` and ``--wap run``."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbt.adapters.factory import reset_adapters
from dbt.tests.fixtures.project import (  # noqa: F401 - pytest finds fixtures by their names here
    adapter,
    analyses,
    clean_up_logging,
    dbt_profile_data,
    dbt_project_yml,
    dependencies,
    dependencies_yml,
    environment,
    functions,
    initialization,
    macros,
    models,
    packages,
    packages_yml,
    prefix,
    profiles_config_update,
    profiles_root,
    profiles_yml,
    project,
    project_config_update,
    project_files,
    project_root,
    project_setup,
    properties,
    seeds,
    selectors,
    selectors_yml,
    shared_data_dir,
    snapshots,
    test_config,
    test_data_dir,
    tests,
    unique_schema,
)

from dbt_phlo.catalogs import open_catalog
from tests.conformance import harness
from tests.conformance.deviations import skip_reason


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--wap",
        choices=("off", "run"),
        default="off",
        help="off: tests write the branch; run: every test class is one run on its ref",
    )


def pytest_configure(config: pytest.Config) -> None:
    # dbt's fixtures are written so, hundreds of times
    config.addinivalue_line("filterwarnings", "ignore:Class-scoped fixtures defined as instance")


def _mode(config: pytest.Config) -> str:
    return str(config.getoption("wap", default="off"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        owner = getattr(item, "cls", None)
        if owner is None or not owner.__module__.startswith(f"{__package__}."):
            continue
        reason = skip_reason(owner.__name__, item.name, _mode(config))
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def wap(request: pytest.FixtureRequest) -> str:
    """``off`` or ``run``."""
    return _mode(request.config)


@pytest.fixture(scope="class")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this class's lake."""
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="class")
def lake_target(warehouse: Path, wap: str) -> dict[str, Any]:
    """The profile's target."""
    return {
        "type": "phlo_duckdb",
        "threads": 4,
        "database": "lake",
        "warehouse": str(warehouse),
        "wap": "off" if wap == "off" else "hold",
    }


@pytest.fixture(scope="class")
def dbt_profile_target(lake_target: dict[str, Any]) -> dict[str, Any]:
    return lake_target


@pytest.fixture(scope="class")
def logs_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """dbt's logs, outside of the checkout."""
    os.environ["DBT_LOG_PATH"] = str(tmp_path_factory.mktemp("logs"))
    yield os.environ["DBT_LOG_PATH"]
    del os.environ["DBT_LOG_PATH"]


@pytest.fixture(scope="class", autouse=True)
def one_run(wap: str, warehouse: Path) -> Iterator[None]:
    """Make the class one run (``--wap run``), and prove that nothing went around its ref."""
    reset_adapters()  # what another test has left in this process
    with pytest.MonkeyPatch.context() as patch:
        if wap == "run":
            patch.setenv("PHLO_RUN_ID", f"conformance-{uuid.uuid4().hex[:12]}")
            patch.setenv("PHLO_HISTORY", "off")  # the one thing that a run writes to its branch
            harness.install(patch)
        yield
    database = warehouse / "catalog.db"
    if not database.exists():  # the class never reached its lake
        return
    catalog = open_catalog(
        {"type": "sql", "uri": f"sqlite:///{database}", "warehouse": f"file://{warehouse}"}
    )
    try:
        written = [k for k in catalog.at("main").pointers() if k.kind != "namespace"]
        runs = catalog.runs()
    finally:
        catalog.close()
    if wap == "run":
        assert not written, f"written to the branch, around the run's ref: {written}"
    else:
        assert not runs, f"runs although WAP is off: {runs}"


@pytest.fixture(scope="class", autouse=True)
def hook_lines(wap: str, dbt_project_yml: dict[str, Any], project_root: Any) -> None:  # noqa: F811
    """The project's two hook lines, which dbt's test projects do not have."""
    if wap == "run":
        harness.add_hook_lines(Path(str(project_root)) / "dbt_project.yml")
