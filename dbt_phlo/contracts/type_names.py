"""The one table from SQL's types to Iceberg's, which ``docs/types.md`` prints.

Types are called as sqlglot calls them, which reads each dialect's names.
"""

PRIMITIVES: dict[str, str] = {
    "BOOLEAN": "boolean",
    "TINYINT": "int",
    "SMALLINT": "int",
    "UTINYINT": "int",
    "USMALLINT": "int",
    "INT": "int",
    "UINT": "long",
    "BIGINT": "long",
    "UBIGINT": "decimal(20, 0)",
    "INT128": "decimal(38, 0)",
    "UINT128": "decimal(38, 0)",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMPNTZ": "timestamp",
    "DATETIME": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMPTZ": "timestamptz",
    "UUID": "uuid",
    "JSON": "string",
    "TEXT": "string",
    "VARCHAR": "string",
    "NVARCHAR": "string",
    "CHAR": "string",
    "NCHAR": "string",
    "BPCHAR": "string",
    "ENUM": "string",
    "BIT": "string",
    "BINARY": "binary",
    "VARBINARY": "binary",
    "BLOB": "binary",
}
"""sqlglot's name of a type, and the Iceberg type."""

BOUNDS: dict[str, tuple[int, int | None]] = {
    "TINYINT": (-(2**7), 2**7 - 1),
    "SMALLINT": (-(2**15), 2**15 - 1),
    "UTINYINT": (0, 2**8 - 1),
    "USMALLINT": (0, 2**16 - 1),
    "UINT": (0, 2**32 - 1),
    "UBIGINT": (0, 2**64 - 1),
    "UINT128": (0, None),
}
"""What an integer type holds, where its Iceberg type holds more."""

REFUSED: dict[str, str] = {
    "INTERVAL": "a number of seconds (bigint), or two timestamps",
    "TIMETZ": "time, or varchar to keep the offset",
    "TIMESTAMP_NS": "timestamp: Iceberg v2 holds microseconds",
    "UNION": "a struct with one field for each member",
    "GEOMETRY": "varbinary, as well-known binary",
    "VARIANT": "json, or a struct",
    "BIGNUM": "decimal(38, 0), or varchar",
    "IPADDRESS": "varchar",
}
"""Types that Iceberg v2 lacks, and what to write instead."""

ICEBERG: dict[str, str] = {
    "string": "varchar",
    "long": "bigint",
    "timestamptz": "timestamp with time zone",
    "binary": "varbinary",
    "float": "real",
}
"""Iceberg's own names, as every dialect reads them."""

ALIASES: dict[str, str] = {
    "INT1": "TINYINT",
    "INT2": "SMALLINT",
    "INT4": "INT",
    "INT8": "BIGINT",
    "INT16": "SMALLINT",
    "INT32": "INT",
    "INT64": "BIGINT",
    "UTINYINT": "UTINYINT",
    "USMALLINT": "USMALLINT",
    "UINTEGER": "UINT",
    "UBIGINT": "UBIGINT",
    "UHUGEINT": "UINT128",
    "UINT8": "UTINYINT",
    "UINT16": "USMALLINT",
    "UINT32": "UINT",
    "UINT64": "UBIGINT",
    "FLOAT4": "FLOAT",
    "FLOAT8": "DOUBLE",
    "TIMESTAMP_S": "TIMESTAMP_S",
    "TIMESTAMP_MS": "TIMESTAMP_MS",
    "TIMESTAMP_US": "TIMESTAMP",
    "TIMESTAMP_NS": "TIMESTAMP_NS",
}
"""DuckDB's further names of types, which mean the same on every target."""

PARAMETERS: dict[str, int] = {
    **dict.fromkeys(("TEXT", "VARCHAR", "NVARCHAR", "CHAR", "NCHAR", "BPCHAR"), 1),
    **dict.fromkeys(("TIME", "TIMESTAMP", "TIMESTAMPNTZ", "TIMESTAMPTZ", "DATETIME"), 1),
    "DECIMAL": 2,
    "FLOAT": 1,
}
"""How many numbers a type may have in parentheses, where it may have any."""
