"""Correcting: an entry recorded by mistake is taken back by another; nothing recorded is ever changed.

    a payment      that never came                     `domain.corrections.correcting_payments`
    a shipment     that never left, with its bill      `domain.corrections.correcting_shipments`
    a bill         replaced by another                 `domain.corrections.correcting_bills`
    a refund       that was none                       `domain.corrections.correcting_refunds`

An entry is corrected once, by a supervisor, with a reason. Whether it may be depends on what has been built
on it since: what cannot be taken back exactly is refused, and stays as it is. Source: H-correct
"""

from dataclasses import dataclass
from itertools import chain

from domain.authority import expect_reason, expect_role
from domain.bills.bill import Bill
from domain.bills.bill_events import BillIssued, BillPaymentReceived
from domain.bills.billing import NewBill
from domain.causes import expect_cause
from domain.command import Command
from domain.corrections.correcting_bills import correct_bill
from domain.corrections.correcting_payments import correct_payment
from domain.corrections.correcting_refunds import correct_own_refund, correct_refund
from domain.corrections.correcting_shipments import correct_shipment
from domain.corrections.undoing import INSTEAD, RECORD_ANEW
from domain.customers.registering import Customer
from domain.decision import Decision, Given
from domain.entry import Event
from domain.ids import expect_id
from domain.inbound.unmatched import UnmatchedMoney, unmatched_ref, unmatched_stream
from domain.numbers import number_stream
from domain.orders.order import Placed, Shipment
from domain.payments.payment import Payment
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund import Refund
from domain.refusal import Refusal

Correctable = Payment | Shipment | Bill | Refund


class CorrectEntry(Command, frozen=True, kw_only=True):
    """Take back what one entry of an order, or of a customer, says. Raises: ValueError."""

    stream: str
    customer: str | None
    """Whose order it is: credit of theirs may be taken back with it. None where the entry is nobody's."""
    position: int
    """Of the entry, from 1."""
    recorded: str = ""
    """Its stored type, for who has to undo it otherwise."""
    owed: str
    """Names what may be owed without a number once a payment is taken back."""
    unmatched: str | None = None
    """The money without a place that a payment was assigned, or was found to be: it waits again then."""
    bill: NewBill | None = None
    """The bill that takes the place of another; needed for a bill."""

    def __post_init__(self) -> None:
        if self.position < 1:
            raise ValueError("position must be that of an entry, from 1")
        expect_id("bil", self.owed)
        if self.customer is not None:
            expect_id("cus", self.customer)

    def facts_of(self) -> str | None:
        return self.customer

    def writes(self) -> tuple[str, ...]:
        numbers = () if self.bill is None else (number_stream("bill", self.bill.year),)
        customer = () if self.customer is None else (self.customer,)
        money = () if self.unmatched is None else (unmatched_stream(self.unmatched),)
        return (*dict.fromkeys((self.stream, *customer)), *money, *numbers)


def unmatched_before(event: Event) -> str | None:
    """The money without a place that a payment was before it was assigned; None for anything else."""
    return event.unmatched if isinstance(event, PaymentCaptured | BillPaymentReceived) else None


def kept_under(event: Event) -> str | None:
    """What money without a place would have claimed that is the same as this payment; None for anything else.

    Who recorded the payment did not know that its money waited already. Source: I12
    """
    match event:
        case PaymentCaptured():
            return unmatched_ref("receipt", event.processor, event.reference)
        case BillPaymentReceived() if event.reference is not None:
            return unmatched_ref("receipt", event.method, event.reference)
        case _:
            return None


@dataclass(unsafe_hash=True)
class EntryNotCorrectable(Refusal):
    """This entry is no payment, shipment, bill or refund: only those are taken back as a whole."""

    rule = "H-correct"
    way_out = RECORD_ANEW

    position: int
    recorded: str = ""

    @property
    def advice(self) -> str:
        """How what this entry says is undone instead."""
        return INSTEAD.get(self.recorded, self.way_out)


def correct_entry(command: CorrectEntry, given: Given) -> Decision:
    """Takes back a payment, a shipment, a bill or a refund.

    Checks, in this order: something of that position that can be corrected; retry; role; reason; not before
    it; then those of its subject. An order that lacks money then, and may not be billed, is placed on hold;
    a bill in the place of another takes none. Source: H-correct, R-B2
    """
    state = given.states[command.stream]
    found = _found(state, command.position)
    if (
        found is None
        or found.customer != command.customer
        or (isinstance(found, Payment) and found.received.unmatched not in (None, command.unmatched))
    ):
        raise EntryNotCorrectable(command.position, command.recorded)
    if found.corrected is not None:
        return Decision(customer=found.customer, already=(found.corrected,))
    expect_role("supervisor", given)
    expect_reason(given)
    expect_cause(found.at, given)
    if isinstance(state, Placed):
        return _of_order(command, found, state, given)
    assert isinstance(found, Refund)
    return correct_own_refund(found)


def _found(state: object | None, position: int) -> Correctable | None:
    """What that entry recorded, if it is something that can be corrected."""
    match state:
        case Placed():
            every = chain(
                state.payments.values(),
                state.shipments.values(),
                [bill for bill in state.bills.values() if isinstance(bill.source, BillIssued)],
                state.refunds.values(),
            )
        case Customer():
            every = state.refunds.values()
        case _:
            every = ()
    return next((each for each in every if each.position == position), None)


def _of_order(command: CorrectEntry, found: Correctable, state: Placed, given: Given) -> Decision:
    match found:
        case Payment():
            money = None if command.unmatched is None else unmatched_stream(command.unmatched)
            waited = None if money is None else given.state(money, UnmatchedMoney)
            return correct_payment(found, state, waited, command.owed, given)
        case Shipment():
            return correct_shipment(found, state, given)
        case Bill():
            return correct_bill(found, state, command.bill, given)
        case Refund():
            return correct_refund(found, state, given)
