"""The demo: seven months of real flights reach `main`, and a corrupted delivery does not.

Starts from nothing, takes about a minute, and exits 1 if anything is not as it says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

from deliver import DELIVERIES, deliver_month, deliver_reference
from watched_build import HERE, Build, say, watched_build

import dbt_phlo

ROOT = HERE.parent
BEGAN = time.perf_counter()
SCHEMAS = HERE / "generated_schemas"
JUNE = 166_158
JULY = 195_583
BREAKING = {
    "flights_natural_key": "a flight came twice",
    "flights_days_are_ordinary": "a day has far too many flights, or too few",
    "flights_months_are_complete": "a month has a day without flights",
}


class Unexpected(Exception):
    """Something is not as the demo says."""


@dataclass(frozen=True)
class Figures:
    """What a reader of `main` sees."""

    raw_flights: int
    flights: int
    last_day: date
    delay_minutes: int

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.raw_flights:,} flights in bronze, {self.flights:,} in silver; "
            f"gold ends on {self.last_day:%-d %B}, {self.delay_minutes:,} minutes of delay"
        )


def main() -> int:
    """The demo, step by step; returns the exit code."""
    for name in [name for name in os.environ if name.startswith(("PHLO_", "DBT_"))]:
        del os.environ[name]
    try:
        blocked = story()
    except Unexpected as problem:
        say(f"\nThe demo stops here: {problem}")
        return 1
    say(f"\nDone in {time.perf_counter() - BEGAN:.0f} s. Three commands to try next:")
    say(f"  (cd {HERE.name} && {tool('dbt-phlo')} runs list)")
    say(f"  (cd {HERE.name} && {tool('dbt-phlo')} branches diff pipeline-run-{blocked.run})")
    query = "select * from {{ ref('worst_days') }} order by position"
    say(f'  (cd {HERE.name} && {tool("dbt")} show --inline "{query}")')
    return 0


def story() -> Build:
    """What happens; returns the build that was blocked."""
    for folder in ("lake", "deliveries", "target"):
        shutil.rmtree(HERE / folder, ignore_errors=True)

    step("1. January to June 2013 and the reference tables are delivered")
    deliver_reference(DELIVERIES)
    for month in range(1, 7):
        deliver_month(DELIVERIES, month)
    say(f"   {len(list(DELIVERIES.rglob('*.csv')))} CSV files in {DELIVERIES.relative_to(ROOT)}")

    step("2. dbt build: written to an isolated ref, audited there, promoted into main")
    first = watched_build()
    expect_success(first)
    june = figures()
    say(f"   Readers see: {june}")
    expect((june.raw_flights, june.flights) == (JUNE, JUNE), f"{JUNE:,} flights, not {june}")

    step("3. July is delivered, corrupted: the export was restarted half way")
    deliver_month(DELIVERIES, 7, corrupted=True)
    say("   It has the right number of rows, but 1,500 of them twice, and the end is missing.")

    step("4. dbt build: the audit must block it")
    blocked = watched_build(tell_warnings=False)
    expect_block(blocked)
    after_block = figures()
    say(f"   Readers see: {after_block}")
    expect(after_block == june, f"readers to see what they saw before: {june}")
    say("   The same as before: nothing of the corrupted July has reached main.")

    step("5. The mended July is delivered")
    deliver_month(DELIVERIES, 7)

    step("6. dbt build: July reaches main, all tables at once")
    expect_success(watched_build(tell_warnings=False))
    july = figures()
    say(f"   Readers see: {july}")
    expect((july.raw_flights, july.flights) == (JULY, JULY), f"{JULY:,} flights, not {july}")
    expect(july.last_day == date(2013, 7, 31), f"31 July as the last day, not {july.last_day}")
    monthly_summary()

    step("7. The YAML of the models, as typed classes that validate data frames")
    generated_schemas()
    return blocked


def figures() -> Figures:
    """Asks `main` as any reader would."""
    with dbt_phlo.connect(project_dir=str(HERE), profiles_dir=str(HERE), target="prod") as reader:
        row = reader.execute(
            """
            select
                (select count(*) from lake.bronze.raw_flights),
                (select count(*) from lake.silver.flights),
                max(flight_date),
                cast(sum(departure_delay_minutes) as bigint)
            from lake.gold.daily_delays
            """
        ).fetchone()
    assert row is not None
    return Figures(*row)


def monthly_summary() -> None:
    """Shows the view gold.monthly_summary."""
    with dbt_phlo.connect(project_dir=str(HERE), profiles_dir=str(HERE), target="prod") as reader:
        rows = reader.execute(
            """
            select month, flights, cancelled, avg_departure_delay, late_share
            from lake.gold.monthly_summary
            order by month
            """
        ).fetchall()
    say("   gold.monthly_summary")
    say("     month      flights  cancelled  minutes late  arrived late")
    for month, flights, cancelled, delay, late in rows:
        say(
            f"     {month:%B}".ljust(14)
            + f"{flights:>9,}{cancelled:>11,}{delay:>14.1f}{late:>14.0%}"
        )


def generated_schemas() -> None:
    """Writes a Pandera class for each model, and lets one of them judge the table that it is of."""
    shutil.rmtree(SCHEMAS, ignore_errors=True)
    program = [sys.executable, "-m", "dbt_phlo", "schema", "generate", "--all"]
    options = ["--out", str(SCHEMAS), "--backend", "polars", "--project-dir", str(HERE)]
    done = subprocess.run([*program, *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        say(done.stdout + done.stderr)
    expect(done.returncode == 0, "schemas to be generated")
    sys.path.insert(0, str(SCHEMAS.parent))
    daily_delays = import_module(f"{SCHEMAS.name}.daily_delays").DailyDelays
    with dbt_phlo.connect(project_dir=str(HERE), profiles_dir=str(HERE), target="prod") as reader:
        rows = daily_delays.validate(reader.execute("from lake.gold.daily_delays").pl(), lazy=True)
    modules = len(list(SCHEMAS.glob("[!_]*.py")))
    say(f"   {modules} modules lie in {SCHEMAS.relative_to(ROOT)}")
    say(f"   {SCHEMAS.name}.daily_delays.DailyDelays has found no mistake in {len(rows):,} rows.")


def expect_success(done: Build) -> None:
    """The build passed."""
    if done.exit_code != 0:
        tail(done)
    expect(done.exit_code == 0, f"the build to pass, but it exited {done.exit_code}")


def expect_block(done: Build) -> None:
    """The build was refused, by the checks that are there for it."""
    failed = set(done.named("check", "fail"))
    if done.exit_code == 0 or not failed.issuperset(BREAKING):
        tail(done)
    expect(done.exit_code != 0, "the build to be blocked, but it exited 0")
    missing = sorted(set(BREAKING) - failed)
    expect(not missing, f"these checks to fail: {', '.join(missing)}")
    say("   Blocked, because:")
    for name, meaning in BREAKING.items():
        say(f"     {name}: {meaning}")


def expect(condition: bool, expected: str) -> None:
    """Stops the demo when it is not so."""
    if not condition:
        raise Unexpected(f"expected {expected}")


def tail(done: Build) -> None:
    """Shows the end of dbt's log."""
    say("   The end of dbt's log:")
    for line in done.log[-40:]:
        say(f"   > {line}")


def tool(name: str) -> str:
    """How to call a command of this Python's environment from this folder."""
    path = Path(sys.executable).parent / name
    return str(Path("..") / path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def step(title: str) -> None:
    """The heading of a step, and when it began."""
    say(f"\n[{time.perf_counter() - BEGAN:3.0f} s] {title}")


if __name__ == "__main__":
    sys.exit(main())
