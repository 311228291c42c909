"""What a data test leaves behind: a record of the rows that failed, in three places."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from lake import Lake, ended

import dbt_phlo
from dbt_phlo.adapters.checks import _REFERENCE

CUSTOMERS = """
select * from (values
  (1, 'a@x.org', 'gold', 10.50::decimal(9, 2)),
  (2, 'b@x.org', 'gold', 0.10),
  (3, 'a@x.org', 'tin', 'NaN'::double::varchar::double),
  (4, null, 'lead', 3.25)
) as t (id, email, grade, balance)
""".replace("'NaN'::double::varchar::double", "7.00")
ROWS = """
select * from (values
  (1, 'a', 10, 'x'), (2, 'a', 20, 'x'),
  (3, 'b', 30, 'y'), (4, 'b', 40, 'y'),
  (5, 'c', 50, 'z'), (6, 'c', null, 'z'),
  (7, 'd', null, 'q'), (8, null, 80, 'q')
) as t (id, code, amount, "Odd Name")
"""
POSITIVE = """
{% test at_most(model, column_name, value, allow_threshold=none) %}
select * from {{ model }} where {{ column_name }} > {{ value }}
{% endtest %}
"""
KEYS = {
    "name", "node", "status", "source", "partition_key", "failed_count", "total_count",
    "query_or_sql", "repro_sql", "sample", "severity", "run_id", "ref",
}  # fmt: skip


def records(lake: Lake) -> dict[str, dict[str, Any]]:
    """The records of the last invocation, by contract name."""
    lines = (lake.folder / "target/phlo/checks.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    assert len({record["node"] for record in found}) == len(found), "one record for each test"
    return {record["name"]: record for record in found}


def results(lake: Lake) -> dict[str, dict[str, Any]]:
    """dbt's own results, by node."""
    document = json.loads((lake.folder / "target/run_results.json").read_text())
    return {result["unique_id"]: result for result in document["results"]}


def model_yaml(name: str, tests: str, columns: str = "", config: str = "{}") -> str:
    return f"""
models:
  - name: {name}
    config: {config}
    data_tests: {tests or "[]"}
    columns: {columns or "[]"}
"""


@pytest.fixture
def rows(lake: Lake) -> Lake:
    """One table of eight rows, keyed by id, with tests that fail in every way."""
    lake.write("models/rows.sql", ROWS)
    lake.write("macros/at_most.sql", POSITIVE)
    lake.write(
        "models/rows.yml",
        """
models:
  - name: rows
    config: {unique_key: id}
    columns:
      - name: id
        data_tests: [unique, not_null]
      - name: code
        data_tests:
          - unique: {name: codes}
          - accepted_values: {name: known_codes, arguments: {values: [c, d]}}
          - relationships: {name: code_exists, arguments: {to: ref('codes'), field: code}}
      - name: amount
        data_tests:
          - not_null: {name: amounts, config: {severity: warn}}
          - at_most:
              name: capped
              arguments: {value: 25}
              config: {error_if: ">10", warn_if: ">9"}
          - at_most: {name: stored, arguments: {value: 30}, config: {store_failures: true}}
          - at_most: {name: limited, arguments: {value: 15}, config: {limit: 2}}
          - at_most: {name: filtered, arguments: {value: 15}, config: {where: "id < 5"}}
      - name: Odd Name
        quote: true
        data_tests:
          - unique: {name: odd}
""",
    )
    lake.write("models/codes.sql", "select unnest(['a', 'b']) as code")
    lake.write("tests/singular.sql", "select id, amount from {{ ref('rows') }} where amount > 60")
    return lake


