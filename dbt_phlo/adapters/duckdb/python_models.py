"""What the code that dbt generates for a Python model calls."""

from typing import Any

from dbt_phlo.names import quoted
from dbt_phlo.tables import types

_FRAME = "__dbt_python_model_df"


def write(
    frame: Any, connection: Any, relation: str, name: str, *, temporary: bool = False
) -> None:
    """Create ``relation`` from what the model returned, in types that Iceberg can hold.

    ``frame`` is a DuckDB relation, a pandas or polars frame, or an Arrow table, dataset or reader.
    """
    connection.register(_FRAME, frame)
    try:
        columns = connection.execute(f"DESCRIBE SELECT * FROM {_FRAME}").fetchall()
        casts = types.projection([(row[0], row[1]) for row in columns], name)
        star = f"* REPLACE ({', '.join(casts)})" if casts else "*"
        kind = "TEMPORARY TABLE" if temporary else "TABLE"
        connection.execute(f"CREATE {kind} {relation} AS SELECT {star} FROM {quoted(_FRAME)}")
    finally:
        connection.unregister(_FRAME)
