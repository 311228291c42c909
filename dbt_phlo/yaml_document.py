"""A YAML file as plain data whose every key knows its line; nothing in it is evaluated.

PyYAML's composer gives nodes with their places. Only YAML's own tags are known, and a few anchors
cannot make gigabytes of it.
"""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dbt_phlo.errors import ConfigError

MOST_BYTES = 64 << 20
MOST_NODES = 1_000_000
"""As many nodes as a file may have once its aliases are followed."""

_OWN_TAG = "tag:yaml.org,2002:"
_FOREIGN = f"{_OWN_TAG}python/"


class Document:
    """One file: ``data`` is its content, ``line`` tells where something stands."""

    def __init__(self, path: Path, name: str = "") -> None:
        """``name`` is how messages call the file. Raises ``ConfigError`` with file and line."""
        self.name = name or str(path)
        self._root = _composed(_text(path, self.name), self.name)
        self._check()
        self.data: Any = self._constructed() if self._root is not None else None

    def line(self, *names: str, key: str, section: str = "", item: int | None = None) -> int | None:
        """The line (from 1) of ``key`` below the entries of these names, each in the one before.

        ``section`` is the key of the file that holds the outermost entry, such as ``models``; empty
        where it may be any. Where the key is not there, the line of the innermost entry that is.
        ``item`` is the place (from 0) in the list that stands under the key.
        """
        found, place = _section(self._root, section), None
        for name in names:
            entry = _named(found, name)
            if entry is None:
                break
            found, place = entry, _line_of(entry, "name") or place
        if item is not None:
            listed = _values(_section(found if names else self._root, key))
            if item < len(listed):
                return int(listed[item].start_mark.line) + 1
        return (_line_of(found, key) if found is not None else None) or place

    def mistake(self, told: str, line: int | None, code: str, remedy: str) -> ConfigError:
        """The error for something in this file."""
        place = f"{self.name}:{line}" if line else self.name
        return ConfigError(f"{place}: {told}", remedy=remedy, code=code)

    def _constructed(self) -> Any:
        """Plain data; an alias is the same object again, not a copy."""
        import yaml

        refused = self._refused

        class Constructor(yaml.constructor.SafeConstructor):
            def construct_object(self, node: Any, deep: bool = False) -> Any:
                try:
                    return super().construct_object(node, deep)
                except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
                    value = str(node.value)[:40]
                    raise refused(node, f"{value!r} is no value of its type: {error}") from error

        try:
            return Constructor().construct_document(self._root)
        except yaml.YAMLError as error:
            raise _no_yaml(error, self.name) from error

    def _check(self) -> None:
        """Refuse foreign tags, keys that stand twice, recursion, and what would grow too large."""
        import yaml

        sizes: dict[int, int] = {}
        open_nodes: set[int] = set()

        def size(node: Any) -> int:
            if id(node) in open_nodes:
                raise self._refused(node, "an alias stands inside of what it names")
            if id(node) not in sizes:
                open_nodes.add(id(node))
                self._check_tag(node)
                if isinstance(node, yaml.MappingNode):
                    self._check_keys(node)
                total = 1 + sum(size(child) for child in _children(node))
                if total > MOST_NODES:
                    raise self._refused(node, f"its aliases make more than {MOST_NODES:,} values")
                open_nodes.discard(id(node))
                sizes[id(node)] = total
            return sizes[id(node)]

        if self._root is not None:
            try:
                size(self._root)
            except RecursionError as error:
                raise self._refused(self._root, "it is nested too deeply") from error

    def _check_tag(self, node: Any) -> None:
        if not node.tag.startswith(_OWN_TAG) or node.tag.startswith(_FOREIGN):
            raise self._refused(node, f"the tag {node.tag} is not YAML's own, and is not evaluated")

    def _check_keys(self, node: Any) -> None:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key.value, str) and key.tag != f"{_OWN_TAG}merge":
                if key.value in seen:
                    raise self._refused(key, f"the key {key.value!r} stands here twice")
                seen.add(key.value)

    def _refused(self, node: Any, told: str) -> ConfigError:
        line = int(node.start_mark.line) + 1
        return self.mistake(told, line, "PHLO142", "write plain YAML there")


