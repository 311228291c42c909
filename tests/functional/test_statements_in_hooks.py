"""What a hook sends: several statements at once, text, transactions. What views are stored."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lake import Lake

import dbt_phlo
from dbt_phlo.adapters.duckdb import leftovers
from dbt_phlo.adapters.duckdb.views import LakeViews
from dbt_phlo.tables.metadata import staging_name

VIEW = "{{ config(materialized='view') }} "


@pytest.fixture
def lake(lake: Lake) -> Lake:
    """A table `log` of the branch `dev`, empty, and a model that runs a hook on it."""
    lake.write("models/log.sql", "select 0 as n where false")
    build(lake, "--select", "log")
    return lake


def build(lake: Lake, *arguments: str) -> str:
    ended = lake.dbt("run", "--target", "dev", *arguments)
    assert ended.code == 0, ended.text
    return ended.text


def hook(lake: Lake, *hooks: str, model: str = "select 1 as id") -> None:
    """Run a model with these hooks before it."""
    listed = ", ".join(f'"{text}"' for text in hooks)
    lake.write("models/hooked.sql", f"{{{{ config(pre_hook=[{listed}]) }}}} {model}")
    build(lake, "--select", "hooked")


def logged(lake: Lake) -> list[int]:
    return sorted(n for (n,) in lake.rows("select n from lake.main.log", "dev"))


def documents(lake: Lake, ref: str = "dev") -> dict[str, dict[str, Any]]:
    with closing(lake.catalog()) as catalog:
        return {name: document for (_, name), document in catalog.at(ref).views().items()}


def test_every_statement_beside_a_ddl_is_executed_once(lake: Lake) -> None:
    hook(
        lake,
        "drop view if exists main.nothing; insert into main.log values (1)",
        "create or replace view main.hv as select 'a;b' as t; insert into main.log values (2); ",
        "insert into main.log values (3); alter view main.hv rename to hw; drop view main.hw",
        "create schema if not exists extra; insert into main.log values (4)",
    )
    assert logged(lake) == [1, 2, 3, 4]
    assert documents(lake) == {}


def test_a_view_that_a_hook_makes_is_one_query(lake: Lake) -> None:
    hook(lake, "create or replace view main.hv as select 7 as n; insert into main.log values (2)")
    assert documents(lake)["hv"]["sql"] == "select 7 as n"
    lake.write("models/reader.sql", "select n from lake.main.hv")
    build(lake, "--select", "reader")
    assert logged(lake) == [2]
    assert lake.rows("select n from lake.main.reader", "dev") == [(7,)]


def test_a_view_has_a_header_of_its_own(lake: Lake) -> None:
    header = "{% call set_sql_header(config) %}insert into lake.main.log values (5);{% endcall %}"
    lake.write("models/headed.sql", VIEW + header + "select 1 as id")
    build(lake, "--select", "headed")
    assert logged(lake) == [5]
    assert "insert" not in documents(lake)["headed"]["sql"]


def test_a_name_in_an_escaped_string_stays(lake: Lake) -> None:
    lake.write("models/v0.sql", VIEW + "select 1 as id")
    text = r"select e'it\'s lake.main.v0 here' as t from {{ ref('v0') }}"
    lake.write("models/quoting.sql", text)
    build(lake)
    assert lake.rows("select t from lake.main.quoting", "dev") == [("it's lake.main.v0 here",)]


def test_a_failed_model_takes_back_what_its_hook_wrote(lake: Lake) -> None:
    """Naming a view that is not made yet ends no transaction that has written."""
    lake.write("models/v0.sql", VIEW + "select 1 as id")
    build(lake, "--select", "v0")
    writes = "with z as (select 9 as n) insert into lake.main.log select n from z"
    model = "select error('no') as id from lake.main.v0"
    lake.write("models/hooked.sql", f'{{{{ config(pre_hook="{writes}") }}}} {model}')
    assert lake.dbt("run", "--target", "dev", "--select", "hooked").code == 1
    assert logged(lake) == []


def test_a_stored_view_of_several_statements_spoils_no_other(lake: Lake) -> None:
    lake.write("models/good.sql", VIEW + "select 1 as id")
    build(lake, "--select", "good")
    bad = {"sql": "select 1 as id; insert into main.log values (6)", "dialect": "duckdb"}
    with closing(lake.catalog()) as catalog:
        catalog.at("dev").put_view("main", "bad", bad)
        catalog.at("dev").put_view("main", "empty", {"dialect": "duckdb"})
    with dbt_phlo.connect(lake.folder, ref="dev") as connection:
        assert connection.sql("select id from lake.main.good").fetchall() == [(1,)]
        for name in ("bad", "empty"):
            with pytest.raises(Exception, match="cannot be read here"):
                connection.execute(f"select * from lake.main.{name}")
    lake.write("models/reader.sql", "select id from lake.main.bad")
    ended = lake.dbt("run", "--target", "dev", "--select", "reader")
    assert ended.code == 1
    assert "PHLO319" in ended.text
    assert logged(lake) == []


def test_docs_describe_a_view_over_a_view_that_sorts_after_it(lake: Lake) -> None:
    lake.write("models/z_lower.sql", VIEW + "select 1 as id")
    lake.write("models/a_upper.sql", VIEW + "select id as key from {{ ref('z_lower') }}")
    build(lake)
    ended = lake.dbt("docs", "generate", "--target", "dev")
    assert ended.code == 0, ended.text
    assert '"a_upper"' in (lake.folder / "target" / "catalog.json").read_text()


def test_a_described_view_that_stays_the_same_is_no_change(lake: Lake) -> None:
    lake.write("models/v0.sql", VIEW + "select 1 as id")
    lake.write(
        "models/docs.yml",
        "models: [{name: v0, description: of ones, config: {persist_docs: {relation: true, "
        "columns: true}}, columns: [{name: id, description: the one}]}]",
    )
    build(lake)
    before, document = lake.holds("dev")["main.v0"], documents(lake)["v0"]
    assert (document["comment"], document["column_comments"]) == ("of ones", {"id": "the one"})
    build(lake)
    assert lake.holds("dev")["main.v0"] == before
    lake.write("models/v0.sql", VIEW + "select 2 as id")
    build(lake)
    assert lake.holds("dev")["main.v0"] != before
    assert documents(lake)["v0"]["comment"] == "of ones"


@pytest.fixture
def leftover(lake: Lake) -> Iterator[str]:
    """What a killed build of `log` left."""
    name = staging_name("log")
    with closing(lake.catalog()) as catalog:
        catalog.at("dev").clone(("main", "log"), ("main", name))
    yield name


def test_what_a_killed_build_left_is_hidden_and_not_built_upon(lake: Lake, leftover: str) -> None:
    build(lake, "--select", "log")
    assert f"main.{leftover}" in lake.holds("dev"), "its writer may still live"
    with dbt_phlo.connect(lake.folder, ref="dev") as connection:
        shown = connection.sql("select view_name from duckdb_views() where not internal")
        assert leftover not in str(shown)
    ended = lake.dbt("docs", "generate", "--target", "dev")
    assert ended.code == 0, ended.text
    assert leftover not in (lake.folder / "target" / "catalog.json").read_text()


def test_what_a_killed_build_left_long_ago_goes_with_the_next(
    lake: Lake, leftover: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "PATIENCE_SECONDS", -60)
    build(lake, "--select", "log")
    assert list(lake.holds("dev")) == ["main.log"]


def test_two_builds_of_one_table_never_meet(lake: Lake, tmp_path: Path) -> None:
    """The second is staged, whole, while the first waits to check its own rows."""
    contract = (
        "models: [{name: raced, config: {contract: {enforced: true}}, columns: "
        "[{name: id, data_type: integer, constraints: [{type: not_null}]}]}]"
    )
    lake.write("models/raced.yml", contract)
    lake.write("models/raced.sql", "select {{ var('id') }}::integer as id")
    script = (
        "import time, pathlib\n"
        "from dbt_phlo.adapters.duckdb import constraints\n"
        "check = constraints.check_rows\n"
        "def late(*given):\n"
        f"    pathlib.Path({str(tmp_path / 'staged')!r}).touch()\n"
        f"    while not pathlib.Path({str(tmp_path / 'go')!r}).exists(): time.sleep(0.05)\n"
        "    check(*given)\n"
        "constraints.check_rows = late\n"
        "from dbt.cli.main import cli; cli()"
    )
    given = ("run", "--target", "dev", "--select", "raced", "--vars")
    first = lake.start(*given, "{id: 1}", "--target-path", "first", script=script)
    while not (tmp_path / "staged").exists() and first.poll() is None:
        pass
    refused = lake.dbt(*given, "{id: 'null'}")
    assert refused.code == 1, refused.text
    (tmp_path / "go").touch()
    text, _ = first.communicate(timeout=60)
    assert first.returncode == 0, text
    assert lake.rows("select id from lake.main.raced", "dev") == [(1,)]
    assert sorted(lake.holds("dev")) == ["main.log", "main.raced"]


def test_a_view_that_somebody_else_defines_anew_is_made_anew(lake: Lake) -> None:
    with closing(lake.catalog()) as catalog, duckdb.connect() as connection:
        tables = catalog.at("dev")
        for name in ("first", "second", "third"):
            tables.put_view("main", name, {"sql": "select 1 as n", "dialect": "duckdb"})
        connection.execute("ATTACH ':memory:' AS lake_views")
        views = LakeViews(tables, "lake", connection.execute, lambda schema, name: None)

        def answer(name: str) -> Any:
            views.realise(views.missing_for(f"select * from main.{name}"))
            return connection.execute(f"select n from lake_views.main.{name}").fetchone()

        assert (answer("first"), answer("second")) == ((1,), (1,))
        tables.put_view("main", "first", {"sql": "select 2 as n", "dialect": "duckdb"})
        tables.drop("main", "second")
        views.reload()
        assert (answer("first"), answer("third")) == ((2,), (1,))
        with pytest.raises(duckdb.Error, match="second"):
            answer("second")
