"""Additions to a YAML text that leave every other character of it as it is.

``Editor`` reads a file twice: as data, and as a tree of places. Each addition changes both, and at
the end the new text must read as the new data; so a text is never written that says something else.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dbt_phlo.cli import schema_text
from dbt_phlo.errors import CommandError


@dataclass
class Node:
    """A value in the text, from ``start`` to ``end``; ``data`` is what it says.

    ``pairs`` are a mapping's own keys, without those of a merge (``<<``).
    """

    kind: str
    start: int
    end: int
    line: int
    column: int
    is_flow: bool = False
    is_shared: bool = False
    pairs: dict[str, tuple[int, "Node"]] = field(default_factory=dict)
    items: list["Node"] = field(default_factory=list)
    data: Any = None


class Editor:
    """A dbt YAML file and what is to be added to it. Raises ``CommandError`` (PHLO814)."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._edits: list[tuple[int, int, str]] = []
        try:
            self.data: Any = yaml.safe_load(text)
            events = yaml.parse(text, Loader=yaml.SafeLoader)
            self._root = _tree(text, events)
        except yaml.YAMLError as error:
            raise self.refused(f"is not YAML: {error}") from error
        if self._root is None or self.data is None:
            self.data, self._root = {}, None
        elif self._root.kind != "mapping" or not isinstance(self.data, dict):
            raise self.refused("is not a mapping")
        else:
            _bind(self._root, self.data)

    @property
    def root(self) -> Node | None:
        """The mapping of the file; None for a file that says nothing."""
        return self._root

    def begin(self, key: str, value: Any) -> None:
        """Add a key to the end of the file."""
        self.data[key] = value
        if self._root is not None and self._root.is_flow:
            raise self.refused("is written in braces as a whole")
        lines = schema_text.pair(key, value, self._offset())
        self._edits.append(self._below(len(self._text.rstrip()), lines, 0))

    def add(self, owner: Node, key: str, value: Any, after: str = "") -> None:
        """Add a key to a mapping, at its end or ``after`` another key."""
        self._assert_own(owner)
        owner.data[key] = value
        if owner.is_flow:
            last = owner.pairs[after][1] if after in owner.pairs else _last(owner)
            place = last.end if last else owner.start + 1
            said = f"{key}: {schema_text.flow(value)}"
            self._edits.append((place, place, f", {said}" if last else said))
            return
        last = owner.pairs[after][1] if after in owner.pairs else _last(owner)
        column = min(start for start, _ in owner.pairs.values()) if owner.pairs else owner.column
        lines = schema_text.pair(key, value, self._offset())
        self._edits.append(self._below(last.end if last else owner.end, lines, column))

    def append(self, owner: Node, key: str, values: list[Any]) -> None:
        """Add items to the list under a key of a mapping; the list is made if there is none."""
        if not values:
            return
        listed = owner.pairs[key][1] if key in owner.pairs else None
        if listed is None:
            self.add(owner, key, values)
            return
        self._assert_own(owner)
        self._assert_own(listed)
        if listed.kind == "scalar" and owner.data[key] is None:
            owner.data[key] = list(values)
            self._edits.append((listed.start, listed.end, f" {schema_text.flow(values)}"))
            return
        if listed.kind != "sequence":
            raise self.refused(f"has no list under {key}", listed)
        listed.data.extend(values)
        if listed.is_flow:
            place = listed.items[-1].end if listed.items else listed.start + 1
            said = ", ".join(map(schema_text.flow, values))
            self._edits.append((place, place, f", {said}" if listed.items else said))
            return
        lines = [line for one in values for line in schema_text.item(one, self._offset())]
        self._edits.append(self._below(listed.end, lines, self._dash(listed)))

    def replace(self, owner: Node, key: str, value: str) -> None:
        """Put another text in the place of a text, in the quotes that it has."""
        node = owner.pairs[key][1]
        self._assert_own(owner)
        self._assert_own(node)
        if node.kind != "scalar":
            raise self.refused(f"has no plain text under {key}", node)
        owner.data[key] = value
        said, quote = schema_text.flow(value), self._text[node.start : node.start + 1]
        if quote in ("'", '"') and not {"'", '"', "\\"} & set(said):
            said = f"{quote}{said}{quote}"
        space = "" if node.end > node.start else " "
        self._edits.append((node.start, node.end, space + said))

    def text(self) -> str:
        """The new text. Raises ``CommandError`` where it would not say what was meant."""
        made, end = io.StringIO(), 0
        for start, stop, said in sorted(self._edits, key=lambda edit: edit[0]):
            made.write(self._text[end:start])
            made.write(said)
            end = stop
        made.write(self._text[end:])
        try:
            reads = yaml.safe_load(made.getvalue())
        except yaml.YAMLError:
            reads = None
        if self._edits and reads != self.data:
            raise self.refused("has a form that cannot be added to")
        return made.getvalue()

    def refused(self, what: str, node: Node | None = None) -> CommandError:
        place = f"{self.path}:{node.line}" if node else str(self.path)
        return CommandError(
            f"{place} {what}",
            remedy="mend it, then run the command again; or import into a new file, and copy from "
            "there",
            code="PHLO814",
        )

    def _assert_own(self, node: Node) -> None:
        if node.is_shared:
            raise self.refused("has an anchor or an alias where something is to be added", node)

    def _offset(self) -> int:
        """How far the dashes of this file's lists stand to the right of their key."""
        for _, node in self._root.pairs.values() if self._root else ():
            if node.kind == "sequence" and node.items and not node.is_flow:
                return self._dash(node)
        return 2

    def _dash(self, listed: Node) -> int:
        """The column of a list's dashes."""
        before = self._text[: listed.items[0].start].rstrip()
        if not before.endswith("-"):
            return listed.column
        return len(before) - 1 - (before.rfind("\n") + 1)

    def _below(self, end: int, lines: list[str], column: int) -> tuple[int, int, str]:
        """Lines below the one in which something ends."""
        said = self._newline.join(" " * column + line if line else "" for line in lines)
        if end and self._text[end - 1] == "\n":
            return end, end, said + self._newline
        place = self._text.find("\n", end) + 1
        if place:
            return place, place, said + self._newline
        place = len(self._text)
        return place, place, (self._newline if self._text.strip() else "") + said


