"""The contract's names of checks: the same in every run of a project, whatever the order."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

SCHEMA_CONTRACT = "pandera_contract"


class Named(NamedTuple):
    """A test that is to be named; ``column`` is empty for a test of a whole model."""

    node: str
    test: str
    target: str
    column: str = ""


def base_name(test: Named) -> str:
    """The name of a test that no other test has to share.

    >>> base_name(Named("test.shop.a", "not_null", "orders", "id"))
    'dbt__not_null__orders__id'
    >>> base_name(Named("test.shop.b", "pandera_contract", "raw_orders"))
    'pandera_contract'
    """
    if test.test == SCHEMA_CONTRACT:
        return SCHEMA_CONTRACT
    target = f"{test.target}__{test.column}" if test.column else test.target
    return f"dbt__{_word(test.test)}__{_word(target)}"


def contract_names(tests: Iterable[Named]) -> dict[str, str]:
    """The name of every test of a project, by node.

    Tests that would share a name all carry a hash of their node's unique id, so that no name
    depends on which of them comes first. The name of a schema contract is shared by all models: it
    is told apart by its model.
    """
    listed = list(tests)
    taken = Counter(_identity(test) for test in listed)
    return {
        test.node: base_name(test)
        if taken[_identity(test)] == 1
        else f"{base_name(test)}_{_hash(test.node)}"
        for test in listed
    }


def _identity(test: Named) -> tuple[str, str]:
    name = base_name(test)
    return name, test.target if name == SCHEMA_CONTRACT else ""


def _word(text: str) -> str:
    """Letters, digits and underscores, which is what orchestrators allow in a check's name."""
    return re.sub(r"[^A-Za-z0-9_]", "_", text)


def _hash(node: str) -> str:
    return hashlib.sha256(node.encode()).hexdigest()[:8]
