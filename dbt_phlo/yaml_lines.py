"""Where a key stands in a YAML file, for messages that name the line."""

from pathlib import Path
from typing import Any


def line_of(path: Path, name: str, key: str) -> int | None:
    """The 1-based line of ``key`` below the entry whose ``name`` is given; None if not found.

    Read again with line numbers only when something is wrong: dbt keeps none.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        document = YAML().load(path.read_text())
    except (OSError, UnicodeDecodeError, YAMLError):
        return None
    entry = _named(document, name)
    return _line(entry if entry is not None else document, key)


def _named(node: Any, name: str) -> Any:
    """The first mapping in the tree whose ``name`` is the one given."""
    if isinstance(node, dict) and node.get("name") == name:
        return node
    for child in _children(node):
        found = _named(child, name)
        if found is not None:
            return found
    return None


def _line(node: Any, key: str) -> int | None:
    if isinstance(node, dict) and key in node:
        return int(node.lc.key(key)[0]) + 1  # type: ignore[attr-defined]
    for child in _children(node):
        found = _line(child, key)
        if found is not None:
            return found
    return None


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return list(node) if isinstance(node, list) else []
