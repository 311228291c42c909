"""YAML files of the user's, changed without losing comments, order or quoting."""

import io
from pathlib import Path
from typing import Any

from dbt_phlo.errors import CommandError


class Document:
    """One YAML file, by ruamel.yaml's round trip. Raises ``CommandError`` for no mapping."""

    def __init__(self, path: Path) -> None:
        from ruamel.yaml import YAML
        from ruamel.yaml.comments import CommentedMap
        from ruamel.yaml.error import YAMLError
        from ruamel.yaml.util import load_yaml_guess_indent

        self.path = path
        try:
            raw = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise _refused(path, f"is not UTF-8: {error}") from error
        self._newline = "\r\n" if "\r\n" in raw else "\n"
        text = raw.replace("\r\n", "\n")
        self._yaml = YAML()
        self._yaml.preserve_quotes = True
        self._yaml.width = 1_000_000
        self._yaml.explicit_start = text.startswith("---")
        try:
            content, indent, offset = load_yaml_guess_indent(text, yaml=self._yaml)
        except YAMLError as error:
            raise _refused(path, f"is not YAML: {error}") from error
        if content is None:
            content = CommentedMap()
        if not isinstance(content, CommentedMap):
            raise _refused(path, "is not a mapping")
        sequence = (indent, offset) if indent and offset is not None else (4, 2)
        self._yaml.indent(mapping=_mapping_indent(text), sequence=sequence[0], offset=sequence[1])
        self._content = content

    def dumped(self) -> str:
        """The file's text now."""
        stream = io.StringIO()
        self._yaml.dump(self._content, stream)
        return stream.getvalue().replace("\n", self._newline)

    def has(self, key: str) -> bool:
        return key in self._content

    def text(self, key: str) -> str:
        """A key's value as text, '' if it is not there."""
        value = self._content.get(key)
        return "" if value is None else str(value)

    def set(self, key: str, value: Any) -> None:
        """Set a key of the document; a new one comes last."""
        self._content[key] = value

    def add_hook(self, key: str, line: str) -> list[str]:
        """Make ``line`` the last hook under ``key``; returns what was done, nothing if it is so."""
        from ruamel.yaml.comments import CommentedSeq
        from ruamel.yaml.scalarstring import DoubleQuotedScalarString

        name = line.split("(", maxsplit=1)[0].strip("{ ")
        hook = DoubleQuotedScalarString(line)
        present = self._content.get(key)
        if present is None or present == "":
            self._content[key] = hook
            return [f"added {key}: {line}"]
        if not isinstance(present, list):
            if name in str(present):
                return []
            both = CommentedSeq([present, hook])
            self._content[key] = both
            return [f"added {line} as the last of {key}"]
        ours = [i for i, entry in enumerate(present) if name in str(entry)]
        if ours and (key == "on-run-start" or ours[-1] == len(present) - 1):
            return []
        if ours:
            hook = present.pop(ours[-1])
            present.append(hook)
            return [f"moved {line} to the end of {key}"]
        present.append(hook)
        return [f"added {line} as the last of {key}"]

    def add_targets(self, profile: str, starter: "Document") -> tuple[list[str], list[str]]:
        """Add the starter's targets to a profile; ours that are there stay as they are.

        Returns the names of our targets and what was done.
        """
        from ruamel.yaml.comments import CommentedMap

        model = next(iter(starter._content.values()))
        if self._content.get(profile) is None:
            self._content[profile] = model
            return [str(name) for name in model["outputs"]], [f"added the profile {profile}"]
        held = self._content[profile]
        if not isinstance(held, CommentedMap):
            raise _refused(self.path, f"has no mapping under {profile}")
        outputs = held.setdefault("outputs", CommentedMap())
        ours = [str(name) for name, output in outputs.items() if _is_ours(output)]
        if ours:
            return ours, []
        added = []
        for name, output in model["outputs"].items():
            free = name if name not in outputs else f"phlo_{name}"
            outputs[free] = output
            added.append(free)
        held.setdefault("target", added[0])
        return added, [f"added target {name}" for name in added]


def written_to(path: Path, text: str) -> None:
    """Put a file into its place whole. Raises ``CommandError`` (PHLO805)."""
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise CommandError(
            f"cannot write {path}: {error.strerror}",
            remedy="mend the folder's permissions, then run the command again",
            code="PHLO805",
        ) from error


def _is_ours(output: Any) -> bool:
    return isinstance(output, dict) and str(output.get("type", "")).startswith("phlo_")


def _mapping_indent(text: str) -> int:
    """The indentation of the first nested line that is no list item: ruamel guesses lists only."""
    for line in text.splitlines():
        stripped = line.lstrip(" ")
        if stripped and stripped[0] not in "#-" and line != stripped:
            return len(line) - len(stripped)
    return 2


def _refused(path: Path, what: str) -> CommandError:
    return CommandError(
        f"{path} {what}", remedy="mend it, then run the command again", code="PHLO804"
    )
