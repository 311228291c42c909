"""`dbt retry` goes on with the run that is meant, or says which two it might be and exits 1."""

import signal
import time
from pathlib import Path

import pytest
from cli import phlo
from lake import ORDERS, PROFILES, Lake, Outcome, ended

KILLED_AT_THE_VERDICT = """
import os, signal
from dbt_phlo.runs.session import Session
Session.decide = lambda *arguments, **options: os.kill(os.getpid(), signal.SIGKILL)
from dbt.cli.main import cli
cli()
"""
WRONG = "select customer, nothing from {{ ref('orders') }}"
SLOW = "select count(*)::int as customer, 1 as orders from range(200000000000) a(x) where x % 7 = 1"


def killed(shop: Lake, run_id: str, *arguments: str) -> None:
    """A build that ends by SIGKILL before its verdict, and so before its run_results.json."""
    process = shop.start("build", *arguments, script=KILLED_AT_THE_VERDICT, PHLO_RUN_ID=run_id)
    text, _ = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, text


def lease_over(shop: Lake, run_id: str) -> None:
    catalog = shop.catalog()
    catalog.renew_lease(run_id, time.time() - 1)
    catalog.close()


def refused(outcome: Outcome, code: str) -> str:
    """The text of a refusal, which exits 1 exactly."""
    assert outcome.code == 1, outcome.text
    assert code in outcome.text
    return outcome.text


def test_a_killed_newer_run_is_told_with_both_ways_out(shop: Lake) -> None:
    shop.write("models/totals.sql", WRONG)
    assert shop.dbt("build", PHLO_RUN_ID="older").code == 1
    shop.shop()
    killed(shop, "newer")
    before = shop.runs(), shop.holds()
    text = refused(shop.dbt("retry"), "PHLO415")
    assert "run_results.json is of run older (kept: failed: totals (error)" in text
    assert "run newer was begun after it (in progress, or killed in the last two minutes)" in text
    lease_over(shop, "newer")
    text = refused(shop.dbt("retry"), "PHLO415")
    assert "run newer was begun after it (interrupted)" in text
    assert "PHLO_RUN_ID=newer dbt build finishes the newer one" in text
    assert "PHLO_RUN_ID=older dbt retry insists on the older one" in text
    assert (shop.runs(), shop.holds()) == before
    outcome = shop.dbt("retry", PHLO_RUN_ID="older")
    assert outcome.code == 0, outcome.text
    assert shop.runs()["older"] == ("promoted", "")


def test_the_command_that_is_told_finishes_the_killed_run(shop: Lake) -> None:
    shop.write("models/totals.sql", WRONG)
    assert shop.dbt("build", PHLO_RUN_ID="older").code == 1
    shop.shop()
    killed(shop, "newer")
    refused(shop.dbt("retry"), "PHLO415")
    outcome = shop.dbt("build", PHLO_RUN_ID="newer")
    assert outcome.code == 0, outcome.text
    assert shop.runs()["newer"] == ("promoted", "")
    outcome = shop.dbt("retry")
    assert outcome.code == 0, "everything is done, as dbt itself says"


def test_results_of_a_promoted_run_do_not_hide_a_killed_one(shop: Lake) -> None:
    assert shop.dbt("build", PHLO_RUN_ID="done").code == 0
    killed(shop, "newer")
    before = shop.holds()
    text = refused(shop.dbt("retry"), "PHLO415")
    assert "run done (promoted)" in text
    assert "PHLO_RUN_ID=newer dbt build" in text
    assert "dbt retry insists" not in text
    assert shop.holds() == before


def test_nothing_to_do_after_a_promoted_run_is_dbts_own_answer(shop: Lake) -> None:
    assert shop.dbt("build").code == 0
    outcome = shop.dbt("retry")
    assert outcome.code == 0, outcome.text
    assert len(shop.runs()) == 1


def test_a_retry_of_a_retry_goes_on_with_the_same_run(shop: Lake) -> None:
    shop.write("models/totals.sql", WRONG)
    assert shop.dbt("build", PHLO_RUN_ID="r").code == 1
    assert shop.dbt("retry").code == 1
    assert shop.dbt("retry").code == 1
    shop.shop()
    outcome = shop.dbt("retry")
    assert outcome.code == 0, outcome.text
    assert shop.runs() == {"r": ("promoted", "")}


def test_a_retry_that_was_killed_can_be_retried(shop: Lake) -> None:
    shop.write("models/totals.sql", WRONG)
    assert shop.dbt("build", PHLO_RUN_ID="r").code == 1
    shop.shop()
    process = shop.start("retry", script=KILLED_AT_THE_VERDICT)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    outcome = shop.dbt("retry")
    assert outcome.code == 0, outcome.text
    assert shop.runs() == {"r": ("promoted", "")}


def test_a_run_that_goes_on_after_a_younger_one_is_the_one_that_is_meant(shop: Lake) -> None:
    shop.write("models/side.sql", "select 1 as a")
    assert shop.dbt("run", "--select", "orders", "totals", PHLO_RUN_ID="long").code == 0
    assert shop.dbt("build", "--select", "side", PHLO_RUN_ID="short").code == 0
    shop.write("models/totals.sql", WRONG)
    assert shop.dbt("build", "--exclude", "side", PHLO_RUN_ID="long").code == 1
    shop.shop()
    outcome = shop.dbt("retry")
    assert outcome.code == 0, outcome.text
    assert shop.runs()["long"] == ("promoted", "")


