"""`dbt test` of the flights project with its checks recorded, and with dbt's own test alone."""

from pathlib import Path

from benchmarks import projects
from benchmarks.harness import Row, Side, alternate, compared

ROUNDS = 9
STOCK_TEST = """\
{% materialization test, adapter='phlo_duckdb' %}
  {{ return(materialization_test_default()) }}
{% endmaterialization %}
"""
STOCK_SQL = """\
{% macro get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
  {{ default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) }}
{%- endmacro %}
{% macro get_where_subquery(relation) -%}
  {% do return(default__get_where_subquery(relation)) %}
{%- endmacro %}
"""


def measure(work: Path, rounds: int) -> list[Row]:
    recorded = projects.flights(work / "recorded", projects.PHLO)
    stock = projects.flights(work / "stock", projects.PHLO)
    (stock.folder / "macros" / "stock_test.sql").write_text(STOCK_TEST + STOCK_SQL)
    for project in (recorded, stock):
        project.dbt("build")
    sides = [Side(lambda p=p: p.dbt("test")) for p in (recorded, stock)]
    ours, theirs = alternate(sides, rounds, "checks")
    peer = "dbt's own test materialization"
    return [
        compared("checks", "flights, dbt test", peer, "<= 1.10x", (ours, theirs)),
        compared("checks", "flights, dbt's own seconds", peer, "", (ours, theirs), told="dbt"),
    ]
