"""`python -m benchmarks [NAME...]`."""

import argparse
import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from benchmarks import report
from benchmarks.harness import BenchmarkFailed, Row, say

NAMES = (
    "wap",
    "flights",
    "small",
    "refs",
    "big",
    "parse",
    "latency",
    "views",
    "retention",
    "parallel",
    "rebuilt",
    "checks",
    "one_scan",
    "pandera_files",
    "merge",
    "ingest",
)


def main() -> int:
    options = _options()
    modules = {name: import_module(f"benchmarks.{name}") for name in options.names or NAMES}
    if options.list:
        for name, module in modules.items():
            sys.stdout.write(f"{name:<13} {(module.__doc__ or '').splitlines()[0]}\n")
        return 0
    rows: list[Row] = []
    failed = False
    for name, module in modules.items():
        with tempfile.TemporaryDirectory(prefix=f"phlo-bench-{name}-") as work:
            try:
                rows += module.measure(Path(work).resolve(), options.rounds or module.ROUNDS)
            except BenchmarkFailed as error:
                failed = True
                say(f"{name}: {error}")
    if options.json:
        sys.stdout.write(json.dumps(report.document(rows), indent=2) + "\n")
    else:
        sys.stdout.write(f"{report.table(rows)}\n{report.legend()}")
    if options.write and not failed:
        options.write.write_text(
            report.page(rows, options.write.read_text() if options.write.exists() else "", NAMES)
        )
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[[], *NAMES], metavar="NAME", help=", ".join(NAMES)
    )
    parser.add_argument("--rounds", type=int, help="measured rounds, instead of each one's own")
    parser.add_argument(
        "--list", action="store_true", help="say what there is, and measure nothing"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="also write a page with the table"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