def test_each_check_leaves_a_record_of_rows_in_every_place(rows: Lake) -> None:
    outcome = rows.dbt("build")
    assert outcome.code == 1
    found = records(rows)
    ((run_id, _),) = rows.runs().items()
    for record in found.values():
        assert set(record) >= KEYS
        assert (record["run_id"], record["ref"]) == (run_id, f"pipeline-run-{run_id}")
        assert len(record["sample"]) <= 20
    expected = {
        "dbt__unique__rows__id": ("pass", 0, 8),
        "dbt__not_null__rows__id": ("pass", 0, 8),
        "dbt__unique__rows__code": ("fail", 6, 8),
        "dbt__accepted_values__rows__code": ("fail", 4, 8),
        "dbt__relationships__rows__code": ("fail", 3, 8),
        "dbt__not_null__rows__amount": ("warn", 2, 8),
        "dbt__unique__rows__Odd_Name": ("fail", 8, 8),
        "dbt__singular__singular": ("fail", 1, None),
    }
    for name, (status, failed, total) in expected.items():
        record = found[name]
        assert (record["status"], record["failed_count"], record["total_count"]) == (
            status,
            failed,
            total,
        ), name
    by_node = {record["node"].split(".")[2]: record for record in found.values()}
    assert by_node["capped"]["status"] == "pass"
    assert by_node["capped"]["failed_count"] == 4
    assert (by_node["limited"]["failed_count"], by_node["limited"]["failures"]) == (5, 2)
    assert (by_node["filtered"]["failed_count"], by_node["filtered"]["total_count"]) == (3, 4)
    assert (by_node["stored"]["failed_count"], by_node["stored"]["total_count"]) == (3, 8)
    dbt = results(rows)
    codes = next(result for node, result in dbt.items() if ".codes." in node and "test" in node)
    assert codes["failures"] == 3, "dbt counts groups, as it always did"
    assert codes["message"].startswith("Got 3 results")
    for record in found.values():
        response = dbt[record["node"]]["adapter_response"]
        for key in ("failed_count", "total_count", "sample", "repro_sql", "status", "name"):
            assert response[key] == record[key], (record["name"], key)


def test_samples_hold_the_key_of_each_failing_row(rows: Lake) -> None:
    rows.dbt("build")
    found = records(rows)
    assert found["dbt__not_null__rows__amount"]["sample"] == [
        {"id": 6, "amount": None},
        {"id": 7, "amount": None},
    ]
    assert found["dbt__unique__rows__code"]["sample"][:2] == [
        {"id": 1, "code": "a"},
        {"id": 2, "code": "a"},
    ]
    assert {row["code"] for row in found["dbt__accepted_values__rows__code"]["sample"]} == {
        "a",
        "b",
    }


def test_repro_sql_runs_as_printed_and_returns_the_failing_rows(rows: Lake) -> None:
    rows.dbt("build")
    found = [record for record in records(rows).values() if record["failed_count"]]
    assert len(found) > 8
    connection = dbt_phlo.connect(rows.folder, rows.folder, ref=found[0]["ref"])
    for record in found:
        assert "limit 20" in record["repro_sql"]
        assert '"lake"."main"."rows"' in record["repro_sql"]
        answer = connection.execute(record["repro_sql"]).fetchall()
        assert len(answer) == record["failed_count"], record["name"]
    connection.close()
    shown = rows.dbt("show", "--inline", found[0]["repro_sql"], PHLO_RUN_ID=found[0]["run_id"])
    assert shown.code == 0, shown.text


def test_an_interrupted_run_says_which_checks_did_not_end(shop: Lake) -> None:
    shop.write(
        "tests/a_slow.sql",
        "select 1 from range(400000000000) as t (n) "
        "where n = -1 and (select count(*) from {{ ref('orders') }}) > 0",
    )
    process = shop.start("build", "--threads", "1", "--project-dir", ".", "--profiles-dir", ".")
    log = shop.folder / "logs/dbt.log"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if log.exists() and "On test.shop.a_slow: /*" in log.read_text():
            break
        time.sleep(0.05)
    time.sleep(0.5)  # dbt's interruption reaches a statement that DuckDB has begun
    process.send_signal(signal.SIGINT)
    ended(process)
    found = records(shop)
    assert len(found) == 4
    assert found["dbt__singular__a_slow"]["status"] == "error"
    assert {record["status"] for record in found.values()} <= {"pass", "error", "skipped"}


