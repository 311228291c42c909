"""Checks that judge as dbt's tests do: DuckDB itself looks for the rows that break a rule.

Each is registered with Pandera under a name that begins with ``phlo_``, for pandas and polars
alike, with statistics from which the rule can be read back. Values pass as Arrow columns, without
copies where the frame already holds Arrow. NULL passes every check but ``phlo_not_null``.
"""

import functools
import os
from collections.abc import Callable, Sequence
from typing import Any

from dbt_phlo.contracts.contract import Column, Contract
from dbt_phlo.contracts.pandera.data import rule_from
from dbt_phlo.contracts.pandera.foreign_types import arrow
from dbt_phlo.contracts.pandera.shape import COMBINATION, COMBINATION_WITH_NULLS
from dbt_phlo.contracts.rules import AcceptedValues, Length, Pattern, Range, Unique, Value
from dbt_phlo.contracts.sql import duplicates, failing
from dbt_phlo.extras import optional

COMBINATIONS = (COMBINATION, COMBINATION_WITH_NULLS)
"""The names of the checks on whole rows."""


def keys_of(check: Any) -> list[str]:
    """The columns that a check on whole rows compares."""
    named = [name for columns in check.statistics["combinations"] for name in columns]
    return list(dict.fromkeys(named))


def register() -> None:
    """Make the checks known to Pandera; a second call does nothing."""
    extensions = optional("pandera.extensions", extra="pandas")
    checks = optional("pandera.api.checks", extra="pandas").Check.REGISTERED_CUSTOM_CHECKS
    for check in (
        phlo_not_null,
        phlo_unique,
        phlo_range,
        phlo_accepted_values,
        phlo_length,
        phlo_pattern,
        phlo_rules,
        phlo_unique_combination,
        phlo_unique_combination_with_nulls,
    ):
        name = check.__name__
        if name not in checks:
            statistics = list(check.__kwdefaults__ or ())
            extensions.register_check_method(check, statistics=statistics)
            checks[name] = functools.partial(_judging_nulls, checks[name])


