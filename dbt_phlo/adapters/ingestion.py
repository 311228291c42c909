"""Ingestion as the materialization asks for it: a model's configuration becomes a ``Plan``."""

import traceback
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dbt.adapters.base.meta import AdapterMeta, available
from dbt.adapters.events.logging import AdapterLogger
from dbt.flags import get_flags

from dbt_phlo.adapters.batches import batches
from dbt_phlo.adapters.declared_contracts import of_class, of_yaml
from dbt_phlo.adapters.output import announce
from dbt_phlo.adapters.problems import as_dbt_errors
from dbt_phlo.adapters.project import Project, place_of
from dbt_phlo.catalogs.values import Key
from dbt_phlo.contracts.contract import Contract
from dbt_phlo.errors import ConfigError, ContractError, PhloError, nearest
from dbt_phlo.loads import Load, Plan, Window
from dbt_phlo.loads.secrets import redacted
from dbt_phlo.meta import phlo_meta

STRATEGIES = ("append", "merge", "delete+insert", "microbatch")
TIMES = ("date", "timestamp", "timestamptz")
LOG = AdapterLogger("phlo")


class IngestionMixin(metaclass=AdapterMeta):
    """An adapter says where a load writes (``phlo_load_target``) and runs the model's code."""

    config: Any
    get_macro_resolver: Any
    commit_if_has_connection: Any
    phlo_load_target: Any
    phlo_model_caller: Any
    phlo_loaded: Any
    _phlo_project: Any
    _phlo_session: Any
    _phlo_window: Any

    @available.parse(lambda *a, **k: {"message": "", "rows": 0})
    def phlo_load(self, target: Any, model: Any, compiled_code: str) -> dict[str, Any]:
        """Load what a Python model returns into its table, and say how it went."""
        from dbt_phlo.loads.steps import Loading

        self.commit_if_has_connection()
        root = Path(self.config.project_root)
        with as_dbt_errors():
            node = self.get_macro_resolver().nodes[model["unique_id"]]
            plan = self._phlo_load_plan(target, node)
            call = self.phlo_model_caller(model, compiled_code)
            if getattr(get_flags(), "EMPTY", False):
                call = _nothing
            done: list[Load] = []
            for one in self._phlo_batches_of(plan, node):
                try:
                    done.append(Loading(one, self.phlo_load_target(), call, announce, root).load())
                except PhloError:
                    LOG.debug(redacted(traceback.format_exc()))
                    raise
            self.phlo_loaded(target)
        return {
            "message": _message(done),
            "rows": sum(one.rows for one in done),
            "loads": [one.document() for one in done],
        }

    def _phlo_load_plan(self, target: Any, node: Any) -> Plan:
        from dbt_phlo.loads.plan import settings

        root = Path(self.config.project_root)
        meta = phlo_meta(node)

        def place(key: str) -> str:
            return place_of(root, node, key)

        contract, written = self._phlo_load_contract(node)
        strategy = str(node.config.incremental_strategy or "append")
        if strategy not in STRATEGIES:
            raise ConfigError(
                f"{place('incremental_strategy')}: {node.name}: an ingested table has no strategy "
                f"{strategy!r}.{nearest(strategy, STRATEGIES)}",
                remedy=f"write one of {', '.join(STRATEGIES)}",
                code="PHLO181",
            )
        key = _names(node.config.unique_key)
        event_time = str(node.config.event_time or "").strip('"')
        named = [("unique_key", name) for name in key]
        named += [("event_time", event_time)] if event_time else []
        for what, name in named:
            if contract.column(name) is None:
                known = [column.name for column in contract.columns]
                raise ConfigError(
                    f"{place(what)}: {node.name}: {what} names {name}, which is no column of it."
                    f"{nearest(name, known)}",
                    remedy="declare the column with its data_type, or correct the name",
                    code="PHLO181",
                )
        time = contract.column(event_time)
        if time is not None and time.type not in TIMES:
            raise ConfigError(
                f"{place('event_time')}: {node.name}: event_time names {time.name}, which is "
                f"{time.type}",
                remedy="name a column that is a date or a timestamp: windows are cut by it",
                code="PHLO181",
            )
        if strategy == "merge" and not key:
            raise ConfigError(
                f"{place('incremental_strategy')}: {node.name}: merge needs a unique_key",
                remedy="write unique_key: the column, or the list of columns, that tells rows "
                "apart; or incremental_strategy: append",
                code="PHLO181",
            )
        session = self._phlo_session
        run = session.run if session is not None else None
        return Plan(
            model=node.name,
            namespace=target.schema,
            table=target.identifier,
            contract=contract,
            strategy=strategy,  # type: ignore[arg-type]
            key=tuple(contract.column(name).name for name in key),  # type: ignore[union-attr]
            event_time=time.name if time is not None else "",
            full_refresh=_is_full_refresh(node),
            window=self._phlo_load_window() if event_time else None,
            run_id=run.id if run is not None else "",
            is_run=run is not None,
            load_id=uuid.uuid4().hex,
            validator=written,
            **settings(meta, place, node.name),
        )

    def _phlo_load_contract(self, node: Any) -> tuple[Contract, Any]:
        """The contract of a model, and the hand-written class that says it, if one does."""
        root = Path(self.config.project_root)
        reference = phlo_meta(node).get("schema")
        if reference:
            from dbt_phlo.contracts.pandera_source import load_class

            return of_class(str(reference), node, root), load_class(str(reference), root)
        if not node.columns:
            raise ContractError(
                f"{node.original_file_path}: {node.name} is ingested, and no columns of it are "
                "declared",
                remedy="declare its columns with data_type in a YAML file: the table is made from "
                "them",
                code="PHLO940",
            )
        project: Project = self._phlo_project()
        return of_yaml(node, project.tests(), root, project.repeated_columns()), None

    def _phlo_batches_of(self, plan: Plan, node: Any) -> Iterable[Plan]:
        """One plan, or that of each batch of a microbatch model."""
        if plan.strategy != "microbatch":
            return [plan]
        is_there = self.phlo_load_target().tables.exists(plan.namespace, plan.table)
        windows = batches(node, plan, is_incremental=is_there and not plan.full_refresh)
        return [
            replace(plan, window=window, full_refresh=plan.full_refresh and not number)
            for number, window in enumerate(windows)
        ]

    def _phlo_load_window(self) -> Window | None:
        """The partition that the invocation is about."""
        found = self._phlo_window()
        return Window(found.start, found.end) if found is not None else None

    def _phlo_base_of(self) -> Callable[[str, str], str | None]:
        """What tables were when the run began."""
        session = self._phlo_session

        def base(namespace: str, name: str) -> str | None:
            changes = session.catalog.diff(session.binding.ref).changes
            key = Key("table", namespace, name)
            return next((change.base for change in changes if change.key == key), None)

        return base


def _nothing() -> None:
    """What ``--empty`` loads: the table is made, and no source is asked."""


def _is_full_refresh(node: Any) -> bool:
    asked = node.config.full_refresh
    return bool(get_flags().FULL_REFRESH if asked is None else asked)


def _names(given: Any) -> list[str]:
    if not given:
        return []
    found = [given] if isinstance(given, str) else list(given)
    return [str(name).strip('"') for name in found]


def _message(done: list[Load]) -> str:
    if len(done) == 1:
        return done[0].message
    rows = sum(one.rows for one in done)
    return f"{rows:,} rows in {len(done)} batches"
