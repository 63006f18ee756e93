"""Numbers without gaps: one stream per series and year, so that a bill's number is the version of its entry
there.

The year is that of the book's now in its zone, not of the business time: a bill dated back into a closed year
is numbered in the year it was written. A demo book's now is its own clock's. Source: R-B1, §2 Streams
"""

from typing import Literal

import msgspec

from domain.entry import Entry, Event
from domain.moments import Moment, local_date

Series = Literal["bill", "credit_note"]


class NumberTaken(Event, frozen=True, kw_only=True):
    """The next number of a series was given to one document, for good."""

    series: Series
    year: int
    number: int
    """Equals the version of this entry in its stream."""
    subject: str
    """The bill or credit note that carries it."""


class Numbers(msgspec.Struct, frozen=True):
    """How many numbers of one series and year are taken."""

    taken: int = 0


def number_stream(series: Series, year: int) -> str:
    """The stream that gives out the numbers of that series and year."""
    return f"number/{series}/{year}"


def year_of_recording(now: Moment, zone: str) -> int:
    """The year a document written now is numbered in."""
    return local_date(now, zone).year


def evolve_numbers(state: Numbers | None, entry: Entry) -> Numbers:
    """The series after one more number. Raises: TypeError for an event of another stream."""
    if not isinstance(entry.event, NumberTaken):
        raise TypeError(f"{type(entry.event).__name__} does not belong to {entry.stream}")
    return Numbers(entry.event.number)
