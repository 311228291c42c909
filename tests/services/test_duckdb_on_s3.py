"""DuckDB reads and writes tables of a bucket, with its one secret and nobody else's."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from s3_server import BUCKET, OWNER, Server, foreign_keys

from dbt_phlo.catalogs import open_catalog
from dbt_phlo.endpoint import extensions, warehouse
from dbt_phlo.endpoint.client import Endpoint
from dbt_phlo.endpoint.counting import counter
from dbt_phlo.errors import ConfigError
from dbt_phlo.settings import catalog_configuration
from dbt_phlo.storage import Hidden

STATEMENTS = (
    "CREATE SCHEMA lake.s",
    "CREATE TABLE lake.s.t AS SELECT range::int AS i, 'x' AS x FROM range(1000)",
    "INSERT INTO lake.s.t VALUES (1000, 'y')",
    "DELETE FROM lake.s.t WHERE i < 100",
    "UPDATE lake.s.t SET x = 'z' WHERE i = 500",
    "ALTER TABLE lake.s.t ADD COLUMN later DATE",
    "CREATE TABLE lake.s.by_day (d DATE, i INT)",
    "ALTER TABLE lake.s.by_day SET PARTITIONED BY (day(d))",
    "INSERT INTO lake.s.by_day SELECT DATE '2024-01-01' + (i % 3)::int, i FROM lake.s.t",
)


@pytest.fixture
def configuration(s3: Server, tmp_path: Path) -> dict[str, Any]:
    given = {"type": "sql", "uri": f"sqlite:///{tmp_path}/catalog.db"}
    place = f"s3://{BUCKET}/{tmp_path.name}/wh"
    return catalog_configuration(given, place, storage=s3.storage())


@pytest.fixture
def connect(configuration: dict[str, Any]) -> Iterator[Callable[..., Any]]:
    """Connect to the lake; ``attached=False``: only with the way into the bucket."""
    opened: list[Any] = []
    open_catalog(configuration).close()

    def connected(*, attached: bool = True) -> Any:
        connection = extensions.connect()
        opened.append(connection)
        warehouse.unlock(connection, configuration)
        if attached:
            endpoint = Endpoint(configuration, "main", writable=True)
            opened.append(endpoint)
            endpoint.attach(connection, "lake")
        return connection

    yield connected
    for one in reversed(opened):
        one.close()


def test_what_duckdb_writes_another_duckdb_reads(
    connect: Callable[..., Any], configuration: dict[str, Any]
) -> None:
    writing = connect()
    for statement in STATEMENTS:
        writing.execute(statement)
    reading = connect()
    whole = "SELECT count(*), count(DISTINCT x), max(i) FROM lake.s.t"
    assert reading.execute(whole).fetchall() == [(901, 3, 1000)]
    days = "SELECT count(*) FROM lake.s.by_day WHERE d = DATE '2024-01-02'"
    assert reading.execute(days).fetchall() == [(301,)]
    catalog = open_catalog(configuration)
    files = list(catalog.stored.listed(catalog.warehouse))
    assert len([f for f in files if f.location.endswith(".parquet")]) >= 6
    count = counter(configuration)
    assert count(catalog.at("main").load("s", "t")[0]) == 901
    catalog.close()


def test_variables_for_other_keys_and_another_server_are_not_mixed_in(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign_keys(monkeypatch)
    connection = connect()
    connection.execute("CREATE SCHEMA lake.s; CREATE TABLE lake.s.t AS SELECT 1 AS i")
    assert connection.execute("FROM lake.s.t").fetchall() == [(1,)]


def test_the_secret_is_shown_redacted_and_is_for_the_warehouse_alone(
    connect: Callable[..., Any], configuration: dict[str, Any]
) -> None:
    connection = connect(attached=False)
    told = connection.execute("SELECT scope, persistent, secret_string FROM duckdb_secrets()")
    ((scope, persistent, text),) = told.fetchall()
    assert scope == [f"{configuration['warehouse']}/"]
    assert not persistent
    assert OWNER.secret not in text
    assert OWNER.secret not in str(connection.execute("FROM duckdb_settings()").fetchall())
    for refused in (
        "FROM duckdb_secrets(redact = false)",
        "SET allow_unredacted_secrets = true",
        f"COPY (SELECT 1) TO 's3://{BUCKET}/beside.parquet'",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(refused)


def test_the_secret_is_on_no_command_line_and_in_no_childs_environment(
    configuration: dict[str, Any],
) -> None:
    open_catalog(configuration).close()
    endpoint = Endpoint(configuration, "main", writable=False)
    assert endpoint.port
    child = str(endpoint._child.pid)
    for switches in (["-ww"], ["eww"]):  # e: with the environment
        command = ["ps", *switches, "-o", "command=", "-p", child]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "child.py" in shown
        assert OWNER.secret not in shown
    endpoint.close()


def test_a_secret_that_duckdb_refuses_is_told_without_it() -> None:
    connection = extensions.connect()
    for statement in (
        "CREATE SECRET x (TYPE s3, SECRET 'h1dden' 'oops')",
        "CREATE SECRET x (TYPE s3, SECRET 'oops' 'h1dden')",
        "CREATE SECRET x (TYPE s3, SECRET 'h1dden', NONSENSE 'x')",
        "CREATE SECRET x (TYPE s3, SECRET\n'h1dden'\n\n oops)",
    ):
        with pytest.raises(ConfigError) as caught:
            warehouse.create_secret(connection, statement)
        assert caught.value.code == "PHLO123"
        assert "h1dden" not in f"{caught.value} {caught.value.__cause__}"
        assert caught.value.__suppress_context__


def test_awss_own_chain_without_keys_is_told(
    configuration: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    storage = configuration["storage"]._replace(key_id="", secret=Hidden())
    with pytest.raises(ConfigError, match="AWS's own chain") as caught:
        warehouse.unlock(extensions.connect(), {**configuration, "storage": storage})
    assert caught.value.code == "PHLO124"
