"""50 runs on tables of their own, begun all at once, against the same 50 one after another."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import ROOT, BenchmarkFailed, Row, Sample, Side, alternate, compared, worker
from benchmarks.lake import OpenLake

ROUNDS = 3
RUNS = 50


def measure(work: Path, rounds: int) -> list[Row]:
    sides = [Side(lambda s=s: _all(work, s)) for s in ("at once", "in turn")]
    ours, theirs = alternate(sides, rounds, "parallel")
    what = f"{RUNS} runs at once, all promoted"
    return [
        compared("parallel", what, "one after another", "<= 1.0x", (ours, theirs)),
        compared(
            "parallel",
            "the slowest of them, begin to promoted",
            "one after another",
            "",
            (ours, theirs),
            told="slowest",
        ),
    ]


def _all(work: Path, side: str) -> Sample:
    """Start all, or each when the one before has ended; every one must be promoted."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        worker("parallel", "make", folder)
        began, slowest = time.perf_counter(), 0.0
        running: list[subprocess.Popen[str]] = []
        for number in range(RUNS):
            command = [sys.executable, "-m", "benchmarks.parallel", "run", folder, str(number)]
            running.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
            if side == "in turn":
                slowest = max(slowest, _ended(running.pop()))
        slowest = max([slowest, *map(_ended, running)])
        seconds = time.perf_counter() - began
        worker("parallel", "check", folder)
    return Sample(seconds, 0.0, 0.0, {"slowest": slowest})


def _ended(process: "subprocess.Popen[str]") -> float:
    out, _ = process.communicate()
    if process.returncode:
        raise BenchmarkFailed(f"a run was not promoted: {out[-2000:]}")
    return float(out.strip().rsplit("\n", 1)[-1])


def one(folder: Path, number: str) -> None:
    """A run of one table, begun, built, promoted; tells its seconds."""
    import dbt_phlo.adapters.duckdb.environment  # noqa: F401 - the import is not measured

    began = time.perf_counter()
    lake = OpenLake(folder, run=f"run-{number}")
    lake.rebuild(f"t{number}", "select range as i from range(1000)")
    lake.promote()
    lake.close()
    sys.stdout.write(f"{time.perf_counter() - began}\n")


def make(folder: Path) -> None:
    lake = OpenLake(folder)
    for number in range(RUNS):
        lake.rebuild(f"t{number}", "select 0::bigint as i")
    lake.close()


def check(folder: Path) -> None:
    """Every run is on main."""
    lake = OpenLake(folder)
    for number in range(RUNS):
        rows = lake.cursor.execute(f"select count(*) from t{number}").fetchall()
        if rows != [(1000,)]:
            raise SystemExit(f"t{number} has {rows} rows")
    lake.close()


if __name__ == "__main__":
    step, where = sys.argv[1], Path(sys.argv[2])
    if step == "run":
        one(where, sys.argv[3])
    else:
        {"make": make, "check": check}[step](where)
