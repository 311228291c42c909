"""Python statements laid out as ``ruff format`` does, for lines of at most 100 columns."""

from collections.abc import Callable, Iterable
from typing import Any

from dbt_phlo.contracts.pandera.literals import scalar, text, width

LINE = 100
Items = list[tuple[str, Any, str]]
"""What brackets hold: values, each with what stands before it and its text on one line."""

_LISTS = (list, tuple)  # a union would be made anew at each of a million questions
_BRACKETED = (dict, *_LISTS)

FLAT = -1
"""The indent of a type on one line."""
MOST_TYPES = 4096
_TYPES: dict[tuple[int, int], tuple[dict[str, Any], str]] = {}


def flat(of: Any) -> str:
    """A value on one line: a scalar, a list or a dictionary.

    >>> flat({"a": [1, True, None], "b": "x"})
    '{"a": [1, True, None], "b": "x"}'
    """
    if type(of) is str:
        return text(of)
    if isinstance(of, dict):
        return _kept(of, FLAT, _flat) if "type" in of else _flat(of, FLAT)
    if isinstance(of, _LISTS):
        return "[" + ", ".join([flat(part) for part in of]) + "]"
    return scalar(of)


def _flat(of: dict[str, Any], indent: int) -> str:
    return f"{{{', '.join([f'{text(str(key))}: {flat(part)}' for key, part in of.items()])}}}"


def _in_lines(of: dict[str, Any], indent: int) -> str:
    items = [(f"{text(str(key))}: ", part, flat(part)) for key, part in of.items()]
    return _exploded("{", items, indent, "}")


def _kept(of: dict[str, Any], indent: int, write: Callable[[dict[str, Any], int], str]) -> str:
    """The text of a nested type. A type is parsed once and never changed: the same object stands in
    the columns of thousands of models."""
    key = (id(of), indent)
    found = _TYPES.get(key)
    if found is not None and found[0] is of:
        return found[1]
    if len(_TYPES) >= MOST_TYPES:
        _TYPES.clear()
    made = write(of, indent)
    _TYPES[key] = (of, made)
    return made


def statement(before: str, of: Any, indent: int = 0, after: str = "") -> str:
    """``before`` and a value; lists and dictionaries have a line for each part if they must.

    With nothing ``after`` it, a text that fits on a line of its own is put there in parentheses.
    """
    return _laid_out(f"{' ' * indent}{before}", of, flat(of), indent, after)


def call(before: str, name: str, given: dict[str, Any] | Iterable[Any], indent: int = 0) -> str:
    """``before`` and a call with arguments by name, or by position: on the line, on one line of
    their own, or on a line each."""
    if isinstance(given, dict):
        items: Items = [(f"{key}=", of, flat(of)) for key, of in given.items()]
    else:
        items = [("", of, flat(of)) for of in given]
    line = f"{' ' * indent}{before}{name}("
    arguments = ", ".join([key + short for key, _, short in items])
    taken = width(arguments)
    if width(line) + taken < LINE:
        return f"{line}{arguments})"
    if indent + 4 + taken <= LINE:
        return f"{line}\n{' ' * (indent + 4)}{arguments}\n{' ' * indent})"
    return _exploded(line, items, indent, ")")


def _laid_out(line: str, of: Any, on_one: str, indent: int, after: str) -> str:
    whole = f"{line}{on_one}{after}"
    if width(whole) <= LINE:
        return whole
    if not isinstance(of, _BRACKETED) or not of:
        alone = f"{' ' * (indent + 4)}{on_one}"
        fits = not after and width(alone) <= LINE
        return f"{line}(\n{alone}\n{' ' * indent})" if fits else whole
    if isinstance(of, dict):
        lines = _kept(of, indent, _in_lines) if "type" in of else _in_lines(of, indent)
        return f"{line}{lines}{after}"
    return _exploded(f"{line}[", [("", part, flat(part)) for part in of], indent, f"]{after}")


def _exploded(line: str, items: Items, indent: int, end: str) -> str:
    inner = " " * (indent + 4)
    parts = [_laid_out(inner + key, of, short, indent + 4, ",") for key, of, short in items]
    return "\n".join([line, *parts, f"{' ' * indent}{end}"])
