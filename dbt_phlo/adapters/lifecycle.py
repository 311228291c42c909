"""What both adapters share: an invocation is bound to its ref, and its run is ended.

The order in which dbt calls: ``__init__``, ``set_macro_resolver``, the first connection (which asks
for the session and so binds it), ``phlo_run_start`` from on-run-start, the nodes (observed through
dbt's events), ``phlo_run_end`` from on-run-end, the hooks of packages (bound anew), and
``cleanup_connections``.
"""

import os
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from dbt.adapters.base.impl import AdapterTrackingRelationInfo
from dbt.adapters.base.meta import AdapterMeta
from dbt.exceptions import FailFastError
from dbt.flags import get_flags
from dbt_common.events.event_manager_client import add_callback_to_manager
from dbt_common.events.functions import get_invocation_id

from dbt_phlo import __version__
from dbt_phlo.adapters import release, retry, signals
from dbt_phlo.adapters.observer import Observer
from dbt_phlo.adapters.problems import as_dbt_errors
from dbt_phlo.adapters.project import Project
from dbt_phlo.adapters.variables import project_variables
from dbt_phlo.catalogs import Catalog, open_catalog
from dbt_phlo.errors import PhloError
from dbt_phlo.runs import followup, retrying
from dbt_phlo.runs.binding import WRITING, Invocation
from dbt_phlo.runs.session import Session
from dbt_phlo.settings import PROFILE_KEYS, Settings, resolve


class PhloAdapterMixin(metaclass=AdapterMeta):
    """Comes before dbt's adapter among the bases."""

    config: Any
    connections: Any
    cache: Any
    phlo_forget_hooks: Any

    def __init__(self, config: Any, mp_context: Any) -> None:
        self._phlo_retry_results = retry.results(config)
        self._phlo_session: Session | None = None
        self._phlo_followup: Session | None = None
        self._phlo_decided = False
        self._phlo_observer: Observer | None = None
        self._phlo_catalog: Catalog | None = None
        self._phlo_lock = threading.RLock()
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
        """The invocation's session; binding happens when it is first asked for.

        Once the run is decided, it is the session of what follows the run.
        """
        with self._phlo_lock:
            if self._phlo_session is None:
                self._phlo_session = self._phlo_bind()
            if not self._phlo_decided:
                return self._phlo_session
            if self._phlo_followup is None:
                self._phlo_followup = followup.follow(self._phlo_session)
            return self._phlo_followup

    def phlo_unbind(self) -> None:
        """The run is decided: a connection that is asked for from now on is bound anew.

        Until then nothing is made: most projects have no hooks after the run's end.
        """
        connection = self.connections.get_if_exists()
        with self._phlo_lock:
            self.connections.release()
            self.phlo_close_engine()
            self._phlo_decided = True
        self.cache.clear()  # the branch may hold other tables than the run's ref
        if connection is not None:
            self.connections.set_connection_name(connection.name)

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
            self._phlo_observer = Observer(session, self._phlo_project())
            add_callback_to_manager(self._phlo_observer.observe)
        return session

    def set_macro_resolver(self, macro_resolver: Any) -> None:
        super().set_macro_resolver(macro_resolver)  # type: ignore[misc]
        if hasattr(macro_resolver, "nodes"):
            with as_dbt_errors():
                self._phlo_project().assert_meta(Path(self.config.project_root))
                self._phlo_project().assert_schemas()
                self._phlo_assert_retryable()

    def _phlo_project(self) -> Project:
        manifest = self.get_macro_resolver()  # type: ignore[attr-defined]
        return Project(manifest, self.config.project_name, self.config.credentials.database)

    def _phlo_assert_retryable(self) -> None:
        """Raise, with exit code 1, when ``dbt retry`` would do nothing or take up another run."""
        if self._phlo_retry_results is None:
            return
        try:
            found = retry.retried(self._phlo_retry_results)
            retrying.assert_retryable(self.phlo_catalog(), self.phlo_settings(), found)
        except PhloError as error:
            self.cleanup_connections()
            raise FailFastError(str(error)) from error

    # ---- dbt's own calls

    def cleanup_connections(self) -> None:
        """The end of every command, whatever happened: nothing stays bound."""
        super().cleanup_connections()  # type: ignore[misc]
        error = sys.exc_info()[0]
        with self._phlo_lock:
            session, self._phlo_session = self._phlo_session, None
            after, self._phlo_followup = self._phlo_followup, None
            catalog, self._phlo_catalog = self._phlo_catalog, None
            self._phlo_decided, self._phlo_observer = False, None
            self.phlo_forget_hooks()
            self.phlo_close_engine()
            with ExitStack() as last:
                last.callback(signals.restore_sigterm)
                if catalog is not None:
                    last.callback(catalog.close)
                if after is not None and after is not session:
                    last.callback(release.end_followup, after, error)
                unended = session is not None and release.end(session, failing=error is not None)
        if unended:
            raise release.without_its_end()

    def phlo_close_engine(self) -> None:
        """End what is bound to the ref."""
        raise NotImplementedError


def _project_root(config: Any) -> Path:
    """The project's folder; ``dbt debug`` gives the adapter a profile without a project."""
    return Path(getattr(config, "project_root", None) or get_flags().PROJECT_DIR or Path.cwd())
