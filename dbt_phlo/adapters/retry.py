"""What ``dbt retry`` takes up: the run_results.json of the invocation before."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from dbt_phlo.adapters.project import FAILING


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


def nothing_to_do(run_results: Mapping[str, Any]) -> bool:
    """Whether ``dbt retry`` would find no node to do in a run_results.json."""
    return not any(
        result["status"] in FAILING and not result["unique_id"].startswith("operation.")
        for result in run_results.get("results", [])
    )
