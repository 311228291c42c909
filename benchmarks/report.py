"""The table of a run of benchmarks, for people and as JSON."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any

from benchmarks.harness import Row

_HEAD = (
    "benchmark",
    "what",
    "against",
    "time",
    "ratio",
    "best ratio",
    "goal",
    "CPU",
    "CPU ratio",
    "MiB",
    "rounds",
    "measured",
)
_LEGEND = (
    "Each cell holds dbt-phlo's median and the peer's, from rounds in turn; the ratio is that of "
    "the two, the best ratio that of the fastest rounds, to which other work adds least. "
    "CPU is the time of all processes of a side on all cores. MiB is the peak memory of the "
    "largest process, or the size that a row is about; what was not measured is left out."
)


def machine() -> dict[str, str]:
    """What the figures depend on."""
    packages = ("dbt-phlo", "dbt-core", "dbt-duckdb", "duckdb")
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "load": f"{os.getloadavg()[0]:.1f} at the end",
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def table(rows: Sequence[Row]) -> str:
    """A Markdown table that is also legible as it stands."""
    return _table([_cells(row) for row in rows])


def _table(rows: Sequence[Sequence[str]]) -> str:
    cells = [_HEAD, *rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines) + "\n"


def page(rows: Sequence[Row], before: str, order: Sequence[str]) -> str:
    """docs/benchmarks.md, with the benchmarks in ``order``.

    Those that were not measured now keep the rows that ``before`` has of them.
    """
    measured = {row.benchmark for row in rows}
    kept = [line for line in _lines(before) if line[0] not in measured and line[0] in order]
    cells = sorted([*kept, *map(_cells, rows)], key=lambda line: order.index(line[0]))
    about = "\n".join(f"- {name}: {value}" for name, value in machine().items())
    return (
        "# Benchmarks\n\n<!-- Written by `python -m benchmarks --write docs/benchmarks.md`. -->\n\n"
        f"{_LEGEND} `make bench` measures again.\n\n{_table(cells)}\n"
        f"## The machine, at the last\n\n{about}\n"
    )


def document(rows: Sequence[Row]) -> dict[str, Any]:
    """The JSON document: seconds and MiB, [dbt-phlo, peer]."""
    return {"machine": machine(), "rows": [asdict(row) for row in rows]}


def legend() -> str:
    about = ", ".join(f"{name} {value}" for name, value in machine().items())
    return f"{_LEGEND}\n{about}\n"


def _lines(page: str) -> list[tuple[str, ...]]:
    """The rows of a page's table."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    cells = [tuple(cell.strip() for cell in line.strip("| ").split(" | ")) for line in lines[2:]]
    return [line for line in cells if len(line) == len(_HEAD)]


def _cells(row: Row) -> tuple[str, ...]:
    cpu = row.cpu_seconds
    return (
        row.benchmark,
        row.what,
        row.against,
        _times(row.seconds),
        _ratio(row.seconds),
        _ratio(row.best_seconds),
        row.goal,
        _times(cpu) if cpu and any(cpu) else "",
        _ratio(cpu) if cpu and any(cpu) else "",
        _mebibytes(row.peak_mib) if any(row.peak_mib) else "",
        str(row.rounds),
        machine()["date"],
    )


def _times(pair: tuple[float, float]) -> str:
    if max(pair) < 1:
        return f"{pair[0] * 1e3:.1f} / {pair[1] * 1e3:.1f} ms"
    return f"{pair[0]:.2f} / {pair[1]:.2f} s"


def _mebibytes(pair: tuple[float, float]) -> str:
    return f"{pair[0]:.0f} / {pair[1]:.0f} = {_ratio(pair)}"


def _ratio(pair: tuple[float, float]) -> str:
    return f"{pair[0] / pair[1]:.2f}x" if pair[1] else ""
