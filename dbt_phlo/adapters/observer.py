"""Watches dbt's events and writes the run's ledger as things happen.

What a check read is noted before the check begins: if another invocation of the same run rewrites
a table while the check runs, the check does not count for the new table.
"""

from typing import Any

from dbt_phlo.adapters.output import announce
from dbt_phlo.adapters.project import Project
from dbt_phlo.errors import PhloError
from dbt_phlo.runs.session import Session


class Observer:
    """A callback for dbt's event manager, for one session."""

    def __init__(self, session: Session, project: Project) -> None:
        self._session = session
        self._project = project
        self._read: dict[str, dict[str, str]] = {}
        self.ended_hooks: set[str] = set()
        """The on-run hooks that have run, by unique id."""
        self.failed_hooks: list[str] = []
        """The names of those that failed.

        dbt 1.12 does not tell on-run-end of a failed on-run-start hook: it skips every node then
        and gives no results (1.10 and 1.11: with ``skip_nodes_if_on_run_start_fails``).
        """

    def observe(self, message: Any) -> None:
        """One event; only the start and the end of nodes, and the end of hooks, matter.

        Nothing that happens after the run's end is the run's any more.
        """
        name = message.info.name
        if name == "LogHookEndLine":
            self.ended_hooks.add(message.data.node_info.unique_id)
            if message.data.status == "error":
                self.failed_hooks.append(message.data.node_info.node_name)
        if name not in ("NodeStart", "NodeFinished") or self._session.decided:
            return
        node = message.data.node_info.unique_id
        if name == "NodeStart":
            if self._project.is_check(node):
                self._read[node] = self._seen(node)
            return
        status = message.data.run_result.status
        if self._project.is_check(node):
            self._session.check_ended(node, status, self._read.pop(node, {}))
        elif self._project.is_built(node):
            self._session.node_ended(node, status)

    def _seen(self, node: str) -> dict[str, str]:
        """The values that a check is about to read; none when the catalog does not tell them.

        Nothing may be raised here: dbt waits for ever for a node whose start has failed (1.10 to
        1.12: it tells of the start outside of what it guards). A check that has seen nothing does
        not audit anything.
        """
        try:
            return self._session.pointers_of(self._project.reads(node))
        except PhloError as error:
            announce(f"{self._project.name_of(node)} will not count as a check: {error}", loud=True)
            return {}
