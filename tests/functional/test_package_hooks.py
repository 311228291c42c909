"""A package that writes in its own hooks, as elementary and dbt_artifacts do.

Its on-run-end hook comes after the run's end, and what it writes reaches the branch whatever became
of the run. What its on-run-start hook writes is part of the run.
"""

import signal
import time

import pytest
from lake import Lake, ended

BROKEN = "select 1 as id, 1 as customer union all select 1, 2"
HOOK = """
{% macro note(table, sql="select '" ~ invocation_id ~ "', null") %}
  {% if execute %}
    {% do run_query("create schema if not exists lake.meta") %}
    {% do run_query("create table if not exists lake.meta." ~ table ~ " (run varchar, n bigint)") %}
    {% do run_query("insert into lake.meta." ~ table ~ " " ~ sql) %}
  {% endif %}
{% endmacro %}

{% macro note_orders() %}
  {% set orders = adapter.get_relation("lake", "main", "orders") %}
  {% set counted = "select count(*) from " ~ orders if orders else "select -1" %}
  {% do note("ended", "select '" ~ invocation_id ~ "', (" ~ counted ~ ")") %}
{% endmacro %}
"""
SLOW = """
{% macro slow_end() %}
  {% do note("ended") %}
  {% do run_query("select count(*) from range(200000000000) a(x) where x % 7 = 1") %}
{% endmacro %}
"""


def with_package(lake: Lake, *, start: str = "", end: str = "") -> Lake:
    """The shop with an installed local package that has these hooks."""
    package = "name: recorder\nversion: '1.0'\nconfig-version: 2\n"
    package += f'on-run-start: "{{{{ {start} }}}}"\n' if start else ""
    package += f'on-run-end: "{{{{ {end} }}}}"\n' if end else ""
    lake.shop()
    lake.write("recorder/dbt_project.yml", package)
    lake.write("recorder/macros/note.sql", HOOK)
    lake.write("recorder/macros/slow.sql", SLOW)
    lake.write("packages.yml", "packages: [{local: recorder}]\n")
    outcome = lake.dbt("deps")
    assert outcome.code == 0, outcome.text
    return lake


@pytest.fixture
def recorded(lake: Lake) -> Lake:
    """A project whose package counts the orders that it sees, when the run is over."""
    return with_package(lake, end="note_orders()")


def noted(lake: Lake, ref: str = "main") -> list[int]:
    """The counts that the package's hook has noted on a ref, in order."""
    return [row[0] for row in lake.rows("select n from lake.meta.ended order by n", ref)]


def refs(lake: Lake) -> list[str]:
    catalog = lake.catalog()
    try:
        return [ref.name for ref in catalog.refs()]
    finally:
        catalog.close()


def test_a_packages_hook_writes_to_the_branch_and_sees_what_was_promoted(recorded: Lake) -> None:
    outcome = recorded.dbt("build", PHLO_RUN_ID="r")
    assert outcome.code == 0, outcome.text
    assert noted(recorded) == [100]
    assert "what packages' hooks wrote is on main too: meta.ended" in outcome.text
    assert recorded.runs() == {"r": ("promoted", ""), "r.after": ("promoted", "")}
    assert set(recorded.holds("pipeline-run-r")) == {"main.orders", "main.totals"}
    assert recorded.dbt("build", PHLO_RUN_ID="s").code == 0
    assert noted(recorded) == [100, 100]


def test_after_a_blocked_run_the_hook_sees_the_branch_as_it_was_and_is_recorded(
    recorded: Lake,
) -> None:
    recorded.write("models/orders.sql", BROKEN)
    outcome = recorded.dbt("build", PHLO_RUN_ID="bad")
    assert outcome.code == 1
    assert noted(recorded) == [-1], "the table of the blocked run is not there"
    assert set(recorded.holds()) == {"meta.ended"}
    assert recorded.runs()["bad"][0] == "kept"
    recorded.shop()
    outcome = recorded.dbt("build", PHLO_RUN_ID="bad")
    assert outcome.code == 0, outcome.text
    assert recorded.runs()["bad"] == ("promoted", "")
    assert noted(recorded) == [-1, 100]


