"""``doctor``: the bucket of a warehouse on S3, tried by this process and by DuckDB."""

import uuid
from collections.abc import Iterable
from typing import Any

from dbt_phlo import names
from dbt_phlo.cli.examination import Finding, ok, wrong
from dbt_phlo.errors import CatalogError


def bucket(configuration: dict[str, Any]) -> Finding:
    """An object can be listed, written, read by DuckDB, and removed."""
    from dbt_phlo.tables.s3_files import S3Files

    files, folder = S3Files(configuration["storage"]), configuration["warehouse"]
    probe = f"{folder}/.dbt-phlo-{uuid.uuid4().hex}"
    try:
        _first(files.listed(folder))
    except CatalogError as error:
        return _denied(
            error, "correct the keys and the server in `secrets:` of the profile, or AWS_*"
        )
    try:
        files.write(probe, b"dbt-phlo")
    except CatalogError as error:
        return _denied(error, "allow s3:PutObject; reading with dbt_phlo.connect works without")
    found = _read_by_duckdb(configuration, probe)
    try:
        files.delete([probe])
    except CatalogError as error:
        return _denied(error, "allow s3:DeleteObject: `dbt-phlo branches cleanup` needs it")
    return found or ok(f"{folder} at {configuration['storage'].server} can be read and written")


def holds_tables(configuration: dict[str, Any]) -> bool:
    """Whether there is a file of a table of ours below the warehouse."""
    from dbt_phlo.tables.s3_files import S3Files

    folder = configuration["warehouse"]
    start = len(folder) + 1
    listed = S3Files(configuration["storage"]).listed(folder)
    return any(names.table_folder(file.location[start:]) for file in listed)


def _read_by_duckdb(configuration: dict[str, Any], location: str) -> Finding | None:
    """What is wrong with DuckDB's own way into the bucket."""
    import duckdb

    from dbt_phlo.endpoint import extensions, warehouse

    try:
        with extensions.connect() as connection:
            warehouse.unlock(connection, configuration)
            connection.execute("SELECT size FROM read_blob(?)", [location]).fetchall()
    except duckdb.Error as error:
        told = next(iter(str(error).splitlines()), "")
        return wrong(
            f"DuckDB cannot read {location}: {told}",
            "give `key_id`, `secret`, `region`, `endpoint` and `url_style` in `secrets:`",
        )
    return None


def _first(found: Iterable[Any]) -> Any:
    return next(iter(found), None)


def _denied(error: CatalogError, remedy: str) -> Finding:
    return wrong(error.message, remedy)._replace(code=error.code)
