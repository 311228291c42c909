"""Rows against the contract's class, page by page: Pandera on polars, with the rows that fail."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.pandera.batches import check_name
from dbt_phlo.contracts.pandera.hand_written import HandWritten
from dbt_phlo.contracts.rules import NotNull, Unique

Failing = dict[int, list[tuple[str, str]]]
"""By position in the page: the column ('' for the whole row) and the rule that it breaks."""


class Validator:
    """The class of a contract, or a hand-written one, over one page after another.

    Rules that no single row can break (uniqueness, other tables) are for the checks that audit the
    table. Raises ``ContractError`` for a class that cannot judge rows.
    """

    def __init__(self, contract: Contract, written: Any, reference: str, root: Path) -> None:
        self._of: HandWritten | None = None
        if written is not None:
            self._of = HandWritten(written, reference, root)
            return
        of_rows = tuple(c for c in contract.hard if not isinstance(c.rule, NotNull | Unique))
        if of_rows:
            from dbt_phlo.contracts.pandera import to_class

            rows = replace(contract, constraints=of_rows)
            self._of = HandWritten(to_class(rows, "polars"), contract.name, root)

    @property
    def is_needed(self) -> bool:
        """Whether any rule is left to judge once a page has the contract's types."""
        return self._of is not None

    def failing(self, page: Any) -> Failing:
        """The rows of an Arrow table that break a rule."""
        of = self._of
        if of is None or not page.num_rows:
            return {}
        failing: Failing = {}
        frame = of.frames.frame(page, of.schema)
        for name, _, column in of.columns(frame.columns):
            if not column.nullable:
                _note(failing, name, "not null", of.frames.nulls(frame, name))
        for pattern, order, check in of.checks():
            if check.raise_warning:
                continue
            names = [""]
            if pattern:
                names = [
                    name for name, number, _ in of.columns(frame.columns) if number == order[0]
                ]
            for name in names:
                found = of.frames.failing(check, frame, name)
                _note(failing, name, check_name(check), found or set())
        return failing


def _note(failing: Failing, column: str, rule: str, rows: set[int]) -> None:
    for row in rows:
        failing.setdefault(row, []).append((column, rule))
