"""The table that a load writes: made from the contract, or grown to it, before the first page."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from dbt_phlo.catalogs.port import Tables
from dbt_phlo.contracts import evolution, iceberg
from dbt_phlo.contracts.contract import Column, Contract
from dbt_phlo.errors import ContractError
from dbt_phlo.loads.cursor import RUN
from dbt_phlo.loads.partitions import spec
from dbt_phlo.loads.plan import SYSTEM_COLUMNS, Plan
from dbt_phlo.tables import metadata as documents
from dbt_phlo.tables import schema as schemas

REQUIRING = ("constraint", "class")
"""What makes a column of the table ``required``; a data test judges rows, and may be taken back."""


class Lake(NamedTuple):
    """Where a load writes. ``configuration`` is the profile's ``iceberg_catalog``.

    ``base_of`` tells the value that a table had when the run began, None where it was not there.
    """

    tables: Tables
    configuration: dict[str, Any]
    base_of: Callable[[str, str], str | None]


class Target(NamedTuple):
    """``name`` is the table itself, or one under construction that is to take its place."""

    namespace: str
    name: str
    is_new: bool
    added: tuple[Column, ...] = ()
    """Columns that an earlier load has added, because the source sends them."""


def with_system_columns(contract: Contract, *, added: tuple[Column, ...] = ()) -> Contract:
    """The contract of the whole table. Raises ``ContractError`` (PHLO941) for a declared one."""
    declared = [c.name for c in contract.columns if c.name.lower() in SYSTEM_COLUMNS]
    if declared:
        raise ContractError(
            f"{contract.origin}: {contract.name} declares {', '.join(declared)}, which every "
            "ingested table has",
            remedy="remove it from the YAML",
            code="PHLO941",
        )
    system = tuple(Column(name, kind) for name, kind in SYSTEM_COLUMNS.items())
    enforced = tuple(c for c in contract.constraints if c.source in REQUIRING)
    return replace(contract, columns=(*contract.columns, *added, *system), constraints=enforced)


def prepared(plan: Plan, lake: Lake) -> Target:
    """The table, as the YAML declares it.

    A table that is not there, or is loaded anew, is made beside its name. One that is there takes
    compatible changes in place; raises ``TypeRefused`` (PHLO545) for others. What a load of this
    very run has added before goes: the load begins again where the run began.
    """
    tables, whole = lake.tables, with_system_columns(plan.contract)
    if plan.namespace not in tables.namespaces():
        tables.create_namespace(plan.namespace)
    if plan.full_refresh or not tables.exists(plan.namespace, plan.table):
        return _made(plan, lake, whole)
    _restarted(plan, lake)
    if not tables.exists(plan.namespace, plan.table):
        return _made(plan, lake, whole)
    old = iceberg.contract_of(plan.table, schemas.current(_metadata(plan, lake)))
    added = _added_before(old, whole) if plan.on_unknown_columns == "add" else ()
    wanted = with_system_columns(plan.contract, added=added)
    found = evolution.changes(replace(old, description=wanted.description), wanted)
    evolution.assert_compatible(found)
    if any(change.kind not in ("order", "doc") for change in found):
        _grow(plan.namespace, plan.table, lake, wanted)
    return Target(plan.namespace, plan.table, False, added)


def grow(plan: Plan, lake: Lake, place: Target, columns: tuple[Column, ...]) -> None:
    """Give the table further columns, which may be NULL."""
    there = lake.tables.metadata(place.namespace, place.name)
    old = iceberg.contract_of(place.name, schemas.current(there))
    _grow(place.namespace, place.name, lake, replace(old, columns=(*old.columns, *columns)))


def _grow(namespace: str, name: str, lake: Lake, wanted: Contract) -> None:
    """Give a table the columns and wider types of ``wanted``."""
    fields = iceberg.schema_json(wanted)["fields"]
    required = {field["name"].lower() for field in fields if field["required"]}
    lake.tables.amend(namespace, name, lambda of: documents.evolved(of, fields, required))


def settled(plan: Plan, lake: Lake, target: Target) -> None:
    """Put a table that was made beside its name into its place, in one step."""
    if not target.is_new:
        return
    fields = schemas.current(lake.tables.metadata(target.namespace, target.name))["fields"]
    required = {field["name"].lower() for field in fields if field.get("required")}
    lake.tables.replace(target.namespace, target.name, plan.table, required=required)


def dropped(lake: Lake, target: Target) -> None:
    """Forget a table under construction."""
    if target.is_new and lake.tables.exists(target.namespace, target.name):
        lake.tables.drop(target.namespace, target.name)


def _made(plan: Plan, lake: Lake, whole: Contract) -> Target:
    schema = iceberg.schema_json(whole)
    name = documents.staging_name(plan.table)
    request = {
        "name": name,
        "schema": {"type": "struct", **schema},
        "partition-spec": spec(plan.contract, schema),
    }
    lake.tables.create(plan.namespace, request)
    return Target(plan.namespace, name, True)


def _restarted(plan: Plan, lake: Lake) -> None:
    said = _metadata(plan, lake)["properties"].get(RUN)
    if plan.is_run and plan.strategy != "microbatch" and said == plan.run_id:
        for name in (plan.table, plan.rejected_table):
            lake.tables.restore(plan.namespace, name, lake.base_of(plan.namespace, name))


def _added_before(old: Contract, whole: Contract) -> tuple[Column, ...]:
    return tuple(column for column in old.columns if whole.column(column.name) is None)


def _metadata(plan: Plan, lake: Lake) -> dict[str, Any]:
    return lake.tables.metadata(plan.namespace, plan.table)
