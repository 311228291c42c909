"""A contract as an Iceberg schema, and back.

The JSON form is that of a table's metadata (Iceberg specification v2, "Appendix C"); it needs no
library. Types, nullability and descriptions come back as they went.
"""

from collections.abc import Mapping
from typing import Any

from dbt_phlo.contracts.contract import Column, Constraint, Contract
from dbt_phlo.contracts.rules import NotNull
from dbt_phlo.errors import TypeRefused, nearest
from dbt_phlo.extras import optional
from dbt_phlo.tables.duckdb_types import PRIMITIVES
from dbt_phlo.tables.schema import Type, with_ids

V2 = frozenset(PRIMITIVES)
"""The primitive types of Iceberg v2, but ``decimal`` and ``fixed``, which have parameters."""

NOT_IDENTIFIERS = ("float", "double")
"""Iceberg identifies no row by these (specification v2, "Identifier Field IDs")."""


def schema_json(contract: Contract) -> dict[str, Any]:
    """The schema as in a table's metadata, with fresh field ids from 1.

    A column is ``required`` where a hard not-null constraint says so. The key becomes the
    identifier fields if all of its columns are required primitives; a key with a NULL names no row.
    """
    fields = [_field(column, contract) for column in contract.columns]
    schema, _ = with_ids({"fields": fields}, None)
    identifiers = _identifiers(contract, schema["fields"])
    if identifiers:
        schema["identifier-field-ids"] = identifiers
    return schema


def schema(contract: Contract) -> Any:
    """The ``pyiceberg.schema.Schema`` with the same ids."""
    module = optional("pyiceberg.schema", extra="pyiceberg")
    return module.Schema.model_validate(schema_json(contract))


def columns_of(schema: Any) -> tuple[Column, ...]:
    """The columns of a schema: a metadata document's, or a ``pyiceberg.schema.Schema``."""
    return tuple(
        Column(field["name"], plain(field["type"]), field.get("doc") or "")
        for field in _document(schema)["fields"]
    )


def contract_of(name: str, schema: Any) -> Contract:
    """A table's schema as a contract: columns, not-null constraints and the identifier fields."""
    document = _document(schema)
    names = {field["id"]: field["name"] for field in document["fields"]}
    return Contract(
        name,
        columns_of(document),
        tuple(
            Constraint(NotNull(field["name"]), "constraint")
            for field in document["fields"]
            if field.get("required")
        ),
        unique_key=tuple(
            names[one] for one in document.get("identifier-field-ids") or () if one in names
        ),
    )


def plain(of: Type) -> Type:
    """A type without field ids, as ``Column.type`` holds it. Raises ``TypeRefused`` for one
    beyond Iceberg v2, as another engine may have written it.

    >>> plain({"type": "list", "element-id": 3, "element-required": False, "element": "int"})
    {'type': 'list', 'element': 'int'}
    """
    if isinstance(of, str):
        return _plain_primitive(of)
    if of["type"] == "struct":
        return {"type": "struct", "fields": [_plain_field(field) for field in of["fields"]]}
    found: dict[str, Any] = {"type": of["type"]}
    for part in ("key", "element", "value"):
        if part in of:
            found[part] = plain(of[part])
            if of.get(f"{part}-required") and part != "key":
                found[f"{part}-required"] = True
    return found


def digits(of: Type) -> tuple[int, int]:
    """Precision and scale of a decimal.

    >>> digits("decimal(12, 2)")
    (12, 2)
    """
    precision, scale = str(of)[len("decimal(") : -1].split(",")
    return int(precision), int(scale)


def _field(column: Column, contract: Contract) -> dict[str, Any]:
    required = not contract.is_nullable(column.name)
    field = {"name": column.name, "required": required, "type": plain(column.type)}
    return {**field, "doc": column.description} if column.description else field


def _identifiers(contract: Contract, fields: list[dict[str, Any]]) -> list[int]:
    by_name = {field["name"].lower(): field for field in fields}
    found = [by_name.get(name.lower()) for name in contract.key]
    usable = [
        field["id"]
        for field in found
        if field and field["required"] and isinstance(field["type"], str)
        if field["type"] not in NOT_IDENTIFIERS
    ]
    return usable if len(usable) == len(found) else []


def _plain_primitive(of: str) -> str:
    if of.startswith("decimal("):
        return "decimal({}, {})".format(*digits(of))
    if of not in V2 and not of.startswith("fixed["):
        raise TypeRefused(
            f"{of} is no type of Iceberg v2.{nearest(of, V2)}",
            remedy="docs/types.md lists the types; cast the column to one of them",
            code="PHLO541",
        )
    return of


def _plain_field(field: Mapping[str, Any]) -> dict[str, Any]:
    kept = {
        "name": field["name"],
        "required": bool(field.get("required")),
        "type": plain(field["type"]),
    }
    return {**kept, "doc": field["doc"]} if field.get("doc") else kept


def _document(schema: Any) -> dict[str, Any]:
    if isinstance(schema, Mapping):
        return dict(schema)
    document: dict[str, Any] = schema.model_dump(mode="json", by_alias=True)
    return document
