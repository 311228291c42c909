"""DuckDB on a ref, through the endpoint's child: what it reads, writes and is told."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_phlo.catalogs.values import Key, RunRecord
from dbt_phlo.endpoint.client import Endpoint
from dbt_phlo.tables.files import local_path

REBUILD = "CREATE TABLE lake.s.t__phlo_new AS "


def rows(
    connection: Any, sql: str = "SELECT * FROM lake.s.t ORDER BY ALL"
) -> list[tuple[Any, ...]]:
    return list(connection.execute(sql).fetchall())


def run(served: Any, name: str = "r1") -> str:
    """The ref of a new run."""
    now = time.time()
    record = RunRecord(
        name, f"pipeline-run-{name}", "main", "open", "", "shop", now, now, now + 60, 0, ()
    )
    return str(served.catalog.create_run(record, base="main").ref)


def test_what_one_connection_writes_another_reads(served: Any) -> None:
    endpoint = served.serve()
    first, second = served.connect(endpoint), served.connect(endpoint)
    first.execute("CREATE SCHEMA lake.s")
    first.execute("CREATE TABLE lake.s.t AS SELECT 1 AS id, 'a' AS name")
    assert rows(second) == [(1, "a")]
    first.execute("INSERT INTO lake.s.t VALUES (2, 'b')")
    first.execute("UPDATE lake.s.t SET name = 'c' WHERE id = 1")
    first.execute("DELETE FROM lake.s.t WHERE id = 2")
    assert rows(second) == [(1, "c")]
    first.execute("ALTER TABLE lake.s.t ADD COLUMN extra DOUBLE")
    first.execute("ALTER TABLE lake.s.t RENAME TO u")
    assert rows(second, "SELECT * FROM lake.s.u") == [(1, "c", None)]
    first.execute("DROP TABLE lake.s.u")
    first.execute("DROP SCHEMA lake.s")
    assert served.catalog.at("main").namespaces() == []


@pytest.mark.parametrize("name", ["pr/12", "a.b-c_d", "x" * 200])
def test_a_branch_of_any_allowed_name_is_served(served: Any, name: str) -> None:
    served.catalog.create_ref(name, "main", kind="branch")
    connection = served.connect(served.serve(name))
    connection.execute("CREATE SCHEMA lake.s; CREATE TABLE lake.s.t AS SELECT 7 AS id")
    assert rows(connection) == [(7,)]
    assert served.catalog.at("main").pointers() == {}


@pytest.mark.parametrize(
    "name",
    ["with space", 'dou"ble', "quo'te", "sla/sh", "per%2fcent", "münchen 東京", "?#&=", "select"],
)
def test_hostile_schema_table_and_column_names_are_taken_literally(served: Any, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    schema = '"' + name.replace('"', '""').replace(".", "-") + '"'
    connection = served.connect()
    connection.execute(f"CREATE SCHEMA lake.{schema}")
    connection.execute(f"CREATE TABLE lake.{schema}.{quoted} AS SELECT 7 AS {quoted}")
    connection.execute(f"INSERT INTO lake.{schema}.{quoted} VALUES (8)")
    connection.execute(f"DELETE FROM lake.{schema}.{quoted} WHERE {quoted} = 7")
    assert rows(connection, f"SELECT {quoted} FROM lake.{schema}.{quoted}") == [(8,)]
    assert [key.name for key in served.catalog.at("main").pointers()] == [name]


def test_a_transaction_over_several_tables_is_seen_whole_or_not_at_all(served: Any) -> None:
    endpoint = served.serve()
    writer, reader = served.connect(endpoint), served.connect(endpoint)
    writer.execute("CREATE SCHEMA lake.s")
    for name in ("a", "b"):
        writer.execute(f"CREATE TABLE lake.s.{name} AS SELECT 1 AS id")
    writer.execute("BEGIN")
    writer.execute("INSERT INTO lake.s.a VALUES (2)")
    writer.execute("INSERT INTO lake.s.b VALUES (2)")
    for name in ("a", "b"):
        assert rows(reader, f"SELECT COUNT(*) FROM lake.s.{name}") == [(1,)]
    writer.execute("COMMIT")
    for name in ("a", "b"):
        assert rows(reader, f"SELECT COUNT(*) FROM lake.s.{name}") == [(2,)]
    before = served.catalog.at("main").pointers()
    writer.execute("BEGIN")
    writer.execute("INSERT INTO lake.s.a VALUES (3)")
    writer.execute("ROLLBACK")
    assert served.catalog.at("main").pointers() == before


def test_of_two_connections_that_write_one_table_the_slower_is_told(served: Any) -> None:
    endpoint = served.serve()
    first, second = served.connect(endpoint), served.connect(endpoint)
    first.execute("CREATE SCHEMA lake.s; CREATE TABLE lake.s.t AS SELECT 1 AS id")
    for connection, value in ((first, 2), (second, 3)):
        connection.execute("BEGIN")
        connection.execute(f"INSERT INTO lake.s.t VALUES ({value})")
    first.execute("COMMIT")
    begun = time.monotonic()
    with pytest.raises(duckdb.Error, match=r"PHLO303.*s\.t has moved"):
        second.execute("COMMIT")
    assert time.monotonic() - begun < 5  # it is not asked again
    assert rows(first) == [(1,), (2,)]


def test_a_table_of_several_that_has_moved_refuses_the_whole_transaction(served: Any) -> None:
    endpoint = served.serve()
    first, second = served.connect(endpoint), served.connect(endpoint)
    first.execute("CREATE SCHEMA lake.s")
    for name in ("a", "b"):
        first.execute(f"CREATE TABLE lake.s.{name} AS SELECT 1 AS id")
    second.execute("BEGIN")
    for name in ("a", "b"):
        second.execute(f"INSERT INTO lake.s.{name} VALUES (3)")
    first.execute("INSERT INTO lake.s.b VALUES (2)")
    before = served.catalog.at("main").pointers()
    with pytest.raises(duckdb.Error, match="PHLO303"):
        second.execute("COMMIT")
    assert served.catalog.at("main").pointers() == before


WRITER = """
import json, sys, duckdb
from dbt_phlo.endpoint import extensions
from dbt_phlo.endpoint.client import Endpoint
endpoint = Endpoint(json.loads(sys.argv[1]), sys.argv[2], writable=True)
connection = extensions.connect()
endpoint.attach(connection, "lake")
for value in range(10):
    while True:
        try:
            connection.execute(f"INSERT INTO lake.s.t VALUES ({value})")
            break
        except duckdb.Error as error:
            if "PHLO303" not in str(error):
                raise
