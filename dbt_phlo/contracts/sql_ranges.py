"""Ranges in SQL, exact for every type: which values of a column lie outside of two bounds.

A bound of an exact number is first moved to the next number that the column can hold: DuckDB
refuses to compare a DECIMAL(38,10) with a number of 38 digits. NaN is above every number, as
DuckDB orders it; Trino, where no comparison with NaN is true, is asked for it by name.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dbt_phlo.contracts.iceberg import digits
from dbt_phlo.contracts.rules import Range
from dbt_phlo.contracts.sql_literals import Dialect, literal
from dbt_phlo.tables.schema import Type

Write = Callable[[Any], str]

WHOLE = {"int": 2**31, "long": 2**63}
"""Whole numbers: one more than the largest."""


def outside(rule: Range, column: str, of: Type | None, dialect: Dialect, where: str) -> list[str]:
    """The conditions under which a value lies outside; none when every value lies inside."""

    def write(value: Any) -> str:
        return literal(value, of, dialect, where)

    if isinstance(of, str) and (of in WHOLE or of.startswith("decimal")):
        return _exact(rule, column, of, write)
    if of in ("float", "double"):
        return _floating(rule, column, dialect, write)
    below = "<" if rule.includes_minimum else "<="
    above = ">" if rule.includes_maximum else ">="
    found = [] if rule.minimum is None else [f"{column} {below} {write(rule.minimum)}"]
    return found if rule.maximum is None else [*found, f"{column} {above} {write(rule.maximum)}"]


def _exact(rule: Range, column: str, of: str, write: Write) -> list[str]:
    scale = digits(of)[1] if of.startswith("decimal") else 0
    limit = WHOLE[of] if of in WHOLE else 10 ** digits(of)[0]
    lowest = -limit if of in WHOLE else 1 - limit
    found = []
    if rule.minimum is not None:
        bound = _scaled(rule.minimum, scale, write)
        if bound == -math.inf:
            pass
        elif not bound < math.inf:  # NaN too
            return [f"{column} IS NOT NULL"]
        else:
            first = math.ceil(bound) if rule.includes_minimum else math.floor(bound) + 1
            if first >= limit:
                return [f"{column} IS NOT NULL"]
            if first > lowest:
                found.append(f"{column} < {write(_unscaled(first, scale))}")
    if rule.maximum is not None:
        bound = _scaled(rule.maximum, scale, write)
        if bound == -math.inf:
            return [f"{column} IS NOT NULL"]
        if bound < math.inf:
            last = math.floor(bound) if rule.includes_maximum else math.ceil(bound) - 1
            if last < lowest:
                return [f"{column} IS NOT NULL"]
            if last < limit - 1:
                found.append(f"{column} > {write(_unscaled(last, scale))}")
    return found


def _scaled(bound: Any, scale: int, write: Write) -> Any:
    """A bound in units of the last digit: a fraction, or a float that is not finite."""
    if isinstance(bound, bool) or not isinstance(bound, int | float | Decimal):
        return write(bound)  # raises: a text or a date is no bound of a number
    if not isinstance(bound, int) and not math.isfinite(bound):
        return float(bound)
    written = Decimal(repr(bound)) if isinstance(bound, float) else bound
    return Fraction(written) * 10**scale


def _unscaled(units: int, scale: int) -> Decimal:
    sign, written = int(units < 0), tuple(map(int, str(abs(units))))
    return Decimal((sign, written, -scale))


def _floating(rule: Range, column: str, dialect: Dialect, write: Write) -> list[str]:
    found = []
    trino = dialect == "trino"
    if rule.minimum is not None:
        bound = write(rule.minimum)
        if trino and math.isnan(rule.minimum):  # type: ignore[arg-type]
            found.append(
                f"NOT is_nan({column})" if rule.includes_minimum else f"{column} IS NOT NULL"
            )
        else:
            found.append(f"{column} {'<' if rule.includes_minimum else '<='} {bound}")
    if rule.maximum is not None:
        bound = write(rule.maximum)
        if not trino:
            found.append(f"{column} {'>' if rule.includes_maximum else '>='} {bound}")
        elif not math.isnan(rule.maximum):  # type: ignore[arg-type]
            above = ">" if rule.includes_maximum else ">="
            found.append(f"{column} {above} {bound} OR is_nan({column})")
        elif not rule.includes_maximum:
            found.append(f"is_nan({column})")
    return found
