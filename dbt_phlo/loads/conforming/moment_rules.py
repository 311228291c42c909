"""One value into a date, a time or a timestamp (see ``number_rules``): ISO 8601, microseconds."""

import re
from datetime import date, datetime, time, timezone
from typing import Any

from dbt_phlo.loads.conforming.kinds import FINER, OUTSIDE, Unheld
from dbt_phlo.loads.conforming.misfit import Misfit

DATE = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
CLOCK = r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
ZONE = r"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
_MOMENT = re.compile(rf"{DATE}(?:[T ](?:{CLOCK}|([0-9]{{2}})){ZONE}?)?")
_TIME = re.compile(CLOCK)
ZONED = (
    "has a time zone, and a timestamp has none: declare timestamptz, or give the source's value "
    "without one"
)
ZONELESS = (
    "has no time zone, and which instant it is depends on one: declare timestamp, or give the "
    "source's value its zone"
)


def timestamp_date(value: datetime, of: str) -> date:
    moment: datetime = _held(value)
    if moment.time() != time():
        raise Misfit("has a time of day, which a date would lose", value)
    return moment.date()


def text_date(value: str, of: str) -> date:
    moment, is_zoned = _moment(value, "a date")
    if is_zoned:
        raise Misfit("has a time zone, which a date would lose", value)
    if moment.time() != time():
        raise Misfit("has a time of day, which a date would lose", value)
    return moment.date()


def day(value: date, of: str) -> date:
    found: date = _held(value)
    return found


def date_timestamp(value: date, of: str) -> datetime:
    _held(value)
    return datetime(value.year, value.month, value.day)


def timestamp(value: datetime, of: str) -> datetime:
    found: datetime = _held(value)
    return found


def timestamptz(value: datetime, of: str) -> datetime:
    return _in_utc(_held(value), value)


def text_timestamp(value: str, of: str) -> datetime:
    moment, is_zoned = _moment(value, "a timestamp")
    if is_zoned:
        raise Misfit(ZONED, value)
    return moment


def text_timestamptz(value: str, of: str) -> datetime:
    moment, is_zoned = _moment(value, "a timestamp")
    if not is_zoned:
        raise Misfit(ZONELESS, value)
    return _in_utc(moment, value)


def clock(value: time, of: str) -> time:
    _held(value)
    if value.tzinfo is not None:
        raise Misfit("has a time zone, which a time would lose", value)
    return value


def text_time(value: str, of: str) -> time:
    found = _TIME.fullmatch(value)
    if not found:
        raise Misfit("is not the ISO 8601 text of a time (HH:MM:SS, no time zone)", value)
    return _clock(found.groups(), value)


def _moment(value: str, what: str) -> tuple[datetime, bool]:
    found = _MOMENT.fullmatch(value)
    if not found:
        raise Misfit(f"is not the ISO 8601 text of {what}", value)
    year, month, day, *parts, hour, zone = found.groups()
    at = _clock((hour, "0", "0", None) if hour else parts if parts[0] else ("0", "0"), value)
    try:
        moment = datetime(int(year), int(month), int(day), at.hour, at.minute, at.second)
        moment = moment.replace(microsecond=at.microsecond)
        return (moment.replace(tzinfo=_zone(zone)), True) if zone else (moment, False)
    except ValueError as error:
        raise Misfit(f"is not {what} of the calendar (years 1 to 9999)", value) from error


def _clock(parts: Any, value: str) -> time:
    hour, minute, second, fraction = [*parts, None, None][:4]
    if fraction and fraction[6:].strip("0"):
        raise Misfit(FINER, value)
    try:
        return time(int(hour), int(minute), int(second or 0), int(f"{fraction or 0:0<6}"[:6]))
    except ValueError as error:
        raise Misfit("is not a time of day", value) from error


def _zone(written: str) -> timezone:
    if written == "Z":
        return timezone.utc
    return datetime.strptime(f"{written.replace(':', ''):0<5}", "%z").tzinfo  # type: ignore[return-value]


def _held(value: Any) -> Any:
    if isinstance(value, Unheld):
        raise Misfit(value.why, value)
    return value


def _in_utc(moment: datetime, value: Any) -> datetime:
    try:
        return moment.astimezone(timezone.utc)
    except OverflowError as error:
        raise Misfit(f"{OUTSIDE}, in UTC", value) from error
