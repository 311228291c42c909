"""What lies in quarantine: shown, loaded again, thrown away."""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from dbt_phlo.catalogs.iceberg import iceberg_table
from dbt_phlo.errors import NotFound
from dbt_phlo.loads.conforming.field_names import snake_case
from dbt_phlo.loads.conforming.rejected import PII
from dbt_phlo.loads.target import Lake
from dbt_phlo.loads.writing.commit import commit
from dbt_phlo.names import REJECTED

SHOWN = 20


def rows(lake: Lake, namespace: str, name: str) -> Iterator[dict[str, Any]]:
    """The rows of ``<name>__rejected``, as it keeps them. Raises ``NotFound`` (PHLO342)."""
    for batch in _table(lake, namespace, name).scan().to_arrow_batch_reader():
        yield from batch.to_pylist()


def lines(lake: Lake, namespace: str, name: str, hidden: Collection[str]) -> Iterator[str]:
    """How many rows there are and why, and the first of them, without the columns ``hidden``."""
    shown: list[dict[str, Any]] = []
    reasons: Counter[str] = Counter()
    total = 0
    for row in rows(lake, namespace, name):
        total += 1
        if len(shown) < SHOWN:
            shown.append(row)
        reasons.update({f"{one['column']}: {one['reason']}" for one in json.loads(row["reasons"])})
    yield f"{namespace}.{name}{REJECTED} on {lake.tables.ref}: {total:,} rows"
    yield from (f"  {count:,} x {reason}" for reason, count in reasons.most_common(SHOWN))
    for row in shown:
        place = f"row {row['row_number']:,} of load {row['load_id'][:8]}"
        yield f"  {place}: {_shown(row['row'], hidden)}"


def _shown(text: str, hidden: Collection[str]) -> str:
    row = json.loads(text)
    secret = {snake_case(name) for name in hidden}
    shown = {key: PII if snake_case(key) in secret else value for key, value in row.items()}
    return json.dumps(shown, ensure_ascii=False)[:200]


def again(lake: Lake, namespace: str, name: str) -> Iterator[dict[str, Any]]:
    """The rows as their source gave them, to be loaded once more."""
    for row in rows(lake, namespace, name):
        found = json.loads(row["row"])
        if isinstance(found, dict):
            yield found


def files(lake: Lake, namespace: str, name: str) -> list[Any]:
    """The data files that hold what is rejected now."""
    return [task.file for task in _table(lake, namespace, name).scan().plan_files()]


def forget(lake: Lake, namespace: str, name: str, held: list[Any]) -> None:
    """Take files out of the table of rejected rows, in one commit."""
    commit(_table(lake, namespace, name), removed=held)


def purge(lake: Lake, namespace: str, name: str) -> None:
    """Throw the rejected rows away."""
    lake.tables.drop(namespace, f"{name}{REJECTED}")


def _table(lake: Lake, namespace: str, name: str) -> Any:
    table = f"{name}{REJECTED}"
    if not lake.tables.exists(namespace, table):
        raise NotFound(
            f"{namespace}.{name} has no rejected rows on {lake.tables.ref}",
            remedy="rows are kept there with meta.phlo.on_bad_rows: quarantine",
            code="PHLO342",
        )
    return iceberg_table(lake.tables, namespace, table, lake.configuration)