def _text(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(
                f"{name} is larger than {MOST_BYTES >> 20} MiB",
                remedy="split the file",
                code="PHLO141",
            )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{name} cannot be read: {error.strerror}", remedy="check the path", code="PHLO141"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{name} is not UTF-8: {error.reason} at byte {error.start}",
            remedy="save the file as UTF-8",
            code="PHLO141",
        ) from error


def _composed(text: str, name: str) -> Any:
    import yaml

    try:
        return yaml.compose(text, Loader=_loader())
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1  # libyaml counts bytes
        raise ConfigError(
            f"{name}:{line}: this is no YAML: it has the character U+{error.character:04X}",
            remedy="remove it, or write it as an escape in double quotes",
            code="PHLO141",
        ) from error
    except yaml.YAMLError as error:
        raise _no_yaml(error, name, text) from error
    except RecursionError as error:  # where PyYAML is without libyaml, which has a limit of its own
        raise ConfigError(
            f"{name}: this is no YAML: exceeded maximum nesting depth",
            remedy="write it flatter",
            code="PHLO141",
        ) from error


def _no_yaml(error: Any, name: str, text: str = "") -> ConfigError:
    mark = getattr(error, "problem_mark", None)
    place = f"{name}:{mark.line + 1}" if mark is not None else name
    told = getattr(error, "problem", None) or str(error)
    lines = text.splitlines()
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    remedy = "correct the line"
    if "\t" in line[: mark.column + 1 if mark is not None else 0]:
        told, remedy = f"{told}: a tab", "indent with spaces"
    elif "{%" in line:
        remedy = "dbt does not render YAML files: write out what the Jinja would make"
    return ConfigError(f"{place}: this is no YAML: {told}", remedy=remedy, code="PHLO141")


def _loader() -> Any:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _children(node: Any) -> Iterator[Any]:
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _section(root: Any, key: str) -> Any:
    """What the key ``key`` of a file holds; the file where it is empty or not there."""
    import yaml

    if key and isinstance(root, yaml.MappingNode):
        return next((value for found, value in root.value if found.value == key), root)
    return root


def _named(node: Any, name: str) -> Any:
    """The mapping whose ``name`` is the one given: a column or table first, else the nearest."""
    import yaml

    waiting = deque([node])
    if isinstance(node, yaml.MappingNode):
        listed = [value for key, value in node.value if key.value in ("columns", "tables")]
        waiting = deque([*(part for one in listed for part in _values(one)), node])
    while waiting:
        one = waiting.popleft()
        if (
            one is not node
            and isinstance(one, yaml.MappingNode)
            and any(key.value == "name" and value.value == name for key, value in one.value)
        ):
            return one
        waiting.extend(_values(one))
    return None


def _line_of(node: Any, key: str) -> int | None:
    """The line of a key in a mapping or below it, the nearest first; of a list's text too.

    A test of a package is found by its bare name.
    """
    import yaml

    waiting = deque([node])
    while waiting:
        one = waiting.popleft()
        if isinstance(one, yaml.MappingNode):
            for found, _ in one.value:
                if _is(found, key):
                    return int(found.start_mark.line) + 1
        elif isinstance(one, yaml.ScalarNode) and _is(one, key):
            return int(one.start_mark.line) + 1
        waiting.extend(_values(one))
    return None


def _is(node: Any, key: str) -> bool:
    value = node.value
    if not isinstance(value, str) or value == key:
        return bool(value == key)
    return value.endswith(f".{key}") and value.replace(".", "_").isidentifier()


def _values(node: Any) -> list[Any]:
    import yaml

    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
