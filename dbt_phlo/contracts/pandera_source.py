"""Contracts from Pandera classes: hand-written ones, and those that were generated."""

from datetime import date, datetime, time
from typing import Any

from dbt_phlo.contracts.contract import Column, Contract
from dbt_phlo.contracts.pandera.foreign_types import iceberg_type, native_type
from dbt_phlo.contracts.pandera.loading import load_class
from dbt_phlo.contracts.pandera.recovery import constraints_of, shape_of
from dbt_phlo.contracts.pandera.shape import constraints_from, default_constraints
from dbt_phlo.contracts.pandera.source_code import NO_DESCRIPTION
from dbt_phlo.errors import TypeRefused
from dbt_phlo.tables.schema import Type

__all__ = ["contract_from_class", "is_generated", "load_class"]


def contract_from_class(cls: Any, name: str = "") -> Contract:
    """The contract that a ``DataFrameModel`` or ``DataFrameSchema`` states.

    A generated class gives back the contract that it came from. A hand-written one, of pandas or
    polars, gives its columns and Pandera's own checks as rules; every other check becomes
    ``Other`` under its name. ``name`` is the table's, where the class does not say it.
    Raises ``TypeRefused`` (PHLO572) with class and column for a dtype that Iceberg lacks.
    """
    model: Any = cls
    schema = model.to_schema() if isinstance(cls, type) else model
    called = cls.__name__ if isinstance(cls, type) else schema.name or "a DataFrameSchema"
    columns = tuple(_column(called, key, of, cls) for key, of in schema.columns.items())
    recorded = _recorded(cls)
    if not is_generated(cls):
        return Contract(
            name or schema.name or called,
            columns,
            tuple(constraints_of(schema)),
            description=_description(schema.description),
        )
    shape = shape_of(schema)
    entries = recorded.get("constraints")
    described = schema.description or ""
    return Contract(
        name=name or schema.name,
        columns=columns,
        constraints=(
            default_constraints(shape) if entries is None else constraints_from(shape, entries)
        ),
        description="" if described == NO_DESCRIPTION else described,
        unique_key=tuple(recorded.get("unique_key", ())),
        primary_key=tuple(recorded.get("primary_key", ())),
        partition_by=tuple(recorded.get("partition_by", ())),
        is_enforced=recorded.get("is_enforced", False),
    )


def _column(called: str, name: Any, of: Any, cls: Any) -> Column:
    if not isinstance(name, str) or getattr(of, "regex", False):
        raise TypeRefused(
            f"{called} describes columns by the pattern {name!r}; a contract names each column",
            remedy="write one field a column",
            code="PHLO572",
        )
    found = None if of.dtype is None else _annotated(cls, name) or iceberg_type(of.dtype)
    if found is None:
        raise TypeRefused(
            f"column {name} of {called} has the type {of.dtype}, which no Iceberg type holds",
            remedy="give the column a type that says its values, as str, int, pl.Decimal(12, 2) or "
            "pandas.ArrowDtype(...)",
            code="PHLO572",
        )
    description = of.description or of.title or ""
    pii = bool((of.metadata or {}).get("pii", False))
    return Column(name, found, description, pii, written=str(of.dtype))


def _annotated(cls: Any, name: str) -> Type | None:
    """The type of a field that Pandera itself turns into another: ``datetime`` has its zone."""
    if not isinstance(cls, type):
        return None
    model: Any = cls
    annotation = model.__fields__[name][0]
    written = annotation.arg if annotation.arg is not None else annotation.raw_annotation
    python: dict[Any, Type] = {datetime: "timestamptz", date: "date", time: "time"}
    if getattr(written, "__origin__", None) in (list, dict):
        return native_type(written)
    try:
        return python.get(written)
    except TypeError:  # an annotation that has no hash
        return None


def _description(text: str | None) -> str:
    import inspect

    return inspect.cleandoc(text) if text else ""


def is_generated(cls: Any) -> bool:
    """Whether a class was made from a contract, which it gives back whole."""
    return isinstance(cls, type) and any(
        base.__module__ in ("dbt_phlo.contracts.pandera.on_pandas", _POLARS) for base in cls.__mro__
    )


_POLARS = "dbt_phlo.contracts.pandera.on_polars"


def _recorded(cls: Any) -> dict[str, Any]:
    metadata = getattr(getattr(cls, "Config", None), "metadata", None) or {}
    found: dict[str, Any] = metadata.get("phlo", {})
    return found
