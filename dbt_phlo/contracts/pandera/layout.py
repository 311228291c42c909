"""Python expressions laid out as ``ruff format`` does, for lines of at most 100 columns."""

from dataclasses import dataclass
from typing import Any

from dbt_phlo.contracts.pandera import literals

LINE = 100
_BRACKETS = {"list": ("[", "]"), "dict": ("{", "}"), "call": ("(", ")")}


@dataclass(frozen=True)
class Part:
    """An expression: text, or brackets of ``kind`` around parts, each with what precedes it."""

    head: str
    kind: str = ""
    parts: tuple[tuple[str, "Part"], ...] = ()

    @property
    def flat(self) -> str:
        """The expression on one line."""
        if not self.kind:
            return self.head
        start, end = _BRACKETS[self.kind]
        return f"{self.head}{start}{', '.join(before + p.flat for before, p in self.parts)}{end}"


def value(of: Any) -> Part:
    """The expression of a value: scalars, lists and dictionaries."""
    if isinstance(of, dict):
        items = ((literals.text(str(key)) + ": ", value(part)) for key, part in of.items())
        return Part("", "dict", tuple(items))
    if isinstance(of, list | tuple):
        return Part("", "list", tuple(("", value(part)) for part in of))
    return Part(literals.scalar(of))


def call(name: str, arguments: dict[str, Any]) -> Part:
    """A call with keyword arguments."""
    return Part(name, "call", tuple((f"{key}=", value(of)) for key, of in arguments.items()))


def call_with(name: str, arguments: list[Any]) -> Part:
    """A call with positional arguments."""
    return Part(name, "call", tuple(("", value(of)) for of in arguments))


def statement(before: str, part: Part, indent: int = 0) -> str:
    """``before`` and the expression, broken over lines where it must be."""
    return _laid_out(" " * indent + before, part, indent, "")


def _laid_out(line: str, part: Part, indent: int, after: str) -> str:
    flat = f"{line}{part.flat}{after}"
    if literals.width(flat) <= LINE or not part.parts:
        return flat
    start, end = _BRACKETS[part.kind]
    inner = " " * (indent + 4)
    if part.kind == "call":
        together = inner + ", ".join(before + p.flat for before, p in part.parts)
        if literals.width(together) <= LINE:
            return f"{line}{part.head}{start}\n{together}\n{' ' * indent}{end}{after}"
    lines = [_laid_out(inner + before, p, indent + 4, ",") for before, p in part.parts]
    return "\n".join([f"{line}{part.head}{start}", *lines, f"{' ' * indent}{end}{after}"])
