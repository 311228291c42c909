"""Where a source was read up to: kept in the table, moved in the commit that adds the rows.

dlt's state of the source is a property of the table, and of the snapshot that was made with it. So
a ref that is rejected takes its cursor with it, and a table that is rolled back to an earlier
snapshot is read on from there.
"""

import base64
import copy
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from dbt_phlo.errors import CatalogError

STATE = "phlo.cursor"
LOAD = "phlo.load-id"
RUN = "phlo.run-id"

State = dict[str, Any]
"""dlt's ``sources``: by source and resource, what its incremental fields have reached."""


def read(metadata: Mapping[str, Any], table: str) -> State:
    """The state that a table's metadata carries; empty before the first load and after a reset.

    The property holds, unless the table was rolled back behind the load that set it: then the
    newest snapshot that the table still stands on says it. Raises ``CatalogError`` (PHLO340).
    """
    properties = metadata.get("properties", {})
    load = properties.get(LOAD)
    if not properties.get(STATE):
        return {}
    snapshots = {snapshot["snapshot-id"]: snapshot for snapshot in metadata["snapshots"]}
    line = list(_ancestors(snapshots, metadata.get("current-snapshot-id")))
    of_load = [one for one in snapshots.values() if _said(one).get(LOAD) == load]
    if not of_load or any(one in line for one in of_load):
        return _decoded(properties[STATE], table)
    for snapshot in line:
        if _said(snapshot).get(STATE):
            return _decoded(_said(snapshot)[STATE], table)
    return {}


def properties(state: State, load_id: str, run_id: str) -> dict[str, str]:
    """What the commit of a load sets, on the table and on its snapshot."""
    return {STATE: _encoded(state), LOAD: load_id, RUN: run_id}


def last_values(state: State) -> dict[str, Any]:
    """What each incremental field has reached, as ``resource.field``, for people."""
    found: dict[str, Any] = {}
    for source in state.values():
        for resource, held in (source.get("resources") or {}).items():
            for field, of in (held.get("incremental") or {}).items():
                value = of.get("last_value")
                found[f"{resource}.{field}"] = value if _is_plain(value) else str(value)
    return found


def _ancestors(snapshots: Mapping[int, Any], current: Any) -> Iterator[Any]:
    while current in snapshots:
        yield snapshots[current]
        current = snapshots[current].get("parent-snapshot-id")


def _said(snapshot: Mapping[str, Any]) -> Mapping[str, str]:
    return snapshot.get("summary") or {}


def _encoded(state: State) -> str:
    if not state:
        return ""
    from dlt.common.json import json as typed  # keeps dates and decimals as what they are

    return base64.b64encode(zlib.compress(typed.typed_dumpb(state))).decode()


def _decoded(text: str, table: str) -> State:
    try:
        raw = zlib.decompress(base64.b64decode(text))
        from dlt.common.json import json as typed

        found = typed.typed_loadb(raw)
    except (ValueError, zlib.error, json.JSONDecodeError) as error:
        raise CatalogError(
            f"the cursor of {table} cannot be read: {error}",
            remedy="set it anew with phlo_state, or load the table again with --full-refresh",
            code="PHLO340",
        ) from error
    return dict(found) if isinstance(found, Mapping) else {}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def without(document: dict[str, Any]) -> dict[str, Any]:
    """``document`` itself, a table's metadata, with no cursor: the next load reads everything."""
    document["properties"][STATE] = ""
    document["properties"][LOAD] = ""
    return document


def moved(state: State, key: str, value: Any, table: str) -> State:
    """``state`` with another last value of one field.

    ``key`` is ``resource.field``, '' where there is only one. A text is read as what the field
    holds now: a number, a moment. Raises ``CatalogError`` (PHLO341) for a field that is not there.
    """
    found = {
        f"{resource}.{field}": (source, resource, field)
        for source, of in state.items()
        for resource, held in (of.get("resources") or {}).items()
        for field in held.get("incremental") or {}
    }
    chosen = found.get(key) if key else (next(iter(found.values())) if len(found) == 1 else None)
    if chosen is None:
        told = ", ".join(found) or "none"
        raise CatalogError(
            f"{table} has no cursor {key or 'that could be meant'}: it has {told}",
            remedy="name one as resource.field; a table that was never loaded has none",
            code="PHLO341",
        )
    after = copy.deepcopy(state)
    source, resource, field = chosen
    held = after[source]["resources"][resource]["incremental"][field]
    held["last_value"] = _like(held.get("last_value"), value, table)
    held["unique_hashes"] = []
    return after


def _like(old: Any, given: Any, table: str) -> Any:
    """A value of the kind that the field holds."""
    try:
        if isinstance(old, bool) or old is None or isinstance(given, type(old)):
            return given
        if isinstance(old, datetime):
            return datetime.fromisoformat(str(given).replace("Z", "+00:00"))
        if isinstance(old, date):
            return date.fromisoformat(str(given))
        return type(old)(str(given))
    except (ValueError, ArithmeticError) as error:
        raise CatalogError(
            f"{table}: {given!r} is no {type(old).__name__}, as the cursor's value is ({old})",
            remedy="write a value of that kind",
            code="PHLO341",
        ) from error
