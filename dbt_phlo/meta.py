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

META_SUPPORTED = (
    "contract",
    "outside_wap",
    "owner",
    "partition_column",
    "pii",
    "schema",
    "scope",
)
"""Those that this version acts on, or that only describe; the others would do nothing."""


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
    if meta.get("pii", False) not in (True, False):
        raise ConfigError(
            f"{place('pii')}: {owner}: meta.phlo.pii is {meta['pii']!r}, neither true nor false",
            remedy="write pii: true",
            code="PHLO108",
        )
