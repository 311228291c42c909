"""What an author wrote of a model, the same whether dbt's manifest or a YAML file tells it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dbt_phlo.contracts.contract import Origin

Place = Callable[[str, str], Origin]
"""Where a key stands: ``place(column, key)``; an empty column is the model itself."""


@dataclass(frozen=True)
class TestDeclaration:
    """One data test. ``test`` is its name as in YAML, with its package: ``dbt_utils.not_null``.

    ``column`` is empty for a test of the whole model; ``severity`` is ``error`` or ``warn``.
    """

    __test__ = False  # for pytest

    test: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    column: str = ""
    severity: str = "error"
    where: str = ""
    error_if: str = "!= 0"
    fail_calc: str = "count(*)"
    name: str = ""

    @property
    def bare(self) -> str:
        """The test's name without its package."""
        return self.test.rpartition(".")[2]


class ColumnDeclaration(NamedTuple):
    """One column; ``constraints`` are dbt's mappings with ``type`` and perhaps ``expression``."""

    name: str
    data_type: str | None = None
    description: str = ""
    constraints: tuple[Mapping[str, Any], ...] = ()
    pii: bool = False


@dataclass(frozen=True)
class Declaration:
    """A model, seed, snapshot or table of a source."""

    name: str
    columns: tuple[ColumnDeclaration, ...]
    constraints: tuple[Mapping[str, Any], ...] = ()
    tests: tuple[TestDeclaration, ...] = ()
    description: str = ""
    unique_key: tuple[str, ...] = ()
    partition_by: tuple[str, ...] = ()
    is_enforced: bool = False
    file: str = ""
    place: Place = field(default=lambda column, key: Origin(), compare=False)
