"""Payments of a bill: what is open is paid, a write-off is reversed by what comes after all, the rest is kept
as the customer's credit.

Source: I9, R-B6
"""

from dataclasses import dataclass

import msgspec

from domain.bills.bill import Bill
from domain.bills.bill_events import BillPaymentReceived
from domain.bills.owing import (
    bill_of,
    expect_currency,
    expect_customer,
    expect_valid,
)
from domain.bills.promising import promises_kept
from domain.bills.writing_off import write_off_reversed
from domain.causes import expect_cause
from domain.command import Command, OutOfRange, expect_amount, expect_space_of_names, expect_text
from domain.decision import Claim, Decision, Given
from domain.entry import Event, Minor
from domain.ids import expect_id
from domain.money import Money
from domain.orders.order import Placed, placed_order
from domain.payments.payers_references import expect_same_payment
from domain.payments.payment import Payment
from domain.payments.payment_events import CreditSetAside
from domain.payments.references import (
    NAMED_BY_NOBODY,
    NAMED_BY_PAYER,
    MoneyReference,
    recorded_under,
)
from domain.refusal import EntryOnRecord, OnRecord, Refusal
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
    """How it came: `bank_transfer`, `cheque`, or the processor that took it; `card` where none names it."""
    reference: str | None = None
    """What the bank calls it, without which nothing tells whether it was recorded before; or the processor
    that took it, whose payments all have one.
    """
    corrected_in: str | None = None
    """The order in which a payment under this reference was corrected, which lets the reference be used again
    here."""

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_id("bil", self.bill)
        expect_id("pay", self.payment)
        expect_id("crd", self.credit)
        expect_amount("amount", self.amount, least=1)
        expect_space_of_names("method", self.method)
        expect_text("reference", self.reference)
        if self.reference is not None and self.method in NAMED_BY_NOBODY:
            raise OutOfRange("method", "must be the processor that took the card, where a reference is given")
        if self.reference is None and self.method not in NAMED_BY_PAYER | NAMED_BY_NOBODY:
            raise OutOfRange("reference", "must be given where a processor took it")

    @property
    def named(self) -> MoneyReference | None:
        """What it is called, where it is called anything."""
        if self.reference is None:
            return None
        return MoneyReference(self.method, self.reference, self.customer)

    def writes(self) -> tuple[str, ...]:
        return (self.order, self.customer)

    def reads(self) -> tuple[str, ...]:
        return () if self.corrected_in in (None, self.order) else (self.corrected_in,)


@dataclass(unsafe_hash=True)
class ReferenceReceivedOtherwise(Refusal):
    """Money under this reference is already recorded, with another amount."""

    rule = "I12"
    way_out = (
        "Look at the payment shown: the same money never counts twice. What of it exceeds a bill is the "
        "customer's credit, which can pay another."
    )
    spoken = "Under this reference {recorded} are recorded, and these would be {amount}."

    payment: OnRecord
    position: EntryOnRecord
    recorded: Money
    amount: Money


@dataclass(unsafe_hash=True)
class ReferenceOfOtherBill(Refusal):
    """Money under this reference is already recorded, for another bill."""

    rule = "I12"
    way_out = ReferenceReceivedOtherwise.way_out
    spoken = "Under this reference {recorded} are recorded already, for another bill."

    payment: OnRecord
    position: EntryOnRecord
    bill: OnRecord
    """Which they were for."""
    recorded: Money


def receive_bill_payment(command: ReceiveBillPayment, given: Given) -> Decision:
    """Records a payment of a bill: part, exact or over; after a write-off too, and the customer stays clear.

    Checks, in this order: order placed; bill known; retry by payment id; the order's customer; retry by
    reference (I12), by its day too where the payer named it; no mistake (H-correct); currency; not before the
    bill. No payment is refused for being too much.
    """
    state = placed_order(given, command.order)
    bill = bill_of(state, command.bill)
    known = state.payments.get(command.payment)
    if known is not None:
        return _already_received(known, command, state)
    if command.payment in state.declines.attempts:
        raise AlreadyRecordedOtherwise(command.payment)
    expect_customer(state, command.customer)
    same = recorded_under(state, command.method, command.reference)
    if same is not None:
        return _already_recorded(same, command, state, given)
    expect_valid(bill)
    expect_currency(state, Money(command.amount, command.currency))
    expect_cause(bill.at, given)
    return Decision(
        events=_received(state, bill, command),
        claims=_claims(command, state, given),
        customer=state.placed.customer,
    )


def _claims(command: ReceiveBillPayment, state: Placed, given: Given) -> tuple[Claim, ...]:
    if command.named is None:
        return ()
    there = state if command.corrected_in is None else given.state(command.corrected_in, Placed)
    return (msgspec.structs.replace(command.named.next_claim(there), stream=command.order),)


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


def _already_recorded(known: Payment, command: ReceiveBillPayment, state: Placed, given: Given) -> Decision:
    it, amount = known.received, Money(command.amount, command.currency)
    recorded = Money(it.amount, it.currency)
    if command.method in NAMED_BY_PAYER:
        expect_same_payment(known, amount, command.bill, given)
    elif recorded != amount:
        raise ReferenceReceivedOtherwise(it.payment, known.position, recorded, amount)
    # A capture under the same reference is the same money, whatever it was used for.
    elif isinstance(it, BillPaymentReceived) and it.bill != command.bill:
        raise ReferenceOfOtherBill(it.payment, known.position, it.bill, recorded)
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
