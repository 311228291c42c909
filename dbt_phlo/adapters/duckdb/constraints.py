"""An enforced contract: the columns and rows that are to become a table, and what a table takes.

dbt itself compares the columns of an SQL model with its YAML, and refuses the contract of a Python
model; there, ``meta.phlo.contract: {enforced: true}`` asks for the same, and we compare.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dbt_phlo.contracts import evolution, failing_rows, iceberg, manifest_source
from dbt_phlo.contracts.build import build
from dbt_phlo.contracts.contract import Constraint, Contract
from dbt_phlo.contracts.drift import columns_of_contract, differences, found_columns
from dbt_phlo.contracts.evolution import Change
from dbt_phlo.contracts.one_scan import Counted, scan
from dbt_phlo.contracts.rules import Expression, NotNull, Rule, Unique, columns_of
from dbt_phlo.contracts.wording import words
from dbt_phlo.errors import ConfigError, ContractError, DataRefused, TypeRefused
from dbt_phlo.meta import phlo_meta
from dbt_phlo.names import quoted
from dbt_phlo.tables.duckdb_types import written

Rows = Callable[[str], Sequence[Sequence[Any]]]
Described = Sequence[tuple[str, str]]
MOST_ANSWERS = 10_000
"""More rows than any question here has in its answer."""
EXAMPLES = 5
"""As many rows are shown of each constraint that is broken."""


def check_types(target: Any, model: Any) -> None:
    """Raise ``TypeRefused`` for a declared type that means another one on each engine."""
    for column in (model.get("columns") or {}).values():
        declared = (column.get("data_type") or "").strip().lower()
        if declared in ("decimal", "numeric"):
            raise TypeRefused(
                f"column {column['name']} of {target.schema}.{target.identifier} is declared "
                f"{declared}, without precision and scale",
                remedy=f"{model.get('patch_path') or model.get('original_file_path')}: write "
                "data_type: decimal(18, 3), with the digits that the column needs",
            )


def enforced(node: Any, root: Path) -> Contract | None:
    """The contract that a node's build must keep: columns, and what ``constraints`` declare.

    None where nobody asks for it. Data tests are no part of it: they judge rows that are built.
    Raises ``ContractError`` or ``TypeRefused`` for a mistake in the YAML, and ``ConfigError``
    (PHLO128) for ``meta.phlo.contract`` that says something else than ``{enforced: true}``.
    """
    if node is None:
        return None
    contract = getattr(node.config, "contract", None)
    if not (contract is not None and contract.enforced) and not is_ours(node, root):
        return None
    return build(manifest_source.declaration(node, (), root))


def is_ours(node: Any, root: Path) -> bool:
    """Whether ``meta.phlo.contract`` asks us to enforce a node's contract."""
    asked = phlo_meta(node).get("contract")
    if asked is None:
        return False
    is_plain = isinstance(asked, Mapping) and list(asked) == ["enforced"]
    if is_plain and isinstance(asked["enforced"], bool):
        return asked["enforced"]
    place = manifest_source.declaration(node, (), root).place("", "contract")
    raise ConfigError(
        f"{place}: {node.name}: meta.phlo.contract is {asked!r}",
        remedy="write contract: {enforced: true}",
        code="PHLO128",
    )


def check_columns(contract: Contract, described: Described) -> None:
    """Raise ``ContractError`` unless the columns are those that are declared; order is free."""
    told = differences(contract, found_columns(described))
    if told:
        lines = "".join(f"\n  {one}\n    -> {one.remedy}" for one in told)
        raise ContractError(
            f"{contract.name} is not what its contract says:{lines}",
            remedy="mend the model, or its YAML",
            code="PHLO932",
        )


def check_rows(execute: Rows, rows: str, contract: Contract, described: Described) -> None:
    """Raise ``DataRefused`` for the constraints that ``rows`` break, with examples of each, and
    ``ContractError`` (PHLO951) for one whose SQL the engine cannot read.

    One scan counts all of them. A foreign key is not checked, as dbt says itself.
    """
    asked = tuple(one for one in contract.constraints if not _is_elsewhere(one.rule))
    here = replace(contract, constraints=asked)
    counted = scan(execute, here, rows, found_columns(described)).counted
    for one in counted:
        if one.problem:
            raise ContractError(
                f"{_place(contract, one.constraint)}: {contract.name}: the constraint "
                f"{words(one.constraint.rule)} cannot be checked: {one.problem}",
                remedy="correct it; it is SQL about one row of the model",
                code="PHLO951",
            )
    broken = [one for one in counted if one.failed_count]
    if broken:
        told = "\n".join(_told(execute, rows, contract, one) for one in broken)
        place = next((p for one in broken if (p := _place(contract, one.constraint))), "the YAML")
        raise DataRefused(told, remedy=f"{place} declares it: mend the model, or the declaration")


