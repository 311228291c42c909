"""Values at the edge of what checks and their samples were made for."""

import json

import pytest
from lake import Lake

import dbt_phlo


def records(lake: Lake) -> dict[str, dict[str, object]]:
    """The records of the last command, by the kind of test."""
    lines = (lake.folder / "target" / "phlo" / "checks.jsonl").read_text().splitlines()
    return {document["test"]: document for document in map(json.loads, lines)}


def test_a_nan_beside_other_values_is_found_and_shown(lake: Lake) -> None:
    """DuckDB passes over a file by bounds that leave NaN out, also for the filter of a join."""
    lake.write(
        "models/t.sql",
        "select * from (values (1, 'nan'::double), (2, 'nan'::double), (3, 1.0)) as t(id, x)",
    )
    lake.write(
        "models/schema.yml",
        """\
models:
  - name: t
    data_tests:
      - phlo_unique_combination: {arguments: {combination_of_columns: [x]}}
    columns:
      - name: x
        data_tests:
          - unique
          - accepted_values: {arguments: {values: [1.0], quote: false}}
""",
    )
    assert lake.dbt("build").code == 1
    found = records(lake)
    assert {name: one["failed_count"] for name, one in found.items()} == {
        "phlo_unique_combination": 2,
        "unique": 2,
        "accepted_values": 2,
    }
    assert {name: len(one["sample"]) for name, one in found.items()} == dict.fromkeys(found, 2)
    run = next(iter(found.values()))["run_id"]
    with dbt_phlo.connect(lake.folder, ref=str(run)) as reader:
        for one in found.values():
            assert len(reader.execute(str(one["repro_sql"])).fetchall()) == 2


def test_accepted_values_are_values_and_never_sql(shop: Lake) -> None:
    shop.write("models/totals.sql", "select 'o''x' as customer")
    shop.write(
        "models/schema.yml",
        """\
models:
  - name: totals
    columns:
      - name: customer
        data_tests: [accepted_values: {arguments: {values: ["o'x"]}}]
""",
    )
    assert shop.dbt("build").code == 0
    text = (shop.folder / "models" / "schema.yml").read_text()
    shop.write("models/schema.yml", text.replace("o'x", "x') or ('1' = '1"))
    assert shop.dbt("build").code == 1
    shop.write("models/schema.yml", text.replace('"o\'x"', "null"))
    refused = shop.dbt("build")
    assert refused.code != 0
    assert "PHLO161" in refused.text and "null" in refused.text


@pytest.mark.parametrize(
    "sql",
    [
        "select id, email grade from {model}",
        "with x(id, grade) as (select id, email from {model}) select * from x",
        "select id, columns('^em') as grade from {model}",
        "select id, to_json(m) as grade from {model} as m",
    ],
)
def test_no_query_shows_what_is_pii(lake: Lake, sql: str) -> None:
    lake.write("models/people.sql", "select 1 as id, 'SEC' || 'RET' as email, 'a' as grade")
    lake.write(
        "models/schema.yml",
        f"""\
models:
  - name: people
    data_tests:
      - phlo_sql: {{arguments: {{sql: {json.dumps(sql)}}}}}
    columns:
      - {{name: id}}
      - {{name: grade}}
      - {{name: email, config: {{meta: {{phlo: {{pii: true}}}}}}}}
""",
    )
    assert lake.dbt("build").code == 1
    assert records(lake)["phlo_sql"]["sample"]
    for name in ("phlo/checks.jsonl", "run_results.json"):
        assert "SECRET" not in (lake.folder / "target" / name).read_text()


def test_a_field_that_is_pii_hides_its_struct(lake: Lake) -> None:
    lake.write("models/people.sql", "select 1 as id, {'city': 'SECRET', 'zip': null} as address")
    lake.write(
        "models/schema.yml",
        """\
models:
  - name: people
    columns:
      - {name: address.city, config: {meta: {phlo: {pii: true}}}}
      - {name: address.zip, data_tests: [not_null]}
""",
    )
    assert lake.dbt("build").code == 1
    (row,) = records(lake)["not_null"]["sample"]
    assert "SECRET" not in json.dumps(row)


def test_meta_of_a_source_is_checked_too(shop: Lake) -> None:
    shop.write(
        "models/sources.yml",
        """\
sources:
  - name: lake
    schema: main
    tables:
      - name: orders
        columns:
          - {name: id, config: {meta: {phlo: {piii: true}}}}
""",
    )
    refused = shop.dbt("build")
    assert refused.code != 0
    assert "piii" in refused.text and "`pii`" in refused.text


def test_a_class_whose_every_row_does_not_fit_is_a_failure(lake: Lake) -> None:
    lake.write(
        "schemas/raw.py",
        "import pandera.polars as pa\n\n\nclass Raw(pa.DataFrameModel):\n"
        "    code: int = pa.Field(coerce=True)\n",
    )
    lake.write("models/raw.sql", "select 'a' as code from range(3)")
    lake.write(
        "models/schema.yml",
        """\
models:
  - name: raw
    config: {meta: {phlo: {schema: "schemas.raw:Raw"}}}
    data_tests: [pandera_contract]
""",
    )
    assert lake.dbt("build").code == 1
    found = records(lake)["pandera_contract"]
    assert (found["status"], found["failed_count"], found["total_count"]) == ("fail", 3, 3)
