"""``Plan``: what a load is to do, as a model's configuration says it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.errors import ConfigError, nearest
from dbt_phlo.names import REJECTED

Strategy = Literal["append", "merge", "delete+insert", "microbatch"]
Keep = Literal["last", "first", "hash"]
OnBadRows = Literal["fail", "quarantine"]
OnUnknownColumns = Literal["fail", "ignore", "add"]

ROW_ID = "_phlo_row_id"
INGESTED_AT = "_phlo_ingested_at"
PARTITION_DATE = "_phlo_partition_date"
RUN_ID = "_phlo_run_id"
SYSTEM_COLUMNS: Mapping[str, str] = {
    ROW_ID: "long",
    INGESTED_AT: "timestamptz",
    PARTITION_DATE: "date",
    RUN_ID: "string",
}
"""The columns that every ingested table has besides its own, with their Iceberg types.

``_phlo_row_id`` rises in the order of arrival and is never given twice in the life of a table;
``_phlo_partition_date`` is the UTC day of the row's event time, else that of the load.
"""


class Window(NamedTuple):
    """A half-open interval of event time, in UTC."""

    start: datetime
    end: datetime


class Deduplicate(NamedTuple):
    """Which of the rows of one key stays, within one load; ``order_by`` a column, '' arrival."""

    keep: Keep
    order_by: str = ""


@dataclass(frozen=True)
class Plan:
    """One load of one table. ``max_bad_rows`` is a number of rows, or a share of them below 1."""

    model: str
    namespace: str
    table: str
    contract: Contract
    strategy: Strategy = "append"
    key: tuple[str, ...] = ()
    deduplicate: Deduplicate = field(default_factory=lambda: Deduplicate("last"))
    event_time: str = ""
    on_bad_rows: OnBadRows = "fail"
    max_bad_rows: float | None = None
    on_unknown_columns: OnUnknownColumns = "fail"
    retries: int = 3
    retry_delay_seconds: float = 30.0
    timeout_seconds: float = 300.0
    full_refresh: bool = False
    window: Window | None = None
    limit: int | None = None
    dry_run: bool = False
    run_id: str = ""
    load_id: str = ""
    is_run: bool = False
    """Whether the load is part of a run, in which a second one takes the first one's place."""
    validator: Any = None
    """A hand-written Pandera class that is the contract."""

    @property
    def rejected_table(self) -> str:
        return f"{self.table}{REJECTED}"


def settings(meta: Mapping[str, Any], place: Callable[[str], str], owner: str) -> dict[str, Any]:
    """The fields of a ``Plan`` that ``meta.phlo`` sets.

    ``place`` tells the ``FILE:LINE`` of a key. Raises ``ConfigError`` (PHLO180) for a value that
    is none.
    """
    reader = _Reader(meta, place, owner)
    found = {
        "deduplicate": reader.deduplicate(),
        "on_bad_rows": reader.choice("on_bad_rows", get_args(OnBadRows)),
        "on_unknown_columns": reader.choice("on_unknown_columns", get_args(OnUnknownColumns)),
        "retries": reader.number("retries", whole=True),
        "retry_delay_seconds": reader.number("retry_delay_seconds"),
        "timeout_seconds": reader.number("timeout_seconds", above_zero=True),
        "max_bad_rows": reader.number("max_bad_rows"),
    }
    return {key: value for key, value in found.items() if value is not None}


class _Reader:
    def __init__(self, meta: Mapping[str, Any], place: Callable[[str], str], owner: str) -> None:
        self._meta, self._place, self._owner = meta, place, owner

    def choice(self, key: str, known: tuple[str, ...]) -> str | None:
        value = self._meta.get(key)
        if value is None or value in known:
            return value
        raise self._wrong(key, value, f"write {' or '.join(known)}", nearest(str(value), known))

    def number(self, key: str, *, whole: bool = False, above_zero: bool = False) -> Any:
        value = self._meta.get(key)
        if value is None:
            return None
        kinds = int if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value < 1e9:
            told = "a whole number" if whole else "a number"
            raise self._wrong(key, value, f"write {told} from 0 on")
        if above_zero and not value:
            raise self._wrong(key, value, "write a number of seconds above 0")
        return value

    def deduplicate(self) -> Deduplicate | None:
        value = self._meta.get("deduplicate")
        if value is None:
            return None
        if isinstance(value, str) and value in get_args(Keep):
            return Deduplicate(value)  # type: ignore[arg-type]
        if isinstance(value, Mapping) and set(value) <= {"keep", "order_by"}:
            keep, order_by = value.get("keep", "last"), value.get("order_by", "")
            if keep in ("last", "first") and isinstance(order_by, str):
                return Deduplicate(keep, order_by)
        raise self._wrong(
            "deduplicate", value, "write last, first, hash, or {keep: last, order_by: COLUMN}"
        )

    def _wrong(self, key: str, value: Any, remedy: str, near: str = "") -> ConfigError:
        return ConfigError(
            f"{self._place(key)}: {self._owner}: meta.phlo.{key} is {value!r}.{near}",
            remedy=remedy,
            code="PHLO180",
        )
