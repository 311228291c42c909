"""Tables that are built again: their identity, history and ids; views; names; the full refresh."""

import sqlite3
from typing import Any

import pytest
from lake import Lake

from dbt_phlo.tables.metadata import under_construction

HOSTILE = ('quote"d', "sp ace", "semi;colon", "select", "Ünïcode", "dot.ted", "per%cent", "it's")


def metadata(lake: Lake, table: str, ref: str = "dev") -> dict[str, Any]:
    """The metadata document of a table of schema main."""
    catalog = lake.catalog()
    try:
        document: dict[str, Any] = catalog.at(ref).metadata("main", table)
        return document
    finally:
        catalog.close()


def columns(document: dict[str, Any]) -> dict[str, int]:
    """The field ids of the current schema, by column."""
    current = document["current-schema-id"]
    schema = next(s for s in document["schemas"] if s["schema-id"] == current)
    return {field["name"]: field["id"] for field in schema["fields"]}


def run(lake: Lake, *arguments: str) -> None:
    ended = lake.dbt("run", "--target", "dev", *arguments)
    assert ended.code == 0, ended.text


def test_a_rebuilt_table_keeps_uuid_history_location_and_properties(lake: Lake) -> None:
    lake.write("models/orders.sql", "select 1 as id")
    run(lake)
    catalog = lake.catalog()
    catalog.at("dev").document("main", "orders", "what was sold", {"id": "the key"})
    catalog.close()
    before = metadata(lake, "orders")
    lake.write("models/orders.sql", "select unnest([1, 2]) as id")
    run(lake)
    after = metadata(lake, "orders")
    assert after["table-uuid"] == before["table-uuid"]
    assert after["location"] == before["location"]
    assert after["properties"]["comment"] == "what was sold"
    assert [s["snapshot-id"] for s in after["snapshots"]][:1] == [before["current-snapshot-id"]]
    assert len(after["snapshots"]) == 2
    old = f"select count(*) from lake.main.orders at (version => {before['current-snapshot-id']})"
    assert lake.rows(old, "dev") == [(1,)]
    assert lake.rows("select count(*) from lake.main.orders", "dev") == [(2,)]


def test_columns_keep_their_field_ids_while_the_schema_evolves(lake: Lake) -> None:
    lake.write("models/orders.sql", "select 1 as id, 'a' as gone, 1 as wider, 1 as other")
    run(lake)
    before = columns(metadata(lake, "orders"))
    lake.write("models/orders.sql", "select 2 as added, 'x' as other, 1::bigint as wider, 1 as id")
    run(lake)
    after = columns(metadata(lake, "orders"))
    assert list(after) == ["added", "other", "wider", "id"]
    assert after["id"] == before["id"]
    assert after["wider"] == before["wider"], "int may become long under its id"
    assert after["other"] not in before.values(), "another type is another column"
    assert after["added"] not in before.values()
    assert lake.rows("select * from lake.main.orders", "dev") == [(2, "x", 1, 1)]


def test_a_table_without_rows_is_empty_the_first_time_and_after_rows(lake: Lake) -> None:
    lake.write("models/orders.sql", "select 1 as id where false")
    run(lake)
    assert lake.rows("select count(*) from lake.main.orders", "dev") == [(0,)]
    lake.write("models/orders.sql", "select 1 as id")
    run(lake)
    assert lake.rows("select count(*) from lake.main.orders", "dev") == [(1,)]
    lake.write("models/orders.sql", "select 1 as id where false")
    run(lake)
    assert lake.rows("select count(*) from lake.main.orders", "dev") == [(0,)]
    assert len(metadata(lake, "orders")["snapshots"]) == 3


def test_hostile_column_names_survive_every_materialization(lake: Lake) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in HOSTILE]
    select = "select " + ", ".join(f"{n} as {name}" for n, name in enumerate(quoted))
    chosen = "select " + ", ".join(quoted)
    lake.write("models/a_table.sql", select)
    lake.write(
        "models/a_view.sql", "{{ config(materialized='view') }} select * from {{ ref('a_table') }}"
    )
    lake.write(
        "models/growing.sql",
        "{{ config(materialized='incremental', unique_key='\"select\"') }} "
        + chosen
        + " from {{ ref('a_view') }}",
    )
    run(lake)
    run(lake)
    for name in ("a_table", "growing"):
        assert lake.rows(f"{chosen} from lake.main.{name}", "dev") == [tuple(range(len(HOSTILE)))]


def test_views_over_views_over_tables_stay_live(lake: Lake) -> None:
    view = "{{ config(materialized='view') }} select * from {{ ref('%s') }}"
    lake.write("models/base.sql", "select 1 as id")
    lake.write("models/one.sql", view % "base")
    lake.write("models/two.sql", view % "one")
    lake.write("models/copy.sql", "select * from {{ ref('two') }}")
    run(lake)
    lake.write("models/base.sql", "select unnest([1, 2]) as id")
    run(lake, "--select", "base")
    run(lake, "--select", "copy")
    assert lake.rows("select count(*) from lake.main.copy", "dev") == [(2,)]


@pytest.mark.parametrize(("first", "second"), [("table", "view"), ("view", "table")])
def test_a_view_replaces_a_table_and_a_table_a_view(lake: Lake, first: str, second: str) -> None:
    for number, kind in enumerate((first, second, first)):
        model = f"{{{{ config(materialized='{kind}') }}}} select {number} as n"
        lake.write("models/changing.sql", model)
        lake.write("models/after.sql", "select n from {{ ref('changing') }}")
        run(lake)
        assert lake.rows("select n from lake.main.after", "dev") == [(number,)]
        assert [key for key in lake.holds("dev") if key == "main.changing"] == ["main.changing"]


