"""The generic tests that come with the adapter: which rows they find, and what they refuse."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import sqlglot
import yaml
from lake import Lake

ROWS = """
select * from (values
  (1, 0, 1.5::double, 'a1', date '2024-01-01', 'x', 1, 'k', {'low': 1}),
  (2, 5, 'NaN'::double, 'b2', date '2024-01-02', 'x', 1, 'l', {'low': 2}),
  (3, 10, 'Infinity'::double, 'A', date '2024-01-03', 'y', 1, 'k', {'low': 3}),
  (4, 11, -0.5::double, 'it''s', date '2024-12-31', 'y', null, 'm', {'low': 4}),
  (5, -1, 2.0::double, '', date '2023-12-31', null, 1, 'n', {'low': 5}),
  (6, null, null, null, null, null, 1, null, null)
) as t (id, amount, ratio, code, day, half, other, "order", spread)
"""
ODD = '''
select *, "order" as "my ""col""", "order" as "Upper", amount as "a b (c)" from {{ ref('rows') }}
'''
MODELS = {
    "rows": ROWS,
    "odd": ODD,
    "nothing": "select * from {{ ref('rows') }} where false",
    "floats": "select unnest(['NaN'::double, 'NaN', 1, 2, 2, null]) as f",
    "copy": "select *, amount * 2 as twice from {{ ref('rows') }}",
    "larger": """
        select id, amount, ratio from {{ ref('rows') }}
        union all select 7, 1, 1.0 union all select 8, null, null""",
    "times": """
        select * from (values
          (current_timestamp - interval 90 minutes,
           (current_timestamp - interval 90 minutes) at time zone 'UTC',
           (current_timestamp at time zone 'UTC')::date,
           null::timestamp),
          (null, null, null, null),
          (current_timestamp - interval 9 days, timestamp '2020-01-01', date '2020-01-01', null)
        ) as t (zoned, naive, day, never)""",
}
DEV = ("--target", "dev")
"""Without isolation: the tests of one table are run whatever those of another find."""
TRINO = {
    "test_phlo_unique_combination": "model, columns",
    "test_phlo_freshness": "model, column, max_age_hours",
    "phlo_is_nan": "column",
}
"""The macros that Trino has its own variants of, besides ``phlo_matches``."""


class Checks:
    """Generic tests of one model or its columns, each with a name, and how each ends."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.models: dict[str, dict[str, Any]] = {}
        for name, sql in MODELS.items():
            lake.write(f"models/{name}.sql", sql)

    def add(
        self,
        name: str,
        test: str,
        model: str = "rows",
        column: str = "",
        *,
        quote: bool | None = None,
        config: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        """One test; a ``column`` with ``quote`` as dbt has it."""
        declared = self.models.setdefault(model, {"name": model, "data_tests": [], "columns": []})
        data_tests = declared["data_tests"]
        if column:
            columns: list[dict[str, Any]] = declared["columns"]
            found = next((one for one in columns if one["name"] == column), None)
            if found is None:
                found = {"name": column, "data_tests": []}
                if quote is not None:
                    found["quote"] = quote
                columns.append(found)
            data_tests = found["data_tests"]
        data_tests.append({test: {"name": name, "arguments": arguments, "config": config or {}}})

    def write(self) -> None:
        document = {"models": list(self.models.values())}
        self.lake.write("models/models.yml", yaml.safe_dump(document))

    def ended(self) -> dict[str, tuple[str, int]]:
        """Status and failures by the tests' names, after `dbt run` and `dbt test`."""
        self.write()
        built = self.lake.dbt("run", *DEV)
        assert built.code == 0, built.text
        self.lake.dbt("test", *DEV)
        document = json.loads((self.lake.folder / "target/run_results.json").read_text())
        found = {}
        for result in document["results"]:
            kind, _, name = result["unique_id"].split(".")[:3]
            if kind == "test":
                assert result["status"] != "error", result["message"]
                found[name] = (result["status"], result["failures"])
        return found

    def expect(self, failures: dict[str, int]) -> None:
        """Every test fails with so many rows, or passes with 0."""
        found = self.ended()
        assert found == {
            name: ("fail" if count else "pass", count) for name, count in failures.items()
        }


@pytest.fixture
def checks(lake: Lake) -> Checks:
    return Checks(lake)


def add_ranges(checks: Checks) -> dict[str, int]:
    """Ranges, with the number of rows that lie outside."""
    cases: dict[str, tuple[str, dict[str, Any], int]] = {
        "both_included": ("amount", {"min_value": 0, "max_value": 10}, 2),
        "both_excluded": ("amount", {"min_value": 0, "max_value": 10, "inclusive": False}, 4),
        "only_low": ("amount", {"min_value": 0}, 1),
        "only_high": ("amount", {"max_value": 10, "inclusive": False}, 2),
        "one_value": ("amount", {"min_value": 5, "max_value": 5}, 4),
        "of_nan": ("ratio", {"min_value": 0, "max_value": 1000.5}, 3),
        "nan_is_above": ("ratio", {"min_value": 0}, 1),
        "infinite": ("ratio", {"max_value": float("inf")}, 1),
        "dates": ("day", {"min_value": "2024-01-01", "max_value": "'2024-12-31'"}, 1),
        "sql": ("day", {"max_value": "date '2024-01-01' + interval '1' day"}, 2),
        "of_a_column": ("amount", {"max_value": "id + 5"}, 2),
        "texts": ("code", {"min_value": "'B'"}, 2),
        "field": ("spread.low", {"max_value": 3}, 2),
        "moments": ("day", {"max_value": "2024-01-02T12:00:00"}, 2),
    }
    for name, (column, arguments, _) in cases.items():
        checks.add(name, "phlo_range", column=column, **arguments)
    checks.add("nan_among_small", "phlo_range", "floats", "f", max_value=5)
    return {**{name: count for name, (_, _, count) in cases.items()}, "nan_among_small": 2}


def add_combinations(checks: Checks) -> dict[str, int]:
    cases: dict[str, tuple[list[str], int]] = {
        "two": (["half", "other"], 2),
        "one": (["half"], 4),
        "three": (["half", "other", "id"], 0),
        "nulls_pass": (["other", "code"], 0),
        "reserved": (["other", "order"], 2),
        "in_quotes": (['"order"', "other"], 2),
        "function": (["upper(half)", "other"], 2),
    }
    for name, (columns, _) in cases.items():
        checks.add(name, "phlo_unique_combination", combination_of_columns=columns)
    checks.add("nan_twice", "phlo_unique_combination", "floats", combination_of_columns=["f"])
    return {**{name: count for name, (_, count) in cases.items()}, "nan_twice": 4}


def add_freshness(checks: Checks) -> dict[str, int]:
    cases: dict[str, tuple[str, float, int]] = {
        "zoned_in_time": ("zoned", 2, 0),
        "zoned_late": ("zoned", 1, 1),
        "naive_in_time": ("naive", 1.6, 0),
        "naive_late": ("naive", 1.4, 1),
        "day_in_time": ("day", 24.1, 0),
        "all_null": ("never", 100000, 1),
    }
    for name, (column, hours, _) in cases.items():
        checks.add(name, "phlo_freshness", "times", column, max_age_hours=hours)
    return {name: count for name, (_, _, count) in cases.items()}


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_freshness_takes_what_has_no_time_zone_as_utc(
    checks: Checks, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    profiles = checks.lake.folder / "profiles.yml"
    text = profiles.read_text()
    setting = f"database: lake, settings: {{TimeZone: {zone}}}"
    profiles.write_text(text.replace("database: lake", setting))
    checks.expect(add_freshness(checks))


def add_patterns(checks: Checks) -> dict[str, int]:
    cases: dict[str, tuple[str, int]] = {
        "anchored": ("^[a-z][0-9]$", 3),
        "part": ("[a-z]", 2),
        "quote": ("'", 4),
        "like_a_list": ("[1,2]", 3),
        "like_a_number": ("0x10", 5),
        "curly": (r"^\w{2}$", 3),
        "empty_text": ("^$", 4),
    }
    for name, (regex, _) in cases.items():
        checks.add(name, "phlo_pattern", column="code", regex=regex)
    checks.add("digits", "phlo_pattern", column="code", regex=1)
    checks.add("of_a_var", "phlo_pattern", column="code", regex="{{ var('letters', '^[a-z]') }}")
    return {**{name: count for name, (_, count) in cases.items()}, "digits": 4, "of_a_var": 2}


def add_counts(checks: Checks) -> dict[str, int]:
    cases: dict[str, tuple[str, dict[str, Any], int]] = {
        "default": ("rows", {}, 0),
        "empty": ("nothing", {}, 1),
        "may_be_empty": ("nothing", {"min_value": 0, "max_value": 3}, 0),
        "at_least": ("rows", {"min_value": 6}, 0),
        "too_few": ("rows", {"min_value": 7}, 1),
        "at_most": ("rows", {"max_value": 6}, 0),
        "too_many": ("rows", {"max_value": 5}, 1),
        "of_sql": ("rows", {"min_value": "2 * 3", "max_value": "6"}, 0),
        "unknown_bound": ("rows", {"max_value": "cast(null as integer)"}, 1),
    }
    for name, (model, arguments, _) in cases.items():
        checks.add(name, "phlo_row_count", model, **arguments)
    return {name: count for name, (_, _, count) in cases.items()}


def add_queries(checks: Checks) -> dict[str, int]:
    where = {"where": "id <= 3"}
    checks.add("rows_fail", "phlo_sql", sql="select * from {model} where amount > 5;\n")
    checks.add("filtered", "phlo_sql", sql="select m.id from {model} as m", config=where)
    checks.add(
        "joined",
        "phlo_sql",
        sql="with mine as (select * from {model}) select m.id from mine m "
        "join {{ ref('larger') }} l on m.id = l.id join {model} again on again.id = m.id -- all",
        config=where,
    )
    checks.add("below_a_column", "phlo_sql", column="id", sql="select 1 from {model} where id = 6")
    return {"rows_fail": 2, "filtered": 3, "joined": 3, "below_a_column": 1}


def add_reconciliations(checks: Checks) -> dict[str, int]:
    def add(name: str, model: str, other: str, **arguments: Any) -> None:
        checks.add(name, "phlo_reconcile", model, compare_to=other, **arguments)

    larger, copy = "ref('larger')", "ref('copy')"
    add("equal", "rows", copy, columns=["amount", "id"])
    add("count_only", "rows", larger)
    add("both", "rows", larger, columns=["amount"])
    add(
        "nothing_equals_nothing",
        "nothing",
        "(select * from {{ ref('rows') }} where id > 9)",
        columns=["amount"],
    )
    add("against_nothing", "nothing", copy, columns=["amount"])
    add("nan_equals_nan", "rows", copy, columns=["ratio"])
    add(
        "nan_is_not_near_infinity",
        "rows",
        "(select * from {{ ref('copy') }} where id <> 2)",
        columns=["ratio"],
        tolerance=0.5,
    )
    checks.add(
        "nothing_is_near_infinity",
        "phlo_reconcile",
        columns=["ratio"],
        tolerance=0.5,
        compare_to="(select * from {{ ref('copy') }} where id <> 2)",
        config={"where": "id not in (2, 3)"},
    )
    add("within", "rows", larger, columns=["amount"], tolerance=0.25)
    add("beyond", "rows", larger, columns=["amount"], tolerance=0.24)
    checks.add(
        "of_some_rows",
        "phlo_reconcile",
        compare_to=copy,
        config={"where": "id < 6"},
        columns=["amount"],
    )
    return {
        "equal": 0, "count_only": 1, "both": 2, "nothing_equals_nothing": 0,
        "against_nothing": 2, "nan_equals_nan": 0, "nan_is_not_near_infinity": 1,
        "nothing_is_near_infinity": 1, "within": 0, "beyond": 1, "of_some_rows": 1,
    }  # fmt: skip


SECTIONS: dict[str, Callable[[Checks], dict[str, int]]] = {
    "a range finds the values outside of it": add_ranges,
    "a combination finds every row of a group and passes over nulls": add_combinations,
    "freshness fails for what is too old or NULL": add_freshness,
    "a pattern matches a part of a text and NULL passes": add_patterns,
    "a row count lies within its bounds and an empty table fails": add_counts,
    "the rows of a query are failures and {model} honours where": add_queries,
    "reconciliation compares the number of rows and sums": add_reconciliations,
}


class Built(NamedTuple):
    """All sections in one project, what they are to find, and what they have found."""

    lake: Lake
    expected: dict[str, dict[str, int]]
    found: dict[str, tuple[str, int]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PHLO_RUN_ID", "PHLO_WAP", "PHLO_BRANCH"):
            patch.delenv(name, raising=False)
        checks = Checks(Lake(tmp_path_factory.mktemp("built") / "shop"))
        expected = {section: add(checks) for section, add in SECTIONS.items()}
        yield Built(checks.lake, expected, checks.ended())


@pytest.mark.parametrize("section", SECTIONS)
def test_each_test_fails_for_the_rows_it_is_about(built: Built, section: str) -> None:
    expected = built.expected[section]
    assert {name: built.found[name] for name in expected} == {
        name: ("fail" if count else "pass", count) for name, count in expected.items()
    }


def test_an_empty_table_fails_what_is_about_the_table_only(checks: Checks) -> None:
    checks.add("range", "phlo_range", "nothing", "amount", min_value=0)
    checks.add("pattern", "phlo_pattern", "nothing", "code", regex="^x")
    checks.add("keys", "phlo_unique_combination", "nothing", combination_of_columns=["id"])
    checks.add("sql", "phlo_sql", "nothing", sql="select * from {model}")
    checks.add("fresh", "phlo_freshness", "nothing", "day", max_age_hours=1e9)
    checks.add("counted", "phlo_row_count", "nothing")
    for test in ("not_null", "unique"):
        checks.add(test, test, "nothing", "id")
    checks.expect(
        {"range": 0, "pattern": 0, "keys": 0, "sql": 0, "fresh": 1, "counted": 1}
        | {"not_null": 0, "unique": 0}
    )


@pytest.mark.parametrize("quote", [None, True])
def test_any_column_name_works_with_and_without_quotes(checks: Checks, quote: bool | None) -> None:
    expected = {}
    for number, column in enumerate(("order", 'my "col"', "Upper")):
        for test, arguments, count in (
            ("phlo_pattern", {"regex": "^[kl]$"}, 2),
            ("phlo_range", {"max_value": "'l'"}, 2),
            ("not_null", {}, 1),
            ("unique", {}, 1),
            ("accepted_values", {"values": ["k", "l", "m"]}, 1),
            ("relationships", {"to": "ref('rows')", "field": "order"}, 0),
        ):
            name = f"{test}_{number}"
            checks.add(name, test, "odd", column, quote=quote, **arguments)
            expected[name] = count
    checks.add("spaces", "phlo_range", "odd", "a b (c)", quote=quote, max_value=10)
    names = ["order", 'my "col"', "a b (c)", "Upper"]
    checks.add("keys", "phlo_unique_combination", "odd", combination_of_columns=names[:2])
    checks.add("sums", "phlo_reconcile", "odd", compare_to="ref('odd')", columns=["a b (c)"])
    checks.expect({**expected, "spaces": 1, "keys": 2, "sums": 0})


def test_a_tests_own_column_may_be_any_expression(checks: Checks) -> None:
    checks.add("joined", "unique", column_name="half || '-' || other")
    checks.add("reserved", "not_null", column_name="order")
    checks.add("plus", "phlo_range", column_name="amount + id", max_value=13)
    checks.expect({"joined": 1, "reserved": 1, "plus": 1})


def test_dbts_own_settings_apply(checks: Checks) -> None:
    def add(name: str, **config: Any) -> None:
        checks.add(name, "phlo_range", column="amount", config=config, min_value=0, max_value=9)

    add("as_error")
    add("as_warning", severity="warn")
    add("few_enough", error_if=">3", warn_if=">3")
    add("warned", error_if=">3", warn_if=">2")
    add("of_some", where="id < 4")
    add("limited", limit=2)
    add("kept", store_failures=True)
    checks.add(
        "kept_keys",
        "phlo_unique_combination",
        combination_of_columns=["half", "other"],
        config={"store_failures": True},
    )
    checks.add("kept_count", "phlo_row_count", min_value=7, config={"store_failures": True})
    found = checks.ended()
    assert found == {
        "as_error": ("fail", 3),
        "as_warning": ("warn", 3),
        "few_enough": ("pass", 0),
        "warned": ("warn", 3),
        "of_some": ("fail", 1),
        "limited": ("fail", 2),
        "kept": ("fail", 3),
        "kept_keys": ("fail", 2),
        "kept_count": ("fail", 1),
    }
    kept = checks.lake.rows("select id from lake.main_dbt_test__audit.kept order by id", "dev")
    assert kept == [(3,), (4,), (5,)], "whole rows are stored, their key with them"
    (counted,) = checks.lake.rows("from lake.main_dbt_test__audit.kept_count", "dev")
    assert counted == (6, 7, None)


def test_a_share_of_the_rows_may_fail(checks: Checks) -> None:
    def add(name: str, test: str, share: float, column: str = "", **arguments: Any) -> None:
        checks.add(name, test, column=column, allow_threshold=share, **arguments)

    add("half", "phlo_range", 0.5, "amount", min_value=0, max_value=9)
    add("less", "phlo_range", 0.49, "amount", min_value=0, max_value=9)
    add("nulls", "not_null", 0.17, "amount")
    add("too_many_nulls", "not_null", 0.16, "amount")
    add("keys", "unique", 0.67, "half")
    add("too_many_keys", "unique", 0.66, "half")
    add("values", "accepted_values", 0.34, "half", values=["x"])
    add("too_many_values", "accepted_values", 0.33, "half", values=["x"])
    add("related", "relationships", 1, "amount", to="ref('copy')", field="twice")
    add("none", "phlo_pattern", 0, "code", regex="^[a-z]")
    add("one_row", "phlo_row_count", 0.99, min_value=7)
    statuses = {name: status for name, (status, _) in checks.ended().items()}
    assert statuses == {
        "half": "pass",
        "less": "fail",
        "nulls": "pass",
        "too_many_nulls": "fail",
        "keys": "pass",
        "too_many_keys": "fail",
        "values": "pass",
        "too_many_values": "fail",
        "related": "pass",
        "none": "fail",
        "one_row": "fail",
    }


def test_ephemeral_models_can_be_tested(checks: Checks) -> None:
    checks.lake.write(
        "models/passing.sql", "{{ config(materialized='ephemeral') }}" + MODELS["copy"]
    )
    checks.add("range", "phlo_range", "passing", "amount", max_value=10)
    checks.add("keys", "phlo_unique_combination", "passing", combination_of_columns=["half"])
    checks.add("sql", "phlo_sql", "passing", sql="with a as (select * from {model}) from a")
    checks.add("sums", "phlo_reconcile", "passing", compare_to="ref('rows')", columns=["id"])
    checks.expect({"range": 1, "keys": 4, "sql": 6, "sums": 0})


REFUSED: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("phlo_range", "amount", {}, ["phlo_range on rows.amount", "add min_value, max_value"]),
    ("phlo_range", "amount", {"min_value": 3, "max_value": 2}, ["min_value 3 is above", "2"]),
    (
        "phlo_range",
        "amount",
        {"min_value": 3, "max_value": 3, "inclusive": False},
        ["no number lies between", "inclusive: true"],
    ),
    ("phlo_range", "amount", {"minimum": 3}, ["unknown argument `minimum`", "min_value"]),
    ("phlo_range", "amount", {"min_value": [1]}, ["min_value is `[1]`", "a number, or SQL"]),
    ("phlo_range", "amount", {"min_value": 1, "inclusive": "maybe"}, ["inclusive is `maybe`"]),
    ("phlo_range", "", {"min_value": 1}, ["phlo_range on rows:", "`column_name`"]),
    ("phlo_unique_combination", "", {"combination_of_columns": []}, ["is `[]`", "a list"]),
    ("phlo_unique_combination", "", {"combination_of_columns": "id"}, ["is `id`", "a list"]),
    ("phlo_unique_combination", "id", {"combination_of_columns": ["id"]}, ["test of a table"]),
    ("phlo_row_count", "", {"max_value": 0}, ["min_value 1 is above max_value 0", "set min_value"]),
    ("phlo_row_count", "", {"min_value": -1}, ["min_value is `-1`", "whole number from 0"]),
    ("phlo_row_count", "", {"min_value": 1.5}, ["min_value is `1.5`"]),
    ("phlo_freshness", "day", {}, ["max_age_hours is `None`", "hours above 0"]),
    ("phlo_freshness", "day", {"max_age_hours": "two"}, ["max_age_hours is `two`"]),
    ("phlo_pattern", "code", {}, ["regex is `None`", "single quotes"]),
    ("phlo_sql", "", {}, ["sql is `None`", "{model}"]),
    ("phlo_reconcile", "", {"compare_to": "copy"}, ["compare_to is `copy`", "ref('orders')"]),
    ("phlo_reconcile", "", {"compare_to": "ref('copy')", "columns": "id"}, ["columns is `id`"]),
    ("phlo_reconcile", "", {"compare_to": "ref('copy')", "tolerance": -1}, ["tolerance is `-1`"]),
    ("not_null", "id", {"allow_threshold": 2}, ["not_null on rows.id", "is `2`", "from 0 to 1"]),
    ("unique", "id", {"allow_threshold": "many"}, ["allow_threshold is `many`"]),
    ("unique", "id", {"allow_treshold": 0.1}, ["`allow_treshold`", "are: allow_threshold"]),
    ("accepted_values", "id", {"values": []}, ["accepted_values on rows.id", "list of values"]),
    ("relationships", "id", {"to": "ref('copy')"}, ["field is `None`", "{to: ref("]),
]


def test_wrong_arguments_are_refused_with_the_test_the_model_and_a_remedy(checks: Checks) -> None:
    checks.write()
    assert checks.lake.dbt("parse").code == 0  # what follows need not read all macros again
    for test, column, arguments, told in REFUSED:
        checks.models = {}
        checks.add("wrong", test, column=column, **arguments)
        checks.write()
        outcome = checks.lake.dbt("parse")
        assert outcome.code != 0, (test, arguments)
        for text in ("[PHLO161]", "  -> ", "models/models.yml", *told):
            assert text in outcome.text, (test, arguments, outcome.text)


def test_a_pattern_that_the_engine_cannot_read_is_an_error_of_its_test(checks: Checks) -> None:
    checks.add("bad", "phlo_pattern", column="code", regex="a(b")
    checks.write()
    outcome = checks.lake.dbt("build", "--select", "rows", *DEV)
    assert outcome.code == 1
    for text in ("phlo_pattern on rows.code", "regex `a(b` is not one", "RE2 has no lookaround"):
        assert text in outcome.text


def test_arguments_that_a_query_finds_are_not_judged_before_it_can_run(checks: Checks) -> None:
    checks.lake.write(
        "macros/newest.sql",
        "{% macro newest() %}{% if execute %}{{ return(run_query('select 7').columns[0][0]) }}"
        "{% endif %}{% endmacro %}",
    )
    found = {"found": 2, "rows_found": 1, "too_old": 1, "alike": 0, "share": 0}
    newest = "{{ newest() }}"
    checks.add("found", "phlo_range", column="amount", max_value=newest, inclusive="{{ false }}")
    checks.add("rows_found", "phlo_row_count", min_value=newest)
    checks.add("too_old", "phlo_freshness", column="day", max_age_hours=newest)
    checks.add("alike", "phlo_reconcile", compare_to="ref('larger')", tolerance=newest)
    checks.add("share", "unique", column="id", allow_threshold="{{ var('share', 0.5) }}")
    checks.expect(found)


def test_what_jinja_has_found_is_judged_when_the_test_runs(checks: Checks) -> None:
    checks.lake.write("macros/found.sql", "{% macro found() %}{{ return(9) }}{% endmacro %}")
    checks.add("wrong", "not_null", column="id", allow_threshold="{{ found() }}")
    checks.write()
    assert checks.lake.dbt("parse").code == 0
    outcome = checks.lake.dbt("build", "--select", "rows", *DEV)
    assert outcome.code == 1
    assert "[PHLO161] not_null on rows.id: allow_threshold is `9`" in outcome.text


def as_trino(lake: Lake) -> None:
    """From here on the project's tests are rendered as for Trino."""
    shims = "".join(
        f"{{% macro phlo_duckdb__{name}({arguments}) %}}"
        f"{{{{ return(trino__{name}({arguments})) }}}}{{% endmacro %}}\n"
        for name, arguments in TRINO.items()
    )
    lake.write(
        "macros/as_trino.sql",
        shims + "{% macro phlo_duckdb__phlo_matches(text, regex) %}{{ return("
        "default__phlo_matches(text, regex) if regex == 'pattern' else "
        "trino__phlo_matches(text, regex)) }}{% endmacro %}",
    )


def test_trinos_sql_finds_the_same_rows(built: Built) -> None:
    """Trino's macros are rendered by dbt, parsed as Trino's SQL, and run on DuckDB."""
    as_trino(built.lake)
    built.lake.dbt("compile", *DEV)
    seen, functions = {}, ""
    for path in (built.lake.folder / "target/compiled/shop/models/models.yml").glob("*.sql"):
        sql = path.read_text()
        functions += sql
        (statement,) = sqlglot.parse(sql, read="trino")
        assert statement is not None
        translated = statement.sql(dialect="duckdb")
        for theirs, ours in (("'real', 'double'", "'FLOAT', 'DOUBLE'"), ("'NaN'", "'nan'")):
            translated = translated.replace(theirs, ours)  # what DuckDB's typeof and cast answer
        ((seen[path.stem],),) = built.lake.rows(
            f"select count(*) from (\n{translated}\n) as failing", "dev"
        )
    for name in ("regexp_like(", "to_unixtime(", "typeof(", "phlo_copies"):
        assert name in functions
    assert seen == {name: count for one in built.expected.values() for name, count in one.items()}
