"""A few of the rows that break a constraint: their keys, and the values that the rule is about."""

from collections.abc import Sequence

from dbt_phlo.contracts.contract import Constraint, Contract
from dbt_phlo.contracts.rules import Unique, columns_of
from dbt_phlo.contracts.sql import Dialect, duplicates, every, failing, known
from dbt_phlo.names import literal, quoted

MOST_ROWS = 20
REDACTED = "***"
"""What stands for a value of a column that is marked ``pii``; NULL stays NULL."""


def sample_columns(constraint: Constraint, contract: Contract) -> tuple[str, ...]:
    """The columns of a sample: the key, then those of the rule; all when there is neither."""
    wanted = {name.lower(): name for name in (*contract.key, *columns_of(constraint.rule))}
    return tuple(wanted.values()) or tuple(column.name for column in contract.columns)


def sample(
    constraint: Constraint,
    contract: Contract,
    relation: str,
    *,
    dialect: Dialect = "duckdb",
    scope: str = "",
    limit: int = MOST_ROWS,
) -> str:
    """A query of at most 20 rows that fail. The rule is a row rule or ``Unique``.

    ``scope`` narrows row rules as it does in ``one_scan.scan``; uniqueness is the whole table's.
    """
    names = sample_columns(constraint, contract)
    shown = ", ".join(_shown(name, contract) for name in names) or "*"
    limited = f" LIMIT {min(limit, MOST_ROWS)}"
    if isinstance(constraint.rule, Unique):
        order = ", ".join(map(quoted, constraint.rule.columns))
        rows = duplicates(constraint.rule, relation, dialect, constraint.where)
        return f"SELECT {shown} FROM ({rows}) AS phlo_failed ORDER BY {order}{limited}"
    condition = failing(constraint.rule, contract, dialect)  # type: ignore[arg-type]
    where = every(constraint.where, scope, condition)
    return f"SELECT {shown} FROM {relation} WHERE {where}{limited}"


def sample_query(rule: Unique, names: Sequence[str], relation: str, limit: int) -> str:
    """A query of a few rows whose key another row has too, with the columns of these names."""
    order = ", ".join(map(quoted, rule.columns))
    rows = duplicates(rule, relation, "duckdb")
    shown = ", ".join(map(quoted, names))
    return f"SELECT {shown} FROM ({rows}) AS phlo_failed ORDER BY {order} LIMIT {limit}"


def breaking(
    constraints: Sequence[Constraint],
    contract: Contract,
    relation: str,
    *,
    scope: str = "",
) -> str:
    """A query of the whole rows that break any of some row rules and ``Unique``, each row once.

    ``scope`` narrows row rules; uniqueness is the whole table's. In DuckDB's SQL.
    """
    conditions = [_breaks(one, contract, relation, scope) for one in constraints]
    return (
        f"SELECT phlo_rows.*\nFROM (SELECT * FROM {relation}) AS phlo_rows\nWHERE "
        + "\n  OR ".join(conditions)
    )


def _breaks(one: Constraint, contract: Contract, relation: str, scope: str) -> str:
    if not isinstance(one.rule, Unique):
        condition = failing(one.rule, contract)  # type: ignore[arg-type]
        return f"({every(one.where, scope, condition)})"
    return f"({every(one.where, known(one.rule), repeated(one.rule, relation, one.where))})"


def repeated(rule: Unique, relation: str, where: str = "") -> str:
    """The condition of a row of ``phlo_rows`` whose key another row of the relation has too."""
    keys = list(map(quoted, rule.columns))
    conditions = every(known(rule), where)
    filtered = f" WHERE {conditions}" if conditions else ""
    same = " AND ".join(f"phlo_rows.{key} IS NOT DISTINCT FROM phlo_keys.{key}" for key in keys)
    listed = ", ".join(keys)
    return (
        f"EXISTS (SELECT 1 FROM (SELECT {listed} FROM {relation}{filtered} GROUP BY {listed} "
        f"HAVING count(*) > 1) AS phlo_keys WHERE {same})"
    )


def _shown(name: str, contract: Contract) -> str:
    column = contract.column(name)
    written = quoted(name)
    if column is None or not column.pii:
        return written
    return f"CASE WHEN {written} IS NOT NULL THEN {literal(REDACTED)} END AS {written}"