def required(contract: Contract | None) -> frozenset[str]:
    """The columns, in lower case, of which a table's schema is to refuse NULL."""
    if contract is None:
        return frozenset()
    rules = (one.rule for one in contract.hard)
    return frozenset(rule.column.lower() for rule in rules if isinstance(rule, NotNull))


def taken(
    execute: Rows, relation: str, contract: Contract, fields: Iterable[Any], *, syncs: bool
) -> bool:
    """Whether a table must change to keep a contract that has changed since it was built.

    ``fields`` are those of its schema. ``syncs`` says that dbt itself drops and retypes its columns
    (``on_schema_change: sync_all_columns``). Raises ``TypeRefused`` (PHLO545) for changes that the
    rows which are there do not allow, with old, new and what to do.
    """
    old = iceberg.contract_of(contract.name, {"fields": list(fields)})
    found = [one for one in evolution.changes(old, contract) if one.kind not in ("doc", "order")]
    asked = [one for one in found if not (syncs and one.kind in ("dropped", "type"))]
    refused = [one for one in asked if not _holds(execute, relation, one)]
    evolution.assert_compatible([*refused, *_narrowed(execute, relation, contract, old)])
    return any(one.kind in ("added", "widened", "optional", "required") for one in found)


def _holds(execute: Rows, relation: str, change: Change) -> bool:
    """Whether a column that is to be required has no NULL in the rows that are there."""
    if change.kind != "required" or "." in change.column:
        return False
    (row,) = execute(f"SELECT count(*) FROM {relation} WHERE {quoted(change.column)} IS NULL")
    return int(row[0]) == 0


def _narrowed(execute: Rows, relation: str, contract: Contract, old: Contract) -> Iterator[Change]:
    """The types that are narrower than Iceberg's, where rows that are there do not keep them: the
    table's schema is the same for a varchar(20) and for a varchar(10)."""
    rules = tuple(one for one in contract.hard if one.source == "data_type")
    if not rules:
        return
    narrow = replace(contract, constraints=rules)
    for one in scan(execute, narrow, relation, columns_of_contract(old)).counted:
        column = contract.column(columns_of(one.constraint.rule)[0])
        if one.failed_count and column is not None:
            yield Change(
                "type",
                contract.name,
                column.name,
                written(column.type),
                column.written,
                False,
                f"{column.origin}: column {column.name} of {contract.name} is declared "
                f"{column.written}, and {one.failed_count:,} of {one.total_count:,} rows that are "
                f"there are not {words(one.constraint.rule)}",
                f"declare {column.name} wide enough for them, or rebuild {contract.name} with "
                "dbt build --full-refresh",
            )


def _is_elsewhere(rule: Rule) -> bool:
    return type(rule).__name__ in ("Other", "Relationship")


def _told(execute: Rows, rows: str, contract: Contract, one: Counted) -> str:
    what = ", ".join(columns_of(one.constraint.rule)) or words(one.constraint.rule)
    text = (
        f"{_label(one.constraint.rule)} constraint failed: {contract.name}, {what} "
        f"({one.failed_count} of {one.total_count} rows)"
    )
    sql = failing_rows.sample(one.constraint, contract, rows, limit=EXAMPLES)
    names = failing_rows.sample_columns(one.constraint, contract)
    shown = [
        ", ".join(f"{name}={value}" for name, value in zip(names, row, strict=True))
        for row in execute(sql)
    ]
    return text + "".join(f"\n  {row}" for row in shown)


def _label(rule: Rule) -> str:
    if isinstance(rule, NotNull):
        return "NOT NULL"
    if isinstance(rule, Unique):
        return "UNIQUE"
    return "CHECK" if isinstance(rule, Expression) else words(rule)


def _place(contract: Contract, constraint: Constraint) -> str:
    names = columns_of(constraint.rule)
    column = contract.column(names[0]) if names else None
    return str(column.origin if column is not None else contract.origin)
