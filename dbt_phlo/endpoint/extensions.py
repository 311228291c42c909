"""DuckDB with its Iceberg extensions, loaded from the installed wheels: nothing is downloaded."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dbt_phlo.errors import InstallError

EXTENSIONS = ("avro", "httpfs", "iceberg")
TOLERANCES = (
    "ignore_target_file_size_for_partitioned_tables",
    "ignore_row_group_size_for_partitioned_tables",
)
"""Without these DuckDB refuses to write a partitioned table whose properties name such a size."""


def connect(path: str = ":memory:", config: dict[str, Any] | None = None) -> Any:
    """A DuckDB connection with the extensions loaded.

    Unsigned extensions are allowed only until ours are loaded: hashing the 80 MB of our own wheels
    takes 0.9 s, and the setting can be closed, but never opened again, on a running database.
    """
    import duckdb

    wanted = dict(config or {})
    keep_open = str(wanted.get("allow_unsigned_extensions", "false")).lower() == "true"
    connection = duckdb.connect(path, config={**wanted, "allow_unsigned_extensions": "true"})
    for name in EXTENSIONS:
        connection.execute(f"LOAD '{file_of(name)}'")
    for name in TOLERANCES:
        connection.execute(f"SET GLOBAL {name} = true")
    if not keep_open:
        connection.execute("SET allow_unsigned_extensions = false")
    return connection


def file_of(name: str) -> Path:
    """The extension's file inside its wheel, for the DuckDB that is installed."""
    import duckdb

    package = f"duckdb_extension_{name}"
    spec = find_spec(package)
    if spec is not None and spec.submodule_search_locations:
        root = Path(next(iter(spec.submodule_search_locations)))
        file = root / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if file.is_file():
            return file
    raise InstallError(
        f"DuckDB {duckdb.__version__} needs its extension {name!r} in the same version",
        remedy=f"pip install 'duckdb-extension-{name}=={duckdb.__version__}'",
        code="PHLO702",
    )
