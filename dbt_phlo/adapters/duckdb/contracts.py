"""Enforced contracts, as the materializations ask for them."""

from pathlib import Path
from typing import Any

from dbt.adapters.base.meta import AdapterMeta, available

from dbt_phlo.adapters.duckdb import constraints
from dbt_phlo.adapters.problems import as_dbt_errors
from dbt_phlo.contracts import iceberg
from dbt_phlo.contracts.contract import Contract
from dbt_phlo.tables import metadata
from dbt_phlo.tables import schema as schemas


class ContractsMixin(metaclass=AdapterMeta):
    """Comes before the adapter, whose environment and questions it uses."""

    config: Any
    commit_if_has_connection: Any
    get_macro_resolver: Any
    _environment: Any
    _phlo_ask: Any

    @available.parse(lambda *a, **k: "")
    def phlo_check_types(self, target: Any, model: Any) -> str:
        """Raise when a column's declared type is not a whole one."""
        with as_dbt_errors():
            constraints.check_types(target, model)
        return ""

    @available.parse(lambda *a, **k: "")
    def phlo_keep_contract(self, rows: Any, target: Any, model: Any, on_schema_change: str) -> str:
        """Before rows are added to a table: they keep the model's enforced contract, and the table
        takes what has changed in it. Raises where one of the two is not so."""
        self.commit_if_has_connection()
        with as_dbt_errors():
            contract = self._phlo_enforced(model)
            environment = self._environment
            schema = environment.exact_schema(target.schema)
            fields = schemas.current(environment.tables.metadata(schema, target.identifier))
            if contract is None:
                is_due = any(field.get("required") for field in fields["fields"])
            else:
                self._phlo_keeps(rows, contract, model)
                is_due = constraints.taken(
                    self._phlo_all,
                    str(target),
                    contract,
                    fields["fields"],
                    syncs=on_schema_change == "sync_all_columns",
                )
            self.commit_if_has_connection()  # the engine is to see the table anew
            if is_due:
                wanted = iceberg.schema_json(contract)["fields"] if contract else []
                environment.tables.amend(
                    schema,
                    target.identifier,
                    lambda of: metadata.evolved(of, wanted, constraints.required(contract)),
                )
        return ""

    def _phlo_enforced(self, model: Any) -> Contract | None:
        """The contract that a model's build must keep."""
        nodes = getattr(self.get_macro_resolver(), "nodes", {})
        node = nodes.get((model or {}).get("unique_id"))
        return constraints.enforced(node, Path(self.config.project_root))

    def _phlo_keeps(self, rows: Any, contract: Contract, model: Any) -> None:
        """Raise unless columns (of a Python model: dbt has compared the others) and rows are as
        declared."""
        described = [
            (str(r[0]), str(r[1])) for r in self._phlo_all(f"DESCRIBE SELECT * FROM {rows}")
        ]
        if model.get("language") != "sql" or not contract.is_enforced:
            constraints.check_columns(contract, described)
        constraints.check_rows(self._phlo_all, str(rows), contract, described)

    def _phlo_all(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._phlo_ask(sql, constraints.MOST_ANSWERS)[1]
        return found
