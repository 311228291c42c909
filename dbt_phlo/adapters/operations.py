"""The run-operations that concern refs: what the macros in macros/operations/ call.

They ask the catalog, never the ref that the command is bound to, and say their result among dbt's
own output. A refusal is an error, so that the command exits 1.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dbt.adapters.base.meta import AdapterMeta, available

from dbt_phlo.adapters.arguments import flag
from dbt_phlo.adapters.declared_contracts import contracts
from dbt_phlo.adapters.duckdb.reader import describing
from dbt_phlo.adapters.problems import as_dbt_errors
from dbt_phlo.adapters.project import Project
from dbt_phlo.catalogs import Catalog
from dbt_phlo.endpoint.counting import counter
from dbt_phlo.errors import ContractError
from dbt_phlo.runs import approval, changes, drift_wording, refs, wording
from dbt_phlo.runs.cleanup import cleanup
from dbt_phlo.runs.rebase import rebase
from dbt_phlo.runs.schema_drift import drift
from dbt_phlo.settings import Settings


class OperationsMixin(metaclass=AdapterMeta):
    """Stands beside ``PhloAdapterMixin``, which has the settings, the catalog and the project."""

    phlo_settings: Any
    phlo_catalog: Any
    config: Any
    _phlo_project: Any

    @available.parse(lambda *a, **k: "")
    def phlo_branches(self) -> str:
        """List the branches and the refs of runs."""
        with as_dbt_errors():
            states = refs.listed(self._operated())
            return _say(wording.aligned(wording.branches(states)))

    @available.parse(lambda *a, **k: "")
    def phlo_diff(self, ref: str, target: str | None = None) -> str:
        """Say what a ref has changed, against ``target`` or what it came from."""
        with as_dbt_errors():
            onto = str(target) if target else None
            count = counter(self.phlo_settings().catalog)
            found = changes.compared(self._operated(), str(ref), onto, count)
            return _say(wording.diff(found))

    @available.parse(lambda *a, **k: "")
    def phlo_promote(
        self, ref: str, dry_run: Any = False, force: Any = False, reason: str = ""
    ) -> str:
        """Promote a kept run by the verdict on its ledger and this project's manifest."""
        with as_dbt_errors():
            project: Project = self._phlo_project()
            settings: Settings = self.phlo_settings()
            done = approval.approve(
                self._operated(),
                settings,
                str(ref),
                checks=project.checks(),
                nodes=project.blocking_nodes(),
                dry_run=flag("dry_run", dry_run),
                force=flag("force", force),
                reason=str(reason or ""),
            )
            return _say(wording.approval(done))

    @available.parse(lambda *a, **k: "")
    def phlo_rebase(self, ref: str, dry_run: Any = False) -> str:
        """Move a run onto what its branch holds now, and say what to build again."""
        with as_dbt_errors():
            project: Project = self._phlo_project()
            settings: Settings = self.phlo_settings()
            done = rebase(
                self._operated(),
                settings,
                str(ref),
                nodes=project.built(),
                checks=project.checks(),
                blocking=project.blocking_nodes(),
                dry_run=flag("dry_run", dry_run),
            )
            return _say(wording.rebased(done))

    @available.parse(lambda *a, **k: "")
    def phlo_discard(self, ref: str, dry_run: Any = False) -> str:
        """Delete the ref of a run that was not promoted, or a branch."""
        with as_dbt_errors():
            done = refs.discard(self._operated(), str(ref), dry_run=flag("dry_run", dry_run))
            return _say(wording.removal(done, nothing="nothing to delete"))

    @available.parse(lambda *a, **k: "")
    def phlo_cleanup(self, dry_run: Any = False, all_projects: Any = False) -> str:
        """Delete the run refs whose time is over, and files that nothing reaches."""
        with as_dbt_errors():
            settings: Settings = self.phlo_settings()
            project = None if flag("all_projects", all_projects) else settings.project
            dry = flag("dry_run", dry_run)
            done = cleanup(self._operated(), project, dry_run=dry, tell=_announce)
            return _say(wording.cleanup(done))

    @available.parse(lambda *a, **k: "")
    def phlo_schema(self, select: Any = None, ref: str | None = None) -> str:
        """Compare contracts with the tables on a ref; an error where they differ."""
        with as_dbt_errors():
            project: Project = self._phlo_project()
            found = contracts(project, Path(self.config.project_root), _names(select))
            settings: Settings = self.phlo_settings()
            catalog, database = self._operated(), self.config.credentials.database
            name = refs.found(catalog, str(ref) if ref else settings.branch).name
            with describing(catalog, settings.catalog, database, name) as describe:
                done = drift(catalog, name, found.declared(project), describe)
            _say(drift_wording.lines(done, found.silent))
            if done.drifted:
                models = ", ".join(one.model for one in done.drifted)
                raise ContractError(
                    f"what is on {done.ref} is not what is declared: {models}",
                    remedy="each difference above says what to do",
                    code="PHLO931",
                )
        return ""

    def _operated(self) -> Catalog:
        catalog: Catalog = self.phlo_catalog()
        return catalog


def _say(lines: Iterable[str]) -> str:
    for line in lines:
        _announce(line)
    return ""


def _announce(line: str) -> None:
    from dbt_phlo.adapters.output import announce

    announce(line)


def _names(given: Any) -> list[str]:
    """Models of ``--args``: a list, or names with blanks or commas between them."""
    if isinstance(given, list | tuple):
        return [str(name) for name in given]
    return str(given or "").replace(",", " ").split()
