"""Where the tables and views of a ref differ from their contracts."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from dbt_phlo.catalogs.port import Catalog
from dbt_phlo.catalogs.values import TableName
from dbt_phlo.contracts import iceberg
from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.drift import (
    Difference,
    Found,
    columns_of_contract,
    differences,
    found_columns,
)
from dbt_phlo.errors import CommandError
from dbt_phlo.runs import refs
from dbt_phlo.tables import schema

Describe = Callable[[TableName], Sequence[tuple[str, str]]]
"""The columns of a view: names and types, as DuckDB's DESCRIBE tells them.

It raises ``CommandError`` for a view that cannot be read."""


class Declared(NamedTuple):
    """A contract and the table or view that it is of."""

    model: str
    contract: Contract
    table: TableName


class Drifted(NamedTuple):
    """One model whose table is not what its contract says."""

    model: str
    table: TableName
    differences: tuple[Difference, ...]


class Drift(NamedTuple):
    """What was compared on ``ref``: ``not_built`` are models without a table or view there."""

    ref: str
    compared: int
    drifted: tuple[Drifted, ...]
    not_built: tuple[str, ...]


def drift(catalog: Catalog, name: str, declared: Iterable[Declared], describe: Describe) -> Drift:
    """Compare contracts with the ref, or the run's ref, called ``name``.

    A table's columns are read from its metadata, without a query.
    """
    ref = refs.found(catalog, name)
    there = {
        (key.namespace.lower(), key.name.lower()): (key, value)
        for key, value in catalog.at(ref.name).pointers().items()
        if key.kind != "namespace"
    }
    drifted: list[Drifted] = []
    not_built: list[str] = []
    compared = 0
    for one in declared:
        found = there.get((one.table.namespace.lower(), one.table.name.lower()))
        if found is None:
            not_built.append(one.model)
            continue
        compared += 1
        key, value = found
        columns: tuple[Found, ...]
        if key.kind == "table":
            current = schema.current(catalog.content(value))
            columns = columns_of_contract(iceberg.contract_of(key.name, current))
            told = differences(one.contract, columns)
        else:
            told = _of_view(one.contract, TableName(key.namespace, key.name), describe)
        if told:
            drifted.append(Drifted(one.model, one.table, told))
    return Drift(ref.name, compared, tuple(drifted), tuple(not_built))


def _of_view(contract: Contract, table: TableName, describe: Describe) -> tuple[Difference, ...]:
    try:
        columns = found_columns(describe(table))
    except CommandError as error:
        return (Difference("broken", "", error.message, error.remedy),)
    return differences(contract, columns)
