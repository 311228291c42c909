"""What is particular to the ``sql`` catalog: its database, its layout, pyiceberg beside it."""

import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from lakes import Lake, columns
from postgres_server import new_database, postgres_server, restart

from dbt_phlo.catalogs import open_catalog
from dbt_phlo.catalogs.sql import SqlCatalog
from dbt_phlo.catalogs.sql.tables import LAYOUT
from dbt_phlo.errors import CatalogError, ConfigError, NotFound


def database(lake: Lake) -> Any:
    return lake.catalog._database  # type: ignore[attr-defined]


def test_a_lake_of_a_newer_layout_is_refused(lake: Lake) -> None:
    database(lake).run("UPDATE phlo_lake SET layout = ?", LAYOUT + 1)
    with pytest.raises(CatalogError, match=f"newer dbt-phlo .layout {LAYOUT + 1}") as caught:
        lake.again()
    assert caught.value.code == "PHLO311"
    assert "upgrade" in caught.value.remedy


def test_a_catalog_of_another_warehouse_is_refused(lake: Lake) -> None:
    with pytest.raises(ConfigError, match="belongs to the warehouse") as caught:
        open_catalog({**lake.configuration, "warehouse": "file:///somewhere/else"})
    assert caught.value.code == "PHLO107"


def test_no_lake_is_made_by_reading(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    with pytest.raises(NotFound) as caught:
        SqlCatalog(f"sqlite:///{folder}/catalog.db", f"file://{folder}", read_only=True)
    assert caught.value.code == "PHLO314"
    assert not folder.exists()


def test_views_that_no_ref_holds_are_forgotten_and_the_others_stay(lake: Lake) -> None:
    lake.view("s.kept")
    lost, promoted = lake.run("lost", expires_in=0.0), lake.run("promoted", expires_in=0.0)
    lake.view("s.lost", lost.ref)
    lake.view("s.kept", lost.ref, "select 2")
    lake.view("s.promoted", promoted.ref)
    lake.catalog.promote(promoted.ref, run="promoted")
    lake.expire(time.time() + 1, project=None)
    assert [row[0] for row in database(lake).all("SELECT COUNT(*) FROM phlo_views")] == [2]
    assert set(lake.catalog.at("main").views()) == {("s", "kept"), ("s", "promoted")}


def test_nothing_of_a_deleted_ref_is_left(lake: Lake) -> None:
    lake.table("s.a")
    run = lake.run("r1")
    lake.catalog.record_reads(run.ref, lake.catalog.at(run.ref).pointers())
    lake.catalog.delete_ref(run.ref)
    for table, column in (
        ("iceberg_tables", "catalog_name"),
        ("iceberg_namespace_properties", "catalog_name"),
        ("phlo_base", "ref"),
        ("phlo_reads", "ref"),
        ("phlo_refs", "name"),
    ):
        where = f"SELECT COUNT(*) FROM {table} WHERE {column} = ?"
        assert database(lake).one(where, run.ref) == (0,), table


def test_ten_thousand_tables_are_branched_and_promoted_whole(lake: Lake) -> None:
    """The time it takes is in the benchmarks; here: that it is right at this size."""
    rows = [("main", f"s{n % 50}", f"t{n}", f"file:///w/{n}/0.json") for n in range(10_000)]
    with database(lake).transaction("main"):
        database(lake).many("INSERT INTO iceberg_tables VALUES (?, ?, ?, ?, NULL, 'TABLE')", rows)
        database(lake).many(
            "INSERT INTO iceberg_namespace_properties VALUES ('main', ?, 'exists', 'true')",
            [(f"s{n}",) for n in range(50)],
        )
    run = lake.run("r1")
    changed = database(lake).run(
        "UPDATE iceberg_tables SET metadata_location = 'file:///w/new.json' "
        "WHERE catalog_name = ? AND table_name LIKE 't77%'",
        run.ref,
    )
    assert len(lake.catalog.diff(run.ref).changes) == changed == 111
    lake.catalog.promote(run.ref, run="r1")
    assert sum(v == "file:///w/new.json" for v in lake.values().values()) == changed
    assert len(lake.values()) == 10_000


# ---- pyiceberg beside it


def pyiceberg(lake: Lake, ref: str = "main") -> Any:
    """pyiceberg's own SqlCatalog on the same database."""
    from pyiceberg.catalog.sql import SqlCatalog as Theirs

    uri = lake.configuration["uri"].replace("postgresql://", "postgresql+psycopg://")
    return Theirs(ref, uri=uri, warehouse=lake.configuration["warehouse"], **way_in(lake))


def way_in(lake: Lake) -> dict[str, str]:
    """pyiceberg's own names for the way into a bucket."""
    storage = lake.configuration["storage"]
    if storage is None:
        return {}
    return {
        "s3.endpoint": storage.server,
        "s3.access-key-id": storage.key_id,
        "s3.secret-access-key": storage.secret.revealed(),
        "s3.region": storage.region,
    }


def test_pyiceberg_opens_any_ref_by_its_name(lake: Lake) -> None:
    lake.table("s.a", id="int", name="string")
    lake.view("s.v")
    run = lake.run("r1")
    lake.table("s.b", run.ref, id="long")
    for ref, tables in (("main", {("s", "a")}), (run.ref, {("s", "a"), ("s", "b")})):
        theirs = pyiceberg(lake, ref)
        assert set(theirs.list_tables("s")) == tables
        schema = theirs.load_table("s.a").schema()
        assert [field.name for field in schema.fields] == ["id", "name"]


def test_what_pyiceberg_writes_is_promoted(lake: Lake) -> None:
    import pyarrow

    lake.table("s.a")
    run = lake.run("r1")
    rows = pyarrow.table({"id": pyarrow.array([1, 2], pyarrow.int32())})
    theirs = pyiceberg(lake, run.ref)
    theirs.load_table("s.a").append(rows)
    theirs.create_namespace("plain")
    theirs.create_namespace("with_properties", {"owner": "ann"})
    for namespace in ("plain", "with_properties"):
        theirs.create_table(f"{namespace}.t", schema=rows.schema).append(rows)
    assert lake.changes(run.ref) == {
        ("changed", "table", "s.a"),
        ("added", "namespace", "plain"),
        ("added", "table", "plain.t"),
        ("added", "namespace", "with_properties"),
        ("added", "table", "with_properties.t"),
    }
    lake.catalog.promote(run.ref, run="r1")
    main = pyiceberg(lake)
    for name in ("s.a", "plain.t", "with_properties.t"):
        assert main.load_table(name).scan().to_arrow().num_rows == 2
    assert main.load_namespace_properties("with_properties") == {"owner": "ann"}


def test_a_row_without_a_type_is_a_table_as_older_versions_of_pyiceberg_write(lake: Lake) -> None:
    lake.table("s.a")
    database(lake).run("UPDATE iceberg_tables SET iceberg_type = NULL")
    assert lake.keys() == {"s.a": "table"}
    assert lake.catalog.at("main").tables("s") == ["a"]
    run = lake.run("r1")
    lake.change("s.a", run.ref)
    assert lake.changes(run.ref) == {("changed", "table", "s.a")}
    lake.catalog.promote(run.ref, run="r1")
    assert lake.values() == lake.values(run.ref)


def test_a_database_that_an_older_pyiceberg_has_made_becomes_a_lake(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "catalog.db")
    connection.executescript(
        """CREATE TABLE iceberg_tables (catalog_name VARCHAR(255) NOT NULL,
            table_namespace VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL,
            metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000),
            PRIMARY KEY (catalog_name, table_namespace, table_name));
        INSERT INTO iceberg_tables VALUES ('main', 's', 'a', 'file:///x/0.json', NULL);"""
    )
    connection.close()
    catalog = SqlCatalog(f"sqlite:///{tmp_path}/catalog.db", f"file://{tmp_path}")
    assert [(key.kind, str(key)) for key in catalog.at("main").pointers()] == [("table", "s.a")]
    catalog.close()


# ---- faults of the database


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_bytes(b"not a database at all" * 100)
    for read_only in (False, True):
        with pytest.raises(CatalogError) as caught:
            SqlCatalog(
                f"sqlite:///{tmp_path}/catalog.db", f"file://{tmp_path}", read_only=read_only
            )
        assert "not a database" in caught.value.message


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogError) as caught:
        SqlCatalog(f"sqlite:///{tmp_path}/file/lake/catalog.db", f"file://{tmp_path}/file/lake")
    assert caught.value.code == "PHLO309"


