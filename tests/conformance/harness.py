"""Every test of a class on one run's ref.

dbt's tests run several dbt commands and raw SQL on one schema. ``PHLO_RUN_ID`` and ``wap: hold``
make the commands one run. What is left for the harness: raw SQL between the commands must join the
same run, and the results of the two hook lines must not be counted by tests that know nothing of
them.
"""

from pathlib import Path
from typing import Any

import click
import dbt.tests.util
import pytest
import yaml
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.events.functions import get_invocation_id

from dbt.adapters.phlo_duckdb import Plugin
from dbt_phlo.adapters.duckdb.impl import PhloDuckDBAdapter
from dbt_phlo.runs.binding import Invocation
from dbt_phlo.runs.session import Session

HOOKS = {"on-run-start": "{{ phlo_run_start() }}", "on-run-end": "{{ phlo_run_end(results) }}"}


class JoiningAdapter(PhloDuckDBAdapter):
    """Raw SQL between two dbt commands joins the run of ``PHLO_RUN_ID`` as a writer."""

    def _phlo_bind(self) -> Session:
        if click.get_current_context(silent=True) is not None or _in_worker():
            return super()._phlo_bind()
        outside = Invocation(get_invocation_id(), "run")
        return Session(self.phlo_catalog(), self.phlo_settings(), outside)


class Runner(dbtRunner):
    """Leaves the results of the two hook lines out of what the tests see."""

    def invoke(self, args: list[str], **options: Any) -> dbtRunnerResult:
        outcome = super().invoke(args, **options)
        results = getattr(outcome.result, "results", None)
        if isinstance(results, list):
            results[:] = [result for result in results if not _is_hook_line(result)]
        return outcome


def install(patch: pytest.MonkeyPatch) -> None:
    """Put the adapter and the runner in place, until ``patch`` is undone."""
    patch.setattr(Plugin, "adapter", JoiningAdapter)
    patch.setattr(dbt.tests.util, "dbtRunner", Runner)


def add_hook_lines(project_file: Path) -> None:
    """Add the hook lines to a dbt_project.yml, the one at the run's end last."""
    configuration = yaml.safe_load(project_file.read_text())
    for name, line in HOOKS.items():
        given = configuration.get(name) or []
        configuration[name] = [*([given] if isinstance(given, str) else given), line]
    project_file.write_text(yaml.safe_dump(configuration))


def _in_worker() -> bool:
    import threading

    return threading.current_thread() is not threading.main_thread()


def _is_hook_line(result: Any) -> bool:
    code = getattr(getattr(result, "node", None), "raw_code", None) or ""
    return code in HOOKS.values()
