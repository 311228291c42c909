"""``Check``: one executed check with the metadata of the check contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["pass", "warn", "fail", "error", "skipped"]

_STATUSES: dict[str, Status] = {
    "pass": "pass",
    "warn": "warn",
    "fail": "fail",
    "error": "error",
    "runtime error": "error",
    "skipped": "skipped",
}


def status_of(dbt_status: str) -> Status:
    """A check's status for one of dbt's; what is not known to have passed has not passed.

    >>> status_of("runtime error"), status_of("partial success")
    ('error', 'error')
    """
    return _STATUSES.get(dbt_status, "error")


@dataclass(frozen=True)
class Check:
    """One executed check.

    Counts are of rows. ``failed_count`` and ``total_count`` are None where nothing was counted: the
    check was skipped, ended in an error, or (``total_count``) is not about the rows of one table.
    Times are ISO 8601 in UTC.
    """

    name: str
    """The contract's name: the same in every run of the project."""
    node: str
    """The unique id of dbt's node."""
    status: Status
    severity: str
    """``error`` or ``warn``."""
    source: str
    """``pandera`` for schema contracts, ``dbt`` for every other test."""
    test: str
    """The type of the test, such as ``not_null``; ``singular`` for a file of SQL."""
    model: str | None
    model_node: str | None
    """The unique id of the tested model, seed, snapshot or source."""
    column: str | None
    arguments: Mapping[str, Any]
    """The arguments that the test was declared with, without model and column."""
    partition_key: str | None
    """The partition that the check was limited to; None: the whole table."""
    failed_count: int | None
    total_count: int | None
    failures: int | None
    """dbt's own number: the test's ``fail_calc``, which may count groups, within its ``limit``."""
    allow_threshold: str | None
    """The share of rows that may fail, as a decimal number."""
    query_or_sql: str | None
    repro_sql: str | None
    """A query for at most 20 of the failing rows."""
    sample: tuple[Mapping[str, Any], ...]
    run_id: str
    """The run, or the invocation where nothing is isolated."""
    ref: str
    invocation_id: str
    started_at: str | None
    finished_at: str
    message: str | None = None
    """dbt's words; left out where they could hold values of columns that are ``pii``."""
    notes: tuple[str, ...] = field(default=())
    """Why something that could be expected is missing here."""