def _tree(text: str, events: Iterator[Any]) -> Node | None:
    """The tree of places of the only document."""
    for event in events:
        if isinstance(event, yaml.NodeEvent):
            return _node(text, event, events)
    return None


def _node(text: str, event: Any, events: Iterator[Any]) -> Node:
    mark = event.start_mark
    kind = {"Map": "mapping", "Seq": "sequence"}.get(type(event).__name__[:3], "scalar")
    node = Node(kind, mark.index, event.end_mark.index, mark.line + 1, mark.column)
    node.is_shared = bool(getattr(event, "anchor", None))
    if kind == "scalar":
        if getattr(event, "style", None) in ("|", ">"):
            node.end = _block_end(text, node)
        return node
    node.is_flow = bool(event.flow_style)
    while not isinstance(ending := next(events), yaml.CollectionEndEvent):
        child = _node(text, ending, events)
        if kind == "sequence":
            node.items.append(child)
            continue
        key = str(getattr(ending, "value", ""))
        node.pairs[key] = (child.column, _node(text, next(events), events))
    last = _last(node)
    if node.is_flow:
        node.end = ending.end_mark.index if ending.end_mark else node.end
    elif last:
        node.end = last.end
    return node


def _block_end(text: str, node: Node) -> int:
    """Where a block of text ends: below its last line; blank lines count where ``+`` keeps them."""
    said = text[node.start : node.end]
    if "+" in said.split("\n", 1)[0]:
        return node.start + len(said.rstrip(" "))
    return node.start + len(said.rstrip())


def _bind(node: Node, data: Any) -> None:
    """Give each node its data."""
    node.data = data
    if isinstance(data, dict):
        for key, (_, child) in node.pairs.items():
            _bind(child, data.get(key))
    elif isinstance(data, list):
        for child, one in zip(node.items, data, strict=False):
            _bind(child, one)


def _last(owner: Node) -> Node | None:
    """The value that stands last in a list or mapping."""
    if owner.kind == "sequence":
        return owner.items[-1] if owner.items else None
    return max((node for _, node in owner.pairs.values()), key=lambda n: n.end, default=None)
