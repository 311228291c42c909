"""What the macros in macros/run/ call: the beginning, the end and the user's steps of a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbt.adapters.base.meta import AdapterMeta, available
from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError

from dbt_phlo.adapters import hooks, package_hooks
from dbt_phlo.adapters.context import Phlo
from dbt_phlo.adapters.output import announce
from dbt_phlo.adapters.problems import as_dbt_errors
from dbt_phlo.errors import NotFound

FAILURE = "--phlo: this run was not promoted"
"""The statement that stands for a failure: ``phlo_run_end`` returns it to make the command exit 1.

dbt reports an error of a hook's statement as a failed hook; an exception of its Jinja ends dbt.
"""


class HookLinesMixin(metaclass=AdapterMeta):
    """Stands beside ``PhloAdapterMixin``, which has the session and the project."""

    config: Any
    phlo_session: Any
    phlo_unbind: Any
    get_macro_resolver: Any
    _phlo_project: Any
    _phlo_observer: Any
    phlo_ended_checks: Any

    def __init__(self, config: Any, mp_context: Any) -> None:
        self._phlo_context: Phlo | None = None
        self._phlo_failure = ""
        self._phlo_undo: list[Callable[[], None]] = []
        super().__init__(config, mp_context)  # type: ignore[call-arg]

    @available.parse(lambda *a, **k: "")
    def phlo_run_start(self, selected: list[str]) -> str:
        """Announce the run and note what it will do (``selected``: unique ids)."""
        with as_dbt_errors():
            session = self.phlo_session()
            if session.run is None:
                return ""
            self._phlo_project().assert_inside_lake(selected)
            session.plan(self._phlo_project().planned(selected), partial=_partial_flag())
            verb = "goes on" if session.binding.joined else "begins"
            announce(f"run {session.run.id} {verb} on a ref of its own, from {session.run.branch}")
            return ""

    @available.parse(lambda *a, **k: "")
    def phlo_run_end(self, results: list[Any]) -> str:
        """Run the steps of python_hooks/run_end.py; returns the statement for dbt to execute.

        Hooks of packages that come after this one are not the run's: they are bound anew, when
        they ask.
        """
        with as_dbt_errors():
            session = self.phlo_session()
            if session.run is not None:
                phlo = self._phlo_hook_context(results)
                phlo.failed_hooks = self._phlo_observer.failed_hooks
                phlo.checks = self.phlo_ended_checks()
                hooks.own("run_end")(phlo)
                self._phlo_failure = phlo.failure
            later = self._phlo_later_hooks()
            if later and (session.run is not None or not session.binding.writable):
                self.phlo_unbind()
            return self._phlo_failing(later) if self._phlo_failure else ""

    @available.parse(lambda *a, **k: "")
    def phlo_hook(self, name: str, on: str = "end", **arguments: Any) -> str:
        """Run the project's python_hooks/<name>.py now (``end``), or when the run is decided."""
        with as_dbt_errors():
            phlo = self._phlo_hook_context([])
            hook = hooks.of_project(Path(self.config.project_root), name)
            if on in phlo.registered:
                phlo.registered[on].append((name, arguments))
                return ""
            if on != "end":
                raise NotFound(
                    f"phlo_hook has no event {on!r}",
                    remedy="use on='end', on='promoted' or on='blocked'",
                    code="PHLO411",
                )
            return hook(phlo, **arguments) or ""

    def execute(self, sql: str, *arguments: Any, **options: Any) -> Any:
        if sql.rstrip().endswith(FAILURE):
            own = sql.rstrip().removesuffix(FAILURE)
            if own.strip():
                super().execute(own, *arguments, **options)  # type: ignore[misc]
            raise DbtRuntimeError(self._phlo_failure)
        return super().execute(sql, *arguments, **options)  # type: ignore[misc]

    def phlo_forget_hooks(self) -> None:
        """The invocation is over: nothing of it may be seen by the next one in this process."""
        self._phlo_context = None
        self._phlo_failure = ""
        while self._phlo_undo:
            self._phlo_undo.pop()()

    def _phlo_later_hooks(self) -> list[Any]:
        """The hooks of packages that dbt runs after ours."""
        nodes = self.get_macro_resolver().nodes.values()
        ended = self._phlo_observer.ended_hooks if self._phlo_observer else ()
        return package_hooks.pending(nodes, self.config.project_name, ended)

    def _phlo_failing(self, later: list[Any]) -> str:
        """The statement that makes the command exit 1, from this hook or from a later one."""
        if not later:
            return FAILURE
        announce(self._phlo_failure, loud=True)
        self._phlo_undo.append(package_hooks.carry(later[-1], FAILURE))
        return ""

    def _phlo_hook_context(self, results: list[Any]) -> Phlo:
        if self._phlo_context is None:
            self._phlo_context = Phlo(
                session=self.phlo_session(),
                project=self._phlo_project(),
                results=results,
                execute=lambda sql: [tuple(r) for r in self.execute(sql, fetch=True)[1].rows],
                log=announce,
                run_project_hook=lambda phlo, name, arguments: hooks.of_project(
                    Path(self.config.project_root), name
                )(phlo, **arguments),
            )
        self._phlo_context.results = results or self._phlo_context.results
        return self._phlo_context


def _partial_flag() -> str:
    """The flag that keeps real data out of this command's tables, if one was given."""
    flags = get_flags()
    for name in ("EMPTY", "SAMPLE"):
        if getattr(flags, name, None):
            return f"--{name.lower()}"
    return ""
