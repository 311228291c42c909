"""What a python hook is given: ``hook(phlo, **kwargs)``."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dbt_phlo.adapters.project import FAILING, Project
from dbt_phlo.catalogs.values import Promotion
from dbt_phlo.runs.session import Session
from dbt_phlo.runs.verdict import Verdict


class Phlo:
    """The run, seen from a hook.

    ``execute(sql)`` returns rows as tuples; ``log(text)`` writes to dbt's log; ``results`` are
    dbt's results; ``verdict`` and ``promotion`` are there once their steps are done.
    """

    def __init__(
        self,
        *,
        session: Session,
        project: Project,
        results: Sequence[Any],
        execute: Callable[[str], list[tuple[Any, ...]]],
        log: Callable[[str], None],
        run_project_hook: Callable[["Phlo", str, dict[str, Any]], None],
    ) -> None:
        self.session = session
        self.project = project
        self.results = results
        self.execute = execute
        self.log = log
        self._run_project_hook = run_project_hook
        self.registered: dict[str, list[tuple[str, dict[str, Any]]]] = {
            "promoted": [],
            "blocked": [],
        }
        self.checks: Sequence[Mapping[str, Any]] = ()
        """The checks of this invocation that have ended, as documents of the check contract."""
        self.failed_hooks: Sequence[str] = ()
        """The on-run-start hooks that failed in this invocation."""
        self.failure = ""
        """Set by a step: why the command must exit 1 although every node went well."""

    @property
    def run_id(self) -> str:
        return self.session.run.id if self.session.run else ""

    @property
    def ref(self) -> str:
        return self.session.binding.ref

    @property
    def branch(self) -> str:
        return self.session.settings.branch

    @property
    def failed_here(self) -> bool:
        """Whether a node or hook failed in this invocation, so that dbt exits 1 by itself."""
        failed = any(str(result.status) in FAILING for result in self.results)
        return failed or bool(self.failed_hooks)

    @property
    def verdict(self) -> Verdict | None:
        return self.session.verdict

    @property
    def promotion(self) -> Promotion | None:
        return self.session.promotion

    def run_hooks(self, event: str) -> None:
        """Run the project's hooks that wait for ``promoted`` or ``blocked``.

        The run is decided by then: a hook that fails is told, with how the run ended, and makes the
        command exit 1.
        """
        for name, arguments in self.registered[event]:
            try:
                self._run_project_hook(self, name, arguments)
            except Exception as error:  # the user's code, at the edge: recorded as a failure
                text = (
                    f"the run is {event}, but hook {name} failed: {type(error).__name__}: {error}"
                )
                self.failure = f"{self.failure}\n{text}".strip()