def test_a_younger_run_that_is_over_does_not_stand_in_the_way(shop: Lake) -> None:
    """A colleague's, say: two who work on one lake must both be able to retry."""
    shop.write("models/side.sql", "select 1 as a")
    shop.write("models/totals.sql", WRONG)
    assert shop.dbt("build", "--exclude", "side", PHLO_RUN_ID="mine").code == 1
    elsewhere = ("--target-path", "elsewhere")
    done = shop.dbt("build", "--select", "side", *elsewhere, PHLO_RUN_ID="theirs")
    assert done.code == 0, done.text
    shop.shop()
    outcome = shop.dbt("retry")
    assert outcome.code == 0, outcome.text
    assert shop.runs()["mine"] == ("promoted", "")


def test_runs_of_other_branches_and_projects_are_not_meant(shop: Lake, tmp_path: Path) -> None:
    shop.write("models/totals.sql", WRONG)
    assert shop.dbt("build", PHLO_RUN_ID="r").code == 1
    shop.shop()
    results = (shop.folder / "target/run_results.json").read_text()
    assert shop.dbt("build", PHLO_BRANCH="other").code == 0
    theirs = Lake(tmp_path / "theirs")
    theirs.write("models/theirs.sql", ORDERS)
    theirs.write(
        "dbt_project.yml", (shop.folder / "dbt_project.yml").read_text().replace("shop", "theirs")
    )
    theirs.write(
        "profiles.yml",
        PROFILES.replace("./lake", str(shop.folder / "lake")).replace("shop:", "theirs:"),
    )
    assert theirs.dbt("build").code == 0
    shop.write("target/run_results.json", results)
    outcome = shop.dbt("retry")
    assert outcome.code == 0, outcome.text
    assert shop.runs()["r"] == ("promoted", "")


def test_results_of_no_run_of_this_lake_exit_1(shop: Lake) -> None:
    assert shop.dbt("run", PHLO_WAP="off").code == 0
    shop.write("models/totals.sql", WRONG)
    assert shop.dbt("run", PHLO_WAP="off").code == 1
    text = refused(shop.dbt("retry"), "PHLO404")
    assert "dbt-phlo runs list" in text
    assert shop.runs() == {}
    assert shop.dbt("retry", PHLO_WAP="off").code == 1, "without isolation it is dbt's retry"


def test_a_discarded_run_cannot_be_retried(shop: Lake) -> None:
    shop.write("models/totals.sql", WRONG)
    assert shop.dbt("build", PHLO_RUN_ID="r").code == 1
    assert phlo("branches", "discard", "r", lake=shop).code == 0
    shop.shop()
    refused(shop.dbt("retry"), "PHLO416")
    assert shop.holds() == {}


@pytest.mark.parametrize("command", [("run-operation", "phlo_branches"), ("compile",)])
def test_results_of_a_command_between_do_not_hide_a_kept_run(
    shop: Lake, command: tuple[str, ...]
) -> None:
    shop.write("models/totals.sql", "select null::int as customer, 1 as orders")
    assert shop.dbt("build", PHLO_RUN_ID="r").code == 1
    assert shop.dbt(*command).code == 0
    text = refused(shop.dbt("retry"), "PHLO415")
    assert f"run_results.json is of `dbt {command[0]}`" in text
    assert "PHLO_RUN_ID=r dbt build finishes it" in text
    shop.shop()
    assert shop.dbt("build", PHLO_RUN_ID="r").code == 0
    assert shop.dbt(*command).code == 0
    assert shop.dbt("retry").code == 0


def test_a_failed_test_of_the_branch_is_retried_on_the_branch(shop: Lake) -> None:
    assert shop.dbt("build").code == 0
    shop.write("tests/none.sql", "select * from {{ ref('orders') }}")
    assert shop.dbt("test").code == 1
    shop.write("tests/none.sql", "select * from {{ ref('orders') }} where false")
    outcome = shop.dbt("retry")
    assert outcome.code == 0, outcome.text
    assert len(shop.runs()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_an_interrupt_retry_names_the_command_that_finishes(
    shop: Lake, number: signal.Signals
) -> None:
    shop.write("models/totals.sql", SLOW)
    process = shop.start("build", PHLO_RUN_ID="stopped")
    deadline = time.monotonic() + 120
    while "main.orders" not in _written(shop):
        assert time.monotonic() < deadline and process.poll() is None, "the build never began"
        time.sleep(0.1)
    time.sleep(2)
    process.send_signal(number)
    text = ended(process)
    assert process.returncode != 0, text
    shop.shop()
    text = refused(shop.dbt("retry"), "PHLO410")
    assert "PHLO_RUN_ID=stopped dbt build finishes this run" in text
    assert shop.holds() == {}
    outcome = shop.dbt("build", PHLO_RUN_ID="stopped")
    assert outcome.code == 0, outcome.text
    assert shop.runs() == {"stopped": ("promoted", "")}


def test_what_failed_before_an_interrupt_is_retried_and_the_rest_is_told(shop: Lake) -> None:
    shop.write("models/totals.sql", SLOW)
    shop.write("models/schema.yml", "")
    shop.write("models/wrong.sql", "select nothing")
    process = shop.start("build", PHLO_RUN_ID="stopped")
    deadline = time.monotonic() + 120
    while "main.orders" not in _written(shop):
        assert time.monotonic() < deadline and process.poll() is None, "the build never began"
        time.sleep(0.1)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    ended(process)
    shop.shop()
    shop.write("models/wrong.sql", "select 1 as a")
    outcome = shop.dbt("retry")
    assert outcome.code == 1, outcome.text
    assert "failed: totals (error)" in outcome.text
    assert "mend the cause, then PHLO_RUN_ID=stopped dbt build" in outcome.text
    assert shop.holds() == {}
    assert shop.dbt("build", PHLO_RUN_ID="stopped").code == 0


def _written(shop: Lake) -> set[str]:
    try:
        return set(shop.holds("pipeline-run-stopped"))
    except Exception:  # neither the lake nor the ref is there yet
        return set()
