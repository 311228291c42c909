"""Measures fresh processes, two sides in turn: wall time, CPU time and peak memory.

CPU seconds are those of the process and of every child that it waited for (the endpoint too); they
are steadier than wall time on a machine that has other work. Peak memory is that of the largest
single process, as the operating system accounts it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in one unit of ``ru_maxrss``."""


class BenchmarkFailed(Exception):
    """A measured command did not end well; its last words are the message."""


@dataclass(frozen=True)
class Sample:
    """One process: seconds on the clock and on the CPUs, MiB at its peak, what it told itself."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    told: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Side:
    """One side of a comparison; ``prepare`` is not measured."""

    measure: Callable[[], Sample]
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Row:
    """One line of the report: medians of both sides, ours first, in seconds and MiB.

    ``against`` says what the peer is, ``goal`` the most that the ratio (or the time) is to be.
    ``best_seconds`` are each side's fastest rounds: other work on the machine only ever adds.
    """

    benchmark: str
    what: str
    against: str
    goal: str
    seconds: tuple[float, float]
    best_seconds: tuple[float, float]
    cpu_seconds: tuple[float, float] | None
    peak_mib: tuple[float, float]
    rounds: int


def alternate(sides: Sequence[Side], rounds: int, what: str) -> list[list[Sample]]:
    """The samples of each side, from rounds in turn (the order turns too) after one unmeasured."""
    samples: list[list[Sample]] = [[] for _ in sides]
    for number in range(rounds + 1):
        order = range(len(sides)) if number % 2 else reversed(range(len(sides)))
        for index in order:
            say(f"{what}: {f'round {number} of {rounds}' if number else 'warming up'}")
            sides[index].prepare()
            sample = sides[index].measure()
            if number:
                samples[index].append(sample)
    return samples


def compared(
    benchmark: str,
    what: str,
    against: str,
    goal: str,
    sides: tuple[Sequence[Sample], Sequence[Sample]],
    *,
    told: str = "",
) -> Row:
    """The row of two sides, ours first; ``told`` takes a figure of the processes' own for time.

    Their CPU time is then the figure ``<told> cpu``, where they told it.
    """
    ours, theirs = sides
    has_cpu = not told or all(f"{told} cpu" in sample.told for sample in (*ours, *theirs))

    def seconds(sample: Sample) -> float:
        return sample.told[told] if told else sample.seconds

    def both(figure: Callable[[Sample], float]) -> tuple[float, float]:
        return median(map(figure, ours)), median(map(figure, theirs))

    return Row(
        benchmark,
        what,
        against,
        goal,
        both(seconds),
        (min(map(seconds, ours)), min(map(seconds, theirs))),
        both(lambda s: s.told[f"{told} cpu"] if told else s.cpu_seconds) if has_cpu else None,
        both(lambda sample: sample.peak_mib),
        len(ours),
    )


def run(
    command: Sequence[str | Path], cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> Sample:
    """Run a command to its end. The last line of its output may be a JSON object of figures."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env={**_clean_environment(), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise BenchmarkFailed(f"{' '.join(map(str, command))} failed:\n{text[-4000:]}")
    return Sample(
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * _MAXRSS_UNIT / 2**20,
        _figures(text),
    )


def worker(module: str, *arguments: str | Path) -> Sample:
    """Run a benchmark's own file as a process of its own."""
    return run([sys.executable, "-m", f"benchmarks.{module}", *arguments])


def tell(figures: Mapping[str, float]) -> None:
    """A worker's figures, on its last line."""
    sys.stdout.write(f"{json.dumps(dict(figures))}\n")


def say(text: str) -> None:
    """Progress."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def clock(action: Callable[[], object]) -> float:
    """The seconds that something took."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def both_clocks(name: str, action: Callable[[], object]) -> dict[str, float]:
    """The seconds that something took, and those that this process spent on the CPUs."""
    began = time.process_time()
    seconds = clock(action)
    return {name: seconds, f"{name} cpu": time.process_time() - began}


def _clean_environment() -> dict[str, str]:
    own = {k: v for k, v in os.environ.items() if not k.startswith(("PHLO_", "DBT_"))}
    return {**own, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "PYTHONWARNINGS": "ignore"}


def _figures(text: str) -> dict[str, float]:
    last = text.rstrip().rsplit("\n", 1)[-1]
    return json.loads(last) if last.startswith("{") else {}