def test_a_full_refresh_rebuilds_an_incremental_table_in_place(lake: Lake) -> None:
    lake.write(
        "models/growing.sql",
        "{{ config(materialized='incremental', incremental_strategy='append') }} select 1 as id",
    )
    run(lake)
    run(lake)
    assert lake.rows("select count(*) from lake.main.growing", "dev") == [(2,)]
    before = metadata(lake, "growing")
    run(lake, "--full-refresh")
    assert lake.rows("select count(*) from lake.main.growing", "dev") == [(1,)]
    assert metadata(lake, "growing")["table-uuid"] == before["table-uuid"]


def test_a_failed_build_leaves_the_table_as_it_was_and_nothing_beside_it(lake: Lake) -> None:
    lake.write("models/orders.sql", "select 1 as id")
    run(lake)
    before = dict(lake.holds("dev"))
    lake.write(
        "models/orders.sql",
        "select (case when range > 10 then error('no') else 1 end) as id from range(20)",
    )
    assert lake.dbt("run", "--target", "dev").code == 1
    assert dict(lake.holds("dev")) == before


def test_a_name_that_differs_in_case_alone_is_refused(lake: Lake) -> None:
    model = lake.write("models/Orders.sql", "select 1 as id")
    run(lake)
    model.unlink()
    lake.write("models/orders.sql", "select 2 as id")
    ended = lake.dbt("run", "--target", "dev")
    assert ended.code == 1
    assert "approximate match" in ended.text
    assert "Orders" in ended.text
    assert list(lake.holds("dev")) == ["main.Orders"]


def test_a_thousand_views_cost_no_table_load_unless_they_are_named(lake: Lake) -> None:
    lake.write("models/base.sql", "select 1 as id")
    lake.write("models/other.sql", "select 2 as id")
    assert lake.dbt("run").code == 0
    catalog = lake.catalog()
    main = catalog.at("main")
    for number in range(1000):
        document = {"sql": 'select * from "lake"."main"."base"', "dialect": "duckdb"}
        main.put_view("main", f"v_{number}", document)
    catalog.close()
    lake.write("models/reader.sql", "select * from {{ ref('other') }}")
    ended = lake.dbt("run", "--select", "reader", PHLO_RUN_ID="unnamed")
    assert ended.code == 0, ended.text
    assert loads_of(lake, "unnamed") == {"other"}
    lake.write("models/reader.sql", "select * from lake.main.v_7 -- {{ ref('base') }}")
    ended = lake.dbt("run", "--select", "reader", PHLO_RUN_ID="named")
    assert ended.code == 0, ended.text
    assert loads_of(lake, "named") >= {"base"}
    assert "other" not in loads_of(lake, "named")


def test_a_big_table_is_not_cut_into_many_small_files(lake: Lake) -> None:
    columns = ", ".join(f"hash(range * {n}) // 3 as c{n}" for n in range(1, 9))
    lake.write("models/big.sql", f"select range as id, {columns} from range(2000000)")
    run(lake)
    files = list((lake.folder / "lake" / "main").glob("big-*/data/*.parquet"))
    assert len(files) <= 2, "one for each thread at most"


def test_a_property_that_a_user_set_survives_a_rebuild_and_holds_for_it(lake: Lake) -> None:
    lake.write("models/orders.sql", "select range as id from range(1000)")
    run(lake)
    with pyiceberg_table(lake, "orders").transaction() as change:
        change.set_properties({"write.parquet.compression-codec": "zstd"})
    run(lake)
    assert metadata(lake, "orders")["properties"]["write.parquet.compression-codec"] == "zstd"
    newest = max(
        (lake.folder / "lake" / "main").glob("orders-*/data/*.parquet"),
        key=lambda path: path.stat().st_mtime_ns,
    )
    codec = lake.rows(f"select distinct compression from parquet_metadata('{newest}')", "dev")
    assert codec == [("ZSTD",)]


def test_a_partitioned_table_takes_an_insert(lake: Lake) -> None:
    model = "{{ config(materialized='incremental', incremental_strategy='append') }} "
    lake.write("models/grown.sql", model + "select range % 3 as part, range as id from range(9)")
    run(lake)
    with pyiceberg_table(lake, "grown").update_spec() as spec:
        spec.add_identity("part")
    run(lake)
    assert lake.rows("select count(*), count(distinct part) from lake.main.grown", "dev") == [
        (18, 3)
    ]
    assert len(metadata(lake, "grown")["partition-specs"]) == 2


def pyiceberg_table(lake: Lake, name: str) -> Any:
    """A table of the branch ``dev``, opened by pyiceberg."""
    from pyiceberg.catalog.sql import SqlCatalog

    where = lake.configuration
    return SqlCatalog("dev", uri=where["uri"], warehouse=where["warehouse"]).load_table(
        f"main.{name}"
    )


def loads_of(lake: Lake, run_id: str) -> set[str]:
    """The tables that a run loaded, but for those that it wrote."""
    with sqlite3.connect(lake.folder / "lake" / "catalog.db") as connection:
        found = connection.execute(
            "select distinct name from phlo_reads where ref = ? and kind = 'table'",
            (f"pipeline-run-{run_id}",),
        ).fetchall()
    return {name for (name,) in found if (under_construction(name) or name) != "reader"}
