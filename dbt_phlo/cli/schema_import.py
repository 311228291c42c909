"""The columns of a contract, written into a dbt YAML file that may be there already."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt_phlo.cli.schema_edits import Editor, Node
from dbt_phlo.cli.schema_yaml import Entry, Test, entry, named
from dbt_phlo.cli.yaml_files import written_to
from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.data_tests import unquoted
from dbt_phlo.errors import CommandError, nearest
from dbt_phlo.yaml_document import Document

NODES = ("models", "seeds", "snapshots")


@dataclass
class Imported:
    """A file as it is to be: ``changes`` tell what is new in it, ``left`` what is not written."""

    path: Path
    model: str
    before: str
    text: str
    changes: list[str]
    left: list[str]
    is_new: bool

    @property
    def diff(self) -> list[str]:
        """The lines of a unified diff; none where nothing changes."""
        old = "/dev/null" if self.is_new else str(self.path)
        texts = (self.before.splitlines(), self.text.splitlines())
        return list(difflib.unified_diff(*texts, old, str(self.path), lineterm=""))

    def write(self) -> None:
        """Write the file. Raises ``CommandError`` (PHLO805) when the disk refuses."""
        if self.changes:
            written_to(self.path, self.text)


def imported(contract: Contract, path: Path, model: str) -> Imported:
    """``path`` with a contract's columns in the entry of ``model``; nothing is written yet.

    ``model`` is a model, seed or snapshot, or a source's table as ``source.table``. What the file
    says besides stays as it is. Raises ``ConfigError`` with file and line for what is no YAML, and
    ``CommandError`` for an entry that has another form (PHLO814) and for a source's table that the
    file does not have (PHLO812).
    """
    is_new = not path.exists()
    before = "" if is_new else _read(path)
    editor = Editor(path, before or "version: 2\n")
    work = _Import(editor, entry(contract))
    held = _held(editor, model)
    if held is None:
        work.add_model(model)
    else:
        work.merge(held)
    return Imported(path, model, before, editor.text(), work.changes, work.left, is_new)


class _Import:
    """One contract on its way into one file."""

    def __init__(self, editor: Editor, of: Entry) -> None:
        self._editor, self._of = editor, of
        self.changes: list[str] = []
        self.left = of.left

    def add_model(self, model: str) -> None:
        """Add an entry for a model that the file does not have."""
        if "." in model:
            raise _no_table(self._editor, model)
        said = self._of.said(model)
        root = self._editor.root
        if root is not None and "models" in root.pairs:
            self._editor.append(root, "models", [said])
        else:
            self._editor.begin("models", [said])
        self.changes.append(f"added the model {model}")
        self.changes += [f"added the column {name}" for name in self._of.columns]

    def merge(self, held: Node) -> None:
        """Put into an entry what it lacks."""
        if "columns" in held.data and "columns" not in held.pairs:
            raise self._editor.refused("takes the columns from an alias", held)
        listed = held.pairs["columns"][1].items if "columns" in held.pairs else []
        known = {unquoted(str(_name(one))).lower(): one for one in listed if _name(one) is not None}
        new = []
        for name, said in self._of.columns.items():
            column = known.get(name.lower())
            if column is None:
                new.append(named(name, said))
            else:
                self.changes += self._merged(column, said)
        self._editor.append(held, "columns", new)
        self.changes += [f"added the column {one['name']}" for one in new]
        model = str(_name(held))
        if self._of.description and not held.data.get("description"):
            self._say(held, "description", self._of.description, "name")
            self.changes.append(f"{model}: description")
        self.changes += self._tested(held, self._of.tests, model)

    def _merged(self, column: Node, said: dict[str, Any]) -> Iterator[str]:
        """Put what a class says of a column into its entry; tell what has changed."""
        name = str(_name(column))
        before, after = column.data.get("data_type"), said["data_type"]
        if before is None or not _same_type(str(before), after):
            self._say(column, "data_type", after, "name")
            yield f"{name}: data_type {after}" + (f", was {before}" if before else "")
        if "description" in said and not column.data.get("description"):
            after = "data_type" if "data_type" in column.pairs else "name"
            self._say(column, "description", said["description"], after)
            yield f"{name}: description"
        if "config" in said and not _is_pii(column.data):
            if "config" in column.data:
                self.left.append(f"{name}: config.meta.phlo.pii: true")
            else:
                self._editor.add(column, "config", said["config"])
                yield f"{name}: pii"
        yield from self._tested(column, said.get("data_tests", []), name)

    def _say(self, owner: Node, key: str, value: str, after: str) -> None:
        if key in owner.pairs:
            self._editor.replace(owner, key, value)
        else:
            self._editor.add(owner, key, value, after=after)

    def _tested(self, owner: Node, tests: list[Test], name: str) -> Iterator[str]:
        """Add the tests that an entry lacks; one of the same name stays as its author wrote it."""
        key = "tests" if "tests" in owner.data and "data_tests" not in owner.data else "data_tests"
        listed = owner.data.get(key)
        present = listed if isinstance(listed, list) else []
        wanted = []
        for test in tests:
            same = [one for one in present if _test_name(one) == _test_name(test)]
            if not same:
                wanted.append(test)
            elif test not in map(_plain, same):
                self.left.append(f"{name}: {_told(test)}; the test of that name stays as it is")
        if wanted and present and key not in owner.pairs:
            raise self._editor.refused(f"takes the {key} of {name} from an alias", owner)
        self._editor.append(owner, key, wanted)
        yield from (f"{name}: {_test_name(test)}" for test in wanted)


def _read(path: Path) -> str:
    """A file's text, after a look at whether it is YAML at all."""
    Document(path)
    return path.read_bytes().decode("utf-8")


