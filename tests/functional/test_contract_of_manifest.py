"""A contract from a YAML file alone is the one from dbt's manifest, and no test of it is lost."""

from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner
from lake import HOOKS, PROJECT, Lake

from dbt_phlo.contracts import manifest_source
from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.pandera.plan import BACKENDS, Backend, plan, wording
from dbt_phlo.contracts.pandera.source_code import to_source
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Expression,
    Length,
    NotNull,
    Other,
    Pattern,
    Range,
    Relationship,
    Unique,
)
from dbt_phlo.contracts.yaml_source import contract_from_yaml
from dbt_phlo.errors import PhloError

PACKAGES = Path(__file__).parent / "packages"
MODELS = """\
version: 2
models:
  - name: orders
    description: >
      One row
      an order.
    config:
      contract: {enforced: true}
      unique_key: [id, day]
      meta: {phlo: {owner: sales}}
    constraints:
      - {type: primary_key, columns: [id, day]}
      - {type: check, expression: price >= 0, name: not_below_zero}
      - {type: foreign_key, columns: [country], to: ref('countries'), to_columns: [code]}
    data_tests:
      - dbt_utils.unique_combination_of_columns:
          arguments:
            combination_of_columns: [id, country]
      - dbt_utils.unique_combination_of_columns: {combination_of_columns: [ID, day]}
      - phlo_unique_combination: {combination_of_columns: [id, seen_at], allow_threshold: 0.5}
      - dbt_utils.expression_is_true: {arguments: {expression: price < 1000}}
      - dbt_expectations.expect_table_row_count_to_be_between: {arguments: {min_value: 1}}
      - dbt_expectations.expect_compound_columns_to_be_unique: {column_list: [id, day]}
      - dbt_expectations.expect_compound_columns_to_be_unique:
          arguments: {column_list: [id, seen_at], ignore_row_if: any_value_is_missing}
      - dbt_expectations.expect_column_pair_values_A_to_be_greater_than_B:
          arguments: {column_A: price, column_B: share, or_equal: true}
    columns:
      - name: id
        data_type: bigint
        description: The order's number, "as printed".
        constraints: [{type: not_null}, {type: unique}]
        data_tests:
          - not_null
          - unique: {name: every_id_once, config: {severity: warn}}
          - dbt_utils.accepted_range: {arguments: {min_value: 1, max_value: 1000000}}
          - dbt_utils.accepted_range: {min_value: 0, inclusive: false}
      - name: day
        data_type: date
        constraints: [{type: not_null}]
        data_tests:
          - dbt_utils.accepted_range: {arguments: {min_value: "date '2020-01-01'"}}
          - phlo_range: {max_value: current_date}
          - not_null: {where: id > 1, severity: WARN}
      - name: country
        data_type: varchar(2)
        data_tests:
          - relationships: {arguments: {to: ref('countries'), field: code}}
          - dbt_utils.relationships_where:
              arguments: {to: ref('countries'), field: code, from_condition: id > 1}
          - dbt_expectations.expect_column_values_to_be_in_set: {value_set: [de, fr]}
          - dbt_expectations.expect_column_values_to_match_regex: {arguments: {regex: "^[a-z]+$"}}
          - dbt_expectations.expect_column_values_to_match_regex: {regex: "^[A-Z]+$", flags: i}
          - dbt_expectations.expect_column_value_lengths_to_be_between: {min_value: 2}
      - name: price
        data_type: decimal(9, 2)
        data_tests:
          - dbt_expectations.expect_column_values_to_be_between:
              arguments: {min_value: 0, max_value: 99.5, strictly: true}
          - dbt_expectations.expect_column_values_to_be_between:
              min_value: 1
              row_condition: id > 1
          - dbt_expectations.expect_column_mean_to_be_between: {min_value: 0, max_value: 100}
          - dbt_utils.not_null_proportion: {arguments: {at_least: 0.5}}
          - dbt_utils.accepted_range:
              arguments: {min_value: "{{ var('least', 0) }}"}
              config: {error_if: ">10", warn_if: ">0", where: "price is not null", tags: [money]}
      - name: share
        data_type: double
        meta: {phlo: {pii: true}}
        data_tests:
          - test_name: dbt_utils.accepted_range
            name: share_of_one
            arguments: {min_value: 0, max_value: 1}
          - dbt_utils.at_least_one
          - unique: {config: {enabled: false}}
      - name: status
        data_type: varchar
        data_tests:
          - accepted_values: {arguments: {values: [open, shut, 1]}}
          - dbt_utils.not_empty_string: {arguments: {trim_whitespace: false}}
          - dbt_expectations.expect_column_values_to_not_be_null
          - dbt_expectations.expect_column_values_to_be_unique: {severity: warn}
      - name: seen_at
        data_type: timestamp with time zone
      - name: lines
        data_type: "struct(sku varchar, sizes integer[], notes map(varchar, decimal(5, 1)))[]"
      - name: Order
        quote: true
        data_type: smallint
        data_tests: [unique]
        config: {meta: {phlo: {pii: true}}}
  - name: customers
    latest_version: 2
    description: Who buys.
    config: {unique_key: id}
    columns:
      - {name: id, data_type: integer, data_tests: [unique, not_null]}
      - {name: mail, data_type: varchar(50)}
    data_tests:
      - phlo_unique_combination: {combination_of_columns: [id]}
    versions:
      - v: 1
        description: Who bought.
        columns:
          - {include: all, exclude: [mail]}
          - {name: phone, data_type: varchar, data_tests: [not_null]}
          - {name: id, data_type: bigint, data_tests: [{phlo_range: {min_value: 1}}]}
        data_tests: []
      - v: 2
seeds:
  - name: countries
    config: {column_types: {code: varchar}}
    columns:
      - name: code
        data_type: varchar
        data_tests: [unique, not_null, {accepted_values: {values: [de, fr]}}]
snapshots:
  - name: orders_history
    relation: ref('orders')
    config: {strategy: check, check_cols: [price], unique_key: id}
    columns:
      - {name: id, data_type: bigint, data_tests: [not_null]}
      - {name: dbt_valid_from, data_type: timestamp}
sources:
  - name: shop
    schema: main
    tables:
      - name: events
        identifier: orders
        description: What came in.
        data_tests:
          - dbt_utils.unique_combination_of_columns: {combination_of_columns: [id, day]}
        columns:
          - {name: id, data_type: bigint, data_tests: [not_null, {phlo_range: {min_value: 1}}]}
          - name: day
            data_type: date
            data_tests:
              - dbt_expectations.expect_column_values_to_not_be_null
              - relationships: {arguments: {to: ref('orders'), field: day}}
              - relationships: {arguments: {to: "source('shop', 'events')", field: day}}
"""
ORDERS = """\
select id::bigint as id, date '2024-01-01' as day, 'de'::varchar as country,
       (10 + id)::decimal(9, 2) as price, 0.5::double as share,
       case id when 1 then 'open' else 'shut' end as status,
       timestamptz '2024-01-01 00:00:00+00' + interval (id) hour as seen_at,
       [{'sku': 'x', 'sizes': [1, 2], 'notes': map {'a': 1.5::decimal(5, 1)}}] as lines,
       id::smallint as "Order"
from range(1, 3) as r(id)
"""


