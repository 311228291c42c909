"""Contracts from dbt's manifest, whose nodes are read by their attributes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dbt_phlo.contracts.build import build
from dbt_phlo.contracts.contract import Contract, Origin
from dbt_phlo.contracts.data_tests import unquoted
from dbt_phlo.contracts.declarations import (
    ColumnDeclaration,
    Declaration,
    Place,
    TestDeclaration,
)
from dbt_phlo.contracts.repeated_columns import repeated_columns
from dbt_phlo.meta import phlo_meta
from dbt_phlo.yaml_lines import line_of

_SOURCE = re.compile(r"source\('(.+)', '(.+)'\)")
DECLARING = ("model", "seed", "snapshot", "source")
"""The kinds of nodes that may have a contract."""


def contracts(manifest: Any, dialect: str, root: Path) -> dict[str, Contract]:
    """The contract of every enabled node that declares columns, by unique id.

    ``root`` is the project's folder, for the lines in messages. Raises ``ContractError`` or
    ``TypeRefused`` for the first mistake.
    """
    tests, repeated = every_test(manifest), repeated_columns(manifest)
    return {
        node.unique_id: build(
            declaration(node, tests.get(node.unique_id, ()), root, repeated), dialect
        )
        for node in (*manifest.nodes.values(), *manifest.sources.values())
        if str(node.resource_type) in DECLARING and node.columns
    }


def contract_of(node: Any, manifest: Any, dialect: str, root: Path) -> Contract:
    """The contract of one node."""
    tests = every_test(manifest).get(node.unique_id, ())
    return build(declaration(node, tests, root, repeated_columns(manifest)), dialect)


def tests_of(manifest: Any) -> dict[str, list[Any]]:
    """The generic data tests of a manifest, by the node that each is attached to.

    dbt attaches no test to a source, but says which one it is a test of.
    """
    found: dict[str, list[Any]] = {}
    for test in manifest.nodes.values():
        if str(test.resource_type) != "test" or getattr(test, "test_metadata", None) is None:
            continue
        owner = test.attached_node or _source_of(test)
        if owner is not None:
            found.setdefault(owner, []).append(test)
    return found


def every_test(manifest: Any) -> dict[str, list[Any]]:
    """The generic tests, and the singular ones: a query over one node alone is a test of it."""
    found = tests_of(manifest)
    declaring = {
        node.unique_id
        for node in (*manifest.nodes.values(), *manifest.sources.values())
        if str(node.resource_type) in DECLARING and node.columns
    }
    for test in manifest.nodes.values():
        if str(test.resource_type) == "test" and getattr(test, "test_metadata", None) is None:
            owners = declaring.intersection(test.depends_on.nodes)
            if len(owners) == 1:
                found.setdefault(owners.pop(), []).append(test)
    return found


def _source_of(test: Any) -> str | None:
    """The source's table that a test is of; it may depend on others too, as ``relationships``."""
    found = _SOURCE.search(str(test.test_metadata.kwargs.get("model")))
    ending = "." + ".".join(found.groups()) if found else ""
    return next((one for one in test.depends_on.nodes if found and one.endswith(ending)), None)


def declaration(
    node: Any,
    tests: Iterable[Any],
    root: Path,
    repeated: Mapping[tuple[str, ...], Iterable[str]] | None = None,
) -> Declaration:
    """What the author wrote of one node.

    ``repeated`` are the columns that dbt has dropped because another has the same name.
    """
    config = node.config
    contract = getattr(config, "contract", None)
    key = getattr(config, "unique_key", None)
    columns = [_column(column) for column in node.columns.values()]
    for name in (repeated or {}).get(_key(node), ()):
        columns.append(ColumnDeclaration(unquoted(name)))
    return Declaration(
        name=node.name,
        columns=tuple(columns),
        constraints=tuple(_constraint(c) for c in getattr(node, "constraints", None) or ()),
        tests=tuple(_test(test) for test in tests),
        description=_words(node.description),
        unique_key=_names(key),
        partition_by=_names(phlo_meta(node).get("partition_by")),
        is_enforced=bool(contract is not None and contract.enforced),
        file=_file(node),
        place=_place(node, root),
    )


def _column(column: Any) -> ColumnDeclaration:
    return ColumnDeclaration(
        name=unquoted(column.name),
        data_type=column.data_type,
        description=_words(column.description),
        constraints=tuple(_constraint(constraint) for constraint in column.constraints or ()),
        pii=bool(phlo_meta(column).get("pii")),
    )


def _constraint(constraint: Any) -> dict[str, Any]:
    return {
        "type": getattr(constraint.type, "value", constraint.type),
        "name": constraint.name,
        "expression": constraint.expression,
        "columns": list(getattr(constraint, "columns", None) or ()),
        "to": constraint.to,
        "to_columns": list(constraint.to_columns or ()),
    }


def _test(test: Any) -> TestDeclaration:
    metadata, config = getattr(test, "test_metadata", None), test.config
    if metadata is None:
        return TestDeclaration(f"singular test {test.name}", name=test.name, **_settings(config))
    arguments = {
        key: value for key, value in metadata.kwargs.items() if key not in ("model", "column_name")
    }
    column = test.column_name or metadata.kwargs.get("column_name") or ""
    return TestDeclaration(
        test=f"{metadata.namespace}.{metadata.name}" if metadata.namespace else metadata.name,
        arguments=arguments,
        column=unquoted(str(column)),
        name=test.name,
        **_settings(config),
    )


def _settings(config: Any) -> dict[str, Any]:
    return {
        "severity": str(config.severity).lower(),
        "where": config.where or "",
        "error_if": config.error_if,
        "fail_calc": config.fail_calc or "count(*)",
    }


def _names(given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        return (unquoted(given),)
    return tuple(unquoted(str(name)) for name in given) if isinstance(given, Sequence) else ()


def _words(text: str | None) -> str:
    return (text or "").strip()


def _file(node: Any) -> str:
    patch = getattr(node, "patch_path", None) or ""
    return str(patch.split("://", 1)[-1] or node.original_file_path)


def _key(node: Any) -> tuple[str, ...]:
    """The id of a node's YAML file, and the names that lead to it there."""
    if str(node.resource_type) == "source":
        file = f"{node.package_name}://{node.original_file_path}"
        return (file, node.source_name, node.name)
    return (str(getattr(node, "patch_path", None) or ""), node.name)


def _place(node: Any, root: Path) -> Place:
    """Lines are looked for when something is wrong, not before."""
    outer = (node.source_name,) if str(node.resource_type) == "source" else ()
    section = f"{node.resource_type}s"
    owner = _Owner(_file(node), root, (*outer, node.name), section)

    def place(column: str, key: str) -> Origin:
        return LazyOrigin(owner, column, key)

    return place


class _Owner(NamedTuple):
    file: str
    root: Path
    names: tuple[str, ...]
    section: str


class LazyOrigin(Origin):
    """An ``Origin`` that looks for its line when it is asked for.

    Each column has one: it is small, and shares what it can.
    """

    __slots__ = ("_column", "_key", "_owner")
    _owner: _Owner
    _column: str
    _key: str

    def __init__(self, owner: _Owner, column: str, key: str) -> None:
        put = object.__setattr__  # an Origin is frozen
        put(self, "file", owner.file)
        put(self, "_owner", owner)
        put(self, "_column", column)
        put(self, "_key", key)

    @property
    def line(self) -> int | None:
        """The line of the key, from 1; None where the file does not have it."""
        owner = self._owner
        names = (*owner.names, self._column) if self._column else owner.names
        path = owner.root / owner.file
        return line_of(path, *names, key=self._key, section=owner.section)
