"""What tests say in YAML is read as their macros read it; what cannot be read is told at once."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from dbt_phlo.contracts import Constraint, Contract, manifest_source
from dbt_phlo.contracts.drift import found_columns
from dbt_phlo.contracts.one_scan import Scan, scan
from dbt_phlo.contracts.pandera import to_source
from dbt_phlo.contracts.rules import (
    AcceptedValues,
    Expression,
    NotNull,
    Other,
    Pattern,
    Range,
    Unique,
)
from dbt_phlo.contracts.yaml_source import contract_from_yaml
from dbt_phlo.errors import PhloError


def of_yaml(folder: Path, columns: str, tests: str = "[]", more: str = "", **options: Any) -> Any:
    path = folder / "schema.yml"
    text = f"models:\n  - name: t\n{more}    data_tests: {tests}\n    columns:\n{columns}"
    path.write_text(text, encoding="utf-8")
    return contract_from_yaml(path, "t", **options)


def rules(folder: Path, kind: str, test: str, **options: Any) -> list[Any]:
    found = of_yaml(
        folder, f'      - {{name: x, data_type: "{kind}", data_tests: [{test}]}}\n', **options
    )
    return [one.rule for one in found.constraints if one.source != "data_type"]


def refused(folder: Path, kind: str, test: str) -> PhloError:
    with pytest.raises(PhloError) as caught:
        rules(folder, kind, test)
    assert caught.value.message.startswith(f"{folder}/schema.yml:5: t.x: ")
    assert caught.value.remedy
    return caught.value


def scanned(contract: Contract, table: str) -> Scan:
    with duckdb.connect() as engine:
        engine.execute(f"create table t as {table}")

        def rows(sql: str) -> Sequence[Sequence[Any]]:
            return engine.execute(sql).fetchall()

        described = [(row[0], row[1]) for row in rows("describe t")]
        return scan(rows, contract, "t", found_columns(described))


@pytest.mark.parametrize(
    ("kind", "test", "rule"),
    [
        ("date", '{phlo_range: {min_value: "2020-01-01"}}', Range("x", date(2020, 1, 1))),
        ("timestamp", '{phlo_range: {max_value: " 2020-01-01 10:00:00 "}}',
         Range("x", maximum=datetime(2020, 1, 1, 10))),
        ("timestamp", '{phlo_range: {max_value: "2020-01-01T10:00:00.5"}}',
         Range("x", maximum=datetime(2020, 1, 1, 10, 0, 0, 500000))),
        ("date", "{phlo_range: {min_value: 2020-01-01, max_value: current_date}}",
         Expression("\"x\" >= DATE '2020-01-01' and \"x\" <= (current_date)", ("x",))),
        ("date", "{phlo_range: {min_value: 2020-01-01T12:00:00, max_value: 2020-02-01T12:00:00}}",
         Range("x", date(2020, 1, 2), date(2020, 2, 1))),
        ("date", "{phlo_range: {min_value: 2020-01-01T12:00:00, inclusive: false}}",
         Range("x", date(2020, 1, 2), includes_maximum=False)),
        ("int", '{phlo_range: {min_value: 0, inclusive: "false"}}',
         Range("x", 0, None, False, False)),
        ("int", '{dbt_utils.accepted_range: {min_value: 0, inclusive: "false"}}', Range("x", 0)),
        ("date", '{dbt_utils.accepted_range: {min_value: "2020-01-01"}}',
         Expression('"x" >= (2020-01-01)', ("x",))),
    ],
)  # fmt: skip
def test_a_bound_is_what_the_macro_of_the_test_makes_of_it(
    tmp_path: Path, kind: str, test: str, rule: Any
) -> None:
    assert rules(tmp_path, kind, test) == [rule]


@pytest.mark.parametrize(
    ("kind", "test", "code", "words"),
    [
        ("int", "{phlo_range: {min_value: 0, inclusive: some}}", "PHLO950", "inclusive is 'some'"),
        ("varchar", '{phlo_pattern: {regex: "("}}', "PHLO950", "regex '(' is not one that"),
        ("varchar", "{dbt_expectations.expect_column_values_to_match_regex: {regex: '(?<=a)b'}}",
         "PHLO950", "regex '(?<=a)b'"),
        ("date", '{phlo_range: {min_value: "2020-02-30"}}', "PHLO904", "'2020-02-30' is no value"),
        ("bigint", '{phlo_range: {max_value: "1e309"}}', "PHLO904", "1E+309"),
        ("bigint", '{phlo_range: {max_value: "1e999999999"}}', "PHLO904", "1E+999999999"),
        ("bigint", f"{{phlo_range: {{max_value: {10**400}}}}}", "PHLO904", "type long"),
        ("bigint", '{phlo_range: {min_value: "-1e-999999999"}}', "PHLO904", "-1E-999999999"),
        ("decimal(9, 2)", '{phlo_range: {min_value: "1e-999999999"}}', "PHLO904", "-999999999"),
        ("double", '{phlo_range: {max_value: "1e400"}}', "PHLO904", "1E+400"),
        ("int", '{accepted_values: {values: ["1e999999999"]}}', "PHLO904", "type int"),
        ("time", "{phlo_range: {min_value: \"'10:00'\", max_value: \"'12:00+02:00'\"}}",
         "PHLO904", "'12:00+02:00' is no value of type time"),
        ("time", '{accepted_values: {values: ["10:00+02:00"]}}', "PHLO904", "type time"),
        ("varchar", "{phlo_range: {min_value: 0, max_value: 100}}", "PHLO904", "0 is no value of"),
        ("varchar", "{accepted_values: {values: [1], quote: false}}", "PHLO904", "type string"),
        ("varchar", "{phlo_range: {min_value: 2020-01-01}}", "PHLO904", "type string"),
        ("decimal(9, 2)", '{accepted_values: {values: ["1.005"]}}', "PHLO904", "'1.005' is no"),
        ("blob", "{accepted_values: {values: ['\\xA']}}", "PHLO904", "type binary"),
        ("blob", "{accepted_values: {values: [é]}}", "PHLO904", "type binary"),
    ],
)  # fmt: skip
def test_an_argument_that_the_test_cannot_take_is_told_with_its_line(
    tmp_path: Path, kind: str, test: str, code: str, words: str
) -> None:
    error = refused(tmp_path, kind, test)
    assert (error.code, words in error.message) == (code, True), error.message


def test_a_pattern_that_only_trino_reads_is_left_to_its_own_test(tmp_path: Path) -> None:
    look = "{phlo_pattern: {regex: '(?<=a)b'}}"
    (rule,) = rules(tmp_path, "varchar", look, dialect="trino")
    assert rule == Other("phlo_pattern", ("x",), {"regex": "(?<=a)b"})
    assert rules(tmp_path, "varchar", "{phlo_pattern: {regex: '^b'}}", dialect="trino") == [
        Pattern("x", "^b")
    ]


def test_a_blob_is_written_as_duckdb_writes_it(tmp_path: Path) -> None:
    lengths = "dbt_expectations.expect_column_value_lengths_to_be_between"
    tests = f"{{accepted_values: {{values: ['\\xAAb', 'abc']}}}}, {{{lengths}: {{max_value: 3}}}}"
    rule, _ = rules(tmp_path, "blob", tests)
    assert rule == AcceptedValues("x", (b"\xaab", b"abc"))


def test_a_rule_that_the_engine_cannot_bind_is_a_problem_of_its_own(tmp_path: Path) -> None:
    tests = (
        '[{expression_is_true: {expression: "x > yy"}}, {expression_is_true: {expression: "x >"}}]'
    )
    contract = of_yaml(
        tmp_path,
        "      - {name: x, data_type: int, data_tests: "
        "[not_null, unique, {unique: {config: {where: nothing}}}]}\n",
        tests,
    )
    result = scanned(contract, "select unnest([1, 1, null]::int[]) as x")
    failed = {str(one.constraint.rule): one.failed_count for one in result.counted}
    assert result.total_count == 3
    assert failed == {
        str(NotNull("x")): 1,
        str(Unique(("x",))): None,
        str(Expression("x > yy")): None,
        str(Expression("x >")): None,
    }
    problems = [one.problem for one in result.counted]
    assert [bool(problem) for problem in problems] == [False, False, True, True, True]
    assert '"yy" not found' in problems[3]
    assert all("\n" not in problem and "LINE" not in problem for problem in problems)
    assert [one.failed_count for one in result.counted] == [1, 2, None, None, None]


def test_a_scan_of_what_is_not_there_is_the_engines_error() -> None:
    with duckdb.connect() as engine:
        contract = Contract("t", (), (Constraint(Expression("a > 1"), "check"),))
        with pytest.raises(duckdb.CatalogException):
            scan(lambda sql: engine.execute(sql).fetchall(), contract, "nowhere", ())


STRUCT = '      - {name: address, data_type: "struct(city varchar, zip integer)"}\n'


@pytest.mark.parametrize(
    ("named", "columns"),
    [
        ("lower(email)", ()),
        ("at::date", ()),
        ("email || 'x'", ()),
        ("address.city", ("address",)),
        ("ADDRESS.city", ("address",)),
    ],
)
def test_a_rule_on_an_expression_or_a_path_is_left_to_its_own_test(
    tmp_path: Path, named: str, columns: tuple[str, ...]
) -> None:
    tests = f'[{{not_null: {{column_name: "{named}"}}}}, {{unique: {{column_name: "{named}"}}}}]'
    columns_of = "      - {name: email, data_type: varchar}\n" + STRUCT
    found = of_yaml(tmp_path, columns_of, tests)
    assert [one.rule for one in found.constraints] == [
        Other("not_null", columns, {"column_name": named}),
        Other("unique", columns, {"column_name": named}),
    ]
    assert named in to_source(found, "pandas").split("does not enforce")[1].replace("\\", "")


def test_a_key_of_expressions_is_listed(tmp_path: Path) -> None:
    columns = "      - {name: email, data_type: varchar}\n"
    key = "    config: {unique_key: lower(email)}\n"
    found = of_yaml(tmp_path, columns, more=key)
    assert found.unique_key == ()
    (one,) = found.constraints
    assert one.rule == Other("unique_key", (), {"unique_key": ["lower(email)"]})
    tests = "[{dbt_utils.unique_combination_of_columns: {combination_of_columns: [lower(email)]}}]"
    (one,) = of_yaml(tmp_path, columns, tests).constraints
    assert isinstance(one.rule, Other)


def test_a_dotted_column_describes_a_field_of_the_struct_before_it(tmp_path: Path) -> None:
    field = "      - {name: address.city, description: Its town., data_tests: [not_null]}\n"
    for columns in (STRUCT + field, field + STRUCT):
        found = of_yaml(tmp_path, columns)
        assert [column.name for column in found.columns] == ["address"]
        (one,) = found.constraints
        assert one.rule == Other("not_null", ("address",), {"column_name": "address.city"})
    alone = of_yaml(tmp_path, "      - {name: a.b, data_type: int, data_tests: [not_null]}\n")
    assert [one.rule for one in alone.constraints] == [NotNull("a.b")]


@pytest.mark.parametrize("named", ["emial", "adress.city"])
def test_a_plain_word_that_is_no_column_is_told(tmp_path: Path, named: str) -> None:
    columns = "      - {name: email, data_type: varchar}\n" + STRUCT
    with pytest.raises(PhloError, match="Did you mean") as caught:
        of_yaml(tmp_path, columns, f"[{{not_null: {{column_name: {named}}}}}]")
    assert caught.value.code == "PHLO903"


def test_the_contracts_own_test_is_no_rule_of_it(tmp_path: Path) -> None:
    found = of_yaml(tmp_path, "      - {name: x, data_type: int}\n", "[pandera_contract]")
    assert found.constraints == ()


def test_a_test_that_counts_otherwise_is_not_hard(tmp_path: Path) -> None:
    columns = (
        "      - {name: x, data_type: int, data_tests: [{not_null: {config: {fail_calc: %s}}}]}\n"
    )
    found = of_yaml(tmp_path, columns % "sum(n)")
    assert found.constraints[0].softness == "its failures are counted by sum(n)"
    assert found.is_nullable("x")
    assert "counted by sum(n)" in to_source(found, "pandas")
    assert of_yaml(tmp_path, columns % "COUNT( * )").constraints[0].is_hard


def node(**more: Any) -> SimpleNamespace:
    given = {
        "resource_type": "model", "unique_id": "model.p.m", "name": "m", "patch_path": "p://m.yml",
        "description": "", "constraints": [], "original_file_path": "m.sql", "package_name": "p",
        "config": SimpleNamespace(contract=None, unique_key=None, meta={}, severity="error",
                                  where=None, error_if="!= 0", fail_calc="count(*)"),
        "columns": {"x": SimpleNamespace(name="x", data_type="int", description="", constraints=[],
                                         meta={}, config=SimpleNamespace(meta={}))},
    }  # fmt: skip
    return SimpleNamespace(**{**given, **more})


def singular(name: str, *on: str) -> SimpleNamespace:
    return node(
        resource_type="test", unique_id=f"test.p.{name}", name=name, columns={},
        test_metadata=None, attached_node=None, depends_on=SimpleNamespace(nodes=list(on)),
    )  # fmt: skip


def test_a_singular_test_of_one_model_is_listed(tmp_path: Path) -> None:
    bare = node(unique_id="model.p.bare", columns={})
    nodes = [
        node(), bare, singular("a", "model.p.m"), singular("b", "model.p.m", "model.p.bare"),
        singular("c", "model.p.bare"), singular("d", "model.p.m", "model.p.n"),
        node(unique_id="model.p.n"),
    ]  # fmt: skip
    manifest = SimpleNamespace(nodes={one.unique_id: one for one in nodes}, sources={})
    found = manifest_source.contracts(manifest, "duckdb", tmp_path)
    assert [one.rule for one in found["model.p.m"].constraints] == [
        Other("singular test a"),
        Other("singular test b"),
    ]
    assert found["model.p.n"].constraints == ()
    of_one = manifest_source.contract_of(nodes[0], manifest, "duckdb", tmp_path)
    assert of_one == found["model.p.m"]
    assert manifest_source.tests_of(manifest) == {}


def test_the_key_is_the_unique_key_then_the_primary_key_then_what_is_never_null(
    tmp_path: Path,
) -> None:
    columns = (
        "      - {name: email, data_type: varchar, constraints: [{type: unique}]}\n"
        "      - {name: code, data_type: varchar, data_tests: [unique, not_null]}\n"
        "      - {name: id, data_type: bigint%s}\n"
    )
    primary = of_yaml(tmp_path, columns % ", constraints: [{type: primary_key}]")
    assert (primary.key, primary.primary_key) == (("id",), ("id",))
    assert of_yaml(tmp_path, columns % "").key == ("code",)
    named = of_yaml(tmp_path, columns % "", more="    config: {unique_key: [email, id]}\n")
    assert named.key == ("email", "id")
    nothing = of_yaml(tmp_path, "      - {name: a, data_type: int, data_tests: [unique]}\n")
    assert nothing.key == ()


@pytest.mark.parametrize("value", ["1.50", "1.5", "-0.00"])
def test_a_decimal_that_fits_is_an_accepted_value(tmp_path: Path, value: str) -> None:
    test = f'{{accepted_values: {{values: ["{value}"]}}}}'
    assert rules(tmp_path, "decimal(9, 2)", test) == [AcceptedValues("x", (Decimal(value),))]
