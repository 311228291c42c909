"""Iceberg types as DuckDB writes them."""

from dbt_phlo.names import quoted
from dbt_phlo.tables.schema import Type

PRIMITIVES = {
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "string": "VARCHAR",
    "uuid": "UUID",
    "binary": "BLOB",
}


def written(of: Type) -> str:
    """A DuckDB type.

    >>> written({"type": "list", "element-id": 2, "element": "decimal(9, 2)"})
    'DECIMAL(9,2)[]'
    """
    if isinstance(of, str):
        if of.startswith("fixed"):
            return "BLOB"
        return PRIMITIVES.get(of, of.upper().replace(" ", ""))
    if of["type"] == "list":
        return written(of["element"]) + "[]"
    if of["type"] == "map":
        return f"MAP({written(of['key'])}, {written(of['value'])})"
    fields = ", ".join(f"{quoted(f['name'])} {written(f['type'])}" for f in of["fields"])
    return f"STRUCT({fields})"
