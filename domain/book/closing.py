"""Closing a month of the books: what is entered later about it is reported in the first month still open.

Entries are not touched and nothing is refused: paper comes late. Source: §2 Money
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec

from domain.authority import expect_role
from domain.book.register import STREAM, PeriodClosed, Register
from domain.command import Command, OutOfRange
from domain.deadlines import start_of
from domain.decision import Decision, Given
from domain.moments import Moment, day_of, plus_days, plus_months
from domain.refusal import Refusal

_MONTH = re.compile(r"(?:19|2\d)\d\d-(?:0[1-9]|1[0-2])")


class ClosePeriod(Command, frozen=True, kw_only=True):
    """Close the books of a month, and with it of all months before. Raises: ValueError."""

    month: str
    """YYYY-MM."""

    def __post_init__(self) -> None:
        if _MONTH.fullmatch(self.month) is None:
            raise OutOfRange("month", "must be a month from 1900-01 to 2999-12, YYYY-MM")

    def writes(self) -> tuple[str, ...]:
        return (STREAM,)


@dataclass(unsafe_hash=True)
class MonthNotOver(Refusal):
    """This month is not over yet, so its books cannot be closed."""

    rule = "H-period"
    way_out = "Close it once its last day has passed, or close an earlier month now."

    month: str


def close_period(command: ClosePeriod, given: Given) -> Decision:
    """Closes the books of a month.

    Checks, in this order: retry, which is: this month is closed already, with itself or a later one; the
    owner decides; the month is over.
    """
    for closing in given.book.closings:
        if command.month <= closing.it.month:
            return Decision(already=(closing.position,))
    expect_role("owner", given)
    through = plus_days(plus_months(f"{command.month}-01", 1), -1)
    if day_of(given.now, given.book.zone) <= through:
        raise MonthNotOver(command.month)
    return Decision(events=((STREAM, PeriodClosed(month=command.month, through=through)),))


class Month(msgspec.Struct, frozen=True):
    """What is reported in a month: what took effect in it and was recorded before it was closed.

    And what came late, about months before, while it was the first month still open.
    """

    start: Moment
    end: Moment
    """The first moment of the next month."""
    closed: int | None
    """Position of the closing that covers it; None while it is open."""
    late_after: int | None
    """Position of the closing since which it is the first open month; None: it never was."""


def month_of(register: Register, month: str) -> Month:
    """What is reported in that month, by what is closed so far. Source: H-period"""
    first = f"{month}-01"
    closed = next((it.position for it in register.closings if it.it.month >= month), None)
    before = plus_months(first, -1)[:7]
    late_after = next((it.position for it in register.closings if it.it.month == before), None)
    start, end = (start_of(day, register.zone) for day in (first, plus_months(first, 1)))
    return Month(start, end, closed, late_after)


FIRST_MONTH: Final = "1899-12"
"""The month of the earliest moment at which anything takes effect, in the zone that is furthest west."""
_LAST_YEAR = 2999


class Calendar(msgspec.Struct, frozen=True):
    """In which month of the books everything is: a month is its number, counted from 1 for `FIRST_MONTH`."""

    starts: Sequence[Moment]
    """The first moment of each month, in the book's zone."""
    closings: Sequence[int]
    """The positions at which months were closed, in order."""
    first_open: Sequence[int]
    """After each of them, the first month still open."""


def calendar_of(register: Register) -> Calendar:
    """The months of a book and what is closed of them so far. Source: H-period"""
    closings = register.closings
    return Calendar(
        _month_starts(register.zone),
        [it.position for it in closings],
        [_number(it.it.month) + 1 for it in closings],
    )


def _number(month: str) -> int:
    years, months = (int(month[:4]) - int(FIRST_MONTH[:4]), int(month[5:]) - int(FIRST_MONTH[5:]))
    return 12 * years + months + 1


@lru_cache(maxsize=8)
def _month_starts(zone: str) -> Sequence[Moment]:
    count = _number(f"{_LAST_YEAR}-12")
    return [start_of(plus_months(f"{FIRST_MONTH}-01", each), zone) for each in range(count)]
