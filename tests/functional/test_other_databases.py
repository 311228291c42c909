"""Models that write into a DuckDB file attached beside the lake: dbt-duckdb's own way."""

import duckdb
import pytest
from lake import PROFILES, Lake

KINDS = ("table", "view", "incremental")


@pytest.fixture
def beside(lake: Lake) -> Lake:
    """A project whose models write into ``other``, a database attached beside the lake."""
    attached = f"attach: [{{path: '{lake.folder / 'other.duckdb'}', alias: other}}]"
    lake.write("profiles.yml", PROFILES.replace("wap: off}", f"wap: off, {attached}}}"))
    lake.write("models/base.sql", "select 1 as id")
    for kind in KINDS:
        place = f"{{{{ config(materialized='{kind}', database='other') }}}}"
        lake.write(f"models/a_{kind}.sql", place + " select 7 as id")
    lake.write("models/reader.sql", "select id from {{ ref('a_table') }}")
    return lake


def test_tables_views_and_incremental_models_are_built_beside_the_lake(beside: Lake) -> None:
    for _ in range(2):
        ended = beside.dbt("run", "--target", "dev")
        assert ended.code == 0, ended.text
    with duckdb.connect(str(beside.folder / "other.duckdb"), read_only=True) as other:
        found = dict(
            other.execute("select table_name, table_type from information_schema.tables").fetchall()
        )
        assert other.execute("select id from main.a_table").fetchall() == [(7,)]
        assert other.execute("select count(*) from main.a_incremental").fetchall() == [(2,)]
    assert found == {"a_table": "BASE TABLE", "a_view": "VIEW", "a_incremental": "BASE TABLE"}
    assert sorted(beside.holds("dev")) == ["main.base", "main.reader"]
    assert beside.rows("select id from lake.main.reader", "dev") == [(7,)]
