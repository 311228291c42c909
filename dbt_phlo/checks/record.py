"""A ``Check`` as a JSON document, and as a row of a table."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from dbt_phlo.checks.check import Check

COLUMNS: Mapping[str, str] = {
    "name": "string",
    "node": "string",
    "status": "string",
    "severity": "string",
    "source": "string",
    "test": "string",
    "model": "string",
    "model_node": "string",
    "column": "string",
    "arguments": "string",
    "partition_key": "string",
    "failed_count": "long",
    "total_count": "long",
    "failures": "long",
    "allow_threshold": "string",
    "query_or_sql": "string",
    "repro_sql": "string",
    "sample": "string",
    "run_id": "string",
    "ref": "string",
    "invocation_id": "string",
    "started_at": "timestamptz",
    "finished_at": "timestamptz",
    "message": "string",
    "notes": "string",
}
"""The columns of a row with their Iceberg types; what is nested is JSON text."""

_NESTED = ("arguments", "sample", "notes")


def document(check: Check) -> dict[str, Any]:
    """The check as plain JSON values, name, node and status first."""
    found = {field.name: getattr(check, field.name) for field in fields(check)}
    found["arguments"] = dict(check.arguments)
    found["sample"] = [dict(row) for row in check.sample]
    found["notes"] = list(check.notes)
    return found


def row(check: Check) -> dict[str, Any]:
    """The check as values for ``COLUMNS``; its times are ISO 8601 text."""
    return {
        name: text(value) if name in _NESTED else value for name, value in document(check).items()
    }


def text(value: Any) -> str:
    """JSON in one line, without what JSON does not have (NaN)."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
