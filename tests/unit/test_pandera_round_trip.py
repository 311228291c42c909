"""Contract -> Pandera class -> Contract is equal, through the module's text and without it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.pandera import plan, to_class, to_source
from dbt_phlo.contracts.pandera.plan import BACKENDS, Backend
from dbt_phlo.contracts.pandera_source import contract_from_class
from tests.unit.pandera_contracts import EVERY_KIND, contracts


@contextmanager
def imported(contract: Contract, backend: Backend) -> Iterator[Any]:
    """The class of a generated module, imported as a module is."""
    module = ModuleType("generated")
    sys.modules["generated"] = module
    try:
        exec(compile(to_source(contract, backend), "generated.py", "exec"), module.__dict__)
        yield getattr(module, plan(contract, backend).class_name)
    finally:
        del sys.modules["generated"]


def assert_round_trip(contract: Contract, backend: Backend) -> None:
    made = to_class(contract, backend)
    assert contract_from_class(made) == contract
    with imported(contract, backend) as cls:
        assert contract_from_class(cls) == contract
        assert cls.__name__ == made.__name__
        assert cls.to_schema() == made.to_schema()
        assert cls.Config.metadata == made.Config.metadata


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_contract_of_every_kind_comes_back_equal(backend: Backend) -> None:
    assert_round_trip(EVERY_KIND, backend)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(
    max_examples=300,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(contract=contracts())
def test_any_contract_comes_back_equal(contract: Contract, backend: Backend) -> None:
    assert_round_trip(contract, backend)