def test_a_closed_catalog_says_so_in_our_words(lake: Lake) -> None:
    catalog = lake.again()
    catalog.close()
    with pytest.raises(CatalogError, match="closed"):
        catalog.refs()
    with pytest.raises(CatalogError, match="closed"):
        catalog.create_ref("dev", "main", kind="branch")


def test_a_full_disk_leaves_the_old_state_and_the_catalog_usable(tmp_path: Path) -> None:
    catalog = SqlCatalog(f"sqlite:///{tmp_path}/catalog.db", f"file://{tmp_path}")
    lake = Lake(catalog, lambda: catalog, {})
    lake.table("s.a")
    raw = catalog._database._connection
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(CatalogError, match="full"):
        for number in range(1000):
            lake.view(f"s.v{number}", sql="select 1 -- " + "x" * 4000)
    held = len(catalog.at("main").views())
    raw.execute("PRAGMA max_page_count = 1000000")
    lake.view("s.after")
    assert len(catalog.at("main").views()) == held + 1
    catalog.close()


def test_a_server_that_restarted_is_found_again(tmp_path: Path) -> None:
    with postgres_server() as server:
        configuration = {
            "type": "sql",
            "uri": new_database(server, "lake"),
            "warehouse": f"file://{tmp_path}",
        }
        lake = Lake(open_catalog(configuration), lambda: open_catalog(configuration), configuration)
        lake.table("s.a")
        restart(server)
        assert lake.keys() == {"s.a": "table"}
        restart(server)
        lake.table("s.b")
        database = lake.catalog._database  # type: ignore[attr-defined]
        with pytest.raises(CatalogError), database.transaction("main"):
            restart(server)
            database.run("UPDATE phlo_refs SET is_open = 0")
        assert lake.catalog.ref("main").open
        lake.catalog.freeze()
        assert lake.keys() == {"s.a": "table", "s.b": "table"}
        restart(server)
        with pytest.raises(CatalogError, match="as it was at one moment") as caught:
            lake.keys()
        assert caught.value.code == "PHLO321"
        lake.catalog.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:s3cr%40t@127.0.0.1:1/lake",
        "postgresql://ann@127.0.0.1:1/lake?password=s3cr%40t",
        "postgresql://ann:s3cr%40t@[::1/lake",
        "postgresql://ann:s3cr%40t@127.0.0.1:port/lake",
        "postgresql://127.0.0.1:1/lake?password=s3cr%40t&nonsense=1",
    ],
)
def test_a_password_is_in_no_message(url: str, tmp_path: Path) -> None:
    code = (
        "import sys; from dbt_phlo.catalogs import open_catalog\n"
        "open_catalog({'type': 'sql', 'uri': sys.argv[1], 'warehouse': 'file:///w'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, url], capture_output=True, text=True, check=False
    )
    assert "PHLO309" in done.stderr
    assert "s3cr" not in done.stderr + done.stdout


