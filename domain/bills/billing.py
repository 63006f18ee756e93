"""Bills: a shipment that the deposit does not cover, under terms that allow it, issues its own bill.

Bills are numbered without gaps per book and year. No interest, no late fees. Source: R-B1, R-B8
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from domain.bills.bill_events import BillIssued
from domain.deadlines import deadlines_of_bill
from domain.decision import Claim, Given
from domain.declines.decline_events import ShipmentReleasedWithoutPayment
from domain.entry import Event
from domain.ids import expect_id
from domain.moments import Moment, day_of, plus_days
from domain.numbers import Numbers, NumberTaken, number_stream, year_of_recording
from domain.orders.order import Placed
from domain.orders.order_events import OrderShipped
from domain.refusal import Refusal


class NewBill(msgspec.Struct, frozen=True):
    """The bill a shipment may issue: its id, and the year, by the book's now, whose number it takes.

    Raises: ValueError.
    """

    id: str
    year: int

    def __post_init__(self) -> None:
        expect_id("bil", self.id)
        if not 1 <= self.year <= 9999:
            raise ValueError("year must be from 1 to 9999")


@dataclass(unsafe_hash=True)
class BillNotPrepared(Refusal):
    """The shipment needs a bill, and the request came without one for this year."""

    rule = "R-B1"
    way_out = "Send the shipment again: nothing was recorded."

    order: str
    year: int


def may_be_billed(state: Placed) -> bool:
    """Whether the order's shipments may be billed instead of paid before: by its terms, or because it was
    released without payment; unless the owner asked for payment first, since. Source: R-B1, R-B2, I2, R-D3
    """
    released = state.declines.released_unpaid
    if released is None:
        return state.placed.terms == "bill_after" and not state.asks_payment_first
    return not state.asks_payment_first or state.reviews[-1].position < max(released.ended_by)


def could_be_billed(state: Placed, at: Moment) -> bool:
    """Whether a shipment of that moment could be billed: by the terms, or as of then the order had been
    released without payment; unless the owner had asked for payment first by then. Source: R-B1, R-B2, I2
    """
    released = max([by for when, by in _released(state) if when <= at], default=None)
    reviewed = [review for review in state.reviews if review.at <= at]  # none is earlier than the one before
    if reviewed and reviewed[-1].it.decision == "payment_first":
        return released is not None and reviewed[-1].position < released
    return released is not None or state.placed.terms == "bill_after"


def billable_from(state: Placed, at: Moment) -> Moment:
    """The first moment, not before that one, at which a shipment could be billed; the order may be billed.

    Source: I2, H-time
    """
    changes = [review.at for review in state.reviews] + [when for when, _ in _released(state)]
    return min([when for when in (at, *changes) if when >= at and could_be_billed(state, when)])


def _released(state: Placed) -> list[tuple[Moment, int]]:
    """When it was released without payment, each time, and the position that says so."""
    return [
        (hold.ended_at, max(hold.ended_by))
        for hold in state.declines.holds
        if isinstance(hold.ended, ShipmentReleasedWithoutPayment) and hold.ended_at is not None
    ]


def may_issue_bill(state: Placed) -> bool:
    """Whether a shipment sent now may issue a bill: it may be billed, or time lets the order go unpaid just
    before it, in the same append. Source: R-B1, R-D3, §3
    """
    hold = state.declines.hold
    return may_be_billed(state) or (hold is not None and hold.due("release_unpaid") is not None)


def bill_issued(
    state: Placed, shipped: OrderShipped, amount: int, bill: NewBill | None, given: Given
) -> tuple[tuple[str, Event], ...]:
    """The bill of a shipment for `amount`, and the number it takes; nothing for an amount of 0.

    Raises: BillNotPrepared. Source: R-B1
    """
    if amount == 0:
        return ()
    year = year_of_recording(given.now, given.book.zone)
    if bill is None or bill.year != year:
        raise BillNotPrepared(state.placed.order, year)
    stream = number_stream("bill", year)
    numbers = given.state(stream, Numbers) or Numbers()
    number = numbers.taken + 1
    issued_on = day_of(given.at, given.book.zone)
    due_on = plus_days(issued_on, given.edition.bill_due_days)
    issued = BillIssued(
        order=state.placed.order,
        customer=state.placed.customer,
        bill=bill.id,
        year=year,
        number=number,
        shipment=shipped.shipment,
        currency=state.placed.currency,
        amount=amount,
        issued_on=issued_on,
        due_on=due_on,
        deadlines=deadlines_of_bill(issued_on, due_on, given),
    )
    taken = NumberTaken(series="bill", year=year, number=number, subject=bill.id)
    return ((state.placed.order, issued), (stream, taken))


def bill_claims(billed: Sequence[tuple[str, Event]]) -> tuple[Claim, ...]:
    """The ids of the bills issued, claimed for their order: a bill by its id alone is found through them."""
    return tuple([Claim("bill", it.bill, it.order) for _, it in billed if isinstance(it, BillIssued)])
