"""``allow_threshold``: the share of rows that may fail."""

from decimal import Decimal, InvalidOperation
from typing import Any

from dbt_phlo.errors import ConfigError

OF_TABLES = ("phlo_row_count", "phlo_freshness", "phlo_reconcile")
"""Tests whose failing rows stand for the whole table."""


def parsed(given: Any, owner: str) -> Decimal | None:
    """The share, from 0 to 1; None if none was given.

    >>> parsed("0.01", "test x")
    Decimal('0.01')
    """
    if given is None or str(given).strip() in ("", "None", "none"):
        return None
    try:
        share = Decimal(-1) if isinstance(given, bool) else Decimal(str(given).strip())
    except InvalidOperation:
        share = Decimal(-1)
    if not share.is_finite() or not 0 <= share <= 1:
        raise ConfigError(
            f"{owner}: allow_threshold is {given!r}",
            remedy="write the share of rows that may fail, from 0 to 1, such as 0.01 for one in "
            "a hundred",
            code="PHLO132",
        )
    return share


def within(failed: int, total: int | None, share: Decimal | None, *, test: str = "") -> bool:
    """Whether so many failing rows are allowed; exactly the share is.

    >>> within(1, 100, Decimal("0.01")), within(2, 100, Decimal("0.01"))
    (True, False)
    """
    if share is None:
        return False
    rows = 1 if test in OF_TABLES else total
    return rows is not None and failed <= share * rows