def test_a_retry_records_the_checks_that_it_takes_up(rows: Lake) -> None:
    rows.dbt("build")
    before = {record["node"] for record in records(rows).values() if record["status"] == "fail"}
    rows.dbt("retry")
    found = records(rows)
    assert {record["node"] for record in found.values()} == before
    assert {record["status"] for record in found.values()} == {"fail"}


def test_the_number_of_another_fail_calc_is_not_taken_for_rows(lake: Lake) -> None:
    lake.write("models/rows.sql", "select range as n from range(8)")
    lake.write(
        "tests/total.sql",
        "{{ config(fail_calc='sum(n)') }} select n from {{ ref('rows') }} where n > 5",
    )
    lake.dbt("build")
    (record,) = records(lake).values()
    assert (record["failures"], record["failed_count"], record["status"]) == (13, 2, "fail")


def test_stored_failures_are_stored_as_ever(rows: Lake) -> None:
    rows.dbt("build", "--select", "rows", "codes", PHLO_WAP="off", PHLO_BRANCH="main")
    assert rows.rows("select count(*) from lake.main_dbt_test__audit.stored") == [(3,)]


def test_skipped_and_broken_checks_are_recorded_and_never_pass(lake: Lake) -> None:
    lake.shop()
    lake.write("models/orders.sql", "select 1 as id, 2 as customer, nothing from nowhere")
    lake.write("models/more.sql", "select 1 as id")
    lake.write("tests/broken.sql", "select nothing from {{ ref('more') }}")
    assert lake.dbt("build").code == 1
    found = records(lake)
    assert {name: record["status"] for name, record in found.items()} == {
        "dbt__not_null__orders__id": "skipped",
        "dbt__unique__orders__id": "skipped",
        "dbt__not_null__totals__customer": "skipped",
        "dbt__singular__broken": "error",
    }
    broken = found["dbt__singular__broken"]
    assert broken["failed_count"] is None
    assert "nothing" in broken["message"]
    assert broken["repro_sql"].startswith("select *")


def test_checks_that_fail_fast_leaves_out_are_skipped(rows: Lake) -> None:
    assert rows.dbt("build", "--fail-fast", "--threads", "1").code == 1
    found = records(rows).values()
    statuses = [record["status"] for record in found]
    assert len(statuses) == 12
    assert statuses.count("skipped") > statuses.count("fail") > 0
    assert {r["message"] for r in found if r["status"] == "skipped"} == {
        "Skipping due to fail_fast"
    }


@pytest.mark.parametrize(("share", "status"), [("0.25", "pass"), ("0.2499", "fail"), ("1", "pass")])
def test_a_share_of_rows_may_fail_and_exactly_it(lake: Lake, share: str, status: str) -> None:
    lake.write("models/rows.sql", "select range as n from range(8)")
    lake.write("macros/at_most.sql", POSITIVE)
    test = f"{{at_most: {{arguments: {{value: 5, allow_threshold: {share}}}}}}}"
    lake.write("models/rows.yml", model_yaml("rows", "", f"[{{name: n, data_tests: [{test}]}}]"))
    outcome = lake.dbt("build")
    assert (outcome.code == 0) == (status == "pass"), outcome.text
    (record,) = records(lake).values()
    assert (record["status"], record["failed_count"], record["total_count"]) == (status, 2, 8)
    assert record["allow_threshold"] == share
    (result,) = [r for node, r in results(lake).items() if node.startswith("test.")]
    assert result["status"] == status


def test_a_share_that_is_none_is_an_error_with_its_remedy(lake: Lake) -> None:
    lake.write("models/rows.sql", "select range as n from range(8)")
    lake.write("macros/at_most.sql", POSITIVE)
    test = "{at_most: {arguments: {value: 5, allow_threshold: 2%}}}"
    lake.write("models/rows.yml", model_yaml("rows", "", f"[{{name: n, data_tests: [{test}]}}]"))
    outcome = lake.dbt("build")
    assert outcome.code == 1
    assert "PHLO132" in outcome.text
    (record,) = records(lake).values()
    assert record["status"] == "error"


