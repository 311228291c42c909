"""The run-operations of ingestion: what the macros phlo_ingest, phlo_state, phlo_rejected call.

They act on the ref that the command is bound to, as every statement of it does. What writes works
with ``wap: off``, or is refused by the catalog with that remedy.
"""

import json
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dbt.adapters.base.meta import AdapterMeta, available

from dbt_phlo.adapters.arguments import flag
from dbt_phlo.adapters.output import announce
from dbt_phlo.adapters.problems import as_dbt_errors
from dbt_phlo.errors import ConfigError, NotFound, nearest
from dbt_phlo.loads import Plan, Window, cursor, rejections
from dbt_phlo.loads.plan import Strategy
from dbt_phlo.loads.target import Lake
from dbt_phlo.meta import phlo_meta

STATE_ACTIONS = ("show", "reset", "set")
REJECTED_ACTIONS = ("show", "replay", "purge")


class LoadOperationsMixin(metaclass=AdapterMeta):
    """Stands beside ``IngestionMixin``, which makes plans of models."""

    config: Any
    Relation: Any
    get_macro_resolver: Any
    phlo_load_target: Any
    phlo_model_caller: Any
    phlo_loaded: Any
    _phlo_load_plan: Any

    @available.parse(lambda *a, **k: {})
    def phlo_ingested(self, model: str) -> dict[str, Any]:
        """The manifest's node of an ingested model, for the macro that compiles it."""
        with as_dbt_errors():
            return dict(self._phlo_ingested(model).to_dict(omit_none=False))

    @available.parse(lambda *a, **k: "")
    def phlo_ingest(
        self,
        model: str,
        compiled_code: str,
        asked: dict[str, Any],
    ) -> str:
        """Load one model: a window (``start``, ``end``), or a trial (``limit``, ``dry_run``)."""
        from dbt_phlo.loads.steps import Loading

        with as_dbt_errors():
            node = self._phlo_ingested(model)
            plan: Plan = replace(
                self._plan(node),
                window=_window(asked.get("start"), asked.get("end")),
                limit=_limit(asked.get("limit")),
                dry_run=flag("dry_run", asked.get("dry_run", False)),
            )
            if plan.window is not None and not plan.event_time:
                raise ConfigError(
                    f"{model} has no event_time, by which a window could be cut",
                    remedy="declare event_time: the column, in the model's config",
                    code="PHLO184",
                )
            call = self.phlo_model_caller({**node.to_dict(), "name": node.name}, compiled_code)
            root = Path(self.config.project_root)
            done = Loading(plan, self.phlo_load_target(), call, announce, root).load()
            self.phlo_loaded(self._relation(node))
            announce(f"{done.table}: {done.message}")
            for name, value in done.cursor_after.items():
                announce(f"  cursor {name}: {value}")
        return ""

    @available.parse(lambda *a, **k: "")
    def phlo_state(self, action: str = "show", model: str | None = None, value: Any = None) -> str:
        """Show cursors, forget one, or set one."""
        with as_dbt_errors():
            _assert_known("action", action, STATE_ACTIONS)
            lake: Lake = self.phlo_load_target()
            if action == "show":
                for node in [self._phlo_ingested(model)] if model else self._all_ingested():
                    announce("\n".join(self._state_lines(lake, node)))
                return ""
            if not model:
                raise ConfigError(f"phlo_state {action} needs a model", code="PHLO184")
            node = self._phlo_ingested(model)
            relation = self._relation(node)
            metadata = self._metadata(lake, node)
            if action == "reset":
                lake.tables.amend(relation.schema, relation.identifier, cursor.without)
                announce(f"{model}: its next load reads the source from the beginning")
                return ""
            field, wanted = _assignment(value)
            state = cursor.moved(cursor.read(metadata, model), field, wanted, model)
            said = cursor.properties(state, "", "")

            def change(document: dict[str, Any]) -> dict[str, Any]:
                document["properties"] |= said
                return document

            lake.tables.amend(relation.schema, relation.identifier, change)
            announce(f"{model}: {_told(cursor.last_values(state))}")
        return ""

    @available.parse(lambda *a, **k: "")
    def phlo_rejected(self, action: str = "show", model: str = "") -> str:
        """Show the rows in quarantine, load them again, or throw them away."""
        from dbt_phlo.loads.steps import Loading

        with as_dbt_errors():
            _assert_known("action", action, REJECTED_ACTIONS)
            node = self._phlo_ingested(model)
            relation, lake = self._relation(node), self.phlo_load_target()
            place = (relation.schema, relation.identifier)
            if action == "show":
                announce("\n".join(rejections.lines(lake, *place, _hidden(node))))
                return ""
            if action == "replay":
                files = rejections.files(lake, *place)
                plan = self._plan(node)
                strategy: Strategy = "merge" if plan.key else "append"  # days keep their rows
                plan = replace(plan, strategy=strategy, window=None, full_refresh=False)
                root = Path(self.config.project_root)

                def call() -> Any:
                    return rejections.again(lake, *place)

                done = Loading(plan, lake, call, announce, root).load()
                rejections.forget(lake, *place, files)  # what was rejected anew is kept
                self.phlo_loaded(relation)
                announce(f"{done.table}: {done.message}, of {done.read:,} that were rejected")
                return ""
            rejections.purge(lake, *place)
            announce(f"{model}: no rejected rows are kept any more")
        return ""

    def _plan(self, node: Any) -> Plan:
        plan: Plan = self._phlo_load_plan(self._relation(node), node)
        return replace(plan, strategy="delete+insert") if plan.strategy == "microbatch" else plan

    def _relation(self, node: Any) -> Any:
        return self.Relation.create_from(self.config, node)

    def _phlo_ingested(self, model: str) -> Any:
        """The node of an ingested model. Raises ``ConfigError`` (PHLO185)."""
        known = {node.name: node for node in self._all_ingested()}
        if model not in known:
            raise ConfigError(
                f"the project ingests no model {model}.{nearest(str(model), known)}",
                remedy=f"name one of: {', '.join(known) or 'none is materialized as ingest'}",
                code="PHLO185",
            )
        return known[model]

    def _all_ingested(self) -> list[Any]:
        nodes = self.get_macro_resolver().nodes.values()
        return [n for n in nodes if getattr(n.config, "materialized", "") == "ingest"]

    def _metadata(self, lake: Lake, node: Any) -> dict[str, Any]:
        relation = self._relation(node)
        return lake.tables.metadata(relation.schema, relation.identifier)

    def _state_lines(self, lake: Lake, node: Any) -> list[str]:
        try:
            metadata = self._metadata(lake, node)
        except NotFound:
            return [f"{node.name}: not loaded on {lake.tables.ref}"]
        values = cursor.last_values(cursor.read(metadata, node.name))
        run = metadata["properties"].get(cursor.RUN) or "no run"
        return [f"{node.name} on {lake.tables.ref}, last loaded by {run}: {_told(values)}"]