endpoint.close()
"""


def test_two_processes_that_insert_lose_no_row(served: Any) -> None:
    served.connect().execute("CREATE SCHEMA lake.s; CREATE TABLE lake.s.t AS SELECT -1 AS id")
    arguments = [sys.executable, "-c", WRITER, json.dumps(served.configuration), "main"]
    writers = [subprocess.Popen(arguments) for _ in range(2)]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    found = rows(served.connect(), "SELECT id, COUNT(*) FROM lake.s.t GROUP BY id ORDER BY id")
    assert found == [(-1, 1), *((value, 2) for value in range(10))]


def test_an_endpoint_for_reading_refuses_every_write_in_clear_words(served: Any) -> None:
    served.connect().execute("CREATE SCHEMA lake.s; CREATE TABLE lake.s.t AS SELECT 1 AS id")
    before = served.catalog.at("main").pointers()
    reader = served.connect(served.serve(writable=False))
    assert rows(reader) == [(1,)]
    for write in (
        "INSERT INTO lake.s.t VALUES (2)",
        "DELETE FROM lake.s.t",
        "UPDATE lake.s.t SET id = 2",
        "CREATE TABLE lake.s.u AS SELECT 1 AS id",
        "CREATE TABLE lake.s.u (id INTEGER)",
        "DROP TABLE lake.s.t",
        "ALTER TABLE lake.s.t ADD COLUMN x INTEGER",
        "ALTER TABLE lake.s.t RENAME TO u",
        "CREATE SCHEMA lake.u",
    ):
        with pytest.raises(duckdb.Error, match="may only read main"):
            reader.execute(write)
    assert served.catalog.at("main").pointers() == before
    assert served.catalog.at("main").namespaces() == ["s"]


def test_a_closed_ref_refuses_in_clear_words(served: Any) -> None:
    ref = run(served)
    connection = served.connect(served.serve(ref))
    connection.execute("CREATE SCHEMA lake.s; CREATE TABLE lake.s.t AS SELECT 1 AS id")
    served.catalog.promote(ref, run="r1")
    with pytest.raises(duckdb.Error, match=r"PHLO304.*is closed"):
        connection.execute("INSERT INTO lake.s.t VALUES (2)")
    assert rows(served.connect()) == [(1,)]


def test_a_metadata_file_that_is_gone_is_told(served: Any) -> None:
    served.connect().execute("CREATE SCHEMA lake.s; CREATE TABLE lake.s.t AS SELECT 1 AS id")
    location = served.catalog.at("main").pointer("s", "t")
    local_path(location).unlink()
    with pytest.raises(duckdb.Error, match=r"PHLO305.*is gone"):
        rows(served.connect())


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_metadata_file_that_is_half_written_is_told(served: Any, share: float) -> None:
    served.connect().execute("CREATE SCHEMA lake.s; CREATE TABLE lake.s.t AS SELECT 1 AS id")
    path = local_path(served.catalog.at("main").pointer("s", "t"))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    connection = served.connect()
    with pytest.raises(duckdb.Error, match=r"PHLO316.*is damaged"):
        rows(connection)
    with pytest.raises(duckdb.Error, match=r"PHLO316|PHLO302|already exists"):
        connection.execute("CREATE TABLE lake.s.t AS SELECT 1 AS id")


def test_reads_are_remembered_on_run_refs_only(served: Any) -> None:
    writer = served.connect()
    writer.execute("CREATE SCHEMA lake.s")
    for name in ("read", "unread", "written"):
        writer.execute(f"CREATE TABLE lake.s.{name} AS SELECT 1 AS id")
    tracked, untracked = run(served, "r1"), run(served, "r2")
    for ref, track in ((tracked, True), (untracked, False)):
        connection = served.connect(served.serve(ref, track=track))
        rows(connection, "SELECT COUNT(*) FROM lake.s.read")
        connection.execute("INSERT INTO lake.s.written SELECT id FROM lake.s.read")
    for name in ("read", "unread"):
        writer.execute(f"INSERT INTO lake.s.{name} VALUES (2)")
    assert served.catalog.diff(tracked).stale_reads == (Key("table", "s", "read"),)
    assert served.catalog.diff(untracked).stale_reads == ()


def test_a_rebuilt_table_keeps_its_identity_history_and_field_ids(served: Any) -> None:
    connection, tables = served.connect(), served.catalog.at("main")
    connection.execute("CREATE SCHEMA lake.s")
    connection.execute("CREATE TABLE lake.s.t AS SELECT 1 AS id, 'a' AS name, 1.5 AS gone")
    first = tables.metadata("s", "t")
    connection.execute(REBUILD + "SELECT 'b' AS name, 2::BIGINT AS id, true AS new")
    tables.replace("s", "t__phlo_new", "t")
    second = tables.metadata("s", "t")
    assert rows(connection) == [("b", 2, True)]
    for key in ("table-uuid", "location"):
        assert first[key] == second[key]
    assert len(second["snapshots"]) == 2
    ids = [
        {field["name"]: field["id"] for field in schema["fields"]}
        for schema in (first["schemas"][0], second["schemas"][-1])
    ]
    assert ids == [{"id": 1, "name": 2, "gone": 3}, {"name": 2, "id": 1, "new": 4}]
    old = second["snapshots"][0]["snapshot-id"]
    assert rows(connection, f"SELECT id, name FROM lake.s.t AT (VERSION => {old})") == [(1, "a")]
    assert tables.tables("s") == ["t"]


def test_a_table_that_is_rebuilt_with_no_rows_is_empty(served: Any) -> None:
    connection, tables = served.connect(), served.catalog.at("main")
    connection.execute("CREATE SCHEMA lake.s")
    for target in ("t", "t", "u"):
        connection.execute(f"CREATE TABLE lake.s.{target}__phlo_new AS SELECT 1 AS id LIMIT 0")
        tables.replace("s", f"{target}__phlo_new", target)
        assert rows(connection, f"SELECT * FROM lake.s.{target}") == []
    connection.execute(REBUILD + "SELECT 5 AS id")
    tables.replace("s", "t__phlo_new", "t")
    assert rows(connection) == [(5,)]


def test_pyiceberg_reads_every_snapshot_and_its_append_is_seen(served: Any) -> None:
    import pyarrow
    from pyiceberg.catalog.sql import SqlCatalog

    ref = run(served)
    connection, tables = served.connect(served.serve(ref)), served.catalog.at(ref)
    connection.execute("CREATE SCHEMA lake.s")
    for sql in (
        "SELECT range::INTEGER AS id, 'a' AS name FROM range(5)",
        "SELECT 'b' AS name, range AS id, {'x': [range]} AS nested FROM range(6)",
        "SELECT 'b' AS name, range AS id, {'x': [range]} AS nested FROM range(0)",
        "SELECT 'c' AS name, range AS id, {'x': [range]} AS nested FROM range(7)",
    ):
        connection.execute(REBUILD + sql)
        tables.replace("s", "t__phlo_new", "t")
    connection.execute("INSERT INTO lake.s.t VALUES ('d', 7, {'x': [7]})")
    connection.execute("DELETE FROM lake.s.t WHERE id = 0")
    theirs = SqlCatalog(
        ref, uri=served.configuration["uri"], warehouse=served.configuration["warehouse"]
    ).load_table("s.t")
    snapshots = theirs.metadata.snapshots
    counts = [theirs.scan(snapshot_id=one.snapshot_id).to_arrow().num_rows for one in snapshots]
    assert counts == [5, 6, 0, 7, 8, 7]
    for snapshot, count in zip(snapshots, counts, strict=True):
        asked = f"SELECT COUNT(*) FROM lake.s.t AT (VERSION => {snapshot.snapshot_id})"
        assert rows(connection, asked) == [(count,)]
    arrow = connection.execute(
        "SELECT 'e' AS name, 9::BIGINT AS id, {'x': [9::BIGINT]} AS nested"
    ).arrow()
    theirs.append(arrow.read_all() if hasattr(arrow, "read_all") else arrow)
    assert isinstance(arrow, pyarrow.RecordBatchReader | pyarrow.Table)
    assert rows(connection, "SELECT name, nested FROM lake.s.t WHERE id = 9") == [("e", {"x": [9]})]
    connection.execute("INSERT INTO lake.s.t VALUES ('f', 10, NULL)")
    assert rows(connection, "SELECT COUNT(*) FROM lake.s.t") == [(9,)]
    assert served.catalog.at("main").pointers() == {}


def test_a_partitioned_table_is_rebuilt_with_its_columns_in_another_order(served: Any) -> None:
    connection, tables = served.connect(), served.catalog.at("main")
    connection.execute("CREATE SCHEMA lake.s")
    connection.execute("CREATE TABLE lake.s.t (id INTEGER, day DATE) PARTITIONED BY (day)")
    connection.execute("INSERT INTO lake.s.t VALUES (1, DATE '2024-01-01')")
    connection.execute(
        "CREATE TABLE lake.s.t__phlo_new (new VARCHAR, day DATE, id INTEGER) PARTITIONED BY (day)"
    )
    connection.execute(
        "INSERT INTO lake.s.t__phlo_new VALUES ('x', DATE '2024-01-02', 2), "
        "('y', DATE '2024-01-03', 3)"
    )
    tables.replace("s", "t__phlo_new", "t")
    metadata = tables.metadata("s", "t")
    (spec,) = metadata["partition-specs"]
    fields = {field["name"]: field["id"] for field in metadata["schemas"][-1]["fields"]}
    assert spec["fields"][0]["source-id"] == fields["day"] == 2
    found = rows(connection, "SELECT id, new FROM lake.s.t WHERE day = DATE '2024-01-03'")
    assert found == [(3, "y")]


DEADLOCK = """
import json, sys
from dbt_phlo.endpoint import extensions
from dbt_phlo.endpoint.client import Endpoint
endpoint = Endpoint(json.loads(sys.argv[1]), "main", writable=True)
session = extensions.connect()
endpoint.attach(session, "lake")
session.execute("CREATE SCHEMA lake.s; CREATE TABLE lake.s.t AS SELECT 1 AS id")
relation = session.table("lake.s.t")
relation.filter("id = 1").insert_into("lake.s.t")
print(session.get_table_names("SELECT * FROM lake.s.t", qualified=True))
print(relation.project("id + 1 AS id").union(session.sql("FROM lake.s.t")).fetchall())
session.execute("USE lake.s")
session.sql("SELECT 5 AS id").create("u")
print(session.table("lake.s.u").fetchall())
endpoint.close()
"""


def test_duckdbs_relational_api_does_not_wait_for_itself(served: Any) -> None:
    """It holds the interpreter's lock while it asks, so the answer must come from elsewhere."""
    done = subprocess.run(
        [sys.executable, "-c", DEADLOCK, json.dumps(served.configuration)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "[(5,)]" in done.stdout


@pytest.mark.parametrize("name", ["with space", "pl+us", "quo'te", "br[ab]c", "{a,b}"])
def test_a_warehouse_with_an_odd_name_is_read_by_duckdb_and_pyiceberg(
    tmp_path: Path, name: str
) -> None:
    from pyiceberg.catalog.sql import SqlCatalog

    from dbt_phlo.catalogs import open_catalog
    from dbt_phlo.endpoint import extensions
    from dbt_phlo.settings import catalog_configuration, warehouse_uri

    configuration = catalog_configuration({}, warehouse_uri(str(tmp_path / name), tmp_path))
    catalog = open_catalog(configuration)
    endpoint = Endpoint(configuration, "main", writable=True)
    connection = extensions.connect()
    endpoint.attach(connection, "lake")
    connection.execute(
        "CREATE SCHEMA lake.s; CREATE TABLE lake.s.t AS SELECT range AS id FROM range(9)"
    )
    connection.execute("DELETE FROM lake.s.t WHERE id = 3")
    assert rows(connection, "SELECT COUNT(*) FROM lake.s.t") == [(8,)]
    theirs = SqlCatalog("main", uri=configuration["uri"], warehouse=configuration["warehouse"])
    assert theirs.load_table("s.t").scan().to_arrow().num_rows == 8
    assert (tmp_path / name / "catalog.db").is_file()
    connection.close()
    endpoint.close()
    catalog.close()
