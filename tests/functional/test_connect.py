"""``dbt_phlo.connect``: reading a branch or a run from a notebook."""

import os
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from lake import Lake

import dbt_phlo
from dbt_phlo import notebook
from dbt_phlo.errors import ConfigError, NotFound

VIEW = "{{ config(materialized='view') }} "
WRITES = (
    "INSERT INTO lake.main.orders VALUES (1, 1)",
    "DELETE FROM lake.main.orders",
    "UPDATE lake.main.orders SET id = 1",
    "DROP TABLE lake.main.orders",
    "ALTER TABLE lake.main.orders ADD COLUMN x INTEGER",
    "CREATE TABLE lake.main.mine AS SELECT 1 AS i",
    "CREATE OR REPLACE TABLE lake.main.orders AS SELECT 1 AS i",
    "CREATE VIEW lake.main.mine AS SELECT 1 AS i",
    "CREATE OR REPLACE VIEW lake.main.orders AS SELECT 1 AS i",
    "CREATE SCHEMA lake.mine",
    "DROP SCHEMA lake.main CASCADE",
)
INNER_WRITES = (
    "INSERT INTO lake_tables.main.orders VALUES (1, 1)",
    "DROP TABLE lake_tables.main.orders",
    "CREATE TABLE lake_tables.main.mine AS SELECT 1 AS i",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("connect")


@pytest.fixture(scope="module")
def plain(folder: Path) -> Lake:
    """A lake of tables alone."""
    lake = Lake(folder / "plain").shop()
    assert lake.dbt("build").code == 0
    return lake


@pytest.fixture(scope="module")
def lake(folder: Path) -> Lake:
    """A lake with views on tables and on views, in two schemas; a kept run `held` beside it."""
    lake = Lake(folder / "views").shop()
    lake.write(
        "macros/names.sql",
        "{% macro generate_schema_name(custom, node) %}{{ custom or target.schema }}{% endmacro %}",
    )
    gold = "{{ config(materialized='view', schema='gold') }} "
    lake.write("models/a_top.sql", gold + "select count(*) as n from {{ ref('late') }}")
    lake.write("models/late.sql", VIEW + "select * from {{ ref('orders') }} where id >= 90")
    lake.write("models/quoted.sql", VIEW + 'select id as "a ""b""" from {{ ref(\'late\') }}')
    assert lake.dbt("build").code == 0
    lake.write("models/orders.sql", "select range::int as id, 1 as customer from range(95)")
    assert lake.dbt("build", PHLO_RUN_ID="held", PHLO_WAP="hold").code == 0
    return lake


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> "list[subprocess.Popen[str]]":
    """The processes of the endpoints that `connect` starts."""
    processes: list[subprocess.Popen[str]] = []

    class Watched(notebook.Endpoint):
        def __init__(self, *arguments, **options) -> None:
            super().__init__(*arguments, **options)
            processes.append(self._child)

    monkeypatch.setattr(notebook, "Endpoint", Watched)
    return processes


@pytest.mark.parametrize("which", ["plain", "lake"])
def test_nothing_can_be_written(which: str, request: pytest.FixtureRequest) -> None:
    project: Lake = request.getfixturevalue(which)
    before = project.holds()
    writes = WRITES if which == "plain" else WRITES + INNER_WRITES
    with dbt_phlo.connect(project.folder) as connection:
        for statement in writes:
            with pytest.raises(duckdb.Error, match=r"read-only|not an table|base table"):
                connection.execute(statement)
        assert connection.sql("select count(*) from lake.main.orders").fetchone() == (100,)
    assert project.holds() == before


def test_tables_and_views_are_read_alike(lake: Lake) -> None:
    with dbt_phlo.connect(lake.folder) as connection:
        assert isinstance(connection, duckdb.DuckDBPyConnection)
        assert connection.sql("select count(*) from lake.main.orders").fetchone() == (100,)
        assert connection.sql("select count(*) from lake.main.late").fetchone() == (10,)
        assert connection.sql("select n from lake.gold.a_top").fetchone() == (10,)
        assert connection.sql('select max("a ""b""") from lake.main.quoted').fetchone() == (99,)
        assert connection.cursor().sql("select n from lake.gold.a_top").fetchone() == (10,)
        described = connection.sql("describe lake.main.orders").fetchall()
        assert [row[:2] for row in described] == [("id", "INTEGER"), ("customer", "BIGINT")]


@pytest.mark.parametrize("ref", ["held", "pipeline-run-held"])
def test_a_kept_run_is_read_by_its_id_or_its_ref(lake: Lake, ref: str) -> None:
    with dbt_phlo.connect(lake.folder, ref=ref) as connection:
        assert connection.sql("select n from lake.gold.a_top").fetchone() == (5,)
        assert connection.sql("select phlo_ref()").fetchone() == ("pipeline-run-held",)


def test_the_branch_of_the_target_is_the_default(lake: Lake) -> None:
    with closing(lake.catalog()) as catalog:
        catalog.create_ref("dev", "main", kind="branch")
    with dbt_phlo.connect(lake.folder, target="dev") as connection:
        assert connection.sql("select phlo_ref()").fetchone() == ("dev",)


def test_own_tables_can_be_made_beside_the_lake(lake: Lake) -> None:
    with dbt_phlo.connect(lake.folder) as connection:
        connection.execute("create table mine as select * from lake.main.late")
        assert connection.sql("select count(*) from mine").fetchone() == (10,)


def test_an_open_connection_sees_what_is_promoted_meanwhile(folder: Path) -> None:
    lake = Lake(folder / "moving").shop()
    lake.write("models/late.sql", VIEW + "select * from {{ ref('orders') }} where id >= 90")
    assert lake.dbt("build").code == 0
    with dbt_phlo.connect(lake.folder) as connection:
        assert connection.sql("select count(*) from lake.main.late").fetchone() == (10,)
        lake.write("models/orders.sql", "select range::int as id, 1 as customer from range(93)")
        assert lake.dbt("build").code == 0
        assert connection.sql("select count(*) from lake.main.late").fetchone() == (3,)


def test_a_view_that_cannot_be_bound_says_so_and_spoils_no_other(lake: Lake) -> None:
    broken = {"sql": "select * from elsewhere.s.t", "dialect": "duckdb"}
    with closing(lake.catalog()) as catalog:
        catalog.create_ref("odd", "main", kind="branch")
        catalog.at("odd").put_view("main", "broken", broken)
    with dbt_phlo.connect(lake.folder, ref="odd") as connection:
        assert connection.sql("select count(*) from lake.main.late").fetchone() == (10,)
        with pytest.raises(duckdb.Error, match=r"view main\.broken cannot be read here"):
            connection.execute("select * from lake.main.broken")


def test_closing_ends_the_process_that_serves_it(
    lake: Lake, started: "list[subprocess.Popen[str]]"
) -> None:
    connection = dbt_phlo.connect(lake.folder)
    (served,) = started
    assert served.poll() is None
    connection.close()
    assert until(lambda: served.poll() is not None)


def test_a_dropped_connection_ends_its_process_too(
    lake: Lake, started: "list[subprocess.Popen[str]]"
) -> None:
    connection = dbt_phlo.connect(lake.folder)
    (served,) = started
    assert served.poll() is None
    del connection
    assert until(lambda: served.poll() is not None)


def test_a_lake_without_write_permission_is_read(lake: Lake, plain: Lake) -> None:
    """The catalog's write-ahead files are gone and cannot be made by this user."""
    for project in (plain, lake):
        project.catalog().close()
        files = list((project.folder / "lake").glob("catalog.db-*"))
        assert files == []
        assert read_without_permission_to_write(project) == "100"


def test_a_lake_without_write_permission_is_read_while_others_write(lake: Lake) -> None:
    """The newest rows of the catalog are still in its write-ahead log."""
    with closing(lake.catalog()) as catalog:
        catalog.create_ref("fresh", "main", kind="branch")
        assert (lake.folder / "lake" / "catalog.db-wal").stat().st_size > 0
        assert read_without_permission_to_write(lake, "ref='fresh'") == "100"


def test_a_thousand_views_open_without_a_table_load_each(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = notebook.Endpoint
    tracked = {"track": True, "consistent": ""}  # noting a read is a write
    monkeypatch.setattr(notebook, "Endpoint", lambda *a, **k: plain(*a, **{**k, **tracked}))
    lake = Lake(folder / "many").shop()
    assert lake.dbt("build").code == 0
    with closing(lake.catalog()) as catalog:
        for number in range(1000):
            sql = f'select * from "lake"."main"."orders" where id = {number}'
            document = {"sql": sql, "dialect": "duckdb"}
            catalog.at("main").put_view("main", f"v{number}", document)
    connection = dbt_phlo.connect(lake.folder)
    assert loaded(lake) == [], "opening loads no table at all"
    assert connection.sql("select id from lake.main.v7").fetchone() == (7,)
    assert loaded(lake) == ["orders"]
    connection.close()


def loaded(lake: Lake) -> list[str]:
    """The tables that the endpoint of branch main was asked for."""
    with closing(sqlite3.connect(lake.folder / "lake" / "catalog.db")) as database:
        rows = database.execute("select name from phlo_reads where ref = 'main'").fetchall()
    return [name for (name,) in rows]


def test_unknown_names_are_refused(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no branch, run ref or run 'nope'"):
        dbt_phlo.connect(lake.folder, ref="nope")
    with pytest.raises(ConfigError, match="not a dbt project"):
        dbt_phlo.connect(tmp_path)
    with pytest.raises(ConfigError, match="nope"):
        dbt_phlo.connect(lake.folder, target="nope")


def read_without_permission_to_write(lake: Lake, arguments: str = "") -> str:
    """Count the orders in a process that may read the lake and write nothing."""
    program = textwrap.dedent(
        f"""
        import os, dbt_phlo
        folder = {str(lake.folder)!r}
        assert not os.access(folder + "/lake", os.W_OK)
        connection = dbt_phlo.connect(folder, {arguments})
        print(connection.sql("select count(*) from lake.main.orders").fetchone()[0])
        connection.close()
        """
    )
    writable = [path for path in (lake.folder, *lake.folder.rglob("*")) if not path.is_symlink()]
    modes = {path: path.stat().st_mode for path in writable}
    drop = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    unprivileged = drop if os.geteuid() == 0 else []
    try:
        for path, mode in modes.items():
            path.chmod(mode & ~0o222)
        done = subprocess.run(
            [*unprivileged, sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def until(condition, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False
