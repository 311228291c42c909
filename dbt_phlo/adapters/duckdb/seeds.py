"""Seeds: what is wrong with a file is said before it becomes a table."""

from collections.abc import Sequence

from dbt_phlo.errors import ConfigError

DELIMITERS = ",;|\t"


def check_header(path: str, columns: Sequence[str], delimiter: str) -> None:
    """Raise ``ConfigError`` when a file's one column has a name that looks like several.

    Every line of a file with another delimiter is one value, which any table could hold.
    """
    if len(columns) != 1:
        return
    found = next((mark for mark in DELIMITERS if mark != delimiter and mark in columns[0]), "")
    if found:
        raise ConfigError(
            f"syntax error in {path}: its only column is called {columns[0][:80]!r}, because the "
            f"seed's delimiter is {delimiter!r}",
            remedy=f"set the seed's config to delimiter: {found!r}",
            code="PHLO115",
        )
