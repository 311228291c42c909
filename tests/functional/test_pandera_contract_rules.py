"""``pandera_contract`` where one of the rules is no SQL of the table."""

from lake import Lake

SCHEMA = """\
models:
  - name: orders
    data_tests: [pandera_contract]
    constraints: [{type: check, expression: id > idd}]
    columns:
      - {name: id, data_type: int, data_tests: [not_null: {config: {severity: warn}}, unique]}
      - {name: code, data_type: varchar(2)}
"""


def test_a_rule_that_the_engine_cannot_read_fails_and_all_others_are_counted(lake: Lake) -> None:
    lake.write("models/orders.sql", "select 1 as id, 'abc' as code union all select null, 'a'")
    lake.write("models/schema.yml", SCHEMA)
    outcome = lake.dbt("build")
    assert outcome.code == 1, outcome.text
    assert "id > idd: it could not be checked" in outcome.text
    assert "idd" in outcome.text.split("it could not be checked", 1)[1]
    assert "code: at most 2 characters long: 1 of 2 rows fail" in outcome.text