def test_a_run_that_is_not_audited_exits_1_and_its_packages_hook_runs_all_the_same(
    recorded: Lake,
) -> None:
    outcome = recorded.dbt("run", PHLO_RUN_ID="r")
    assert outcome.code == 0, outcome.text
    outcome = recorded.dbt("run")
    assert outcome.code == 1, outcome.text
    assert "not audited: main.orders (0 of 2 checks)" in outcome.text
    assert noted(recorded) == [-1, -1]
    again = recorded.dbt("build")
    assert again.code == 0, "nothing of the failure stays in the process"
    assert noted(recorded) == [-1, -1, 100]


def test_a_refused_promotion_is_recorded_too(recorded: Lake) -> None:
    recorded.dbt("run", PHLO_RUN_ID="slow")
    assert recorded.dbt("build", PHLO_RUN_ID="fast").code == 0
    outcome = recorded.dbt("test", PHLO_RUN_ID="slow")
    assert outcome.code == 1
    assert "main.orders was moved by run fast" in outcome.text
    assert noted(recorded) == [-1, 100, 100]


def test_each_invocation_of_a_joined_run_has_a_follow_up(recorded: Lake) -> None:
    assert recorded.dbt("run", PHLO_RUN_ID="r").code == 0
    assert recorded.dbt("test", PHLO_RUN_ID="r").code == 0
    assert noted(recorded) == [-1, 100]
    assert recorded.runs() == {
        "r": ("promoted", ""),
        "r.after": ("promoted", ""),
        "r.after-2": ("promoted", ""),
    }


def test_a_held_run_waits_and_its_packages_hook_does_not(recorded: Lake) -> None:
    outcome = recorded.dbt("build", PHLO_WAP="hold", PHLO_RUN_ID="r")
    assert outcome.code == 0, outcome.text
    assert recorded.runs()["r"][0] == "kept"
    assert set(recorded.holds()) == {"meta.ended"}
    assert noted(recorded) == [-1]


def test_without_isolation_the_hook_writes_the_branch_itself(recorded: Lake) -> None:
    outcome = recorded.dbt("build", "--target", "dev")
    assert outcome.code == 0, outcome.text
    assert noted(recorded, "dev") == [100]
    assert recorded.runs() == {}


def test_a_bare_test_of_the_branch_is_recorded(recorded: Lake) -> None:
    assert recorded.dbt("build").code == 0
    outcome = recorded.dbt("test")
    assert outcome.code == 0, outcome.text
    assert noted(recorded) == [100, 100]


def test_source_freshness_is_recorded(recorded: Lake) -> None:
    recorded.write(
        "models/sources.yml",
        "sources: [{name: main, database: lake, schema: main, loaded_at_field: seen, freshness: "
        "{warn_after: {count: 9999, period: day}}, tables: [{name: stamped}]}]",
    )
    recorded.write("models/stamped.sql", "select current_timestamp::timestamp as seen")
    assert recorded.dbt("build").code == 0
    outcome = recorded.dbt("source", "freshness")
    assert outcome.code == 0, outcome.text
    assert noted(recorded) == [100, 100]


def test_a_hook_that_only_reads_leaves_no_trace(lake: Lake) -> None:
    read = "adapter.get_relation('lake', 'main', 'orders'), run_query('from lake.main.orders')"
    with_package(lake, end=f"log([{read}])")
    outcome = lake.dbt("build", PHLO_RUN_ID="r")
    assert outcome.code == 0, outcome.text
    assert lake.runs() == {"r": ("promoted", "")}
    assert refs(lake) == ["main", "pipeline-run-r"]