def test_a_database_of_another_kind_is_refused() -> None:
    for uri in ("mysql://host/db", "nonsense", "sqlite://", "sqlite:///:memory:"):
        with pytest.raises(ConfigError) as caught:
            open_catalog({"type": "sql", "uri": uri, "warehouse": "file:///w"})
        assert caught.value.code == "PHLO106"
    with pytest.raises(ConfigError, match="Did you mean `sql`") as caught:
        open_catalog({"type": "sqll", "uri": "", "warehouse": "file:///w"})
    assert caught.value.code == "PHLO105"


def test_a_client_of_the_database_that_waits_too_long_for_a_lock_is_told(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = database(lake)
    if other.is_sqlite:
        monkeypatch.setattr("dbt_phlo.catalogs.sql.sqlite.BUSY_TIMEOUT_SECONDS", 0.2)
    else:
        monkeypatch.setattr("dbt_phlo.catalogs.sql.postgres.LOCK_TIMEOUT_SECONDS", 1)
    waiting = lake.again()
    with other.transaction("main"), pytest.raises(CatalogError, match="lock") as caught:
        waiting.at("main").create_namespace("s")
    assert caught.value.code == "PHLO309"
    waiting.at("main").create_namespace("s")
    waiting.at("main").create("s", {"name": "a", "schema": columns(id="int")})
