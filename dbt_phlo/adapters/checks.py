"""What the macros in macros/checks/ call, and what dbt's events tell of data tests.

A data test runs as dbt has it. The ``test`` materialization then hands its result to
``phlo_check_ran``, which measures what the check contract asks for; when dbt says how the test has
ended, its record is written.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbt.adapters.base.meta import AdapterMeta, available
from dbt.flags import get_flags
from dbt_common.events.event_manager_client import add_callback_to_manager
from dbt_common.events.functions import get_invocation_id

from dbt_phlo.adapters.measuring import Asked, Measurement, outcome
from dbt_phlo.adapters.problems import as_dbt_errors
from dbt_phlo.adapters.project import place_of
from dbt_phlo.checks import Evidence, Recorder, partition, threshold
from dbt_phlo.checks.declared import Declarations
from dbt_phlo.checks.jsonl import JsonLines
from dbt_phlo.checks.partition import Window
from dbt_phlo.checks.recorder import Place
from dbt_phlo.errors import ConfigError, nearest
from dbt_phlo.meta import phlo_meta
from dbt_phlo.names import quoted
from dbt_phlo.settings import Settings

CHECKING = ("build", "test", "retry")
"""The commands that may run data tests; each begins target/phlo/checks.jsonl anew."""

_REFERENCE = re.compile(
    r"\{\{ get_where_subquery\((?P<call>ref|source)"
    r"\('(?P<first>[^'\\]+)'(?:, '(?P<second>[^'\\]+)')?\)\) \}\}"
)
"""What dbt (1.10 to 1.12: ``TestBuilder.build_model_str``) writes for a generic test's model."""


