"""``doctor``: Python, packages, DuckDB's extensions."""

import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from dbt_phlo.cli.examination import Check, Finding, ok, warning, wrong

PYTHON = ((3, 10), (3, 13))
EXTENSIONS = ("avro", "httpfs", "iceberg")


def python(_: Any) -> Finding:
    """The interpreter is one that is tested."""
    running = sys.version_info[:2]
    text = f"Python {sys.version.split()[0]}"
    if not PYTHON[0] <= running <= PYTHON[1]:
        return wrong(text, "make a virtual environment with Python 3.10 to 3.13")
    if sys.platform not in ("linux", "darwin"):
        return wrong(f"{text} on {sys.platform}", "on Windows, use WSL")
    return ok(text)


def packages(_: Any) -> Finding:
    """Every package that dbt-phlo requires is there, in a version that it accepts."""
    from packaging.requirements import Requirement

    found, problems = [], []
    for line in requires("dbt-phlo") or []:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            problems.append(f"{requirement.name} is missing")
            continue
        found.append(f"{requirement.name} {installed}")
        if not requirement.specifier.contains(installed, prereleases=True):
            problems.append(f"{requirement.name} is {installed}, not {requirement.specifier}")
    if problems:
        return wrong("; ".join(problems), "pip install --upgrade --force-reinstall dbt-phlo")
    return ok(", ".join(found))


def extension_versions(_: Any) -> Finding:
    """The extension wheels are of DuckDB's own version."""
    duckdb = version("duckdb")
    other = []
    for name in EXTENSIONS:
        try:
            installed = version(f"duckdb-extension-{name}")
        except PackageNotFoundError:
            installed = "missing"
        if installed != duckdb:
            other.append(f"duckdb-extension-{name} is {installed}")
    if other:
        needed = " ".join(f"duckdb-extension-{name}=={duckdb}" for name in EXTENSIONS)
        return wrong(f"duckdb is {duckdb}, but {', '.join(other)}", f"pip install {needed}")
    return ok(f"duckdb and its extensions are {duckdb}")


def extensions(_: Any) -> Finding:
    """DuckDB starts and loads its extensions from the installed files."""
    import duckdb

    from dbt_phlo.endpoint import extensions as installed

    try:
        installed.connect().close()
    except duckdb.Error as error:
        return wrong(
            f"DuckDB does not load its extensions: {error}",
            "pip install --force-reinstall "
            + " ".join(f"duckdb-extension-{name}=={duckdb.__version__}" for name in EXTENSIONS),
        )
    return ok("DuckDB loads avro, httpfs and iceberg from the installed files")


def adapter(_: Any) -> Finding:
    """dbt finds the adapter, and its macros are there."""
    from dbt_phlo.include import include_folder

    folder = include_folder()
    if not (folder / "macros" / "run" / "phlo_run_end.sql").is_file():
        return wrong(
            f"the macros are missing from {folder}", "pip install --force-reinstall dbt-phlo"
        )
    if sys.prefix == sys.base_prefix:
        return warning(
            "installed outside of a virtual environment",
            "python -m venv .venv && .venv/bin/pip install dbt-phlo",
        )
    return ok("macros and hooks are installed")


CHECKS: tuple[Check, ...] = (
    ("python", python),
    ("packages", packages),
    ("extension versions", extension_versions),
    ("extensions", extensions),
    ("adapter", adapter),
)
