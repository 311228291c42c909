"""DuckDB's way into a warehouse on S3: one temporary secret, for the warehouse's objects alone.

The statement that makes it goes straight to DuckDB, so that no logger sees it, and an error about
it is told without the statement. ``duckdb_secrets()`` shows it redacted.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dbt_phlo.endpoint import extensions
from dbt_phlo.errors import ConfigError
from dbt_phlo.names import literal
from dbt_phlo.storage import SCHEME, Storage, no_keys

_LITERAL = re.compile(r"'(?:[^']|'')+'")

NAME = "phlo_warehouse"
COPIES = ("s3_access_key_id", "s3_secret_access_key", "s3_session_token")
"""Settings that DuckDB fills from the environment, and shows to every statement that asks."""


def unlock(connection: Any, catalog: Mapping[str, Any]) -> None:
    """Let a DuckDB connection into the warehouse of a catalog's configuration.

    Raises ``ConfigError``.
    """
    storage: Storage | None = catalog.get("storage")
    if storage is None:
        return
    if not storage.key_id:
        connection.execute(f"LOAD {literal(str(extensions.file_of('aws')))}")
    options = ", ".join(_options(catalog["warehouse"], storage))
    try:
        create_secret(connection, f"CREATE OR REPLACE TEMPORARY SECRET {NAME} ({options})")
    except ConfigError:
        if storage.key_id:
            raise
        raise no_keys() from None
    if storage.everywhere:
        for setting in COPIES:
            connection.execute(f"RESET GLOBAL {setting}")


def create_secret(connection: Any, sql: str) -> None:
    """Run a statement whose text is not to be seen, not even in an error."""
    import duckdb

    try:
        connection.execute(sql)
    except duckdb.Error as error:
        told = next(iter(str(error).splitlines()), "")  # what follows quotes the statement
        for text in _LITERAL.findall(sql):
            told = told.replace(text, "***")
        raise ConfigError(
            f"DuckDB takes no such secret: {told}",
            remedy="correct `secrets:` in the profile",
            code="PHLO123",
        ) from None


def _options(warehouse: str, storage: Storage) -> Iterator[str]:
    yield "TYPE s3"
    yield f"SCOPE {literal(SCHEME if storage.everywhere else f'{warehouse}/')}"
    if storage.key_id:
        yield f"KEY_ID {literal(storage.key_id)}"
        yield f"SECRET {literal(storage.secret.revealed())}"
        # Also an empty one: DuckDB would take that of the environment, which is for other keys.
        yield f"SESSION_TOKEN {literal(storage.session_token.revealed())}"
    else:
        yield "PROVIDER credential_chain"
        yield "REFRESH auto"
    if storage.region:
        yield f"REGION {literal(storage.region)}"
    if storage.endpoint:
        yield f"ENDPOINT {literal(storage.endpoint)}"
    yield f"URL_STYLE {literal(storage.url_style)}"
    yield f"USE_SSL {'true' if storage.use_ssl else 'false'}"
