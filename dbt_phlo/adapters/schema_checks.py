"""What the test ``pandera_contract`` calls: a table against its whole contract, in one scan."""

from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from dbt.adapters.base.meta import AdapterMeta, available
from dbt.flags import get_flags

from dbt_phlo.adapters.output import announce
from dbt_phlo.adapters.problems import as_dbt_errors
from dbt_phlo.checks.names import SCHEMA_CONTRACT
from dbt_phlo.errors import ContractError
from dbt_phlo.extras import optional
from dbt_phlo.meta import phlo_meta

if TYPE_CHECKING:
    from dbt_phlo.adapters.contract_check import ContractCheck, Looked

CHECKED_BY = ("build", "test", "retry", "show")
"""The commands that look at rows; ``compile`` and ``docs`` compile tests too."""
BATCH_ROWS = 100_000
"""As many rows of a table are in memory while a class judges it."""
NOTHING = "select cast(null as varchar) as problem where false"

_ONE_CLASS = Lock()
"""Pandera cannot be imported by two threads at once, and one batch at a time is in memory."""


class SchemaChecksMixin(metaclass=AdapterMeta):
    """Comes before ``ChecksMixin``, to which it supplies what it finds."""

    config: Any
    connections: Any
    Relation: Any
    get_macro_resolver: Any
    phlo_check_partition: Any
    phlo_supply_evidence: Any
    _phlo_ask: Any
    _phlo_declarations: Any
    _phlo_settings_for_checks: Any

    def __init__(self, config: Any, mp_context: Any) -> None:
        self._phlo_tests: tuple[Any, dict[str, list[Any]]] | None = None
        self._phlo_scanned: dict[str, int] = {}
        super().__init__(config, mp_context)  # type: ignore[call-arg]

    def cleanup_connections(self) -> None:
        self._phlo_tests, self._phlo_scanned = None, {}
        super().cleanup_connections()  # type: ignore[misc]

    @available.parse(lambda *a, **k: NOTHING)
    def phlo_contract_rows(self, model: Any, rows: str, schema: str | None = None) -> str:
        """Check the contract of ``rows``, an item of FROM; a query of those that break it.

        ``schema`` names a Pandera class, which comes before the model's ``meta.phlo.schema``.
        """
        if get_flags().WHICH not in CHECKED_BY:
            return NOTHING
        with as_dbt_errors():
            check = self._phlo_contract_check(model, rows)
            reference = schema or phlo_meta(check.tested).get("schema")
            if reference:
                with _ONE_CLASS:
                    result = check.by_class(str(reference))
            else:
                result = check.by_yaml()
        self._phlo_scanned[model["unique_id"]] = result.evidence.total_count or 0
        self.phlo_supply_evidence(model["unique_id"], result.evidence)
        if result.told:
            announce(result.told)
        return result.query

    @available.parse(lambda *a, **k: None)
    def phlo_check_total(self, model: Any, target: str) -> int | None:
        """The rows of what a test looks at; a schema contract has counted them."""
        counted = self._phlo_scanned.pop(model["unique_id"], None)
        if counted is not None:
            return counted
        found: int | None = super().phlo_check_total(model, target)  # type: ignore[misc]
        return found

    def _phlo_contract_check(self, model: Any, rows: str) -> "ContractCheck":
        from dbt_phlo.adapters.contract_check import ContractCheck, Engine

        declarations = self._phlo_declarations()
        tested = declarations.tested(declarations.node(model["unique_id"]))
        if tested is None or getattr(tested.config, "materialized", "") == "ephemeral":
            told = tested.name if tested is not None else model["name"]
            raise ContractError(
                f"{SCHEMA_CONTRACT} on {told}: it is no table and no view, which could keep a "
                "contract",
                remedy="materialize it as a view, or test the model that reads it",
                code="PHLO921",
            )
        return ContractCheck(
            Engine(self._phlo_ask, self._phlo_batches),
            self._phlo_looked(model, tested, rows),
            tested,
            self._phlo_other_tests(tested),
            declarations.of(model["unique_id"]),
            Path(self.config.project_root),
            self._phlo_settings_for_checks().check_samples == "on",
        )

    def _phlo_looked(self, model: Any, tested: Any, rows: str) -> "Looked":
        """The partition limits row rules alone, unless the test asks for it."""
        from dbt_phlo.adapters.contract_check import Looked

        relation = self.Relation.create_from(self.config, tested)
        scope = self.phlo_check_partition(model, relation)
        meta = phlo_meta(model)
        is_asked = {**phlo_meta(tested), **meta}.get("scope") == "partition"
        if not scope or is_asked or "partition_column" in meta:
            return Looked(rows, rows)
        where = (model.get("config") or {}).get("where")
        whole = f"(select * from {relation} where {where}) dbt_subquery" if where else str(relation)
        return Looked(rows, whole, scope)

    def _phlo_other_tests(self, tested: Any) -> list[Any]:
        """The data tests of a node that are no schema contracts."""
        from dbt_phlo.contracts.manifest_source import tests_of

        manifest, known = self.get_macro_resolver(), self._phlo_tests
        if known is None or known[0] is not manifest:
            known = self._phlo_tests = (manifest, tests_of(manifest))
        tests = known[1].get(tested.unique_id, ())
        return [test for test in tests if test.test_metadata.name != SCHEMA_CONTRACT]

    def _phlo_batches(self, sql: str, whole: bool) -> Iterator[Any]:
        """The rows of a query as Arrow tables, one at least; all in one if ``whole``."""
        pyarrow = optional("pyarrow", extra="arrow")
        begin = not getattr(self.connections, "disable_transactions", False)
        _, cursor = self.connections.add_query(sql, auto_begin=begin)
        reader = cursor.to_arrow_reader(BATCH_ROWS)
        if whole:
            yield reader.read_all()
            return
        is_empty = True
        for batch in reader:
            is_empty = False
            yield pyarrow.Table.from_batches([batch])
        if is_empty:
            yield reader.schema.empty_table()