class ChecksMixin(metaclass=AdapterMeta):
    """Comes before ``PhloAdapterMixin``, whose beginning and end it hears of.

    An adapter says in ``phlo_table_rows`` how many rows a table has, if it knows without a query.
    """

    config: Any
    connections: Any
    Relation: Any
    phlo_settings: Any
    get_macro_resolver: Any
    get_columns_in_relation: Any
    _phlo_session: Any
    _phlo_retry_results: Any

    def __init__(self, config: Any, mp_context: Any) -> None:
        self._phlo_recorder: Recorder | None = None
        self._phlo_recorded_invocation = ""
        self._phlo_check_settings: Settings | None = None
        self._phlo_totals: dict[str, int | None] = {}
        self._phlo_counted: dict[str, int | None] = {}
        super().__init__(config, mp_context)  # type: ignore[call-arg]

    # ---- the invocation

    def set_macro_resolver(self, macro_resolver: Any) -> None:
        super().set_macro_resolver(macro_resolver)  # type: ignore[misc]
        if hasattr(macro_resolver, "nodes") and get_flags().WHICH in CHECKING:
            with as_dbt_errors():
                self._phlo_window()  # a wrong PHLO_PARTITION_KEY is told before anything is built
            self._phlo_begin_checks(macro_resolver)

    @available.parse(lambda *a, **k: "")
    def phlo_run_start(self, selected: list[str]) -> str:
        if self._phlo_recorder is not None and self._phlo_retry_results is None:
            self._phlo_recorder.plan(selected)  # `dbt retry` lists what it does not take up too
        return str(super().phlo_run_start(selected))  # type: ignore[misc]

    @available.parse(lambda *a, **k: "")
    def phlo_run_end(self, results: list[Any]) -> str:
        """dbt says nothing of nodes that ``--fail-fast`` leaves out, until here."""
        if self._phlo_recorder is not None:
            for result in results:
                unique_id, status = result.node.unique_id, str(result.status)
                self._phlo_recorder.end(unique_id, status, str(result.message or ""))
        return str(super().phlo_run_end(results))  # type: ignore[misc]

    def cleanup_connections(self) -> None:
        recorder, self._phlo_recorder = self._phlo_recorder, None
        try:
            if recorder is not None:
                recorder.close()
        finally:
            self._phlo_check_settings = None
            self._phlo_totals, self._phlo_counted = {}, {}
            super().cleanup_connections()  # type: ignore[misc]

    def phlo_ended_checks(self) -> list[dict[str, Any]]:
        """The checks of this invocation that have ended so far."""
        return self._phlo_recorder.documents if self._phlo_recorder is not None else []

    def _phlo_begin_checks(self, manifest: Any) -> None:
        invocation = get_invocation_id()
        if invocation == self._phlo_recorded_invocation:
            return
        self._phlo_recorded_invocation = invocation
        folder = Path(self.config.project_root) / self.config.target_path
        file = JsonLines(folder / "phlo" / "checks.jsonl")
        file.begin()
        self._phlo_recorder = Recorder(Declarations(manifest), file, self._phlo_place)
        add_callback_to_manager(self._phlo_hear)

    def _phlo_hear(self, message: Any) -> None:
        """One of dbt's events; those of nodes matter."""
        name, recorder = message.info.name, self._phlo_recorder
        if recorder is None or name not in ("NodeStart", "NodeFinished"):
            return
        node = message.data.node_info.unique_id
        if name == "NodeStart":
            recorder.begin(node)
        else:
            result = message.data.run_result
            recorder.end(node, result.status, result.message)

    def _phlo_place(self) -> Place:
        session = self._phlo_session
        invocation = get_invocation_id()
        if session is None:
            settings = self._phlo_settings_for_checks()
            return Place(settings.run_id or invocation, settings.branch, invocation)
        run = session.run.id if session.run is not None else invocation
        return Place(run, session.binding.ref, invocation)

    def _phlo_settings_for_checks(self) -> Settings:
        if self._phlo_check_settings is None:
            self._phlo_check_settings = self.phlo_settings()
        return self._phlo_check_settings

    # ---- one test

    @available.parse(lambda *a, **k: "")
    def phlo_check_partition(self, model: Any, relation: Any) -> str:
        """The condition that limits a test to the partition that this invocation is about."""
        with as_dbt_errors():
            window = self._phlo_window()
            declarations = self._phlo_declarations()
            test = declarations.node(model["unique_id"])
            if window is None or test is None:
                return ""
            metadata = getattr(test, "test_metadata", None)
            tested = declarations.tested(test)
            wanted = partition.column_of(
                metadata.name if metadata else "", phlo_meta(test), phlo_meta(tested)
            )
            if wanted is None:
                return ""
            types = self._phlo_column_types(relation)
            column = self._phlo_partition_column(wanted, tested, types, test.name)
            if column is None:
                return ""
            if self._phlo_recorder is not None:
                self._phlo_recorder.limit(test.unique_id, window.key)
            return partition.condition(quoted(column), types[column], window)

    @available.parse(lambda *a, **k: {"kind": "rows"})
    def phlo_check_shape(self, model: Any) -> dict[str, Any]:
        """How to get from a test's query to the failing rows; see ``checks.failing.Shape``."""
        return self._phlo_declarations().of(model["unique_id"]).shape._asdict()

    @available.parse(lambda *a, **k: None)
    def phlo_check_reference(self, model: Any) -> tuple[str, tuple[str, ...]] | None:
        """``ref`` or ``source`` of what a generic test looks at, with the call's arguments.

        Rendering dbt's own text for it takes milliseconds. None for what is not that plain, such
        as a version of a model.
        """
        kwargs = (model.get("test_metadata") or {}).get("kwargs") or {}
        found = _REFERENCE.fullmatch(str(kwargs.get("model") or ""))
        if found is None:
            return None
        return found["call"], tuple(part for part in (found["first"], found["second"]) if part)

    @available.parse(lambda *a, **k: None)
    def phlo_check_total(self, model: Any, target: str) -> int | None:
        """The rows of what a test looks at, if it is a whole table that says so itself."""
        declarations = self._phlo_declarations()
        tested = declarations.tested(declarations.node(model["unique_id"]))
        if tested is None:
            return None
        relation = self.Relation.create_from(self.config, tested)
        is_whole = relation.render() == target.strip()
        total = self.phlo_table_rows(relation) if is_whole else None
        self._phlo_totals[model["unique_id"]] = total
        return total

    @available.parse(lambda *a, **k: {})
    def phlo_check_ran(
        self,
        model: Any,
        main: Any,
        *,
        query: str,
        target: str,
        rows: str,
        counted: str,
        allow_threshold: str | None = None,
    ) -> Mapping[str, Any]:
        """Measure a test that has run: its result (``table``, ``response``), as dbt is to see it.

        ``query`` is the test's own, ``rows`` that of the failing rows, ``counted`` that of their
        number, and ``target`` what the test looks at, as an item of ``from``.
        """
        recorder = self._phlo_recorder
        answer = outcome(main["table"])
        if recorder is None or answer is None:
            return {"table": main["table"], "response": main["response"]}
        with as_dbt_errors():
            declared = recorder.declarations.of(model["unique_id"])
            share = threshold.parsed(allow_threshold, f"test {model['name']}")
            asked = Asked(declared, query, target, rows, counted, share)
            if answer.total is None:
                answer = answer._replace(total=self._phlo_totals.pop(declared.node, None))
            samples = self._phlo_settings_for_checks().check_samples == "on"
            supplied = recorder.supplied(declared.node)
            measurement = Measurement(
                self._phlo_ask, asked, answer, samples=samples, supplied=supplied
            )
            return measurement.result(recorder, main)

    def phlo_supply_evidence(self, unique_id: str, evidence: Evidence) -> None:
        """What a test that measures by itself (a schema contract) has found; its rows are shown
        as they are given, without what is ``pii``."""
        if self._phlo_recorder is not None:
            self._phlo_recorder.supply(unique_id, evidence)

    def phlo_table_rows(self, relation: Any) -> int | None:
        """The rows of a relation, where they are known without a query."""
        return None

    # ---- helpers

    def _phlo_declarations(self) -> Declarations:
        if self._phlo_recorder is not None:
            return self._phlo_recorder.declarations
        return Declarations(self.get_macro_resolver())

    def _phlo_window(self) -> Window | None:
        flags = get_flags()
        return partition.requested(
            getattr(flags, "EVENT_TIME_START", None),
            getattr(flags, "EVENT_TIME_END", None),
            self._phlo_settings_for_checks().partition_key,
        )

    def _phlo_column_types(self, relation: Any) -> dict[str, str]:
        plain = relation.replace_path()
        if getattr(relation, "limit", None) is not None:
            plain = plain.replace(limit=None)
        return {column.name: column.dtype for column in self.get_columns_in_relation(plain)}

    def _phlo_partition_column(
        self, wanted: str, tested: Any, types: Mapping[str, str], owner: str
    ) -> str | None:
        """The column of the relation that says which partition a row is of; None if none does."""
        exact = {name.lower(): name for name in types}
        if wanted:
            if wanted.lower() not in exact:
                root = Path(self.config.project_root)
                place = f"{place_of(root, tested, 'partition_column')}: " if tested else ""
                raise ConfigError(
                    f"{place}{owner}: meta.phlo.partition_column is {wanted!r}, which "
                    f"{getattr(tested, 'name', 'the model')} does not have."
                    f"{nearest(wanted, types)}",
                    remedy=f"its columns are: {', '.join(types)}",
                    code="PHLO134",
                )
            return exact[wanted.lower()]
        event_time = str(getattr(getattr(tested, "config", None), "event_time", None) or "")
        return exact.get(partition.COLUMN) or exact.get(event_time.strip('"').lower())

    def _phlo_ask(self, sql: str, limit: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and the first rows of a query, as the engine gives them.

        dbt's own tables would make decimals of floats and dates of text.
        """
        begin = not getattr(self.connections, "disable_transactions", False)
        _, cursor = self.connections.add_query(sql, auto_begin=begin)
        names = [str(column[0]) for column in cursor.description]
        return names, [tuple(row) for row in cursor.fetchmany(limit)]
