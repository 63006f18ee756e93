"""Moments, days and calendar arithmetic in a book's time zone.

A *moment* is an integer: microseconds since 1970-01-01T00:00:00Z. A *day* is ISO text (`2010-08-31`)
in the book's zone. Nothing here reads a clock; `now` always arrives as an argument.
"""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)

EARLIEST = -62_135_596_800 * SECOND
"""0001-01-01T00:00:00Z: since when the default policy edition is in force."""
LATEST = 32_503_680_000 * SECOND - 1
"""2999-12-31T23:59:59.999999Z: nothing is said of later, so that every zone, deadline and window after it has
its days, and the books have its month.
"""
FIRST_EFFECTIVE = -2_208_988_800 * SECOND
"""1900-01-01T00:00:00Z: nothing recorded takes effect earlier, so that every zone and window has its days."""

Moment = Annotated[int, msgspec.Meta(extra={"mark": "moment"})]
Day = Annotated[str, msgspec.Meta(extra={"mark": "day"})]

LAST_DAY: Day = "2999-12-31"
"""The last day that anything is planned for, for the same reason."""


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The time zone of that IANA name. Raises: ZoneInfoNotFoundError, ValueError."""
    return ZoneInfo(name)


def moment_of(instant: datetime) -> Moment:
    """The moment of an aware datetime, exact to the microsecond. Raises: ValueError if it is naive."""
    if instant.tzinfo is None:
        raise ValueError("a moment needs a datetime with a time zone")
    return (instant - EPOCH) // MICROSECOND


def instant_of(moment: Moment) -> datetime:
    """The UTC datetime of a moment."""
    return EPOCH + timedelta(microseconds=moment)


@lru_cache(maxsize=1_024)
def rfc3339(moment: Moment) -> str:
    """A moment as RFC 3339 text in UTC, with microseconds where there are any."""
    return (_NAIVE_EPOCH + timedelta(microseconds=moment)).isoformat() + "Z"


def local_date(moment: Moment, zone: str) -> date:
    """The calendar date a moment falls on in that zone."""
    return _date_in(moment // SECOND, zone)


@lru_cache(maxsize=1_024)
def _date_in(second: int, zone: str) -> date:
    """Days and offsets begin on whole seconds, and many moments asked about share theirs."""
    return instant_of(second * SECOND).astimezone(zone_of(zone)).date()


def day_of(moment: Moment, zone: str) -> Day:
    """The day a moment falls on in that zone, as ISO text."""
    return local_date(moment, zone).isoformat()


@lru_cache(maxsize=1_024)
def moment_at(day: Day, clock: time, zone: str) -> Moment:
    """The moment clocks in that zone show `clock` on `day`: the earlier of two, the later side of a gap."""
    return moment_of(datetime.combine(date.fromisoformat(day), clock, tzinfo=zone_of(zone)))


@lru_cache(maxsize=1_024)
def plus_days(day: Day, days: int) -> Day:
    """`day` moved by whole calendar days."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def plus_months(day: Day, months: int) -> Day:
    """`day` moved by calendar months, clamped to the month's end: 31 August + 6 months = 28 February.

    Source: R-G1
    """
    start = date.fromisoformat(day)
    year, month0 = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(start.day, last)).isoformat()
