"""``pandera_contract``: a table against the whole contract of its YAML, in one scan."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from lake import Lake

from dbt_phlo.checks import redaction
from dbt_phlo.contracts import failing_rows

DEV = ("--target", "dev")
"""Without isolation: the tests of one table run whatever those of another find."""

GOOD = """
select * from (values
  (1, 'gold', 10, 'a1', date '2024-01-01', 'a@x.org'),
  (2, 'tin', 0, 'b2', date '2024-01-02', 'b@x.org'),
  (3, null, null, null, null, 'c@x.org')
) as t (id, grade, amount, code, day, email)
"""
BAD = """
select * from (values
  (1, 'gold', 10, 'a1', date '2024-01-01', 'a@x.org'),
  (1, 'tin', 0, 'b2', date '2024-01-02', 'b@x.org'),
  (2, 'lead', 5, 'c3', date '2024-01-03', 'c@x.org'),
  (3, 'zinc', 11, 'd4', date '2024-01-04', 'd@x.org'),
  (4, 'gold', -1, 'nine', date '2024-01-05', null),
  (5, 'gold', 5, 'E5', date '2023-12-31', null),
  (6, null, null, null, null, 'g@x.org'),
  (7, 'gold', 1, 'a1', date '2024-01-01', 'h@x.org')
) as t (id, grade, amount, code, day, email)
"""
COLUMNS = """
    constraints:
      - {type: check, name: in_this_century, expression: "day >= date '2024-01-01'"}
    columns:
      - name: id
        data_type: int
        data_tests: [unique, not_null]
      - name: grade
        data_type: varchar
        data_tests: [{accepted_values: {arguments: {values: [gold, tin]}}}]
      - name: amount
        data_type: int
        data_tests: [{phlo_range: {arguments: {min_value: 0, max_value: 10}}}]
      - name: code
        data_type: varchar(3)
        data_tests: [{phlo_pattern: {arguments: {regex: '^[a-z]'}}}]
      - {name: day, data_type: date}
      - name: email
        data_type: varchar
        config: {meta: {phlo: {pii: true}}}
        data_tests: [not_null]
"""
COMBINATION = "- phlo_unique_combination: {arguments: {combination_of_columns: [code, day]}}"
WARNINGS = """
    columns:
      - name: id
        data_type: int
        data_tests: [unique: {config: {severity: warn}}]
      - name: amount
        data_type: int
        data_tests:
          - phlo_range: {arguments: {max_value: 10, allow_threshold: 0.125}}
          - not_null: {config: {error_if: ">1"}}
          - phlo_range: {name: of_some, arguments: {min_value: 5}, config: {where: "id = 6"}}
          - relationships: {arguments: {to: ref('good'), field: id}}
"""
DRIFT = """
    columns:
      - {name: id, data_type: bigint}
      - {name: amont, data_type: int, data_tests: [not_null]}
      - {name: grade, data_type: varchar, data_tests: [not_null]}
