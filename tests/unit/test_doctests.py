"""Every example in a docstring of the library is true."""

import doctest
import importlib
import pkgutil

import pytest

import dbt_phlo

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(dbt_phlo.__path__, "dbt_phlo.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    with_examples = [
        name
        for name in MODULES
        if any(test.examples for test in finder.find(importlib.import_module(name)))
    ]
    assert len(with_examples) >= 8
