"""What runs leave to be asked later: tables in the lake's own schema ``_phlo``.

A run appends its rows to the branch that it was for, whatever became of it: one Parquet file a
table, in one commit, which nobody's promotion can conflict with. ``models/`` of this package reads
them, and any engine can.
"""

from dbt_phlo.history.tables import TABLES
from dbt_phlo.history.writer import Rows, write
from dbt_phlo.names import HISTORY_SCHEMA as SCHEMA

__all__ = ["SCHEMA", "TABLES", "Rows", "write"]
