"""Python models on a real lake: what they may return, and DuckDB's relational API inside them."""

import importlib.util

import pytest
from lake import Lake

FRAMES = {
    "a_pandas_frame": "import pandas\n    return pandas.DataFrame({'id': [1, 2, 3]})",
    "an_arrow_table": "import pyarrow\n    return pyarrow.table({'id': [1, 2, 3]})",
    "an_arrow_reader": (
        "import pyarrow\n    return pyarrow.table({'id': [1, 2, 3]}).to_reader(max_chunksize=1)"
    ),
    "a_relation": "return session.sql('select unnest([1, 2, 3]) as id')",
    "a_ref": "return dbt.ref('numbers')",
    "a_table_of_the_lake": "return session.table('main.numbers')",
    "a_query_of_a_view": "return session.sql('select id from numbers_view')",
    "a_view_of_the_lake": "return session.table('numbers_view')",
    "names_asked_for": (
        "names = session.get_table_names('select * from main.numbers')\n"
        "    assert 'numbers' in str(names), names\n    return dbt.ref('numbers')"
    ),
    "rows_of_a_cursor": (
        "rows = session.execute('select id from main.numbers').fetchall()\n"
        "    return session.sql(f'select unnest({[r[0] for r in rows]}) as id')"
    ),
}
NUMBERS = "select unnest([1, 2, 3]) as id"


def write_models(lake: Lake, models: dict[str, str]) -> None:
    lake.write("models/numbers.sql", NUMBERS)
    lake.write(
        "models/numbers_view.sql",
        "{{ config(materialized='view') }} select id from {{ ref('numbers') }}",
    )
    for name, body in models.items():
        code = f"def model(dbt, session):\n    dbt.ref('numbers_view')\n    {body}\n"
        lake.write(f"models/{name}.py", code)


def run(lake: Lake, *arguments: str) -> str:
    """`dbt run` in a process of its own: one that hangs fails the test, not the suite."""
    process = lake.start("run", *arguments)
    try:
        text, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, text
    return text


def test_a_python_model_may_return_whatever_duckdb_reads(lake: Lake) -> None:
    write_models(lake, FRAMES)
    run(lake)
    for name in FRAMES:
        assert lake.rows(f"select id from lake.main.{name} order by 1") == [(1,), (2,), (3,)], name


@pytest.mark.skipif(importlib.util.find_spec("polars") is None, reason="polars is not installed")
def test_a_python_model_may_return_a_polars_frame(lake: Lake) -> None:
    write_models(lake, {"polars_frame": "import polars\n    return polars.DataFrame({'id': [1]})"})
    run(lake)
    assert lake.rows("select id from lake.main.polars_frame") == [(1,)]


def test_insert_into_a_table_of_the_lake_does_not_hang(lake: Lake) -> None:
    body = (
        "session.sql('select 4 as id').insert_into('main.numbers')\n"
        "    return session.sql('select count(*) as n from main.numbers')"
    )
    write_models(lake, {"inserter": body})
    run(lake)
    assert lake.rows("select n from lake.main.inserter") == [(4,)]
    assert lake.rows("select count(*) from lake.main.numbers") == [(4,)]


def test_an_incremental_python_model_merges_what_it_returns(lake: Lake) -> None:
    body = (
        "dbt.config(materialized='incremental', unique_key='id')\n"
        "    ids = '4, 5' if dbt.is_incremental else '1, 2, 3, 4'\n"
        "    value = 'new' if dbt.is_incremental else 'old'\n"
        "    return session.sql(f\"select unnest([{ids}]) as id, '{value}' as value\")"
    )
    write_models(lake, {"growing": body})
    run(lake)
    run(lake)
    asked = "select value, count(*) from lake.main.growing group by 1 order by 1"
    assert lake.rows(asked) == [("new", 2), ("old", 3)]


def test_types_of_a_python_model_are_widened_and_refused_as_those_of_sql(lake: Lake) -> None:
    write_models(
        lake,
        {
            "small": "return session.sql('select 1::smallint as n')",
            "lasting": "return session.sql('select interval 1 day as how_long')",
        },
    )
    ended = lake.dbt("run", "--target", "dev")
    assert ended.code == 1
    assert "column how_long of main.lasting" in ended.text
    assert lake.rows("select typeof(n) from lake.main.small", "dev") == [("INTEGER",)]


def test_an_error_of_the_model_says_where(lake: Lake) -> None:
    write_models(lake, {"broken": "raise KeyError('no such delivery')\n    return session"})
    ended = lake.dbt("run", "--target", "dev")
    assert ended.code == 1
    assert "no such delivery" in ended.text
