"""New metadata documents: of a table, of a table under construction, of a clone."""

import copy
import json
import re
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dbt_phlo.tables import schema as schemas
from dbt_phlo.tables.files import Metadata

STAGING = "__phlo_new"
"""A table ``<target>__phlo_new_<id>`` is under construction: it becomes the target's next snapshot.

The id is the writer's own, so that two writers of one ref never meet in one table.
"""
_UNDER_CONSTRUCTION = re.compile(rf"(?P<target>.+){STAGING}(?:_[0-9a-f]{{8}})?", re.DOTALL)

REPLACES = "phlo.replaces"
"""The property of a staging table that names the metadata file which it stands on."""

DEFAULT_PROPERTIES = {"write.target-file-size-bytes": str(512 << 20)}
"""Iceberg's own default, written out: DuckDB 1.5 makes files of 14 MB where a table says nothing
(measured: 2 million rows of 10 columns in 9 files instead of one)."""

FORCED_PROPERTIES = {
    "write.metadata.delete-after-commit.enabled": "false",
    "gc.enabled": "false",
}
"""Properties that would let an engine delete files which another ref still reaches."""


def staging_name(target: str) -> str:
    """A name of its own for what is to become the next snapshot of ``target``."""
    return f"{target}{STAGING}_{uuid.uuid4().hex[:8]}"


def under_construction(name: str) -> str | None:
    """The table that a staging table is to become, or None if ``name`` is none.

    >>> under_construction("orders__phlo_new_0a1b2c3d")
    'orders'
    >>> under_construction("orders")
    """
    match = _UNDER_CONSTRUCTION.fullmatch(name)
    return match["target"] if match else None


def new(request: dict[str, Any], location: str, base: Metadata | None = None) -> Metadata:
    """The first metadata of a table, from an Iceberg REST ``CreateTableRequest``.

    With ``base`` (the table that this one will replace) the new table takes its location, its
    properties, its partition specs and the field ids of the columns that stay the same.
    """
    schema, last_id = schemas.with_ids(request["schema"], base)
    ids = schemas.new_ids({**request["schema"], "type": "struct"}, schema)
    specs, spec_id = _specs(_renumbered(request.get("partition-spec"), ids), base)
    order = _renumbered(request.get("write-order"), ids)
    asked = {k: str(v) for k, v in (request.get("properties") or {}).items()}
    inherited = {k: v for k, v in (base["properties"] if base else {}).items() if k != REPLACES}
    properties = DEFAULT_PROPERTIES | inherited | asked
    return {
        "format-version": 2,
        "table-uuid": str(uuid.uuid4()),
        "location": base["location"] if base else location,
        "last-sequence-number": 0,
        "last-updated-ms": int(time.time() * 1000),
        "last-column-id": last_id,
        "current-schema-id": 0,
        "schemas": [schema],
        "default-spec-id": spec_id,
        "partition-specs": specs,
        "last-partition-id": max(
            [999, *(f.get("field-id", 0) for spec in specs for f in spec["fields"])]
        ),
        "default-sort-order-id": 1 if order else 0,
        "sort-orders": [{"order-id": 1 if order else 0, "fields": order}],
        "properties": properties | FORCED_PROPERTIES,
        "current-snapshot-id": -1,
        "refs": {},
        "snapshots": [],
        "snapshot-log": [],
        "metadata-log": [],
    }


def clone(source: Metadata, location: str) -> Metadata:
    """A new table over the same immutable files, with an identity and a future of its own."""
    metadata = copy.deepcopy(source)
    metadata |= {"table-uuid": str(uuid.uuid4()), "location": location, "metadata-log": []}
    return metadata


def _renumbered(clustering: dict[str, Any] | None, ids: dict[int, int]) -> list[dict[str, Any]]:
    """The fields of a partition spec or sort order of a request, by the table's own field ids."""
    fields = (clustering or {}).get("fields", [])
    return [{**f, "source-id": ids.get(f["source-id"], f["source-id"])} for f in fields]


def documented(document: Metadata, comment: str | None, columns: Mapping[str, str]) -> Metadata:
    """``document`` itself, with a comment and columns' docs (names without regard to case)."""
    if comment is not None:
        document["properties"]["comment"] = comment
    docs = {name.lower(): text for name, text in columns.items()}
    fields = json.loads(json.dumps(schemas.current(document)["fields"]))
    for field in fields:
        if field["name"].lower() in docs:
            field["doc"] = docs[field["name"].lower()]
    schemas.add_schema(document, fields, document["last-column-id"])
    return document


def arranged(document: Metadata, required: Collection[str], order: Sequence[str]) -> bool:
    """Make columns of ``document`` required, in this order (names without regard to case).

    Columns that ``order`` does not name come last. Returns whether anything has changed. The caller
    knows that the columns hold no NULL: an optional column that becomes required would else break
    the table (Iceberg specification v2, "Schema Evolution").
    """
    fields = json.loads(json.dumps(schemas.current(document)["fields"]))
    for field in fields:
        field["required"] = field["name"].lower() in required
    places = {name.lower(): place for place, name in enumerate(order)}
    fields.sort(key=lambda field: places.get(field["name"].lower(), len(places)))
    if fields == schemas.current(document)["fields"]:
        return False
    schemas.add_schema(document, fields, document["last-column-id"])
    return True


def evolved(
    document: Metadata, wanted: Sequence[dict[str, Any]], required: Collection[str]
) -> Metadata:
    """``document`` itself with the wider types and the new columns of ``wanted``, which come last.

    ``required`` are all the columns (in lower case) that refuse NULL. Ids, docs and columns that
    are not wanted stay. Ids of ``wanted`` do not count.
    """
    types = {field["name"].lower(): field for field in wanted}
    current = schemas.current(document)["fields"]
    fields = []
    for field in current:
        new = types.pop(field["name"].lower(), None)
        wider = new is not None and schemas.compatible(field["type"], new["type"])
        fields.append({**field, "type": new["type"] if new and wider else field["type"]})
    fields += [{"name": new["name"], "type": new["type"]} for new in types.values()]
    for field in fields:
        field["required"] = field["name"].lower() in required
    schema, last_id = schemas.with_ids({"fields": fields}, document)
    schemas.add_schema(document, schema["fields"], last_id)
    return document


def _specs(wanted: list[dict[str, Any]], base: Metadata | None) -> tuple[list[dict[str, Any]], int]:
    """The partition specs and the id of the default one; an equal earlier spec is taken again."""
    specs = [copy.deepcopy(spec) for spec in base["partition-specs"]] if base else []
    for spec in specs:
        if _partitioning(spec["fields"]) == _partitioning(wanted):
            return specs, int(spec["spec-id"])
    last = base["last-partition-id"] if base else 999
    fields = [{**field, "field-id": last + n} for n, field in enumerate(wanted, 1)]
    spec_id = max((int(spec["spec-id"]) for spec in specs), default=-1) + 1
    return [*specs, {"spec-id": spec_id, "fields": fields}], spec_id


def _partitioning(fields: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(field["source-id"], field["transform"], field["name"]) for field in fields]
