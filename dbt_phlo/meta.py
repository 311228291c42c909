"""The keys of ``config.meta.phlo`` of models and columns, and their check."""

from collections.abc import Callable, Mapping
from typing import Any

from dbt_phlo.errors import ConfigError, nearest

META_KEYS = (
    "automation",
    "contract",
    "cron",
    "deduplicate",
    "freshness_hours",
    "max_bad_rows",
    "on_bad_rows",
    "on_unknown_columns",
    "outside_wap",
    "owner",
    "partition_by",
    "partition_column",
    "pii",
    "publish",
    "retries",
    "retry_delay_seconds",
    "schema",
    "scope",
    "timeout_seconds",
)
"""Keys of ``config.meta.phlo`` (PRODUCT: "Model YAML")."""

OF_INGESTION = (
    "deduplicate",
    "max_bad_rows",
    "on_bad_rows",
    "on_unknown_columns",
    "partition_by",
    "retries",
    "retry_delay_seconds",
    "timeout_seconds",
)
"""Those that only a model with ``materialized: ingest`` acts on."""

META_SUPPORTED = (
    "contract",
    *OF_INGESTION,
    "outside_wap",
    "owner",
    "partition_column",
    "pii",
    "schema",
    "scope",
)
"""Those that this version acts on, or that only describe; the others would do nothing."""


SCOPES = ("table", "partition")
"""What a check looks at where an invocation is about one partition."""


def phlo_meta(owner: Any) -> Mapping[str, Any]:
    """``meta.phlo`` of a node, test or column of dbt's; empty where there is none.

    ``owner`` is read by attributes, or by keys where dbt gives a dictionary. The config's ``meta``
    comes before the owner's own, which is where dbt put a column's before 1.10.
    """
    for holder in (_part(owner, "config"), owner):
        meta = _part(holder, "meta")
        found = meta.get("phlo") if meta else None
        if isinstance(found, Mapping):
            return found
    return {}


def _part(owner: Any, name: str) -> Any:
    return owner.get(name) if isinstance(owner, dict) else getattr(owner, name, None)


def check_meta(meta: Any, owner: str, place: Callable[[str], str]) -> None:
    """Refuse unknown keys of ``meta.phlo``; ``place`` tells the ``FILE:LINE`` of a key."""
    if not isinstance(meta, Mapping):
        raise ConfigError(
            f"{place('phlo')}: {owner}: meta.phlo must be a mapping, not {meta!r}", code="PHLO108"
        )
    for key in meta:
        if key not in META_KEYS:
            raise ConfigError(
                f"{place(str(key))}: {owner}: meta.phlo has no key {key!r}."
                f"{nearest(str(key), META_KEYS)}",
                remedy=f"known keys: {', '.join(META_KEYS)}",
                code="PHLO108",
            )
        if key not in META_SUPPORTED:
            raise ConfigError(
                f"{place(str(key))}: {owner}: meta.phlo.{key} does nothing in this version",
                remedy="remove it until a version that supports it",
                code="PHLO118",
            )
    scope = meta.get("scope", "table")
    if scope not in SCOPES:
        raise ConfigError(
            f"{place('scope')}: {owner}: meta.phlo.scope is {scope!r}."
            f"{nearest(str(scope), SCOPES)}",
            remedy="write scope: table, or scope: partition",
            code="PHLO131",
        )
    if meta.get("pii", False) not in (True, False):
        raise ConfigError(
            f"{place('pii')}: {owner}: meta.phlo.pii is {meta['pii']!r}, neither true nor false",
            remedy="write pii: true",
            code="PHLO108",
        )


def check_ingested(
    meta: Mapping[str, Any], materialized: str, owner: str, place: Callable[[str], str]
) -> None:
    """Refuse keys of ingestion on what is not ingested: they would do nothing."""
    idle = [key for key in meta if key in OF_INGESTION]
    if idle and materialized != "ingest":
        raise ConfigError(
            f"{place(idle[0])}: {owner}: meta.phlo.{idle[0]} does nothing where materialized is "
            f"not ingest",
            remedy="remove it, or materialize the model as ingest",
            code="PHLO118",
        )