"""
ODD = '''
select "order" as "order", "order" as "my ""col""", "order" as "Upper", "order" as "a b (c)"
from (values (1), (1), (null), (3)) as t ("order")
'''
ODD_COLUMNS = """
    columns:
      - {name: order, data_type: int, data_tests: [unique]}
      - {name: 'my "col"', data_type: int, quote: true, data_tests: [not_null]}
      - name: Upper
        quote: true
        data_type: int
        data_tests: [phlo_range: {arguments: {max_value: 2}}]
      - name: 'a b (c)'
        quote: true
        data_type: int
        data_tests: [accepted_values: {arguments: {values: [1, 3], quote: false}}]
"""


def checked(name: str, **config: Any) -> str:
    """A ``pandera_contract`` of that name, as YAML."""
    arguments = {key: config.pop(key) for key in ("allow_threshold",) if key in config}
    declared = {"name": name, "arguments": arguments, "config": config}
    return f"- pandera_contract: {json.dumps(declared)}"


def model(name: str, tests: list[str], columns: str, config: str = "{unique_key: id}") -> str:
    listed = "\n".join(f"      {one}" for one in tests)
    return f"\n  - name: {name}\n    config: {config}\n    data_tests:\n{listed}{columns}"


MODELS = [
    model("good", [checked("good_rows")], COLUMNS),
    model(
        "bad",
        [
            checked("bad_rows"),
            checked("a_warning", severity="warn"),
            checked("error_above", error_if=">7", warn_if=">6"),
            checked("nothing_above", error_if=">7", warn_if=">7"),
            checked("share_at_the_boundary", allow_threshold=0.875),
            checked("share_below_the_boundary", allow_threshold=0.874),
            checked("limited", limit=2),
            checked("some_rows", where="id >= 3"),
            checked("good_ones", where="id = 7"),
            COMBINATION,
        ],
        COLUMNS,
    ),
    model("nothing", [checked("no_rows")], COLUMNS),
    model("warned", [checked("soft_rules")], WARNINGS),
    model(
        "drifted",
        [checked("drift"), checked("no_share_excuses", allow_threshold=0.9, error_if=">1000")],
        DRIFT,
    ),
    model("odd", [checked("odd_names")], ODD_COLUMNS, "{}"),
    model("empty_drift", [checked("drift_of_nothing")], DRIFT),
]


class Built(NamedTuple):
    """A project that has run once: its records and dbt's results, by the tests' names."""

    lake: Lake
    records: dict[str, dict[str, Any]]
    results: dict[str, dict[str, Any]]
    text: str
    log: str


def records(lake: Lake) -> dict[str, dict[str, Any]]:
    lines = (lake.folder / "target/phlo/checks.jsonl").read_text().splitlines()
    return {one["node"].split(".")[2]: one for one in map(json.loads, lines)}


def results(lake: Lake) -> dict[str, dict[str, Any]]:
    document = json.loads((lake.folder / "target/run_results.json").read_text())
    return {one["unique_id"].split(".")[2]: one for one in document["results"]}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PHLO_RUN_ID", "PHLO_WAP", "PHLO_BRANCH"):
            patch.delenv(name, raising=False)
        lake = Lake(tmp_path_factory.mktemp("contracts") / "shop")
        lake.write("models/good.sql", GOOD)
        lake.write("models/bad.sql", BAD)
        lake.write("models/nothing.sql", "select * from {{ ref('bad') }} where false")
        lake.write("models/warned.sql", "select id, amount from {{ ref('bad') }}")
        lake.write("models/drifted.sql", "select id, amount, grade from {{ ref('bad') }}")
        lake.write(
            "models/empty_drift.sql", "select id, amount, grade from {{ ref('bad') }} where false"
        )
        lake.write("models/odd.sql", ODD)
        lake.write("models/models.yml", "models:" + "".join(MODELS))
        ran = lake.dbt("run", *DEV)
        assert ran.code == 0, ran.text
        (lake.folder / "logs/dbt.log").unlink(missing_ok=True)
        tested = lake.dbt("test", "--select", "test_name:pandera_contract", *DEV)
        log = (lake.folder / "logs/dbt.log").read_text()
        yield Built(lake, records(lake), results(lake), tested.text, log)


def status(built: Built, name: str) -> tuple[str, int | None, int | None]:
    one = built.records[name]
    return one["status"], one["failed_count"], one["total_count"]


def test_good_rows_and_no_rows_keep_a_contract(built: Built) -> None:
    assert status(built, "good_rows") == ("pass", 0, 3)
    assert status(built, "no_rows") == ("pass", 0, 0)
    assert built.records["good_rows"]["sample"] == []


def test_each_rule_tells_how_many_rows_fail_and_each_row_counts_once(built: Built) -> None:
    assert status(built, "bad_rows") == ("fail", 7, 8)
    notes = built.records["bad_rows"]["notes"]
    assert notes[:8] == [
        "code: at most 3 characters long: 1 of 8 rows fail",
        "day >= date '2024-01-01': 1 of 8 rows fail",
        "id: unique: 2 of 8 rows fail",
        "grade: one of 'gold', 'tin': 2 of 8 rows fail",
        "amount: at least 0 and at most 10: 2 of 8 rows fail",
        "code: matches ^[a-z]: 1 of 8 rows fail",
        "email: not null: 2 of 8 rows fail",
        "code, day: unique together: 2 of 8 rows fail",
    ]


def test_the_console_names_every_rule_that_is_broken(built: Built) -> None:
    heading = "the contract of bad is broken:"
    told = built.text[built.text.index(heading) :]
    for note in built.records["bad_rows"]["notes"][:8]:
        assert f"  {note}" in told.splitlines()


def test_a_null_fails_nothing_but_not_null(built: Built) -> None:
    assert not [row for row in built.records["bad_rows"]["sample"] if row["id"] == 6]


def test_dbts_settings_decide_as_for_every_other_test(built: Built) -> None:
    expected = {
        "a_warning": ("warn", 7, 8),
        "error_above": ("warn", 7, 8),
        "nothing_above": ("pass", 7, 8),
        "share_at_the_boundary": ("pass", 7, 8),
        "share_below_the_boundary": ("fail", 7, 8),
        "limited": ("fail", 7, 8),
        "some_rows": ("fail", 3, 5),
        "good_ones": ("pass", 0, 1),
    }
    assert {name: status(built, name) for name in expected} == expected
    assert built.results["limited"]["failures"] == 2


def test_a_rule_that_warns_or_allows_what_it_found_breaks_nothing(built: Built) -> None:
    assert status(built, "soft_rules") == ("pass", 0, 8)
    assert built.records["soft_rules"]["notes"] == [
        "id: unique: 2 of 8 rows fail (a warning)",
        "amount: at most 10: 1 of 8 rows fail, which it allows",
        "amount: not null: 1 of 8 rows fail, which it allows",
        "amount: is in ref('good').id: left to its own test",
        "1 of 5 rules are kept by every row",
    ]


def test_a_schema_that_differs_is_told_with_its_line_and_excused_by_nothing(built: Built) -> None:
    lines = (built.lake.folder / "models/models.yml").read_text().splitlines()
    start = next(row for row, text in enumerate(lines) if "name: drifted" in text)

    def place(column: str) -> str:
        row = next(row for row in range(start, len(lines)) if f"name: {column}" in lines[row])
        return f"models/models.yml:{row + 1}: "

    for name in ("drift", "no_share_excuses"):
        assert status(built, name) == ("fail", 8, 8)
    notes = "\n".join(built.records["drift"]["notes"])
    assert f"{place('id')}column id of drifted is declared bigint and is INTEGER" in notes
    assert f"{place('amont')}drifted lacks the column amont (int). Did you mean `amount`?" in notes
    assert "drifted has the column amount (INTEGER), which its contract lacks." in notes
    assert "grade: not null: 1 of 8 rows fail" in notes
    assert status(built, "drift_of_nothing") == ("fail", 0, 0)


def test_any_column_name_can_be_checked(built: Built) -> None:
    assert status(built, "odd_names") == ("fail", 4, 4)
    assert built.records["odd_names"]["notes"][:3] == [
        "order: unique: 2 of 4 rows fail",
        'my "col": not null: 1 of 4 rows fail',
        "Upper: at most 2: 1 of 4 rows fail",
    ]


def test_a_sample_has_keys_and_hides_what_is_pii(built: Built) -> None:
    sample = built.records["bad_rows"]["sample"]
    assert 0 < len(sample) <= 20
    assert all("id" in row for row in sample)
    assert {"id": 4, "email": None} in sample
    everything = json.dumps(list(built.records.values()))
    assert "@x.org" not in everything
    assert redaction.HIDDEN == failing_rows.REDACTED


def test_records_and_dbts_results_say_the_same(built: Built) -> None:
    for name, record in built.records.items():
        response = built.results[name]["adapter_response"]
        for key in ("failed_count", "total_count", "sample", "notes", "status", "name"):
            assert response[key] == record[key], (name, key)
        assert record["name"].startswith("pandera_contract")
        assert record["source"] == "pandera"


def reads(log: str, name: str, table: str) -> list[str]:
    """The statements of a test that read a table, from dbt's log."""
    statements = re.findall(
        rf"On test\.shop\.{name}[^:]*: (?:/\*.*?\*/)?(.*?)(?=^\S*\d\d:\d\d:\d\d)",
        log,
        re.DOTALL | re.MULTILINE,
    )
    return [
        one for one in statements if f'."{table}"' in one and not one.strip().startswith("DESCRIBE")
    ]


def test_a_contract_that_is_kept_is_checked_in_one_scan(built: Built) -> None:
    assert len(reads(built.log, "good_rows", "good")) == 1
    assert len(reads(built.log, "good_ones", "bad")) == 1
    assert len(reads(built.log, "bad_rows", "bad")) > 1, "statements are found at all"


def test_repro_sql_gives_the_failing_rows(built: Built) -> None:
    sql = built.records["bad_rows"]["repro_sql"]
    assert len(built.lake.rows(sql, "dev")) == 7


def test_row_rules_look_at_the_partition_and_uniqueness_at_the_table(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.write("models/days.sql", "select id, amount, day from (" + BAD + ")")
    columns = """
    columns:
      - {name: id, data_type: int, data_tests: [unique]}
      - {name: amount, data_type: int, data_tests: [phlo_range: {arguments: {max_value: 10}}]}
      - {name: day, data_type: date}
"""
    tests = [
        checked("default"),
        checked("of_the_partition", meta={"phlo": {"scope": "partition"}}),
        checked("of_the_table", meta={"phlo": {"scope": "table"}}),
    ]
    lake.write("models/days.yml", "models:" + model("days", tests, columns, "{event_time: day}"))
    assert lake.dbt("run", *DEV).code == 0
    monkeypatch.setenv("PHLO_PARTITION_KEY", "2024-01-01")
    lake.dbt("test", "--select", "test_name:pandera_contract", *DEV)
    found = records(lake)
    told = {name: [n for n in one["notes"] if "rows fail" in n] for name, one in found.items()}
    assert told["default"] == ["id: unique: 2 of 8 rows fail"]
    assert told["of_the_partition"] == []
    assert len(told["of_the_table"]) == 2
    assert found["default"]["partition_key"] == "2024-01-01"
    assert (found["of_the_partition"]["status"], found["of_the_partition"]["total_count"]) == (
        "pass",
        2,
    )
    monkeypatch.setenv("PHLO_PARTITION_KEY", "2024-01-04")
    lake.dbt("test", "--select", "of_the_partition", *DEV)
    assert records(lake)["of_the_partition"]["failed_count"] == 1


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ("{arguments: {schema: Order}}", "write package.module:Class"),
        ("{arguments: {schema: 'schemas:Order'}, config: {store_failures: true}}", "meta.phlo"),
        ("{arguments: {shema: 'schemas:Order'}}", "unknown argument `shema`"),
        ("{arguments: {allow_threshold: 2}}", "allow_threshold is `2`"),
    ],
)
def test_wrong_arguments_are_refused(lake: Lake, declared: str, told: str) -> None:
    lake.write("models/one.sql", "select 1 as id")
    lake.write(
        "models/one.yml",
        "models: [{name: one, columns: [{name: id, data_type: int}], "
        f"data_tests: [{{pandera_contract: {declared}}}]}}]",
    )
    outcome = lake.dbt("build", *DEV)
    assert outcome.code != 0
    assert "[PHLO161] pandera_contract on one: " in outcome.text
    assert told in outcome.text


def test_what_can_keep_no_contract_is_told(lake: Lake) -> None:
    lake.write("models/passing.sql", "{{ config(materialized='ephemeral') }} select 1 as id")
    lake.write("models/bare.sql", "select 1 as id")
    lake.write(
        "models/models.yml",
        """
models:
  - name: passing
    columns: [{name: id, data_type: int}]
    data_tests: [pandera_contract]
  - name: bare
    data_tests: [pandera_contract]
""",
    )
    assert lake.dbt("compile", *DEV).code == 0, "nothing is there to be looked at"
    text = lake.dbt("build", *DEV).text
    assert "[PHLO921] pandera_contract on passing: it is no table and no view" in text
    assert "[PHLO922] models/models.yml:6: bare declares no columns" in text


def test_a_contract_of_a_source_and_of_a_view_is_checked(lake: Lake) -> None:
    lake.write("models/one.sql", "select unnest([1, null])::int as id")
    lake.write(
        "models/seen.sql", "{{ config(materialized='view') }} select * from {{ ref('one') }}"
    )
    lake.write(
        "models/models.yml",
        """
models:
  - name: seen
    columns: [{name: id, data_type: int, constraints: [{type: not_null}]}]
    data_tests: [pandera_contract: {name: of_the_view}]
sources:
  - name: shop
    schema: main
    tables:
      - name: one
        columns: [{name: id, data_type: int, constraints: [{type: not_null}]}]
        data_tests: [pandera_contract: {name: of_the_source}]
""",
    )
    assert lake.dbt("run", *DEV).code == 0
    lake.dbt("test", *DEV)
    for one in records(lake).values():
        assert (one["status"], one["failed_count"], one["total_count"]) == ("fail", 1, 2)
    assert set(records(lake)) == {"of_the_view", "of_the_source"}


def test_failing_rows_can_be_stored(lake: Lake) -> None:
    lake.write("models/one.sql", "select unnest([1, 2, null])::int as id, 'a' as name")
    lake.write(
        "models/one.yml",
        """
models:
  - name: one
    columns:
      - {name: id, data_type: int, constraints: [{type: not_null}]}
      - {name: name, data_type: text}
    data_tests: [pandera_contract: {name: kept, config: {store_failures: true}}]
""",
    )
    lake.dbt("build", *DEV)
    (record,) = records(lake).values()
    assert (record["status"], record["failed_count"]) == ("fail", 1)
    assert lake.rows("select id, name from lake.main_dbt_test__audit.kept", "dev") == [(None, "a")]