PII = """
models:
  - name: customers
    config: {unique_key: id}
    columns:
      - {name: id, data_tests: [{at_most: {arguments: {value: 1}}}]}
      - name: email
        config: {meta: {phlo: {pii: true}}}
        data_tests: [unique, not_null, {accepted_values: {arguments: {values: [z]}}}]
      - {name: grade}
"""


@pytest.fixture
def customers(lake: Lake) -> Lake:
    lake.write("models/customers.sql", CUSTOMERS)
    lake.write("macros/at_most.sql", POSITIVE)
    lake.write("models/customers.yml", PII)
    lake.write(
        "tests/addresses.sql", "select id, upper(email) as shout from {{ ref('customers') }}"
    )
    return lake


def test_values_of_pii_columns_are_nowhere(customers: Lake) -> None:
    customers.dbt("build")
    found = records(customers)
    assert len(found) == 5
    assert {"id": 1, "email": "***"} in found["dbt__unique__customers__email"]["sample"]
    assert found["dbt__not_null__customers__email"]["sample"] == [{"id": 4, "email": None}]
    assert found["dbt__singular__addresses"]["sample"][0] == {"id": 1, "shout": "***"}
    for result in results(customers).values():
        assert "x.org" not in json.dumps(result["adapter_response"]).lower()
    assert "x.org" not in (customers.folder / "target/phlo/checks.jsonl").read_text().lower()
    (capped,) = [r for r in found.values() if r["test"] == "at_most"]
    assert capped["sample"][0] == {"id": 2, "email": "***", "grade": "gold", "balance": "0.10"}


@pytest.mark.parametrize("way", ["environment", "variable"])
def test_samples_can_be_switched_off(customers: Lake, way: str) -> None:
    if way == "environment":
        customers.dbt("build", PHLO_CHECK_SAMPLES="off")
    else:
        customers.dbt("build", "--vars", "phlo_check_samples: off")
    for record in records(customers).values():
        assert record["sample"] == []
        assert record["status"] == "fail"
        assert record["failed_count"]
        assert record["notes"] == ["no sample: samples are off"]


def test_views_and_ephemeral_models_are_counted_by_the_query(lake: Lake) -> None:
    lake.write("models/rows.sql", ROWS)
    for kind in ("view", "ephemeral"):
        lake.write(
            f"models/a_{kind}.sql",
            f"{{{{ config(materialized='{kind}') }}}} select * from {{{{ ref('rows') }}}}",
        )
    tests = "[{name: code, data_tests: [unique, not_null]}]"
    lake.write("models/v.yml", model_yaml("a_view", "", tests))
    lake.write("models/e.yml", model_yaml("a_ephemeral", "", tests))
    lake.dbt("build")
    found = records(lake)
    assert len(found) == 4
    connection = dbt_phlo.connect(
        lake.folder, lake.folder, ref=found["dbt__unique__a_view__code"]["ref"]
    )
    for record in found.values():
        failed = 6 if record["test"] == "unique" else 1
        assert (record["status"], record["failed_count"]) == ("fail", failed), record
        assert record["total_count"] == 8
        assert len(connection.execute(record["repro_sql"]).fetchall()) == failed
    connection.close()


def test_tests_of_sources_and_of_an_empty_run_are_recorded(lake: Lake) -> None:
    lake.write("models/rows.sql", ROWS)
    assert lake.dbt("build", PHLO_WAP="off").code == 0
    lake.write(
        "models/raw.yml",
        """
sources:
  - name: raw
    database: lake
    schema: main
    tables:
      - name: rows
        columns: [{name: code, data_tests: [unique]}]
""",
    )
    assert lake.dbt("test").code == 1
    record = records(lake)["dbt__unique__rows__code"]
    assert (record["failed_count"], record["total_count"]) == (6, 8)
    assert record["ref"] == "main"
    assert record["run_id"] == record["invocation_id"]
    lake.write("models/rows.yml", model_yaml("rows", "", "[{name: code, data_tests: [unique]}]"))
    outcome = lake.dbt("build", "--empty", "--select", "rows", PHLO_WAP="off")
    assert outcome.code == 0, outcome.text[-3000:]
    (record,) = records(lake).values()
    assert (record["status"], record["failed_count"], record["total_count"]) == ("pass", 0, 0)


