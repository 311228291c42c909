"""A contract from a YAML file: every rule it reads, and every mistake it tells with its line."""

from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Expression,
    Length,
    NotNull,
    Other,
    Pattern,
    Range,
    Relationship,
    Rule,
    Unique,
)
from dbt_phlo.contracts.yaml_source import contract_from_yaml
from dbt_phlo.errors import PhloError

COLUMNS = """\
      - {name: id, data_type: bigint}
      - {name: small, data_type: tinyint}
      - {name: code, data_type: varchar(3)}
      - {name: price, data_type: "decimal(9, 2)"}
      - {name: share, data_type: double}
      - {name: day, data_type: date}
      - {name: at, data_type: timestamptz}
      - {name: order, data_type: varchar}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "schema.yml"
    path.write_text(text, encoding="utf-8")
    return path


def contract(folder: Path, tests: str = "", columns: str = COLUMNS) -> Contract:
    listed = f"    data_tests:\n{tests}" if tests else ""
    text = f"version: 2\nmodels:\n  - name: t\n{listed}    columns:\n{columns}"
    return contract_from_yaml(written(folder, text), "t")


def of_test(folder: Path, column: str, test: str) -> Rule:
    columns = COLUMNS.replace(f"{{name: {column}, ", f"{{name: {column}, data_tests: [{test}], ")
    found = contract(folder, columns=columns)
    (rule,) = [c.rule for c in found.constraints if c.source != "data_type"]
    return rule


@pytest.mark.parametrize(
    ("column", "test", "rule"),
    [
        ("id", "not_null", NotNull("id")),
        ("id", "unique", Unique(("id",))),
        ("id", "{accepted_values: {values: [1, 2]}}", AcceptedValues("id", (1, 2))),
        ("order", "{accepted_values: {arguments: {values: [a, 1]}}}",
         AcceptedValues("order", ("a", "1"))),
        ("day", "{accepted_values: {values: ['2024-01-31']}}",
         AcceptedValues("day", (date(2024, 1, 31),))),
        ("id", "{relationships: {to: ref('o'), field: id}}", Relationship("id", "ref('o')", "id")),
        ("id", "{phlo_range: {min_value: 1.5}}", Range("id", minimum=2)),
        ("id", "{phlo_range: {min_value: 1, inclusive: false}}",
         Range("id", 1, None, includes_minimum=False, includes_maximum=False)),
        ("price", "{dbt_utils.accepted_range: {max_value: 1.1}}",
         Range("price", maximum=Decimal("1.1"))),
        ("share", "{phlo_range: {min_value: 0, max_value: 1}}", Range("share", 0.0, 1.0)),
        ("day", '{phlo_range: {min_value: "date \'2024-01-01\'"}}',
         Range("day", date(2024, 1, 1))),
        ("at", '{phlo_range: {min_value: "\'2024-01-01\'"}}',
         Range("at", datetime(2024, 1, 1, tzinfo=timezone.utc))),
        ("day", "{phlo_range: {max_value: current_date}}",
         Expression('"day" <= (current_date)', ("day",))),
        ("order", "{phlo_pattern: {regex: '^a'}}", Pattern("order", "^a")),
        ("order", "{dbt_expectations.expect_column_value_lengths_to_be_between: {min_value: 2}}",
         Length("order", minimum=2)),
        ("id", "{dbt_expectations.expect_column_values_to_be_between: "
         "{min_value: 1, strictly: true}}",
         Range("id", 1, None, includes_minimum=False, includes_maximum=False)),
        ("id", "{dbt_expectations.expect_column_values_to_be_between: "
         "{min_value: 1, row_condition: x > 1}}",
         Other("dbt_expectations.expect_column_values_to_be_between", ("id",),
               {"min_value": 1, "row_condition": "x > 1"})),
        ("id", "{somebodys.test: {depth: 3}}", Other("somebodys.test", ("id",), {"depth": 3})),
    ],
)  # fmt: skip
def test_a_test_of_a_column_is_a_rule(tmp_path: Path, column: str, test: str, rule: Rule) -> None:
    assert of_test(tmp_path, column, test) == rule


def test_tests_of_the_model_are_rules(tmp_path: Path) -> None:
    tests = (
        "      - phlo_unique_combination: {combination_of_columns: [ID, day]}\n"
        "      - dbt_utils.unique_combination_of_columns: {combination_of_columns: [id, code]}\n"
        "      - dbt_utils.expression_is_true: {expression: price > share}\n"
    )
    rules = [c.rule for c in contract(tmp_path, tests).constraints if c.source != "data_type"]
    assert rules == [
        Unique(("id", "day")),
        Unique(("id", "code"), nulls_are_equal=True),
        Expression("price > share"),
    ]


def test_what_a_data_type_says_beyond_its_iceberg_type_is_a_rule(tmp_path: Path) -> None:
    found = contract(tmp_path)
    assert [c.rule for c in found.constraints] == [
        Range("small", -128, 127),
        Length("code", maximum=3),
    ]
    assert [column.type for column in found.columns][:4] == [
        "long",
        "int",
        "string",
        "decimal(9, 2)",
    ]


@pytest.mark.parametrize(
    ("config", "softness"),
    [
        ("config: {severity: warn}", "its severity is warn"),
        ("severity: WARN", "its severity is warn"),
        ("config: {where: id > 1}", "it has a filter: id > 1"),
        ("config: {error_if: '>10'}", "it is an error only if failures >10"),
        ("arguments: {allow_threshold: 0.1}", "it allows 0.1 of the rows to fail"),
        ("config: {error_if: '> 0'}", ""),
    ],
)
def test_what_is_not_meant_strictly_is_not_a_hard_constraint(
    tmp_path: Path, config: str, softness: str
) -> None:
    columns = COLUMNS.replace(
        "{name: id, ", f"{{name: id, data_tests: [{{not_null: {{{config}}}}}], "
    )
    found = contract(tmp_path, columns=columns)
    (constraint,) = [c for c in found.constraints if c.source != "data_type"]
    assert constraint.softness == softness
    assert found.is_nullable("id") == bool(softness)


def test_a_disabled_test_is_none(tmp_path: Path) -> None:
    columns = COLUMNS.replace(
        "{name: id, ", "{name: id, data_tests: [{unique: {config: {enabled: false}}}], "
    )
    assert {c.source for c in contract(tmp_path, columns=columns).constraints} == {"data_type"}


def test_dbts_constraints_are_rules(tmp_path: Path) -> None:
    text = (
        "models:\n  - name: t\n    constraints:\n"
        "      - {type: primary_key, columns: [a, b]}\n"
        "      - {type: check, expression: a > b}\n"
        "      - {type: foreign_key, columns: [a], to: ref('o'), to_columns: [id]}\n"
        "    columns:\n"
        "      - {name: a, data_type: int, constraints: [{type: not_null}, {type: unique}]}\n"
        "      - {name: b, data_type: int}\n"
    )
    rules = [c.rule for c in contract_from_yaml(written(tmp_path, text), "t").constraints]
    assert rules == [
        NotNull("a"),
        Unique(("a",)),
        NotNull("b"),
        Unique(("a", "b")),
        Expression("a > b"),
        Other("constraint foreign_key", ("a",), {"to": "ref('o')", "to_columns": "['id']"}),
    ]


MISTAKES = {
    "no type": ("- {name: a}", "PHLO901", "t.a has no data_type"),
    "unknown type": ("- {name: a, data_type: bigimt}", "PHLO511", "Did you mean `bigint`?"),
    "bare decimal": ("- {name: a, data_type: decimal}", "PHLO513", "t.a"),
    "twice": ("- {name: a, data_type: int}\n- {name: A, data_type: int}", "PHLO902", "t.A"),
    "unknown meta": (
        "- {name: a, data_type: int, config: {meta: {phlo: {pie: true}}}}",
        "PHLO108",
        "Did you mean `pii`?",
    ),
    "not of the type": (
        "- {name: a, data_type: int, data_tests: [{accepted_values: {values: [x]}}]}",
        "PHLO904",
        "'x' is no value of type int",
    ),
    "conflict": (
        "- {name: a, data_type: utinyint, data_tests: [{phlo_range: {min_value: 300}}]}",
        "PHLO905",
        "no value is both at least 300 and at most 255",
    ),
    "no share": (
        "- {name: a, data_type: int, data_tests: [{unique: {allow_threshold: 2}}]}",
        "PHLO906",
        "allow_threshold of unique is 2",
    ),
    "long words": (
        f"- {{name: a, data_type: int, description: {'x' * 10_000_000}}}",
        "PHLO907",
        "10,000,000 characters",
    ),
    "python tag": ("- {name: !!python/object:os.system a, data_type: int}", "PHLO142", "python"),
    "own tag": ("- !own {name: a, data_type: int}", "PHLO142", "!own"),
    "key twice": ("- {name: a, data_type: int, data_type: bigint}", "PHLO142", "'data_type'"),
    "jinja": ("- {name: a, data_type: \"{{ var('kind') }}\"}", "PHLO145", "Jinja"),
    "no yaml": ("- {name: a, data_type: int", "PHLO141", "no YAML"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, mistake: str) -> None:
    columns, code, words = MISTAKES[mistake]
    listed = "".join(f"      {line}\n" for line in columns.splitlines())
    with pytest.raises(PhloError) as caught:
        contract(tmp_path, columns=f"      - {{name: ok, data_type: int}}\n{listed}")
    assert caught.value.code == code
    assert words in caught.value.message
    if mistake != "no yaml":
        line = 7 if mistake == "twice" else 6
        assert f"schema.yml:{line}: " in caught.value.message


def test_names_that_are_no_columns_are_told_with_the_nearest(tmp_path: Path) -> None:
    tests = "      - phlo_unique_combination: {combination_of_columns: [id, dya]}\n"
    with pytest.raises(PhloError, match="Did you mean `day`") as caught:
        contract(tmp_path, tests)
    assert caught.value.code == "PHLO903"
    assert "names dya, which is no column of it" in caught.value.message
    assert "schema.yml:5: t" in caught.value.message


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(PhloError) as caught:
        contract_from_yaml(written(tmp_path, "\n".join(lines)), "t")
    assert caught.value.code == "PHLO142"


@pytest.mark.parametrize(
    ("text", "code"),
    [("- a", "PHLO144"), ("a: &a [*a]", "PHLO142"), ("models: {t: 1}", "PHLO144"), ("", "PHLO144")],
)
def test_what_is_no_properties_file_is_told(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(PhloError) as caught:
        contract_from_yaml(written(tmp_path, text), "t")
    assert caught.value.code == code


def test_a_model_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path, "models: [{name: orders}]")
    with pytest.raises(PhloError, match="Did you mean `orders`") as caught:
        contract_from_yaml(path, "order")
    assert caught.value.code == "PHLO143"


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "schema.yml"
    path.write_bytes(b"models: [{name: \xff}]")
    with pytest.raises(PhloError, match="not UTF-8") as caught:
        contract_from_yaml(path, "t")
    assert caught.value.code == "PHLO141"
