"""Another process holds SQLite's lock for 30 seconds: a promotion waits for it, and succeeds.

The one slow test of this folder has a module of its own, so that others run beside it.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hands import SETTINGS
from lakes import Lake

from dbt_phlo.runs import promotion

PROCESS = Path(__file__).parent / "locking_process.py"
SECONDS = 30.0


@pytest.mark.parametrize("make_lake", ["sqlite"], indirect=True)
def test_a_promotion_waits_for_a_database_that_is_locked_for_30_seconds(lake: Lake) -> None:
    lake.table("s.a")
    run = lake.run("r1")
    lake.change("s.a", run.ref)
    path = lake.configuration["uri"].removeprefix("sqlite:///")
    process = subprocess.Popen(
        [sys.executable, str(PROCESS), path, str(SECONDS)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    began = time.monotonic()
    assert set(lake.values()) == {"s.a"}, "reading does not wait"
    assert time.monotonic() - began < SECONDS / 2
    promotion.promote(lake.catalog, run, SETTINGS)
    assert time.monotonic() - began > SECONDS - 2
    assert lake.values() == lake.values(run.ref)
    assert process.wait(60) == 0