def test_each_invocation_begins_the_file_anew(shop: Lake) -> None:
    shop.dbt("build")
    assert len(records(shop)) == 3
    shop.dbt("test", "--select", "totals")
    assert list(records(shop)) == ["dbt__not_null__totals__customer"]
    shop.dbt("compile")
    assert len(records(shop)) == 1


def test_tests_that_share_a_name_carry_a_hash(lake: Lake) -> None:
    lake.write("models/rows.sql", ROWS)
    lake.write("macros/at_most.sql", POSITIVE)
    tests = "[{at_most: {arguments: {value: 90}}}, {at_most: {arguments: {value: 91}}}]"
    lake.write("models/r.yml", model_yaml("rows", "", f"[{{name: id, data_tests: {tests}}}]"))
    assert lake.dbt("build").code == 0
    names = sorted(records(lake))
    assert len(names) == 2
    assert all(name.startswith("dbt__at_most__rows__id_") for name in names)
    lake.dbt("test")
    assert sorted(records(lake)) == names


def test_warnings_that_are_made_errors_fail(rows: Lake) -> None:
    rows.dbt("--warn-error", "build", "--select", "rows", "codes")
    assert records(rows)["dbt__not_null__rows__amount"]["status"] == "fail"
    node = records(rows)["dbt__not_null__rows__amount"]["node"]
    assert results(rows)[node]["adapter_response"]["status"] == "fail"


def test_a_killed_run_leaves_what_it_had(shop: Lake) -> None:
    shop.write("tests/slow.sql", "{{ config(tags=['slow']) }} select 1 from range(40000000000) "
               "where range = -1 and (select count(*) from {{ ref('totals') }}) > 0")  # fmt: skip
    process = shop.start("build", "--threads", "2", "--project-dir", ".", "--profiles-dir", ".")
    path = shop.folder / "target/phlo/checks.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists() and path.read_text().count("\n") >= 3:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    found = records(shop)
    assert {record["status"] for record in found.values()} == {"pass"}
    assert len(found) == 3
    assert not list(Path(path.parent).glob(".*"))


PARTITIONED = """
select n as id, date '2024-01-01' + (n % 3)::int as _phlo_partition_date,
  timestamp '2024-01-01' + to_hours(n) as at, n % 4 as code
from range(12) as t (n)
"""


@pytest.fixture
def partitioned(lake: Lake) -> Lake:
    lake.write("models/rows.sql", PARTITIONED)
    lake.write("macros/at_most.sql", POSITIVE)
    lake.write(
        "models/rows.yml",
        """
models:
  - name: rows
    config: {unique_key: id}
    columns:
      - name: id
        data_tests:
          - at_most: {name: by_default, arguments: {value: 5}}
          - at_most: {name: whole, arguments: {value: 5}, config: {meta: {phlo: {scope: table}}}}
          - at_most:
              name: by_hour
              arguments: {value: 5}
              config: {where: "code < 3", meta: {phlo: {partition_column: at}}}
      - name: code
        data_tests:
          - unique: {name: codes}
          - unique: {name: codes_of_day, config: {meta: {phlo: {scope: partition}}}}
""",
    )
    return lake


def by_test(lake: Lake) -> dict[str, tuple[Any, ...]]:
    return {
        record["node"].split(".")[2]: tuple(
            record[key] for key in ("partition_key", "failed_count", "total_count")
        )
        for record in records(lake).values()
    }


