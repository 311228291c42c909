"""An enforced contract: its declared types, and its constraints on the rows of the next table."""

from collections.abc import Callable, Iterator
from typing import Any

from dbt_phlo.errors import DataRefused, TypeRefused
from dbt_phlo.names import quoted

Rows = Callable[[str], list[tuple[Any, ...]]]


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


def check(execute: Rows, rows: Any, target: Any, model: Any) -> None:
    """Raise ``DataRefused`` for the first constraint of ``model`` that ``rows`` break."""
    if not (model.get("contract") or {}).get("enforced"):
        return
    for kind, columns, expression in _declared(model):
        for label, condition in _conditions(kind, columns, expression):
            counted = execute(f"select count(*) from (select 1 from {rows} {condition})")
            if int(counted[0][0]):
                what = ", ".join(columns) or expression
                raise DataRefused(
                    f"{label} constraint failed: {target.schema}.{target.identifier}, {what} "
                    f"({counted[0][0]} rows or groups)",
                    remedy=f"{model.get('patch_path') or model.get('original_file_path')} declares "
                    "the constraint: mend the model's SQL, or the declaration",
                )


def _declared(model: Any) -> Iterator[tuple[str, list[str], str]]:
    for column in model["columns"].values():
        for constraint in column.get("constraints") or []:
            yield constraint["type"], [column["name"]], constraint.get("expression") or ""
    for constraint in model.get("constraints") or []:
        columns = [name.strip('"') for name in constraint.get("columns") or []]
        yield constraint["type"], columns, constraint.get("expression") or ""


def _conditions(kind: str, columns: list[str], expression: str) -> Iterator[tuple[str, str]]:
    """SQL that selects what breaks a constraint; ``unique`` ignores NULLs, as SQL does."""
    names = [quoted(column) for column in columns]
    if kind in ("not_null", "primary_key"):
        yield "NOT NULL", "where " + " or ".join(f"{name} is null" for name in names)
    if kind in ("unique", "primary_key"):
        known = " and ".join(f"{name} is not null" for name in names)
        yield "UNIQUE", f"where {known} group by {', '.join(names)} having count(*) > 1"
    if kind == "check":
        yield "CHECK", f"where not ({expression})"
