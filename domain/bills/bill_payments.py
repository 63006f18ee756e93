"""Payments of a bill: what is open is paid, a write-off is reversed by what comes after all, the rest is kept
as the customer's credit.

Source: I9, R-B6
"""

from domain.bills.bill import Bill
from domain.bills.bill_events import BillPaymentReceived
from domain.bills.owing import bill_of, expect_currency, expect_customer, expect_valid
from domain.bills.promising import promises_kept
from domain.bills.writing_off import write_off_reversed
from domain.causes import expect_cause
from domain.command import Command, expect_amount, expect_text
from domain.decision import Decision, Given
from domain.entry import Event, Minor
from domain.ids import expect_id
from domain.money import Money
from domain.orders.order import Placed, placed_order
from domain.payments.payment import Payment
from domain.payments.payment_events import CreditSetAside
from domain.retry import AlreadyRecordedOtherwise


class ReceiveBillPayment(Command, frozen=True, kw_only=True):
    """Record money that was paid for one bill. Raises: ValueError."""

    order: str
    customer: str
    """Whose order it is; their credit takes what exceeds the bill."""
    bill: str
    payment: str
    credit: str
    """Names the credit, if anything exceeds the bill."""
    amount: Minor
    currency: str
    method: str
    """How it came: `bank_transfer`, `cheque`, `card`, …"""
    reference: str | None = None
    """What the bank or processor calls it."""

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_id("bil", self.bill)
        expect_id("pay", self.payment)
        expect_id("crd", self.credit)
        expect_amount("amount", self.amount, least=1)
        expect_text("method", self.method)
        expect_text("reference", self.reference)

    def writes(self) -> tuple[str, ...]:
        return (self.order, self.customer)


def receive_bill_payment(command: ReceiveBillPayment, given: Given) -> Decision:
    """Records a payment of a bill: part, exact or over; after a write-off too, and the customer stays clear.

    Checks, in this order: order placed; bill known; retry; no mistake (H-correct); the order's customer;
    currency; not before the bill. No payment is refused for being too much.
    """
    state = placed_order(given, command.order)
    bill = bill_of(state, command.bill)
    known = state.payments.get(command.payment)
    if known is not None:
        return _already_received(known, command, state)
    if command.payment in state.declines.attempts:
        raise AlreadyRecordedOtherwise(command.payment)
    expect_valid(bill)
    expect_customer(state, command.customer)
    expect_currency(state, Money(command.amount, command.currency))
    expect_cause(bill.at, given)
    return Decision(events=_received(state, bill, command), customer=state.placed.customer)


def _already_received(known: Payment, command: ReceiveBillPayment, state: Placed) -> Decision:
    it = known.received
    asked = (command.bill, command.amount, command.currency, command.method, command.reference)
    if not isinstance(it, BillPaymentReceived) or asked != (
        it.bill,
        it.amount,
        it.currency,
        it.method,
        it.reference,
    ):
        raise AlreadyRecordedOtherwise(command.payment)
    return Decision(customer=state.placed.customer, already=known.positions)


def _received(state: Placed, bill: Bill, command: ReceiveBillPayment) -> tuple[tuple[str, Event], ...]:
    order, customer = command.order, command.customer
    reopened, pays = bill.takes(command.amount)
    excess = command.amount - pays
    received = BillPaymentReceived(
        order=order,
        customer=customer,
        bill=bill.bill,
        payment=command.payment,
        currency=command.currency,
        amount=command.amount,
        method=command.method,
        reference=command.reference,
        bills=(bill.share(pays),) if pays else (),
        set_aside=excess,
    )
    events: list[tuple[str, Event]] = []
    if reopened:
        events.append((order, write_off_reversed(state, bill, reopened, "payment", command.payment)))
    events.append((order, received))
    events.extend(promises_kept(state, received.bills, command.payment))
    if excess:
        kept = CreditSetAside(
            customer=customer,
            order=order,
            credit=command.credit,
            currency=command.currency,
            amount=excess,
            source="bill_payment",
            subject=command.payment,
        )
        events += [(order, kept), (customer, kept)]
    return tuple(events)
