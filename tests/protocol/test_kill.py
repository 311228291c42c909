"""Real processes that are killed while they promote: the branch is old or new, and whole."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hands import SETTINGS
from lakes import Lake

from dbt_phlo.catalogs.values import RunRecord
from dbt_phlo.errors import RunError
from dbt_phlo.runs import promotion

PROCESS = Path(__file__).parent / "promoting_process.py"
TABLES = [f"s.t{number}" for number in range(6)]


def start(lake: Lake, nth: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, str(PROCESS), lake.message(), "r1", str(nth)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def a_run_of_six_tables(lake: Lake) -> RunRecord:
    for name in TABLES[:5]:
        lake.table(name)
    run = lake.run("r1")
    for name in TABLES[:5]:
        lake.change(name, run.ref)
    lake.table(TABLES[5], run.ref)
    return run


def old_or_new(lake: Lake, run: RunRecord, old: dict[str, str]) -> bool:
    """Whether the branch is new, through a connection of its own; it must be one of the two."""
    anew = Lake(lake.again(), lake.again, {})
    state, held = anew.catalog.run("r1").state, anew.values()
    promoted = state == "promoted"
    assert held == (lake.values(run.ref) if promoted else old)
    assert anew.catalog.ref(run.ref).open is not promoted
    return promoted


def finish(lake: Lake, run: RunRecord) -> None:
    """One more promotion: it is done now, or was done."""
    catalog = lake.again()
    if catalog.run("r1").state == "promoted":
        with pytest.raises(RunError, match="was promoted by another"):
            promotion.promote(catalog, run, SETTINGS)
    else:
        promotion.promote(catalog, run, SETTINGS)
    assert lake.values() == lake.values(run.ref)


@pytest.mark.parametrize("nth", [1, 4, 8, 10, 13, 16, 18, 20, 22, 24, 25, 26, 27, 28, 29])
def test_sigkill_at_a_statement_leaves_old_or_new(lake: Lake, nth: int) -> None:
    run, old = a_run_of_six_tables(lake), lake.values()
    process = start(lake, nth)
    told, _ = process.communicate("go\n", timeout=60)
    assert process.returncode in (0, -signal.SIGKILL)
    assert (process.returncode == 0) == told.startswith("promoted")
    promoted = old_or_new(lake, run, old)
    assert promoted >= (process.returncode == 0)
    assert nth > 20 or not promoted, "this is before the merge"
    finish(lake, run)


def test_sigkill_from_outside_leaves_old_or_new(lake: Lake) -> None:
    """At a dozen moments, of which nobody knows where in the promotion they are."""
    run, old, killed = a_run_of_six_tables(lake), lake.values(), 0
    for turn in range(12):
        process = start(lake, 0)
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        time.sleep(turn / 1000)
        process.kill()
        process.communicate(timeout=60)
        killed += process.returncode == -signal.SIGKILL
        if old_or_new(lake, run, old):
            break
    assert killed > 0
    finish(lake, run)