@pytest.fixture
def project(lake: Lake) -> Lake:
    """A project with two packages and each kind of entry that may have a contract."""
    packages = "".join(
        f"  - local: {PACKAGES / name}\n" for name in ("dbt_utils", "dbt_expectations")
    )
    flags = "flags: {require_generic_test_arguments_property: true, "  # dbt 1.10's default is false
    lake.write("dbt_project.yml", PROJECT.replace("flags: {", flags) + HOOKS)
    lake.write("packages.yml", f"packages:\n{packages}")
    lake.write("models/schema.yml", MODELS)
    lake.write("models/orders.sql", ORDERS)
    lake.write("models/customers_v1.sql", "select 1 as id, '030' as phone")
    lake.write("models/customers_v2.sql", "select 1 as id, 'a@b.de'::varchar as mail")
    lake.write("seeds/countries.csv", "code\nde\nfr\n")
    ended = lake.dbt("deps")
    assert ended.code == 0, ended.text
    return lake


def parsed(project: Lake) -> Any:
    """dbt's manifest."""
    place = ["--project-dir", str(project.folder), "--profiles-dir", str(project.folder)]
    result = dbtRunner().invoke(["parse", "--quiet", *place])
    assert result.success, result.exception
    return result.result


def of_manifest(project: Lake) -> dict[str, Contract]:
    """Contracts from the manifest, by the name that a file is asked for."""
    found = manifest_source.contracts(parsed(project), "duckdb", project.folder)
    assert len(found) == 6
    return {unique_id.partition(".shop.")[2]: contract for unique_id, contract in found.items()}


def of_yaml(project: Lake, name: str) -> Contract:
    return contract_from_yaml(project.folder / "models" / "schema.yml", name)


NAMES = ["orders", "customers.v1", "customers.v2", "countries", "orders_history", "shop.events"]


