"""Values as YAML text that dbt reads back: dbt follows YAML 1.1, in which ``yes`` is no text."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

_WIDTH = 1_000_000


class _Dumper(yaml.SafeDumper):
    """Texts of several lines are written with escapes, on one line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if any(char < " " or char in "\x7f\x85\u2028\u2029" for char in text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def flow(value: Any) -> str:
    """A value on one line, as it may stand anywhere.

    >>> flow({"not_null": {"config": {"where": "a, b"}}}), flow("yes"), flow(1e20)
    ("{not_null: {config: {where: 'a, b'}}}", "'yes'", '1.0e+20')
    """
    dumped = yaml.dump(
        [value],
        Dumper=_Dumper,
        default_flow_style=True,
        width=_WIDTH,
        allow_unicode=True,
        sort_keys=False,
    )
    return str(dumped.strip()[1:-1])


def pair(key: str, value: Any, offset: int = 2) -> list[str]:
    """The lines of a key and its value in a block.

    Lists and mappings of several keys get lines of their own; ``offset`` is how far the dashes of a
    list stand to the right of its key.
    """
    if isinstance(value, list) and value:
        return [f"{key}:", *(" " * offset + line for one in value for line in item(one, offset))]
    if isinstance(value, str) and _is_prose(value):
        lines = (f"  {line}" if line else "" for line in value.split("\n"))
        return [f"{key}: |-", *lines]
    return [f"{key}: {flow(value)}"]


def item(value: Any, offset: int = 2) -> list[str]:
    """The lines of an item of a list in a block, a mapping with a line for each key."""
    if isinstance(value, Mapping) and value:
        lines = list(_pairs(value, offset))
        return [f"- {lines[0]}", *(f"  {line}" if line else "" for line in lines[1:])]
    return [f"- {flow(value)}"]


def document(value: Mapping[str, Any]) -> str:
    """The text of a file."""
    return "\n".join(_pairs(value, 2)) + "\n"


def _pairs(value: Mapping[str, Any], offset: int) -> Iterator[str]:
    for key, one in value.items():
        yield from pair(flow(key), one, offset)


def _is_prose(text: str) -> bool:
    """Whether a text of several lines may stand as it is, without escapes."""
    lines = text.split("\n")
    plain = all(line.isprintable() and line == line.rstrip() for line in lines)
    return len(lines) > 1 and plain and text == text.strip()
