"""Run the tests that touch dbt on every dbt-core that dbt-phlo supports: `make test-dbt-versions`.

Each version has a virtual environment of its own, with everything else as in constraints.txt, so
that a failure is due to dbt-core and nothing else.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
UV = Path(sys.executable).with_name("uv")
TESTS = ("tests/unit", "tests/functional")


class Version(NamedTuple):
    """A release of dbt-core, and what it needs that constraints.txt does not allow.

    ``moved`` are packages that this release needs in another version than the pinned one;
    ``left_out`` are dependencies that it runs without.
    """

    release: str
    moved: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


VERSIONS = {
    "1.10": Version("1.10.23", moved=("sqlparse",)),  # it wants sqlparse<0.5.5
    "1.11": Version("1.11.16"),
    # The parser is optional, and its build fetches a binary: that fails where only packages may be
    # fetched.
    "1.12": Version("1.12.6", left_out=("dbt-core-experimental-parser",)),
}


class Outcome(NamedTuple):
    """How the tests went on one version; ``code`` is pytest's exit code."""

    version: str
    installed: str
    code: int
    counts: dict[str, int]
    skips: list[str]
    minutes: float


def constraints(pins: str, version: Version) -> str:
    """constraints.txt without what a version moves."""
    moved = ("dbt-core", *version.moved)
    return "\n".join(line for line in pins.splitlines() if line.split("==")[0] not in moved)


def install(name: str) -> Path:
    """The folder of a version's environment, made or brought up to date."""
    version, folder = VERSIONS[name], ROOT / f".venv-dbt-{name}"
    if not folder.exists():
        subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    pins, overrides = folder / "constraints.txt", folder / "overrides.txt"
    pins.write_text(constraints((ROOT / "constraints.txt").read_text(), version))
    never = "python_version < '3'"
    overrides.write_text("\n".join(f"{package} ; {never}" for package in version.left_out))
    command = [UV, "pip", "install", "--quiet", "--python", folder / "bin/python"]
    command += ["--constraints", pins, "--overrides", overrides]
    command += [f"dbt-core=={version.release}", "--editable", f"{ROOT}[dev]"]
    subprocess.run(command, check=True, cwd=ROOT)
    return folder


def run(name: str, tests: list[str]) -> Outcome:
    """Install a version and run the tests on it."""
    folder, began = install(name), time.monotonic()
    python, report = folder / "bin/python", folder / "report.xml"
    shown = "from importlib.metadata import version as v\n"
    shown += "print(*(f'{p} {v(p)}' for p in ('dbt-core', 'dbt-adapters', 'dbt-duckdb')), sep=', ')"
    installed = subprocess.check_output([python, "-c", shown], text=True).strip()
    print(f"\n==== {installed}", flush=True)
    command = [python, "-m", "pytest", *tests, "-n", "2", "--dist", "loadscope", "-rs"]
    command += ["-o", f"cache_dir={folder}/pytest_cache", f"--junit-xml={report}"]
    report.unlink(missing_ok=True)
    code = subprocess.run(command, check=False, cwd=ROOT).returncode
    counts, skips = counted(report) if report.exists() else ({}, [])
    return Outcome(name, installed, code, counts, skips, (time.monotonic() - began) / 60)


def counted(report: Path) -> tuple[dict[str, int], list[str]]:
    """How many tests passed, failed and were skipped, and why they were skipped."""
    suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    all_, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    counts = {"passed": all_ - failed - skipped, "failed": failed, "skipped": skipped}
    skips = [
        f"{case.get('name')}: {skip.get('message')}"
        for case in suite.iter("testcase")
        for skip in case.iter("skipped")
    ]
    return counts, skips


def summary(outcomes: list[Outcome]) -> str:
    """What ran where."""
    lines = []
    for outcome in outcomes:
        counts = ", ".join(f"{number} {what}" for what, number in outcome.counts.items())
        said = "ok" if outcome.code == 0 else f"FAILED (pytest ended with {outcome.code})"
        lines.append(f"{said}: {outcome.installed}: {counts} in {outcome.minutes:.0f} min")
        lines += [f"    skipped {skip}" for skip in outcome.skips]
    return "\n".join(lines)


def main() -> int:
    """The exit code: 0 if every test passed, or was skipped with its reason, on every version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="*", help=f"of {', '.join(VERSIONS)}; all if none")
    parser.add_argument("--tests", nargs="+", default=list(TESTS), help="files or folders")
    arguments = parser.parse_args()
    for name in arguments.versions:
        if name not in VERSIONS:
            parser.error(f"there is no version {name}: choose of {', '.join(VERSIONS)}")
    outcomes = [run(name, arguments.tests) for name in arguments.versions or VERSIONS]
    print("\n==== summary\n" + summary(outcomes))
    return 1 if any(outcome.code for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