def test_a_contract_from_yaml_alone_is_that_of_the_manifest(project: Lake) -> None:
    contracts = of_manifest(project)
    assert sorted(contracts) == sorted(NAMES)
    for name, ours in contracts.items():
        alone = of_yaml(project, name)
        assert alone.constraints == ours.constraints, name
        assert alone == ours, name
        assert [c.written for c in alone.columns] == [c.written for c in ours.columns]
        for one, other in zip((alone, *alone.columns), (ours, *ours.columns), strict=True):
            assert one.origin.line == other.origin.line, (name, one.name)
            assert other.origin.file == "models/schema.yml"
    assert of_yaml(project, "customers") == contracts["customers.v2"]


def test_lines_are_those_of_the_file(project: Lake) -> None:
    lines = MODELS.splitlines()
    orders = of_manifest(project)["orders"]
    for column in orders.columns:
        assert column.origin.line is not None
        assert lines[column.origin.line - 1].strip() == f"- name: {column.name}"
    assert lines[(orders.origin.line or 0) - 1].strip() == "- name: orders"


def test_every_declaration_of_the_project_is_the_rule_that_it_is_meant_as(project: Lake) -> None:
    orders = of_manifest(project)["orders"]
    kinds = [type(constraint.rule) for constraint in orders.constraints]
    assert {NotNull, Unique, AcceptedValues, Range, Length, Pattern, Relationship} <= set(kinds)
    assert {Expression, Other} <= set(kinds)
    assert {c.name: c.severity for c in orders.constraints}["every_id_once"] == "warn"
    soft = {c.softness for c in orders.constraints}
    assert "it is an error only if failures >10" not in soft  # it has a filter, which goes before
    assert "it has a filter: price is not null" in soft
    assert orders.unique_key == ("id", "day")
    assert [column.name for column in orders.columns if column.pii] == ["share", "Order"]
    assert not orders.is_nullable("country")


def generic_tests(manifest: Any) -> list[Any]:
    return [
        node
        for node in manifest.nodes.values()
        if str(node.resource_type) == "test" and node.test_metadata is not None
    ]


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_test_of_a_package_is_lost_in_silence(project: Lake, backend: Backend) -> None:
    """Each data test is a hard constraint of the class, or listed in its module with the reason."""
    manifest = parsed(project)
    contracts = manifest_source.contracts(manifest, "duckdb", project.folder)
    owners = manifest_source.tests_of(manifest)
    assert sum(len(found) for found in owners.values()) == len(generic_tests(manifest)) > 40
    packages: set[str | None] = set()
    enforced = listed = 0
    for unique_id, found in owners.items():
        contract = contracts[unique_id]
        said = dict(plan(contract, backend).missing)
        source = " ".join(to_source(contract, backend).split())
        for test in found:
            packages.add(test.test_metadata.namespace)
            about = [c for c in contract.constraints if c.name == test.name]
            assert about, f"{test.name} is no constraint of {contract.name}"
            for constraint in about:
                reason = said.get(wording(constraint))
                if reason is None:
                    assert constraint.is_hard, test.name
                    assert not isinstance(constraint.rule, Other | Relationship), test.name
                    enforced += 1
                else:
                    assert reason, test.name
                    assert f"({reason}" in source, test.name
                    assert f"# - {constraint.name or constraint.source}" in source, test.name
                    listed += 1
    assert packages == {None, "dbt_utils", "dbt_expectations"}
    assert (enforced > 20, listed > 10) == (True, True)


def test_dbt_runs_every_test_of_the_project(project: Lake) -> None:
    """The arguments in the YAML are those that the tests of the packages take."""
    ended = project.dbt("build", "--target", "dev", "--exclude", "source:*")
    assert ended.code == 0, ended.text
    assert project.rows("select count(*) from lake.main.orders", "dev") == [(2,)]


@pytest.mark.parametrize("kind", ["models", "sources"])
def test_a_column_that_dbt_drops_because_it_is_there_twice_is_told(lake: Lake, kind: str) -> None:
    columns = "[{name: a, data_type: int}, {name: a, data_type: bigint}]"
    lake.write("models/t.sql", "select 1 as a")
    if kind == "models":
        lake.write("models/schema.yml", f"models:\n  - name: t\n    columns: {columns}\n")
    else:
        table = f"{{name: t, columns: {columns}}}"
        lake.write("models/schema.yml", f"sources:\n  - name: s\n    tables:\n      - {table}\n")
    for _ in range(2):  # the second time, dbt reads what it has kept of the files
        with pytest.raises(PhloError, match=r"t\.a is declared twice") as caught:
            manifest_source.contracts(parsed(lake), "duckdb", lake.folder)
        assert caught.value.code == "PHLO902"
        assert "models/schema.yml:" in caught.value.message
