"""Watches dbt's events and writes the run's ledger as things happen.

What a check read is noted before the check begins: if another invocation of the same run rewrites
a table while the check runs, the check does not count for the new table.
"""

from typing import Any

from dbt_phlo.adapters.project import Project
from dbt_phlo.runs.session import Session


class Observer:
    """A callback for dbt's event manager, for one session."""

    def __init__(self, session: Session, project: Project) -> None:
        self._session = session
        self._project = project
        self._read: dict[str, dict[str, str]] = {}

    def observe(self, message: Any) -> None:
        """One event; only the start and the end of nodes matter."""
        name = message.info.name
        if name not in ("NodeStart", "NodeFinished") or self._session.ended:
            return
        node = message.data.node_info.unique_id
        if name == "NodeStart":
            if self._project.is_check(node):
                self._read[node] = self._session.pointers_of(self._project.reads(node))
            return
        status = message.data.run_result.status
        if self._project.is_check(node):
            self._session.check_ended(node, status, self._read.pop(node, {}))
        elif self._project.is_built(node):
            self._session.node_ended(node, status)
