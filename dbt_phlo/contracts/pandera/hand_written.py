"""A hand-written Pandera class, of pandas or polars: what it says, and where it says it.

``batches`` runs it over a table. What differs between the libraries is behind ``Frames``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from dbt_phlo.contracts.contract import Constraint
from dbt_phlo.contracts.pandera.recovery import SOURCE
from dbt_phlo.contracts.rules import Unique
from dbt_phlo.errors import ContractError, nearest
from dbt_phlo.extras import optional

TABLE = ""
"""Stands for the column of what is about a whole row."""

Positions = set[int]
Problems = list[tuple[str, str]]


class Frames(Protocol):
    """What differs between pandas and polars; a *frame* is one of theirs."""

    def bare(self, schema: Any) -> Any:
        """A copy of the schema that parses and coerces, and checks types alone."""

    def frame(self, batch: Any, schema: Any) -> Any:
        """An Arrow table as a frame, in the class's types where only the width differs."""

    def parsed(self, schema: Any, frame: Any) -> tuple[Any, dict[str, Positions], Problems]:
        """The frame as the class makes it (None if it cannot), the rows that do not fit the type
        of a column, and what is wrong with the table as a whole, each with its column."""

    def nulls(self, frame: Any, column: str) -> Positions:
        """The rows without a value."""

    def failing(self, check: Any, frame: Any, column: str) -> Positions | None:
        """The rows that fail a check; None for a check that gives no answer for each row."""

    def passes(self, check: Any, frame: Any, column: str) -> bool:
        """What a check says that gives one answer for all rows, or one for each group."""

    def rows(self, frame: Any, positions: list[int]) -> Any:
        """Some rows of a frame, in this order, one more than once if it is named so."""


class HandWritten:
    """One class and how it is run."""

    def __init__(self, cls: Any, reference: str, root: Path, *, quotes: bool = True) -> None:
        """``reference`` is what messages call the class, ``root`` the folder that files are told
        relative to; ``quotes``: whether messages may quote the errors of checks, with the values
        that these may quote. Raises ``ContractError`` for a class that is none, or has an index."""
        self._root = root.resolve()
        self.quotes = quotes
        self.reference = reference
        self._class = cls
        self.schema = _schema(cls, reference)
        self.backend = "polars" if ".polars." in type(self.schema).__module__ else "pandas"
        self.frames: Frames = optional(
            f"dbt_phlo.contracts.pandera.hand_written_{self.backend}", extra=self.backend
        ).FRAMES
        self.bare = self.frames.bare(self.schema)
        if getattr(self.schema, "index", None) is not None:
            raise ContractError(
                f"{reference} describes an index, which a table does not have",
                remedy="describe it as a column",
                code="PHLO923",
            )

    @property
    def is_whole(self) -> bool:
        """Whether the class asks for the whole table at once."""
        config = getattr(self._class, "Config", None)
        for metadata in (getattr(config, "metadata", None), self.schema.metadata):
            said = (metadata or {}).get("phlo")
            if isinstance(said, Mapping) and said.get("whole_table"):
                return True
        return False

    @property
    def pii(self) -> frozenset[str]:
        """The columns that the class itself marks."""
        return frozenset(
            str(name)
            for name, column in self.schema.columns.items()
            if (column.metadata or {}).get("pii")
        )

    def needs_every_column(self) -> bool:
        """Whether the class looks at columns that it does not name."""
        schema = self.schema
        patterns = any(column.regex for column in schema.columns.values())
        parsers = getattr(schema, "parsers", None)
        return bool(schema.checks or parsers or schema.strict or schema.ordered or patterns)

    def missing(self, names: Iterable[str]) -> list[str]:
        """What is to be said of columns that the class has and the table lacks."""
        there = list(names)
        if getattr(self.schema, "add_missing_columns", False):
            return []
        return [
            f"{self.place(str(name))}: the table lacks the column {name} ({column.dtype})."
            f"{nearest(str(name), there)}"
            for name, column in self.schema.columns.items()
            if column.required and not column.regex and name not in there
        ]

    def place(self, column: str = "") -> str:
        """Where a class, or one of its columns, stands: its file and line, and its name."""
        import inspect

        try:
            lines, first = inspect.getsourcelines(self._class)
            file = inspect.getsourcefile(self._class) or ""
        except (TypeError, OSError):  # made by a call, or without its source
            return self.reference
        written = re.compile(rf"\s*{re.escape(column)}\s*[:=]") if column else None
        found = [row for row, line in enumerate(lines) if written and written.match(line)]
        path = Path(file)
        shown = path.relative_to(self._root) if path.is_relative_to(self._root) else path.name
        return f"{shown}:{first + (found[0] if found else 0)}: {self.reference}"

    def unique(self, names: Iterable[str]) -> list[Constraint]:
        """What the class says of uniqueness, for SQL; two NULLs are the same value to Pandera."""
        there, found = list(names), []
        for name, column in self.schema.columns.items():
            if column.unique:
                matching = [n for n in there if re.match(name, n)] if column.regex else [name]
                found += [(one,) for one in matching if one in there]
        together = self.schema.unique
        if together:
            found.append((together,) if isinstance(together, str) else tuple(together))
        return [Constraint(Unique(columns, nulls_are_equal=True), SOURCE) for columns in found]

    def checks(self) -> Iterator[tuple[str, tuple[int, int], Any]]:
        """Each check with its column (empty: of whole rows) and its place in the class."""
        for number, (name, column) in enumerate(self.schema.columns.items()):
            for place, check in enumerate(column.checks):
                yield str(name), (number, 2 + place), check
        for place, check in enumerate(self.schema.checks):
            yield TABLE, (len(self.schema.columns), place), check

    def columns(self, frame_columns: Iterable[str]) -> Iterator[tuple[str, int, Any]]:
        """The columns of a frame that the class describes, with their place and description."""
        there = list(frame_columns)
        for number, (name, column) in enumerate(self.schema.columns.items()):
            for one in there:
                if one == name or (column.regex and re.match(name, one)):
                    yield one, number, column


def _schema(cls: Any, reference: str) -> Any:
    if not isinstance(cls, type):
        return cls
    model: Any = cls
    try:
        return model.to_schema()
    except Exception as error:  # the project's own code, whatever it does
        raise ContractError(
            f"{reference} is no whole class: {error}",
            remedy="correct it until Class.to_schema() works",
            code="PHLO925",
        ) from error
