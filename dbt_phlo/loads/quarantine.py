"""Rows that do not fit, in a table beside the one that they were meant for."""

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from dbt_phlo.catalogs.iceberg import iceberg_table
from dbt_phlo.contracts import arrow, iceberg
from dbt_phlo.contracts.contract import Column, Contract
from dbt_phlo.loads.conforming.rejected import Rejected
from dbt_phlo.loads.plan import RUN_ID, Plan
from dbt_phlo.loads.target import Lake
from dbt_phlo.loads.writing.data_files import DataFileWriter

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile

WAITING = 10_000
COLUMNS = (
    Column("row_number", "long", "The row's place in the load, from 1."),
    Column("row", "string", "The row as the source gave it, as JSON."),
    Column("reasons", "string", "Why: a JSON list of column, value and reason."),
    Column("load_id", "string", "The load that refused it."),
    Column("rejected_at", "timestamptz", "When."),
    Column(RUN_ID, "string", "The run that refused it."),
)
"""The columns of ``<name>__rejected``."""


class Quarantine:
    """The rejected rows of one attempt, in bounded memory; nothing is kept before ``commit``."""

    def __init__(self, plan: Plan, lake: Lake) -> None:
        self._plan, self._lake = plan, lake
        self._rows: list[dict[str, Any]] = []
        self._writer: DataFileWriter | None = None
        self._table: Any = None
        self.files: list[DataFile] = []

    def __enter__(self) -> "Quarantine":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None and self._rows:
            self._flush()
        if self._writer is not None:
            self._writer.__exit__(kind, error, trace)
            self.files = self._writer.files

    def add(self, rejected: Rejected) -> None:
        """Take one row."""
        self._rows.append(
            {
                "row_number": rejected.position,
                "row": rejected.row_json,
                "reasons": json.dumps(
                    [
                        {"column": one.column, "value": one.value_text, "reason": one.text}
                        for one in rejected.reasons
                    ],
                    ensure_ascii=False,
                ),
                "load_id": self._plan.load_id,
                "rejected_at": datetime.now(timezone.utc),
                RUN_ID: self._plan.run_id or None,
            }
        )
        if len(self._rows) >= WAITING:
            self._flush()

    def commit(self, commit: Callable[..., Any]) -> None:
        """Make the rows part of the table, in one commit."""
        if self.files:
            commit(self._table, added=self.files, properties={}, summary={})

    def _flush(self) -> None:
        import pyarrow as pa

        if self._writer is None:
            self._table = self._made()
            self._writer = DataFileWriter(self._table)
            self._writer.__enter__()
        rows, self._rows = self._rows, []
        schema = arrow.schema(Contract("rejected", COLUMNS))
        self._writer.write(pa.Table.from_pylist(rows, schema=schema))

    def _made(self) -> Any:
        plan, tables = self._plan, self._lake.tables
        name = plan.rejected_table
        if not tables.exists(plan.namespace, name):
            schema = iceberg.schema_json(Contract(name, COLUMNS))
            tables.create(plan.namespace, {"name": name, "schema": {"type": "struct", **schema}})
        return iceberg_table(tables, plan.namespace, name, self._lake.configuration)
