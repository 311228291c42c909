"""Rows as a Parquet file that Iceberg can read: columns are found by their field ids."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dbt_phlo.names import literal, quoted
from dbt_phlo.tables.duckdb_types import written

LEAST_OBJECT = 1 << 16
"""DuckDB takes twice the memory of the longest row that it is told of, for each thread."""


def encoded(rows: Sequence[Mapping[str, Any]], schema: Mapping[str, Any]) -> bytes:
    """A Parquet file of ``rows`` in the columns of an Iceberg schema; what a row lacks is NULL.

    Values are JSON's; times are ISO 8601 text.
    """
    with tempfile.TemporaryDirectory(prefix="phlo-history-") as folder:
        source = Path(folder) / "rows.json"
        lines = [json.dumps(dict(row), ensure_ascii=False).encode() for row in rows]
        source.write_bytes(b"\n".join([*lines, b""]))
        longest = max([LEAST_OBJECT, *(len(line) + 1 for line in lines)])
        columns = ", ".join(
            f"{literal(field['name'])}: {literal(written(field['type']))}"
            for field in schema["fields"]
        )
        found = (
            f"select * from read_json({literal(str(source))}, format = 'newline_delimited', "
            f"columns = {{{columns}}}, maximum_object_size = {longest})"
        )
        return _copied(found, schema, Path(folder))[0]


def merged(files: Sequence[bytes], schema: Mapping[str, Any]) -> tuple[bytes, int]:
    """One Parquet file of the rows of several, in the columns of ``schema``, and their number."""
    with tempfile.TemporaryDirectory(prefix="phlo-history-") as folder:
        names = []
        for number, data in enumerate(files):
            path = Path(folder) / f"{number}.parquet"
            path.write_bytes(data)
            names.append(literal(str(path)))
        columns = ", ".join(
            f"{field['id']}: {{name: {literal(field['name'])}, "
            f"type: {literal(written(field['type']))}, default_value: NULL}}"
            for field in schema["fields"]
        )
        found = f"select * from read_parquet([{', '.join(names)}], schema = map {{{columns}}})"
        return _copied(found, schema, Path(folder))


def _copied(query: str, schema: Mapping[str, Any], folder: Path) -> tuple[bytes, int]:
    import duckdb

    ids = ", ".join(f"{quoted(field['name'])}: {field['id']}" for field in schema["fields"])
    target = folder / "out.parquet"
    connection = duckdb.connect(config={"threads": 1})
    try:
        row = connection.execute(
            f"copy ({query}) to {literal(str(target))} "
            f"(format parquet, compression zstd, field_ids {{{ids}}})"
        ).fetchone()
    finally:
        connection.close()
    return target.read_bytes(), int(row[0]) if row else 0
