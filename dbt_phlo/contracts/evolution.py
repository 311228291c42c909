"""What a changed contract does to a table that is there: change by change, applied or refused.

A change is compatible when every row and every reader of before stays right (Iceberg specification
v2, "Schema Evolution"): a new nullable column, a wider number, required to optional, words, order.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.iceberg import plain
from dbt_phlo.errors import TypeRefused, nearest
from dbt_phlo.tables.duckdb_types import written
from dbt_phlo.tables.schema import Type, compatible, shape

Kind = Literal[
    "added", "dropped", "renamed", "widened", "type", "optional", "required", "doc", "order"
]
Field = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One change. ``column`` is its path (``address.street``, ``tags.element``), '' the table.

    ``remedy`` says what to do about a change that is not compatible.
    """

    kind: Kind
    table: str
    column: str
    old: str
    new: str
    is_compatible: bool
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return self.text


def changes(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Every change from ``old`` to ``new``, in the order of the new columns, dropped ones last.

    ``old`` may be a table's own schema, through ``iceberg.contract_of``.
    """
    describe = old.description != new.description
    found = [_doc(new.name, "", old.description, new.description)] if describe else []
    return (*found, *_fields(_top(old), _top(new), new.name, ""))


def assert_compatible(found: Iterable[Change]) -> None:
    """Raise ``TypeRefused`` that lists the changes which a table cannot take in place."""
    refused = [change for change in found if not change.is_compatible]
    if refused:
        raise TypeRefused(
            "; ".join(change.text for change in refused),
            remedy="; ".join(dict.fromkeys(change.remedy for change in refused)),
            code="PHLO545",
        )


def _top(contract: Contract) -> list[Field]:
    return [
        {
            "name": column.name,
            "type": plain(column.type),
            "required": not contract.is_nullable(column.name),
            "doc": column.description,
        }
        for column in contract.columns
    ]


def _fields(old: list[Field], new: list[Field], table: str, path: str) -> Iterator[Change]:
    pairs, left = _paired(old, new)
    for field, before in pairs:
        name = path + field["name"]
        if before is None:
            yield _added(table, name, field, [one["name"] for one in left])
            continue
        if before["name"] != field["name"]:
            yield _renamed(table, path + before["name"], name)
        yield from _type(before["type"], field["type"], table, name)
        yield from _requirement(before.get("required"), field.get("required"), table, name)
        if (before.get("doc") or "") != (field.get("doc") or ""):
            yield _doc(table, name, before.get("doc") or "", field.get("doc") or "")
    kept = [before["name"] for _, before in pairs if before is not None]
    if kept != [field["name"] for field in old if field["name"] in kept]:
        yield _order(table, path, [one["name"] for one in old], [one["name"] for one in new])
    for field in left:
        yield _dropped(table, path + field["name"], field, [one["name"] for one in new])


def _paired(
    old: list[Field], new: list[Field]
) -> tuple[list[tuple[Field, Field | None]], list[Field]]:
    """Each new field with the old one of its name, in exact spelling first; and who is left."""
    exact = {field["name"]: field for field in old}
    taken = {field["name"] for field in new if field["name"] in exact}
    left = [field for field in old if field["name"] not in taken]
    pairs: list[tuple[Field, Field | None]] = []
    for field in new:
        before = exact.get(field["name"])
        if before is None:
            folded = field["name"].lower()
            before = next((one for one in left if one["name"].lower() == folded), None)
            left = [one for one in left if one is not before]
        pairs.append((field, before))
    return pairs, left


def _type(old: Type, new: Type, table: str, path: str) -> Iterator[Change]:
    if isinstance(old, str) or isinstance(new, str) or old["type"] != new["type"]:
        if old != new:
            yield _retyped(old, new, table, path)
        return
    if old["type"] == "struct":
        yield from _fields(old["fields"], new["fields"], table, f"{path}.")
        return
    if old["type"] == "map" and shape(old["key"]) != shape(new["key"]):
        yield _retyped(old["key"], new["key"], table, f"{path}.key", compatible=lambda *_: False)
    part = "value" if old["type"] == "map" else "element"
    yield from _type(old[part], new[part], table, f"{path}.{part}")
    required = f"{part}-required"
    yield from _requirement(old.get(required), new.get(required), table, f"{path}.{part}")


def _retyped(
    old: Type,
    new: Type,
    table: str,
    path: str,
    compatible: Callable[[Type, Type], bool] = compatible,
) -> Change:
    before, after = written(old), written(new)
    if compatible(old, new):
        text = f"column {path} of {table} becomes wider: {before} to {after}"
        return Change("widened", table, path, before, after, True, text)
    return Change(
        "type",
        table,
        path,
        before,
        after,
        False,
        f"column {path} of {table} is {before} and cannot become {after} in place",
        f"keep {before} for {path}, add a column of another name, or rebuild {table} with "
        "dbt build --full-refresh",
    )


def _requirement(old: Any, new: Any, table: str, path: str) -> Iterator[Change]:
    if bool(old) == bool(new):
        return
    if old:
        text = f"column {path} of {table} may now be NULL"
        yield Change("optional", table, path, "not null", "nullable", True, text)
        return
    yield Change(
        "required",
        table,
        path,
        "nullable",
        "not null",
        False,
        f"column {path} of {table} may be NULL in the rows that are there, and is now declared "
        "not null",
        f"test {path} with not_null instead, or rebuild {table} with dbt build --full-refresh",
    )


def _added(table: str, path: str, field: Field, left: list[str]) -> Change:
    after = written(field["type"])
    if not field.get("required"):
        text = f"column {path} ({after}) of {table} is new"
        return Change("added", table, path, "", after, True, text)
    return Change(
        "added",
        table,
        path,
        "",
        f"{after} not null",
        False,
        f"column {path} ({after}) of {table} is new and declared not null, and the rows that are "
        f"there have no value for it.{nearest(field['name'], left)}",
        f"declare {path} without not_null, or rebuild {table} with dbt build --full-refresh",
    )


def _dropped(table: str, path: str, field: Field, names: list[str]) -> Change:
    before = written(field["type"])
    return Change(
        "dropped",
        table,
        path,
        before,
        "",
        False,
        f"column {path} ({before}) of {table} is no longer declared."
        f"{nearest(field['name'], names)}",
        f"declare {path} again, or rebuild {table} with dbt build --full-refresh",
    )


def _renamed(table: str, old: str, new: str) -> Change:
    return Change(
        "renamed",
        table,
        new,
        old,
        new,
        False,
        f"column {old} of {table} is now spelled {new}, which Iceberg takes for another column",
        f"spell it {old}, or rebuild {table} with dbt build --full-refresh",
    )


def _doc(table: str, path: str, old: str, new: str) -> Change:
    what = f"column {path} of {table}" if path else f"{table}"
    return Change("doc", table, path, old, new, True, f"the description of {what} changes")


def _order(table: str, path: str, old: list[str], new: list[str]) -> Change:
    what = f"the fields of {path[:-1]} of {table}" if path else f"the columns of {table}"
    before, after = ", ".join(old), ", ".join(new)
    return Change("order", table, path[:-1], before, after, True, f"the order of {what} changes")
