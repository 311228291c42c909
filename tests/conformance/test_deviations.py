"""The list of deviations, the code and docs/conformance.md agree; nothing is left out unsaid."""

import importlib
import inspect
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType

import dbt.tests.adapter as suite
import pytest

from tests.conformance import deviations

pytestmark = pytest.mark.fast
HERE = Path(__file__).parent


def modules_here() -> Iterator[ModuleType]:
    for path in sorted(HERE.glob("test_*.py")):
        if path.stem != "test_deviations":
            yield importlib.import_module(f"{__package__}.{path.stem}")


def classes_here() -> dict[str, type]:
    """The test classes of the group files, by name."""
    found: dict[str, type] = {}
    for module in modules_here():
        for name, value in vars(module).items():
            if inspect.isclass(value) and value.__module__ == module.__name__:
                assert name not in found, f"two classes are called {name}"
                if name.startswith("Test"):
                    found[name] = value
    return found


def names_of_tests(owner: type) -> list[str]:
    return [name for name in dir(owner) if name.startswith("test_") and _is_test(owner, name)]


def _is_test(owner: type, name: str) -> bool:
    return inspect.isfunction(inspect.getattr_static(owner, name, None))


def suite_classes() -> dict[str, type]:
    """Every class of dbt's suite that has tests, as ``module::Class``."""
    found: dict[str, type] = {}
    root = Path(next(iter(suite.__path__)))
    for path in sorted(root.rglob("*.py")):  # most folders are namespace packages
        short = ".".join(path.relative_to(root).with_suffix("").parts)
        if short.endswith("__init__"):
            continue
        module = importlib.import_module(f"{suite.__name__}.{short}")
        for name, value in vars(module).items():
            ours = inspect.isclass(value) and value.__module__ == module.__name__
            if ours and names_of_tests(value):
                found[f"{short}::{name}"] = value
    return found


def has_own_parts(owner: type) -> bool:
    """Whether code of this folder changes what dbt's class does."""
    ours = [base for base in owner.__mro__ if base.__module__.startswith(f"{__package__}.")]
    return any(not _is_bare(base) for base in ours)


def _is_bare(owner: type) -> bool:
    return all(name.startswith("__") or name == "pytestmark" for name in vars(owner))


def is_dbts(owner: type) -> bool:
    return any(base.__module__.startswith(suite.__name__) for base in owner.__mro__)


def test_the_page_is_printed_from_the_list() -> None:
    assert deviations.PAGE.read_text() == deviations.page(), (
        "docs/conformance.md is stale: python -m tests.conformance.deviations"
    )


def test_every_adapted_class_is_listed_and_every_listed_class_is_adapted() -> None:
    adapted = {n for n, c in classes_here().items() if is_dbts(c) and has_own_parts(c)}
    assert adapted == {entry.name for entry in deviations.ADAPTED}


def test_every_skip_names_a_test_that_exists() -> None:
    here = classes_here()
    for entry in deviations.SKIPPED:
        owner, _, test = entry.name.partition("::")
        assert owner in here, entry.name
        assert not test or test in names_of_tests(here[owner]), entry.name
        assert entry.mode in ("off", "run", "both")


def test_nothing_is_skipped_outside_of_the_list() -> None:
    for path in HERE.glob("test_*.py"):
        if path.stem != "test_deviations":
            found = re.findall(r"skip|xfail|importorskip", path.read_text())
            assert not found, f"{path.name}: {found}"


def test_every_class_of_dbts_suite_is_run_or_left_out_with_a_reason() -> None:
    run = {base for owner in classes_here().values() for base in owner.__mro__}
    silent = []
    for name, owner in suite_classes().items():
        module, _, _ = name.partition("::")
        listed = any(fnmatchcase(module, e.name) or e.name == name for e in deviations.LEFT_OUT)
        # dbt's ready-made `Test...` classes add nothing to the base that is run
        ready_made = _is_bare(owner) and any(base in run for base in owner.__bases__)
        if not (owner in run or listed or ready_made):
            silent.append(name)
    assert not silent


def test_what_is_left_out_exists_and_is_not_run() -> None:
    run = {base for owner in classes_here().values() for base in owner.__mro__}
    known = suite_classes()
    for entry in deviations.LEFT_OUT:
        names = [
            n for n in known if n == entry.name or fnmatchcase(n.partition("::")[0], entry.name)
        ]
        assert names, entry.name
        assert not [n for n in names if known[n] in run], entry.name
