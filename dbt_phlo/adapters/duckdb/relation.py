"""Relations of ``phlo_duckdb``: the lake's name is all that SQL and the manifest ever see."""

from dataclasses import dataclass

from dbt.adapters.duckdb.relation import DuckDBRelation

from dbt_phlo.names import quoted


@dataclass(frozen=True, eq=False, repr=False)
class PhloDuckDBRelation(DuckDBRelation):
    """A relation of the lake, or of a database attached beside it."""

    def quoted(self, identifier: str) -> str:
        return quoted(identifier)
