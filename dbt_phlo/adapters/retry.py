"""What ``dbt retry`` takes up: the run_results.json of the invocation before."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from dbt_phlo.adapters.project import FAILING
from dbt_phlo.runs.retrying import Retried


def results(config: Any) -> dict[str, Any] | None:
    """The run_results.json that ``dbt retry`` takes up; None for any other command.

    click's context belongs to the main thread, so this is read when the adapter is made.
    """
    context = click.get_current_context(silent=True)
    if context is None or context.info_name != "retry":
        return None
    folder = context.params.get("state") or config.target_path
    path = Path(config.project_root) / folder / "run_results.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return found


def retried(run_results: Mapping[str, Any]) -> Retried:
    """The invocation that wrote a run_results.json, and whether it left anything to do again."""
    metadata = run_results.get("metadata", {})
    return Retried(
        invocation=str(metadata.get("invocation_id") or ""),
        command=str(run_results.get("args", {}).get("which") or ""),
        began=_moment(metadata.get("invocation_started_at") or metadata.get("generated_at") or ""),
        work_left=not _nothing_to_do(run_results),
    )


def _nothing_to_do(run_results: Mapping[str, Any]) -> bool:
    """Whether ``dbt retry`` would find no node to do in a run_results.json."""
    return not any(
        result["status"] in FAILING and not result["unique_id"].startswith("operation.")
        for result in run_results.get("results", [])
    )


def _moment(text: str) -> float:
    """Seconds since the epoch of one of dbt's times, in UTC; 0 for none.

    >>> _moment("1970-01-01T00:01:00.5Z")
    60.5
    """
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else 0.0
