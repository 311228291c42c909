"""What both adapters share: an invocation is bound to its ref, and its run is ended.

The order in which dbt calls: ``__init__``, ``set_macro_resolver``, the first connection (which asks
for the session and so binds it), ``phlo_run_start`` from on-run-start, the nodes (observed through
dbt's events), ``phlo_run_end`` from on-run-end, ``cleanup_connections``.
"""

import os
import sys
import threading
from pathlib import Path
from typing import Any

from dbt.adapters.base.impl import AdapterTrackingRelationInfo
from dbt.adapters.base.meta import AdapterMeta, available
from dbt.exceptions import FailFastError
from dbt.flags import get_flags
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager_client import add_callback_to_manager
from dbt_common.events.functions import fire_event, get_invocation_id
from dbt_common.events.types import Note
from dbt_common.exceptions import DbtRuntimeError

from dbt_phlo import __version__
from dbt_phlo.adapters import hooks, project, retry, signals
from dbt_phlo.adapters.context import Phlo
from dbt_phlo.adapters.observer import Observer
from dbt_phlo.adapters.problems import PhloDbtError, as_dbt_errors
from dbt_phlo.adapters.project import Project
from dbt_phlo.adapters.variables import project_variables
from dbt_phlo.catalogs import Catalog, open_catalog
from dbt_phlo.errors import NotFound, PhloError, RunError
from dbt_phlo.runs.binding import WRITING, Invocation
from dbt_phlo.runs.session import Session
from dbt_phlo.settings import PROFILE_KEYS, Settings, resolve


def announce(text: str) -> None:
    """A line of ours among dbt's own output."""
    fire_event(Note(msg=text), EventLevel.INFO)


FAILURE = "--phlo: this run was not promoted"
"""The statement that ``phlo_run_end`` returns when the command must exit 1."""


