"""Giving up for the books: what nobody expects to be paid is uncollectible, and stays on the watchlist.

Source: R-B5
"""

from domain.authority import expect_role
from domain.bills.bill_events import BillMarkedUncollectible
from domain.bills.owing import bill_of, expect_open
from domain.command import Command
from domain.decision import Decision, Given
from domain.ids import expect_id
from domain.orders.order import placed_order


class MarkBillUncollectible(Command, frozen=True, kw_only=True):
    """Mark what is open on a bill as uncollectible, for the books. Raises: ValueError."""

    order: str
    bill: str

    def __post_init__(self) -> None:
        expect_id("bil", self.bill)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


def mark_bill_uncollectible(command: MarkBillUncollectible, given: Given) -> Decision:
    """Marks the whole open amount; the customer still owes it and stays watched.

    Checks, in this order: order placed; bill known; retry, which is: given up, all of it owed still, and
    nothing opened again since by a correction; something open; the owner decides (H-authority).
    """
    state = placed_order(given, command.order)
    bill = bill_of(state, command.bill)
    if bill.given_up is not None and bill.open and bill.uncollectible == bill.open:
        return Decision(customer=state.placed.customer, already=(bill.given_up,))
    expect_open(bill)
    expect_role("owner", given)
    marked = BillMarkedUncollectible(
        order=command.order,
        customer=state.placed.customer,
        bill=command.bill,
        currency=bill.currency,
        amount=bill.open - bill.uncollectible,
    )
    return Decision(events=((command.order, marked),), customer=state.placed.customer)
