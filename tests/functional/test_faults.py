"""A real `dbt build`, killed at a dozen moments: the branch holds the old state or the new, whole.

Each moment is a call inside the product; the process is ended by SIGKILL right before or right
after it. Then the lake is read, and the run is finished with one command.
"""

import signal
import time

import pytest
from lake import Lake, ended

KILLED = """
import importlib, os, signal, sys
module, _, attribute, when, nth = sys.argv.pop(1).split(":")
owner = importlib.import_module(module)
*path, name = attribute.split(".")
for part in path:
    owner = getattr(owner, part)
original, calls = getattr(owner, name), 0

def kill(*args, **kwargs):
    global calls
    calls += 1
    if calls != int(nth):
        return original(*args, **kwargs)
    if when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = original(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(owner, name, kill)
from dbt.cli.main import cli
cli()
"""
SQL = "dbt_phlo.catalogs.sql.catalog::SqlCatalog"
BOUND = "dbt_phlo.catalogs.bound::BoundTables"
SESSION = "dbt_phlo.runs.session::Session"
PROMOTIONS = "dbt_phlo.catalogs.sql.promotion::SqlPromotions"
MOMENTS = {
    "before the run's ref is made": (f"{SQL}.create_run:before:1", False),
    "after the run's ref is made": (f"{SQL}.create_run:after:1", False),
    "after the plan is noted": (f"{SESSION}.plan:after:1", False),
    "before the first table takes its place": (f"{BOUND}.replace:before:1", False),
    "after the first table took its place": (f"{BOUND}.replace:after:1", False),
    "before the second table takes its place": (f"{BOUND}.replace:before:2", False),
    "after a check ended": (f"{SESSION}.check_ended:after:1", False),
    "before the verdict": (f"{SESSION}.decide:before:1", False),
    "after the verdict": (f"{SESSION}.decide:after:1", False),
    "after the intent is noted": (f"{SQL}.set_run_state:after:1", False),
    "inside the merge": (f"{PROMOTIONS}._move:after:1", False),
    "inside the merge, all pointers moved": (f"{PROMOTIONS}._close:before:1", False),
    "after the merge, before its answer": (f"{SQL}.promote:after:1", True),
    "after the promotion": (f"{SESSION}.promote:after:1", True),
    "before the release": (f"{SESSION}.release:before:1", True),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_sigkill_leaves_the_branch_old_or_new_and_whole(shop: Lake, moment: str) -> None:
    assert shop.dbt("build").code == 0
    old = dict(shop.holds())
    shop.write("models/orders.sql", "select range::int as id, 1 as customer from range(10)")
    spot, promoted = MOMENTS[moment]
    process = shop.start(spot, "build", script=KILLED, PHLO_RUN_ID="killed")
    text, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, text
    now = dict(shop.holds())
    if promoted:
        assert shop.rows("select count(*), min(orders) from lake.main.totals") == [(1, 10)]
        assert all(now[table] != old[table] for table in old)
        assert shop.runs()["killed"][0] == "promoted"
    else:
        assert now == old
        outcome = shop.dbt("build", PHLO_RUN_ID="killed")
        assert outcome.code == 0, outcome.text
        assert set(shop.holds()) == set(old), "nothing that was half built came along"
        assert shop.rows("select count(*), min(orders) from lake.main.totals") == [(1, 10)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_the_run_and_one_command_finishes_it(
    shop: Lake, number: signal.Signals
) -> None:
    assert shop.dbt("build").code == 0
    old = dict(shop.holds())
    slow = "select count(*)::int as id, 1 as customer from range(200000000000) a(x) where x % 7 = 1"
    shop.write("models/orders.sql", slow)
    process = shop.start("build", PHLO_RUN_ID="stopped")
    deadline = time.monotonic() + 120
    while not _building(shop):
        assert time.monotonic() < deadline, "the build never began"
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(number)
    text = ended(process)
    assert process.returncode not in (0, -signal.SIGKILL), text
    assert "PHLO_RUN_ID=stopped dbt build finishes it" in text
    assert shop.runs()["stopped"] == ("kept", "interrupted before its end")
    assert dict(shop.holds()) == old
    shop.shop()
    outcome = shop.dbt("build", PHLO_RUN_ID="stopped")
    assert outcome.code == 0, outcome.text
    assert shop.runs()["stopped"] == ("promoted", "")


def test_dbt_test_alone_cannot_promote_what_an_interrupted_build_left_out(shop: Lake) -> None:
    shop.write("models/last.sql", "select * from {{ ref('totals') }}")
    process = shop.start(f"{BOUND}.replace:before:3", "build", script=KILLED, PHLO_RUN_ID="killed")
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    outcome = shop.dbt("test", PHLO_RUN_ID="killed")
    assert "not finished: last" in outcome.text
    assert shop.holds() == {}


@pytest.mark.parametrize("command", ["seed", "snapshot"])
def test_sigkill_during_a_seed_or_snapshot_leaves_the_branch_as_it_was(
    shop: Lake, command: str
) -> None:
    shop.write("seeds/kinds.csv", "id,kind\n1,a\n")
    shop.write(
        "snapshots/history.yml",
        "snapshots: [{name: history, relation: ref('orders'), config: {schema: main, "
        "unique_key: id, strategy: check, check_cols: [customer]}}]",
    )
    assert shop.dbt("build").code == 0
    old = dict(shop.holds())
    shop.write("seeds/kinds.csv", "id,kind\n1,b\n2,b\n")
    shop.write("models/orders.sql", "select range::int as id, 1 as customer from range(10)")
    spot = f"{SESSION}.node_ended:before:1"
    process = shop.start(spot, command, script=KILLED, PHLO_RUN_ID="killed")
    text, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, text
    assert dict(shop.holds()) == old
    outcome = shop.dbt(command, PHLO_RUN_ID="killed")
    assert outcome.code == 0, outcome.text
    assert shop.runs()["killed"] == ("promoted", "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_an_end_during_the_tests_of_a_joined_run_promotes_nothing(
    shop: Lake, number: signal.Signals
) -> None:
    assert shop.dbt("run", PHLO_RUN_ID="stopped").code == 0
    slow = "select 1 from range(200000000000) a(x) where x % 7 = 1 having count(*) < 0"
    shop.write("tests/slow.sql", f"-- {{{{ ref('totals') }}}}\n{slow}")
    process = shop.start("test", PHLO_RUN_ID="stopped")
    deadline = time.monotonic() + 120
    while not _noted(shop, "check"):
        assert time.monotonic() < deadline, "no test ended"
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(number)
    text = ended(process)
    assert process.returncode != 0, text
    assert shop.holds() == {}
    shop.write("tests/slow.sql", "-- {{ ref('totals') }}\nselect 1 where false")
    outcome = shop.dbt("test", PHLO_RUN_ID="stopped")
    assert outcome.code == 0, outcome.text
    assert shop.runs()["stopped"] == ("promoted", "")


def _building(shop: Lake) -> bool:
    return _noted(shop, "plan")


def _noted(shop: Lake, kind: str) -> bool:
    """Whether the ledger of the run `stopped` has an entry of this kind."""
    try:
        catalog = shop.catalog()
    except Exception:  # the lake is being made
        return False
    try:
        return any(entry.kind == kind for entry in catalog.ledger("stopped"))
    finally:
        catalog.close()


FAILS = """
import importlib, sys
module, _, attribute, error = sys.argv.pop(1).split(":")
owner = importlib.import_module(module)
*path, name = attribute.split(".")
for part in path:
    owner = getattr(owner, part)
from dbt_phlo.errors import CatalogError

def fail(*args, **kwargs):
    raise {"catalog": CatalogError("the database is gone"), "ctrl-c": KeyboardInterrupt()}[error]

setattr(owner, name, fail)
from dbt.cli.main import cli
cli()
"""


def test_a_check_whose_tables_the_catalog_does_not_tell_does_not_count_and_nothing_hangs(
    shop: Lake,
) -> None:
    process = shop.start(f"{SESSION}.pointers_of:catalog", "build", script=FAILS)
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 1, text
    assert "will not count as a check" in text
    assert "not audited: main.orders (0 of 2 checks)" in text
    assert shop.holds() == {}
    (run_id,) = shop.runs()
    assert shop.dbt("test", PHLO_RUN_ID=run_id).code == 0
    assert shop.runs()[run_id] == ("promoted", "")


def test_a_lease_that_is_not_given_back_is_told_and_the_run_is_promoted_all_the_same(
    shop: Lake,
) -> None:
    process = shop.start(f"{SQL}.end_writing:catalog", "build", script=FAILS, PHLO_RUN_ID="tired")
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 0, text
    assert "lease is not given back, and lapses in two minutes" in text
    assert "Traceback" not in text
    assert (shop.folder / "target" / "run_results.json").exists()
    assert shop.runs()["tired"] == ("promoted", "")


def test_an_interrupt_of_the_promotion_keeps_the_run_and_says_so(shop: Lake) -> None:
    process = shop.start(f"{SQL}.promote:ctrl-c", "build", script=FAILS, PHLO_RUN_ID="stopped")
    text, _ = process.communicate(timeout=120)
    assert process.returncode != 0, text
    assert "run stopped did not reach its end; main is as it was" in text
    assert shop.runs()["stopped"] == ("kept", "interrupted before its end")
    assert shop.dbt("build", PHLO_RUN_ID="stopped").code == 0


def test_an_interrupt_right_after_the_promotion_says_that_it_was_done(shop: Lake) -> None:
    script = KILLED.replace("os.kill(os.getpid(), signal.SIGKILL)", "raise KeyboardInterrupt")
    process = shop.start(f"{SQL}.promote:after:1", "build", script=script, PHLO_RUN_ID="late")
    text, _ = process.communicate(timeout=120)
    assert "run late was interrupted when it was promoted into main already" in text
    assert shop.runs()["late"] == ("promoted", "")
