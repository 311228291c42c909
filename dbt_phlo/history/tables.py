"""The tables of history, their columns and their Iceberg types.

A later version may add columns at the end; it never takes one away or gives it another type.
"""

from collections.abc import Mapping
from typing import Any

RUNS: Mapping[str, str] = {
    "run_id": "string",
    "invocation_id": "string",
    "project": "string",
    "branch": "string",
    "ref": "string",
    "command": "string",
    "state": "string",
    "reason": "string",
    "began_at": "timestamptz",
    "decided_at": "timestamptz",
    "written": "string",
    "unchecked": "string",
    "stale_reads": "string",
}
"""One row for each command that came to a verdict; ``written`` and the last two are JSON lists."""

CHECKS: Mapping[str, str] = {
    "project": "string",
    "branch": "string",
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
    "run_id": "string",
    "ref": "string",
    "invocation_id": "string",
    "started_at": "timestamptz",
    "finished_at": "timestamptz",
    "message": "string",
    "notes": "string",
}
"""One row for each check that ended, was skipped or broke off."""

CHECK_FAILURES: Mapping[str, str] = {
    "project": "string",
    "branch": "string",
    "run_id": "string",
    "invocation_id": "string",
    "name": "string",
    "node": "string",
    "finished_at": "timestamptz",
    "position": "int",
    "failing_row": "string",
}
"""At most 20 failing rows of a check, each as JSON, without what is ``pii``."""

CONTRACT_CHANGES: Mapping[str, str] = {
    "project": "string",
    "branch": "string",
    "run_id": "string",
    "invocation_id": "string",
    "table": "string",
    "column": "string",
    "change": "string",
    "compatible": "boolean",
    "before": "string",
    "after": "string",
    "promoted": "boolean",
    "decided_at": "timestamptz",
}
"""One row for each change of a table's columns that a run made."""

TABLES: Mapping[str, Mapping[str, str]] = {
    "runs": RUNS,
    "checks": CHECKS,
    "check_failures": CHECK_FAILURES,
    "contract_changes": CONTRACT_CHANGES,
}


def request(name: str) -> dict[str, Any]:
    """The Iceberg REST request that creates a table."""
    return {"name": name, "schema": {"type": "struct", "fields": fields(TABLES[name])}}


def fields(columns: Mapping[str, str], first: int = 1) -> list[dict[str, Any]]:
    """Columns as the fields of an Iceberg schema, with ids from ``first`` on."""
    return [
        {"id": number, "name": name, "type": kind, "required": False}
        for number, (name, kind) in enumerate(columns.items(), first)
    ]
