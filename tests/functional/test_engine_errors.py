"""Errors of DuckDB and of the endpoint, as the user of dbt reads them."""

from lake import Lake


def test_a_write_through_a_connection_that_may_only_read_is_told_in_our_words(shop: Lake) -> None:
    assert shop.dbt("build").code == 0
    for statement in ("create table lake.main.x as select 1 as id", "delete from lake.main.orders"):
        macro = f"{{% macro write() %}}{{% do run_query('{statement}') %}}{{% endmacro %}}"
        shop.write("macros/write.sql", macro)
        ended = shop.dbt("run-operation", "write")
        assert ended.code != 0
        assert "Database Error\n  [PHLO304] this connection may only read main" in ended.text
    assert shop.rows("select count(*) from lake.main.orders") == [(100,)]


def test_an_error_of_duckdb_is_a_database_error_with_the_place_of_the_code(shop: Lake) -> None:
    shop.write("models/orders.sql", "select nothing_like_it from range(3)")
    ended = shop.dbt("run", "--select", "orders")
    assert ended.code == 1
    assert "Database Error in model orders (models/orders.sql)" in ended.text
    assert "nothing_like_it" in ended.text
