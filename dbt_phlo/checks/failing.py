"""Which rows fail a test: dbt's own tests return groups of them, or one column of each."""

from collections.abc import Sequence
from typing import NamedTuple

GROUPED = {
    ("", "unique"): ("unique_field", "n_records"),
    ("", "accepted_values"): ("value_field", "n_records"),
    ("", "relationships"): ("from_field", ""),
}
"""What dbt's tests call the failing value, and the number of rows that have it (dbt 1.10-1.12)."""
COMBINATIONS = (("dbt_utils", "unique_combination_of_columns"),)
"""Tests that return the columns of their ``combination_of_columns``, one row a group."""
OWN_PACKAGES = ("dbt", "dbt_phlo")


class Shape(NamedTuple):
    """How to get from a test's query to the failing rows.

    ``null``: the rows of the model where ``columns[0]`` is NULL. ``value``: those whose
    ``columns[0]`` is among the query's ``found``. ``combination``: those that agree with a row of
    the query in all ``columns``. ``rows``: the query returns them itself.
    """

    kind: str
    columns: tuple[str, ...] = ()
    found: str = ""
    counted: str = ""
    """The column of the query that holds the number of rows of a group."""

    @property
    def is_of_model(self) -> bool:
        """Whether the failing rows are whole rows of the model."""
        return self.kind != "rows"


def shape(
    namespace: str, test: str, column: str, combination: Sequence[str], macros: Sequence[str]
) -> Shape:
    """The shape of a test; ``macros`` are those that it calls, ``column`` is as SQL names it.

    A project that replaces one of dbt's tests may return what it likes: then the query is taken as
    it is.
    """
    if (namespace, test) in COMBINATIONS and combination:
        return Shape("combination", tuple(combination))
    own = any(macro in macros for macro in (f"macro.{p}.test_{test}" for p in OWN_PACKAGES))
    if namespace or not column or not own:
        return Shape("rows")
    if test == "not_null":
        return Shape("null", (column,))
    if (namespace, test) in GROUPED:
        return Shape("value", (column,), *GROUPED[namespace, test])
    return Shape("rows")
