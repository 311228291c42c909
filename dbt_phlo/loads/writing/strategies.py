"""What new rows do to those that are there: nothing, or they take their place, by key or window."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from dbt_phlo.loads.plan import PARTITION_DATE, Plan
from dbt_phlo.loads.writing import delete_insert, merge
from dbt_phlo.loads.writing.deduplicate import deduplicate

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table


class Change(NamedTuple):
    """What the commit takes out and puts in; ``duplicates`` were left out of the load itself."""

    added: tuple["DataFile", ...]
    removed: tuple["DataFile", ...] = ()
    duplicates: int = 0
    updated: int = 0


def planned(plan: Plan, table: "Table", files: Sequence["DataFile"]) -> Change:
    """The change that a load's files make of a table, by the strategy of its plan.

    Rows of one key within the load are deduplicated first. ``delete+insert`` replaces the window
    where one is asked for, else the keys, else the days of ``_phlo_partition_date``.
    """
    duplicates = 0
    if plan.key and files:
        hidden = [column.name for column in plan.contract.columns if column.pii]
        found = deduplicate(table, files, plan.key, plan.deduplicate, hidden=hidden)
        files, duplicates = found.files, found.duplicates
    made = _replacing(plan, table, files)
    return Change(made.added, made.removed, duplicates, made.updated)


def _replacing(plan: Plan, table: "Table", files: Sequence["DataFile"]) -> merge.Change:
    window = plan.window
    if plan.strategy == "merge":
        return merge.merge(table, files, plan.key)
    if plan.strategy in ("delete+insert", "microbatch"):
        if window is not None:
            return delete_insert.replace_window(
                table, files, plan.event_time, window.start, window.end
            )
        return delete_insert.replace_keys(table, files, plan.key or (PARTITION_DATE,))
    return merge.Change((), tuple(files))