def _hidden(node: Any) -> list[str]:
    return [name for name, column in node.columns.items() if phlo_meta(column).get("pii")]


def _told(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items()) or "no cursor"


def _assignment(value: Any) -> tuple[str, Any]:
    """A field and its value, from ``{resource.field: value}`` or a value alone."""
    if isinstance(value, str) and value.strip().startswith("{"):
        value = json.loads(value)
    if isinstance(value, dict) and len(value) == 1:
        ((field, wanted),) = value.items()
        return str(field), wanted
    if value is None or isinstance(value, dict):
        raise ConfigError(
            "phlo_state set needs a value",
            remedy="write value: 2026-01-01, or value: {orders.updated_at: 2026-01-01}",
            code="PHLO184",
        )
    return "", value


def _window(start: Any, end: Any) -> Window | None:
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise ConfigError("a window needs start and end", code="PHLO184")
    first, last = _moment("start", start), _moment("end", end)
    if first >= last:
        raise ConfigError(f"start ({start}) is not before end ({end})", code="PHLO184")
    return Window(first, last)


def _moment(name: str, value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise ConfigError(
            f"{name} is {value!r}",
            remedy="write a day or a moment in UTC: 2026-01-31, 2026-01-31T12:00:00",
            code="PHLO184",
        ) from error
    return found.replace(tzinfo=timezone.utc) if found.tzinfo is None else found


def _limit(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not str(value).isdigit() or not int(value):
        raise ConfigError(f"limit is {value!r}: write a number of rows", code="PHLO184")
    return int(value)


def _assert_known(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigError(
            f"{name} is {value!r}.{nearest(str(value), known)}",
            remedy=f"write one of {', '.join(known)}",
            code="PHLO184",
        )
