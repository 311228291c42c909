"""Python statements laid out as ``ruff format`` does, for lines of at most 100 columns."""

from collections.abc import Iterable, Mapping
from typing import Any

from dbt_phlo.contracts.pandera.literals import scalar, text, width

LINE = 100
Items = list[tuple[str, Any]]
"""What brackets hold: values, each with what stands before it."""


def flat(of: Any) -> str:
    """A value on one line: a scalar, a list or a dictionary.

    >>> flat({"a": [1, True, None], "b": "x"})
    '{"a": [1, True, None], "b": "x"}'
    """
    if isinstance(of, dict):
        return "{" + ", ".join([f"{text(str(key))}: {flat(of[key])}" for key in of]) + "}"
    if isinstance(of, list | tuple):
        return "[" + ", ".join([flat(part) for part in of]) + "]"
    return scalar(of)


def statement(before: str, of: Any, indent: int = 0, after: str = "") -> str:
    """``before`` and a value; lists and dictionaries have a line for each part if they must.

    With nothing ``after`` it, a text that fits on a line of its own is put there in parentheses.
    """
    line = f"{' ' * indent}{before}"
    whole = f"{line}{flat(of)}{after}"
    if width(whole) <= LINE:
        return whole
    if not isinstance(of, dict | list | tuple) or not of:
        alone = f"{' ' * (indent + 4)}{flat(of)}"
        fits = not after and width(alone) <= LINE
        return f"{line}(\n{alone}\n{' ' * indent})" if fits else whole
    if isinstance(of, dict):
        items = [(f"{text(str(key))}: ", of[key]) for key in of]
        return _exploded(f"{line}{{", items, indent, f"}}{after}")
    return _exploded(f"{line}[", [("", part) for part in of], indent, f"]{after}")


def call(before: str, name: str, given: Mapping[str, Any] | Iterable[Any], indent: int = 0) -> str:
    """``before`` and a call with arguments by name, or by position: on the line, on one line of
    their own, or on a line each."""
    if isinstance(given, Mapping):
        items: Items = [(f"{key}=", given[key]) for key in given]
    else:
        items = [("", of) for of in given]
    line = f"{' ' * indent}{before}{name}("
    arguments = ", ".join([key + flat(of) for key, of in items])
    whole = f"{line}{arguments})"
    if width(whole) <= LINE:
        return whole
    together = f"{' ' * (indent + 4)}{arguments}"
    if width(together) <= LINE:
        return f"{line}\n{together}\n{' ' * indent})"
    return _exploded(line, items, indent, ")")


def _exploded(line: str, items: Items, indent: int, end: str) -> str:
    parts = [statement(before, of, indent + 4, ",") for before, of in items]
    return "\n".join([line, *parts, f"{' ' * indent}{end}"])
