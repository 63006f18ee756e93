"""Closing a month of the books: what is entered later about it is reported in the first month still open.

Entries are not touched and nothing is refused: paper comes late. Source: §2 Money
"""

import re
from dataclasses import dataclass

from domain.command import Command, OutOfRange
from domain.decision import Decision, Given
from domain.moments import day_of, plus_days, plus_months
from domain.owing import expect_owner
from domain.refusal import Refusal
from domain.register import STREAM, PeriodClosed

_MONTH = re.compile(r"(?:19|[2-9]\d)\d\d-(?:0[1-9]|1[0-2])")


class ClosePeriod(Command, frozen=True, kw_only=True):
    """Close the books of a month, and with it of all months before. Raises: ValueError."""

    month: str
    """YYYY-MM."""

    def __post_init__(self) -> None:
        if _MONTH.fullmatch(self.month) is None:
            raise OutOfRange("month", "must be a month from 1900-01 on, YYYY-MM")

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
    expect_owner(given)
    through = plus_days(plus_months(f"{command.month}-01", 1), -1)
    if day_of(given.now, given.book.zone) <= through:
        raise MonthNotOver(command.month)
    return Decision(events=((STREAM, PeriodClosed(month=command.month, through=through)),))