def _judging_nulls(make: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """A check that sees NULL and NaN: left to itself, Pandera on pandas would pass over a row of
    NULLs, and report no NaN among the values that fail."""
    return make(*arguments, **{**options, "ignore_na": False})


def phlo_not_null(data: Any, *, enabled: bool = True) -> Any:
    """Every value is there."""
    return _judged(data, "select row from data where value is null") if enabled else True


def phlo_unique(data: Any, *, enabled: bool = True) -> Any:
    """No two values are the same; NULLs are passed over."""
    return _judged(data, duplicates(Unique(("value",)), "data", columns="row")) if enabled else True


def phlo_range(
    data: Any,
    *,
    minimum: Value | None = None,
    maximum: Value | None = None,
    includes_minimum: bool | None = None,
    includes_maximum: bool | None = None,
) -> Any:
    """Every value lies between the bounds; NaN is above every number."""
    includes = (includes_minimum is not False, includes_maximum is not False)
    return _kept(data, Range("value", minimum, maximum, *includes))


def phlo_accepted_values(data: Any, *, values: Sequence[Value] = ()) -> Any:
    """Every value is one of these."""
    return _kept(data, AcceptedValues("value", tuple(values)))


def phlo_length(data: Any, *, minimum: int | None = None, maximum: int | None = None) -> Any:
    """Every text has so many code points."""
    return _kept(data, Length("value", minimum, maximum))


def phlo_pattern(data: Any, *, regex: str = "") -> Any:
    """An RE2 regular expression matches a part of every text."""
    return _kept(data, Pattern("value", regex))


def phlo_rules(data: Any, *, rules: Sequence[dict[str, Any]] = ()) -> Any:
    """Further rules of a column: those whose check another rule has taken."""
    return _kept(data, *(rule_from(rule, "value") for rule in rules))


def phlo_unique_combination(data: Any, *, combinations: Sequence[Sequence[str]] = ()) -> Any:
    """No two rows have the same values in all columns; a row with a NULL in them passes."""
    return _combined(data, combinations, nulls=False)


def phlo_unique_combination_with_nulls(
    data: Any, *, combinations: Sequence[Sequence[str]] = ()
) -> Any:
    """No two rows have the same values in all columns; NULL is a value like any other."""
    return _combined(data, combinations, nulls=True)


def _kept(data: Any, *rules: Any) -> Any:
    columns, rows, answer = _opened(data, None)
    contract = Contract("the frame", (Column("value", arrow(columns["value"].type) or "string"),))
    conditions = [f"({failing(rule, contract)})" for rule in rules]
    query = f"select row from data where {' or '.join(conditions) or 'false'}"
    return answer(_rows(columns, rows, query))


def _combined(data: Any, combinations: Sequence[Sequence[str]], *, nulls: bool) -> Any:
    used = list(dict.fromkeys(name for names in combinations for name in names))
    short = {name: f"c{number}" for number, name in enumerate(used)}
    rules = [Unique(tuple(short[name] for name in of), nulls) for of in combinations]
    queries = [f"({duplicates(rule, 'data', columns='row')})" for rule in rules]
    return _judged(data, " union ".join(queries), short) if queries else True


def _judged(data: Any, query: str, names: dict[str, str] | None = None) -> Any:
    """Which rows pass, where ``query`` finds the numbers of those that fail."""
    columns, rows, answer = _opened(data, names)
    return answer(_rows(columns, rows, query))


def _rows(columns: dict[str, Any], rows: int, query: str) -> list[int]:
    if not rows:
        return []
    pyarrow = optional("pyarrow", extra="arrow")
    table = pyarrow.table({"row": pyarrow.array(range(rows), pyarrow.int64()), **columns})
    cursor = _connection(os.getpid()).cursor()
    try:
        cursor.register("data", table)
        return [row for (row,) in cursor.execute(query).fetchall()]
    finally:
        cursor.close()


def _opened(
    data: Any, names: dict[str, str] | None
) -> tuple[dict[str, Any], int, Callable[[list[int]], Any]]:
    """The Arrow columns of a Series, a DataFrame or Pandera's ``PolarsData``; the number of rows;
    and what makes an answer of the numbers of the rows that fail."""
    if isinstance(data, tuple):  # PolarsData; a frame may have a column of any name
        return _opened_polars(data, names)
    pandas = optional("pandas", extra="pandas")
    pyarrow = optional("pyarrow", extra="arrow")

    def answer(failed: list[int]) -> Any:
        passed = pandas.Series(True, index=data.index)
        passed.iloc[failed] = False
        return passed

    if names is None:
        return {"value": pyarrow.array(data)}, len(data), answer
    columns = {short: pyarrow.array(data[name]) for name, short in names.items()}
    return columns, len(data), answer


def _opened_polars(
    data: Any, names: dict[str, str] | None
) -> tuple[dict[str, Any], int, Callable[[list[int]], Any]]:
    polars = optional("polars", extra="polars")
    frame = data.lazyframe.select([data.key] if names is None else list(names)).collect()
    short = {data.key: "value"} if names is None else names

    def answer(failed: list[int]) -> Any:
        passed = polars.Series("passed", [True]).new_from_index(0, frame.height)
        return passed.scatter(failed, False).to_frame().lazy()

    return {of: _microseconds(frame[n].to_arrow()) for n, of in short.items()}, frame.height, answer


def _microseconds(column: Any) -> Any:
    """A column as it is; times of day, which polars holds in nanoseconds, in microseconds: DuckDB
    compares a TIME_NS with no other type."""
    pyarrow = optional("pyarrow", extra="arrow")
    if column.type == pyarrow.time64("ns"):
        return column.cast(pyarrow.time64("us"))
    return column


@functools.lru_cache(maxsize=1)
def _connection(process: int) -> Any:
    """An empty database in memory, one a process: it must not be shared over a fork."""
    import duckdb

    connection = duckdb.connect(":memory:")
    # DuckDB 1.5 hands conditions down to Arrow, where no comparison with NaN is true.
    connection.execute("set disabled_optimizers = 'filter_pushdown'")
    return connection
