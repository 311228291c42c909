"""A contract as dlt's column hints (``TColumnSchema`` of dlt 1.31), without importing dlt.

dlt keeps the digits of a number and of a time in ``precision``: bits of an integer, characters of
a text, bytes of a binary. Its ``double`` has one size, and nested types are ``json``.
"""

from typing import Any

from dbt_phlo.contracts.contract import Column, Contract
from dbt_phlo.contracts.iceberg import digits
from dbt_phlo.contracts.rules import Length, Unique
from dbt_phlo.tables.schema import Type

PRIMITIVES: dict[str, dict[str, Any]] = {
    "boolean": {"data_type": "bool"},
    "int": {"data_type": "bigint", "precision": 32},
    "long": {"data_type": "bigint"},
    "float": {"data_type": "double"},
    "double": {"data_type": "double"},
    "date": {"data_type": "date"},
    "time": {"data_type": "time", "precision": 6},
    "timestamp": {"data_type": "timestamp", "precision": 6, "timezone": False},
    "timestamptz": {"data_type": "timestamp", "precision": 6, "timezone": True},
    "string": {"data_type": "text"},
    "uuid": {"data_type": "text"},
    "binary": {"data_type": "binary"},
}


def columns(contract: Contract) -> dict[str, dict[str, Any]]:
    """The hints of every column by its name, for ``dlt.resource(columns=...)``.

    The contract's key is dlt's primary key; ``unique`` marks columns that are unique by themselves.
    Names are the contract's: a resource must use dlt's ``direct`` naming to keep them.
    """
    key = {name.lower() for name in contract.key}
    return {column.name: _hints(column, contract, key) for column in contract.columns}


def data_type(of: Type) -> dict[str, Any]:
    """What dlt says about a type.

    >>> data_type("decimal(12, 2)")
    {'data_type': 'decimal', 'precision': 12, 'scale': 2}
    """
    if not isinstance(of, str):
        return {"data_type": "json"}
    if of.startswith("decimal"):
        precision, scale = digits(of)
        return {"data_type": "decimal", "precision": precision, "scale": scale}
    if of.startswith("fixed["):
        return {"data_type": "binary", "precision": int(of[len("fixed[") : -1])}
    return dict(PRIMITIVES[of])


def _hints(column: Column, contract: Contract, key: set[str]) -> dict[str, Any]:
    hints = {"name": column.name, **data_type(column.type)}
    rules = [constraint.rule for constraint in contract.about(column.name) if constraint.is_hard]
    lengths = [rule.maximum for rule in rules if isinstance(rule, Length) and rule.maximum]
    if lengths and column.type == "string":
        hints["precision"] = min(lengths)
    hints["nullable"] = contract.is_nullable(column.name)
    if any(isinstance(rule, Unique) for rule in rules):
        hints["unique"] = True
    if column.name.lower() in key:
        hints["primary_key"] = True
    if column.description:
        hints["description"] = column.description
    return hints