def _held(editor: Editor, model: str) -> Node | None:
    """The entry of a model, seed, snapshot or source's table."""
    root = editor.root
    for section in NODES if root is not None else ():
        for one in _entries(root, section):
            if _name(one) == model:
                return one
    for source in _entries(root, "sources") if root is not None else ():
        for table in _entries(source, "tables"):
            if f"{_name(source)}.{_name(table)}" == model:
                return table
    return None


def _entries(owner: Node | None, key: str) -> list[Node]:
    found = owner.pairs.get(key) if owner is not None else None
    return [one for one in found[1].items if one.kind == "mapping"] if found else []


def _no_table(editor: Editor, model: str) -> CommandError:
    known = [
        f"{_name(source)}.{_name(table)}"
        for source in _entries(editor.root, "sources")
        for table in _entries(source, "tables")
    ]
    return CommandError(
        f"{editor.path} has no source's table {model}.{nearest(model, known)}",
        remedy="declare the source there first, or name a model without '.'",
        code="PHLO812",
    )


def _name(node: Node) -> Any:
    return node.data.get("name") if isinstance(node.data, dict) else None


def _is_pii(column: Mapping[str, Any]) -> bool:
    return any(
        bool(((holder.get("meta") or {}).get("phlo") or {}).get("pii"))
        for holder in (column.get("config") or {}, column)
    )


def _test_name(test: Any) -> str:
    if not isinstance(test, Mapping):
        return str(test)
    found = test.get("test_name") or next((k for k in test if k not in ("name", "config")), "")
    return str(found)


def _plain(test: Any) -> Any:
    """A test as we write it, where it says no more than that."""
    if not isinstance(test, Mapping) or len(test) != 1:
        return test
    ((name, given),) = test.items()
    if not given:
        return name
    bare = isinstance(given, Mapping) and not {"arguments", "config"} & set(given)
    return {name: {"arguments": given}} if bare else test


def _told(test: Test) -> str:
    if isinstance(test, str):
        return test
    ((name, given),) = test.items()
    said = ", ".join(f"{key}: {value}" for key, value in given["arguments"].items())
    return f"{name} ({said})"


def _same_type(one: str, other: str) -> bool:
    from dbt_phlo.contracts.data_types import parse
    from dbt_phlo.errors import TypeRefused

    try:
        return parse(one) == parse(other)
    except TypeRefused:
        return False
