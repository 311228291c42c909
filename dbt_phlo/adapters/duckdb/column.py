"""Columns of ``phlo_duckdb``, as macros see them."""

from dataclasses import dataclass

from dbt.adapters.duckdb.column import DuckDBColumn

from dbt_phlo.names import quoted


@dataclass
class PhloDuckDBColumn(DuckDBColumn):
    """A column whose type may carry parameters, as DuckDB writes it: ``DECIMAL(18,3)``."""

    @property
    def quoted(self) -> str:
        return quoted(self.column)

    def is_numeric(self) -> bool:
        return self.dtype.split("(", 1)[0].lower() in ("numeric", "decimal")