class PhloAdapterMixin(metaclass=AdapterMeta):
    """Comes before dbt's adapter among the bases."""

    config: Any
    connections: Any

    def __init__(self, config: Any, mp_context: Any) -> None:
        self._phlo_retry_results = retry.results(config)
        self._phlo_session: Session | None = None
        self._phlo_catalog: Catalog | None = None
        self._phlo_context: Phlo | None = None
        self._phlo_lock = threading.RLock()
        self._phlo_failure = ""
        super().__init__(config, mp_context)  # type: ignore[call-arg]
        type(self.connections).session = self.phlo_session
        signals.interrupt_on_sigterm()

    @classmethod
    def get_adapter_run_info(cls, config: Any) -> AdapterTrackingRelationInfo:
        return AdapterTrackingRelationInfo(  # type: ignore[abstract]
            adapter_name=cls.type(),  # type: ignore[attr-defined]
            base_adapter_version=__version__,
            adapter_version=__version__,
            model_adapter_details={},
        )

    # ---- before the first query

    def phlo_settings(self) -> Settings:
        """What profile, variables and environment ask for."""
        config = self.config
        variables = {**project_variables(config), **(getattr(config, "cli_vars", None) or {})}
        profile = {key: getattr(config.credentials, key) for key in PROFILE_KEYS}
        return resolve(
            profile,
            variables,
            os.environ,
            project=getattr(config, "project_name", ""),
            project_root=_project_root(config),
        )

    def phlo_catalog(self) -> Catalog:
        """The lake's catalog, opened once."""
        with self._phlo_lock:
            if self._phlo_catalog is None:
                self._phlo_catalog = open_catalog(self.phlo_settings().catalog)
            return self._phlo_catalog

    def phlo_session(self) -> Session:
        """The invocation's session; binding happens when it is first asked for."""
        with self._phlo_lock:
            if self._phlo_session is None:
                self._phlo_session = self._phlo_bind()
            return self._phlo_session

    def _phlo_bind(self) -> Session:
        settings = self.phlo_settings()
        retried = (self._phlo_retry_results or {}).get("metadata", {}).get("invocation_id", "")
        invocation = Invocation(get_invocation_id(), str(get_flags().WHICH), retried)
        if settings.wap != "off" and (
            invocation.command in WRITING
            or (invocation.command == "test" and (settings.run_id or retried))
        ):
            self._phlo_project().assert_hooks()
        session = Session(self.phlo_catalog(), settings, invocation)
        if session.run is not None:
            add_callback_to_manager(Observer(session, self._phlo_project()).observe)
        return session

    def set_macro_resolver(self, macro_resolver: Any) -> None:
        super().set_macro_resolver(macro_resolver)  # type: ignore[misc]
        if hasattr(macro_resolver, "nodes"):
            with as_dbt_errors():
                self._phlo_project().assert_meta(Path(self.config.project_root))
                self._phlo_assert_retryable()

    def _phlo_project(self) -> Project:
        manifest = self.get_macro_resolver()  # type: ignore[attr-defined]
        return Project(manifest, self.config.project_name, self.config.credentials.database)

    def _phlo_assert_retryable(self) -> None:
        """dbt says 'Nothing to do' and exits 0 when a refused run is retried; that is a failure."""
        results = self._phlo_retry_results
        if results is None or not retry.nothing_to_do(results):
            return
        try:
            run = self.phlo_catalog().run_of_invocation(results["metadata"]["invocation_id"])
        except PhloError:
            return
        if run is not None and run.state == "kept":
            raise FailFastError(
                f"[PHLO410] nothing to retry: no node of run {run.id} is left to do again, but it "
                f"was not promoted ({run.reason})\n  -> `dbt build` starts anew; "
                f"PHLO_RUN_ID={run.id} dbt build finishes this run"
            )

    # ---- the two hook lines

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
        """Run the steps of python_hooks/run_end.py; returns the statement for dbt to execute."""
        with as_dbt_errors():
            if self.phlo_session().run is None:
                return ""
            phlo = self._phlo_hook_context(results)
            hooks.own("run_end")(phlo)
            self._phlo_failure = phlo.failure
            return FAILURE if phlo.failure else ""

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

    # ---- dbt's own calls

    def execute(self, sql: str, *arguments: Any, **options: Any) -> Any:
        if sql.strip().startswith(FAILURE):
            raise DbtRuntimeError(self._phlo_failure)
        return super().execute(sql, *arguments, **options)  # type: ignore[misc]

    def cleanup_connections(self) -> None:
        """The end of every command, whatever happened: nothing stays bound."""
        super().cleanup_connections()  # type: ignore[misc]
        unended = False
        with self._phlo_lock:
            session, self._phlo_session = self._phlo_session, None
            catalog, self._phlo_catalog = self._phlo_catalog, None
            self._phlo_context = None
            self.phlo_close_engine()
            if session is not None:
                interrupted = session.run is not None and not session.ended
                session.release()
                if interrupted and session.run is not None:
                    unended = session.started and sys.exc_info()[0] is None
                    announce(
                        f"run {session.run.id} did not reach its end; {session.run.branch} is as "
                        f"it was. PHLO_RUN_ID={session.run.id} dbt build finishes it"
                    )
            if catalog is not None:
                catalog.close()
        signals.restore_sigterm()
        if unended:
            raise PhloDbtError(
                RunError(
                    "the run came to its end without phlo_run_end, so it was not audited",
                    remedy="call it without a condition, as the last on-run-end hook:\n"
                    + project.HOOK_LINES,
                    code="PHLO414",
                )
            )

    def phlo_close_engine(self) -> None:
        """End what is bound to the ref."""
        raise NotImplementedError


def _partial_flag() -> str:
    """The flag that keeps real data out of this command's tables, if one was given."""
    flags = get_flags()
    for name in ("EMPTY", "SAMPLE"):
        if getattr(flags, name, None):
            return f"--{name.lower()}"
    return ""


def _project_root(config: Any) -> Path:
    """The project's folder; ``dbt debug`` gives the adapter a profile without a project."""
    return Path(getattr(config, "project_root", None) or get_flags().PROJECT_DIR or Path.cwd())
