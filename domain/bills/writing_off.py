"""Writing off: the owner lets a customer off what they owe, if they were reached and had a good reason.

They are then clear again: existing, and not watched. Source: R-B4, R-B6, I10
"""

from dataclasses import dataclass

from domain.authority import expect_role
from domain.bills.bill import Bill, Call
from domain.bills.bill_events import BillWrittenOff, ReopenedBy, WriteOffReversed
from domain.bills.owing import bill_of, expect_open
from domain.causes import expect_cause
from domain.command import Command
from domain.decision import Decision, Given
from domain.ids import expect_id
from domain.moments import Moment
from domain.orders.order import Placed, placed_order
from domain.refusal import Refusal


class WriteOffBill(Command, frozen=True, kw_only=True):
    """Write off all that is open on a bill. Raises: ValueError."""

    order: str
    bill: str

    def __post_init__(self) -> None:
        expect_id("bil", self.bill)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


@dataclass(unsafe_hash=True)
class CustomerNotReached(Refusal):
    """Nobody has reached the customer about this bill yet, so nobody knows how they are."""

    rule = "I10"
    way_out = "Phone the customer and ask how they are, then record the call with what they said."

    bill: str


@dataclass(unsafe_hash=True)
class NoGoodReason(Refusal):
    """The customer was reached, and no call records a good reason; so the bill stays on the watchlist."""

    rule = "I10"
    way_out = "If they have told you a good reason, record the call in which they did. Otherwise leave it."

    bill: str


def write_off_bill(command: WriteOffBill, given: Given) -> Decision:
    """Writes off the whole open amount of a bill, or of what is owed without one.

    Checks, in this order: order placed; bill known; retry, which is: written off, and neither opened again
    since by a correction nor paid after all; something open; the customer reached (I10); a good reason (I10);
    the owner decides (I10); not before the call.
    """
    state = placed_order(given, command.order)
    bill = bill_of(state, command.bill)
    if bill.write_off is not None and bill.written_off and bill.open == 0:
        return Decision(customer=state.placed.customer, already=(bill.write_off.position,))
    expect_open(bill)
    call = _good_reason(bill, given.at)
    expect_role("owner", given)
    # A bill that took another's place keeps its calls.
    expect_cause(call.at, given)
    assert call.it.good_reason is not None
    written_off = BillWrittenOff(
        order=command.order,
        customer=state.placed.customer,
        bill=command.bill,
        currency=bill.currency,
        amount=bill.open,
        uncollectible=bill.uncollectible,
        good_reason=call.it.good_reason,
        call=call.position,
    )
    return Decision(events=((command.order, written_off),), customer=state.placed.customer)


def _good_reason(bill: Bill, by: Moment) -> Call:
    """The last call by then in which the customer gave one; the first, where all were later.

    Raises: CustomerNotReached, NoGoodReason.
    """
    reached = [call for call in bill.calls if call.it.outcome == "reached"]
    if not reached:
        raise CustomerNotReached(bill.bill)
    good = sorted([call for call in reached if call.it.good_reason is not None], key=_at)
    if not good:
        raise NoGoodReason(bill.bill)
    return next((call for call in reversed(good) if call.at <= by), good[0])


def _at(call: Call) -> Moment:
    return call.at


def write_off_reversed(
    state: Placed, bill: Bill, amount: int, because: ReopenedBy, by: str
) -> WriteOffReversed:
    """So much of a write-off counts as open again, for what comes in the same append pays or clears it.

    Source: R-B6, R-B9, R-G9
    """
    return WriteOffReversed(
        order=state.placed.order,
        customer=state.placed.customer,
        bill=bill.bill,
        currency=bill.currency,
        amount=amount,
        because=because,
        by=by,
    )