def test_a_partitioned_invocation_limits_its_checks_to_the_partition(partitioned: Lake) -> None:
    partitioned.dbt("build", PHLO_PARTITION_KEY="2024-01-01")
    found = by_test(partitioned)
    assert found["by_default"] == ("2024-01-01", 2, 4)
    assert found["whole"] == (None, 6, 12)
    assert found["by_hour"] == ("2024-01-01", 4, 9)
    assert found["codes"] == (None, 12, 12)
    assert found["codes_of_day"] == ("2024-01-01", 0, 4)
    connection = dbt_phlo.connect(
        partitioned.folder, partitioned.folder, ref=next(iter(records(partitioned).values()))["ref"]
    )
    for record in records(partitioned).values():
        answer = connection.execute(record["repro_sql"]).fetchall()
        assert len(answer) == record["failed_count"]
    connection.close()


def test_dbts_flags_say_the_partition_too(partitioned: Lake) -> None:
    partitioned.dbt(
        "build",
        "--event-time-start",
        "2024-01-01T06:00:00",
        "--event-time-end",
        "2024-01-01T08:00:00",
    )
    found = by_test(partitioned)
    assert found["by_hour"] == ("2024-01-01T06:00:00/2024-01-01T08:00:00", 1, 1)
    assert found["by_default"][2] == 4, "a date lies in every partition that touches its day"


def test_a_wrong_scope_or_column_or_key_is_an_error(partitioned: Lake) -> None:
    text = (partitioned.folder / "models/rows.yml").read_text()
    partitioned.write("models/rows.yml", text.replace("scope: table", "scope: tabel"))
    outcome = partitioned.dbt("build", PHLO_PARTITION_KEY="2024-01-01")
    assert "PHLO131" in outcome.text
    assert "Did you mean `table`?" in outcome.text
    assert "models/rows.yml:" in outcome.text
    assert partitioned.dbt("parse").code != 0
    partitioned.write(
        "models/rows.yml", text.replace("partition_column: at", "partition_column: att")
    )
    outcome = partitioned.dbt("build", PHLO_PARTITION_KEY="2024-01-01")
    assert "PHLO134" in outcome.text
    assert "models/rows.yml:" in outcome.text
    assert "Did you mean `at`?" in outcome.text
    outcome = partitioned.dbt("build", PHLO_PARTITION_KEY="yesterday")
    assert "PHLO133" in outcome.text
    assert "START" not in outcome.text, "it is told before a model is built"


def test_the_event_time_of_a_model_tells_its_partition_where_nothing_else_does(lake: Lake) -> None:
    lake.write("models/rows.sql", PARTITIONED.replace("_phlo_partition_date", "day"))
    lake.write(
        "models/seen.sql", "{{ config(materialized='view') }} select * from {{ ref('rows') }}"
    )
    lake.write("models/whole.sql", "select n from range(3) as t (n)")
    lake.write("macros/at_most.sql", POSITIVE)
    test = "data_tests: [{at_most: {arguments: {value: 90}}}]"
    lake.write(
        "models/rows.yml",
        f"""
models:
  - {{name: rows, config: {{event_time: at}}, columns: [{{name: id, {test}}}]}}
  - {{name: seen, config: {{event_time: AT}}, columns: [{{name: id, {test}}}]}}
  - {{name: whole, columns: [{{name: n, {test}}}]}}
""",
    )
    assert lake.dbt("build", PHLO_PARTITION_KEY="2024-01-01T03").code == 0
    found = {
        record["model"]: (record["partition_key"], record["total_count"])
        for record in records(lake).values()
    }
    assert found == {
        "rows": ("2024-01-01T03", 1),
        "seen": ("2024-01-01T03", 1),
        "whole": (None, 3),
    }


def test_dbt_writes_the_model_of_a_test_as_it_did(shop: Lake) -> None:
    """Else every check would be rendered, which costs milliseconds (``phlo_check_reference``)."""
    shop.dbt("parse")
    nodes = json.loads((shop.folder / "target/manifest.json").read_text())["nodes"]
    models = [n["test_metadata"]["kwargs"]["model"] for n in nodes.values() if "test_metadata" in n]
    assert len(models) == 3
    assert all(_REFERENCE.fullmatch(model) for model in models)
