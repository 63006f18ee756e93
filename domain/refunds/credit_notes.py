"""Credit notes: whatever takes back a charge has the next number of its year, without gaps.

History keeps the numbers it had. Source: R-G9, §2 Streams
"""

from dataclasses import dataclass

import msgspec

from domain.deadlines import is_history
from domain.decision import Given
from domain.entry import Event
from domain.moments import Day
from domain.numbers import Numbers, NumberTaken, number_stream, year_of_recording
from domain.refunds.refund_events import RefundGranted
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class CreditNoteNotPrepared(Refusal):
    """This credits a charge and needs a credit note, and the request came without one for today."""

    rule = "R-G9"
    way_out = "Send it again: nothing was recorded."

    year: int


def credit_note_stream(day: Day) -> str:
    """The stream that numbers the credit notes written on that day."""
    return number_stream("credit_note", int(day[:4]))


def numbered(
    granted: RefundGranted, day: Day | None, given: Given
) -> tuple[RefundGranted, tuple[tuple[str, Event], ...]]:
    """The grant with its credit note's number, and the number it takes; as it is where it needs none.

    `day` is the book's today as whoever asks saw it. Raises: CreditNoteNotPrepared.
    """
    if granted.credit_amount == 0 or is_history(given):
        return granted, ()
    year = year_of_recording(given.now, given.book.zone)
    if day is None or int(day[:4]) != year:
        raise CreditNoteNotPrepared(year)
    stream = credit_note_stream(day)
    number = (given.state(stream, Numbers) or Numbers()).taken + 1
    taken = NumberTaken(series="credit_note", year=year, number=number, subject=granted.refund)
    return msgspec.structs.replace(granted, year=year, number=number), ((stream, taken),)
