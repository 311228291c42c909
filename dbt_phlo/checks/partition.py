"""The partition that an invocation is about, and the condition that limits a check to it."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from dbt_phlo.errors import ConfigError

COLUMN = "_phlo_partition_date"
WHOLE_TABLE = (
    "unique",
    "relationships",
    "unique_combination_of_columns",
    "phlo_unique_combination",
    "expect_column_values_to_be_unique",
    "expect_compound_columns_to_be_unique",
    "relationships_where",
    "phlo_freshness",
    "phlo_reconcile",
)
"""Tests that one partition cannot answer: uniqueness and relationships, how new the newest row is,
and comparisons with another relation. A schema contract tells its rules apart itself."""

_DAY = timedelta(days=1)
_FORMS = ("%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H", "%Y-%m-%d-%H:%M")
_HOURLY = ("%Y-%m-%dT%H", "%Y-%m-%d-%H:%M")


class Window(NamedTuple):
    """A half-open interval of time, in UTC; ``key`` is its name."""

    key: str
    start: datetime
    end: datetime


def requested(start: datetime | None, end: datetime | None, key: str) -> Window | None:
    """The partition that an invocation is about.

    dbt's ``--event-time-start`` and ``--event-time-end`` say which; else ``PHLO_PARTITION_KEY``
    does. Where both are given the key names the partition that the flags limit.
    """
    if start is not None and end is not None:
        begins, ends = _utc(start), _utc(end)
        return Window(key or _key_of(begins, ends), begins, ends)
    return parsed(key) if key else None


def parsed(key: str) -> Window:
    """The interval that a partition's key names: a month, a day, an hour, or ``start/end``.

    >>> parsed("2024-02").end.isoformat()
    '2024-03-01T00:00:00+00:00'
    >>> parsed("2024-01-05-13:00").end.isoformat()
    '2024-01-05T14:00:00+00:00'
    """
    try:
        if "/" in key:
            first, last = (_utc(datetime.fromisoformat(_iso(part))) for part in key.split("/"))
            if first < last:
                return Window(key, first, last)
        for form in _FORMS:
            if (begins := _read(key, form)) is not None:
                return Window(key, begins, _end(begins, form))
    except ValueError:
        pass
    raise ConfigError(
        f"PHLO_PARTITION_KEY is {key[:80]!r}",
        remedy="write a month (2024-01), a day (2024-01-05), an hour (2024-01-05T13) or "
        "start/end (2024-01-01/2024-01-08), in UTC",
        code="PHLO133",
    )


def column_of(test: str, test_meta: Mapping[str, Any], model_meta: Mapping[str, Any]) -> str | None:
    """The column that a test asks to be limited by: a name, empty for the default, None for none.

    ``scope`` and ``partition_column`` of the test's ``meta.phlo`` come before the model's.
    """
    declared = {**model_meta, **test_meta}
    scope = declared.get("scope")
    asked = "partition_column" in test_meta or scope == "partition"
    if scope == "table" or (test in WHOLE_TABLE and not asked):
        return None
    return str(declared.get("partition_column") or "")


def condition(column: str, data_type: str, window: Window) -> str:
    """The rows of a partition, in SQL that DuckDB and Trino read alike.

    ``column`` is as SQL names it. A date lies in every partition that touches its day; text is
    taken for ISO 8601.
    """
    kind = data_type.lower()
    if kind == "date":
        days = _day(window.start), _day_after(window.end)
        return f"{column} >= date '{days[0]}' and {column} < date '{days[1]}'"
    if kind.startswith(("varchar", "string", "text", "char")):
        first, last = _text(window.start), _text(window.end)
        return f"{column} >= '{first}' and {column} < '{last}'"
    zone = " with time zone" if "zone" in kind or kind == "timestamptz" else ""
    offset = " UTC" if zone else ""
    first, last = (
        f"cast('{moment:%Y-%m-%d %H:%M:%S}{offset}' as timestamp{zone})"
        for moment in (window.start, window.end)
    )
    return f"{column} >= {first} and {column} < {last}"


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc)


def _iso(text: str) -> str:
    """ISO 8601 as Python 3.10 reads it."""
    text = text.strip()
    return f"{text[:-1]}+00:00" if text.endswith("Z") else text


def _read(key: str, form: str) -> datetime | None:
    shape = re.sub(r"%Y", r"\\d{4}", re.sub(r"%[mdHM]", r"\\d{2}", form))
    if not re.fullmatch(shape, key):
        return None
    return datetime.strptime(key, form).replace(tzinfo=timezone.utc)


def _end(begins: datetime, form: str) -> datetime:
    if form == "%Y-%m":
        return (begins + timedelta(days=32)).replace(day=1)
    return begins + (timedelta(hours=1) if form in _HOURLY else _DAY)


def _key_of(start: datetime, end: datetime) -> str:
    if start == _midnight(start) and end - start == _DAY:
        return _day(start).isoformat()
    return f"{_text(start)}/{_text(end)}"


def _text(moment: datetime) -> str:
    if moment == _midnight(moment):
        return _day(moment).isoformat()
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _day(moment: datetime) -> date:
    return moment.date()


def _day_after(moment: datetime) -> date:
    return _day(moment) if moment == _midnight(moment) else _day(moment + _DAY)
