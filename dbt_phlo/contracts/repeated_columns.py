"""Columns that a file declares twice: dbt keeps the last of them, and tells nobody."""

from collections.abc import Iterator, Mapping
from typing import Any

NODES = ("models", "seeds", "snapshots")
Key = tuple[str, ...]
"""A file's id, and the names that lead to an entry in it."""


def repeated_columns(manifest: Any) -> dict[Key, list[str]]:
    """Names of columns that an entry lists more than once, for each entry that has any.

    The manifest of a command holds its YAML files as dbt has read them; one that was read from
    ``manifest.json`` does not, and then nothing is found.
    """
    found: dict[Key, list[str]] = {}
    for file_id, file in (getattr(manifest, "files", None) or {}).items():
        for names, entry in _entries(getattr(file, "dict_from_yaml", None) or {}):
            columns = [str(column.get("name")) for column in _listed(entry, "columns")]
            if len(set(columns)) < len(columns):
                again = [name for number, name in enumerate(columns) if name in columns[:number]]
                found[(file_id, *names)] = again
    return found


def _entries(document: Mapping[str, Any]) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    for section in NODES:
        for entry in _listed(document, section):
            yield (str(entry.get("name")),), entry
    for source in _listed(document, "sources"):
        for table in _listed(source, "tables"):
            yield (str(source.get("name")), str(table.get("name"))), table


def _listed(owner: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = owner.get(key)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
