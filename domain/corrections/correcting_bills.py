"""Correcting a bill: it is void, and another with a number of its own asks for the same.

What shipped unpaid stays billed, so a bill alone is never only taken back; where nothing had shipped, the
shipment is corrected, and its bill with it. What was done to collect it, and when it fell due, stands: the
new bill takes effect when all of the other was open last, so that whatever happened since may still be
recorded of it.
Source: H-correct, R-B1
"""

from dataclasses import dataclass

import msgspec

from domain.bills.bill import Bill
from domain.bills.bill_events import BillIssued
from domain.bills.billing import NewBill, bill_claims, bill_issued
from domain.corrections.correction_events import BillCorrected
from domain.decision import Decision, Given
from domain.entry import Event
from domain.moments import Moment
from domain.money import Money
from domain.orders.order import Placed
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class BillStands(Refusal):
    """This bill was paid, cleared or written off, at least in part, so that it is not taken back."""

    rule = "H-correct"
    way_out = (
        "Correct its payments first. Money that did come is recorded again afterwards, under its reference: "
        "for the order, or for the new bill. What credit paid, or was cleared or written off, stays so."
    )
    spoken = "Of this bill {settled} are paid, cleared or written off."

    bill: str
    settled: Money


def expect_unsettled(bill: Bill) -> None:
    """Nothing of the bill is paid, cleared or written off. Raises: BillStands."""
    settled = bill.paid + bill.cleared + bill.written_off
    if settled:
        raise BillStands(bill.bill, Money(settled, bill.currency))


def correct_bill(bill: Bill, state: Placed, new: NewBill | None, given: Given) -> Decision:
    """Takes a bill back and issues another for the same amount, due on the same day.

    Both take effect since when all of the first has been open, as a rule when it was issued. Checks, in this
    order: unsettled; bill prepared.
    Source: H-correct, R-B1
    """
    assert isinstance(bill.source, BillIssued)
    expect_unsettled(bill)
    shipped = state.shipments[bill.source.shipment].shipped
    issued = _instead_of(bill.source, bill_issued(state, shipped, bill.amount, new, given))
    assert new is not None
    corrected = BillCorrected(
        order=state.placed.order,
        customer=state.placed.customer,
        bill=bill.bill,
        corrects=bill.position,
        replaced_by=new.id,
        currency=bill.currency,
        amount=bill.amount,
        uncollectible=bill.uncollectible,
    )
    return Decision(
        events=((state.placed.order, corrected), *issued),
        claims=bill_claims(issued),
        customer=state.placed.customer,
        at=_open_since(bill, state),
    )


def _open_since(bill: Bill, state: Placed) -> Moment:
    """Since when all of it has been open, and given up for the books what is: earlier it was another sum.

    Where a payment had seemed to settle it, that is the moment at which it was corrected.
    """
    there = state.there
    given_up = there.since(("given_up", bill.bill), bill.uncollectible)
    return max(bill.at, there.since(("open", bill.bill), bill.amount), given_up)


def _instead_of(source: BillIssued, issued: tuple[tuple[str, Event], ...]) -> tuple[tuple[str, Event], ...]:
    """The new bill and its number, with the days and deadlines of the one whose place it takes."""
    return tuple(
        [(stream, _with_days_of(source, it) if isinstance(it, BillIssued) else it) for stream, it in issued]
    )


def _with_days_of(source: BillIssued, it: BillIssued) -> BillIssued:
    return msgspec.structs.replace(
        it,
        replaces=source.bill,
        issued_on=source.issued_on,
        due_on=source.due_on,
        deadlines=source.deadlines,
    )