def test_a_hook_that_asks_for_nothing_costs_no_second_engine(lake: Lake) -> None:
    with_package(lake, end="log('done')")
    outcome = lake.dbt("build", "--log-level", "debug")
    assert outcome.code == 0, outcome.text
    assert ".after" not in outcome.text


def test_what_a_hook_wrote_before_it_failed_is_kept_as_any_database_would(lake: Lake) -> None:
    with_package(lake, end="note_orders(), run_query('select nothing')")
    outcome = lake.dbt("build", PHLO_RUN_ID="r")
    assert outcome.code != 0
    assert noted(lake) == [100]
    assert lake.runs() == {"r": ("promoted", ""), "r.after": ("promoted", "")}


def test_what_a_package_writes_on_run_start_is_part_of_the_run(lake: Lake) -> None:
    with_package(lake, start="note('began')")
    lake.write("models/orders.sql", BROKEN)
    assert lake.dbt("build", PHLO_RUN_ID="bad").code == 1
    assert lake.holds() == {}
    lake.shop()
    outcome = lake.dbt("build", PHLO_RUN_ID="good")
    assert outcome.code == 0, outcome.text
    assert lake.rows("select count(*) from lake.meta.began") == [(1,)]
    assert "unchecked: meta.began" in outcome.text


def test_a_follow_up_that_lost_a_race_is_kept_and_told(recorded: Lake) -> None:
    recorded.dbt("build", PHLO_RUN_ID="first")
    script = RACE.format(folder=str(recorded.folder))
    process = recorded.start("build", script=script, PHLO_RUN_ID="slow")
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 0, text
    assert recorded.runs()["slow"] == ("promoted", "")
    assert recorded.runs()["fast.after"] == ("promoted", "")
    state, reason = recorded.runs()["slow.after"]
    assert state == "kept"
    assert "meta.ended was moved by run fast.after" in reason
    assert "what packages' hooks wrote (meta.ended) is kept, not promoted" in text
    assert "dbt-phlo branches rebase slow.after" in text
    assert noted(recorded) == [100, 100], "of the first run and of the fast one"
    assert noted(recorded, "pipeline-run-slow.after") == [100, 100], "nothing is lost"


RACE = """
import os, subprocess, sys
from dbt_phlo.runs import followup
close = followup.close

def raced(session, **options):
    environment = {{**os.environ, "PHLO_RUN_ID": "fast"}}
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()"]
    arguments = ["build", "--target-path", "other"]
    subprocess.run([*command, *arguments], cwd={folder!r}, env=environment, check=True)
    return close(session, **options)

followup.close = raced
from dbt.cli.main import cli
cli()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_an_end_during_the_hook_leaves_the_promoted_branch_whole(
    lake: Lake, number: signal.Signals
) -> None:
    with_package(lake, end="slow_end()")
    process = lake.start("build", PHLO_RUN_ID="r")
    deadline = time.monotonic() + 120
    while "meta.ended" not in _written(lake, "pipeline-run-r.after"):
        assert time.monotonic() < deadline and process.poll() is None, "the hook never wrote"
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(number)
    text = ended(process)
    assert process.returncode != 0
    assert set(lake.holds()) == {"main.orders", "main.totals"}
    assert lake.runs()["r"] == ("promoted", "")
    assert lake.runs()["r.after"][0] == "open" if number == signal.SIGKILL else "kept"
    if number != signal.SIGKILL:
        assert "what they wrote (meta.ended) is kept" in text
        promote = "{ref: r.after}"
        outcome = lake.dbt("run-operation", "phlo_promote", "--args", promote)
        assert outcome.code == 0, outcome.text
        assert lake.rows("select count(*) from lake.meta.ended") == [(1,)]


def _written(lake: Lake, ref: str) -> set[str]:
    try:
        return set(lake.holds(ref))
    except Exception:  # neither the lake nor the ref is there yet
        return set()
