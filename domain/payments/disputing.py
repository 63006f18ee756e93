"""Disputes: a customer's bank asks about a payment. That moves no money; a reversal or reinstatement does.

Source: R-B9
"""

from dataclasses import dataclass
from typing import get_args

import msgspec

from domain.bills.owing import expect_currency
from domain.causes import expect_cause
from domain.command import Command, OutOfRange, expect_amount, expect_text
from domain.deadlines import deadlines_of_dispute
from domain.decision import Decision, Given
from domain.entry import Minor
from domain.ids import expect_id
from domain.money import Money
from domain.orders.order import Placed, placed_order
from domain.payments.payment import Dispute, Payment
from domain.payments.payment_events import DisputeClosed, DisputeOpened, DisputeOutcome
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise

DISPUTE_OUTCOMES: tuple[DisputeOutcome, ...] = get_args(DisputeOutcome)


class OpenDispute(Command, frozen=True, kw_only=True):
    """Record that a bank asks about a payment. Raises: ValueError."""

    order: str
    dispute: str
    payment: str
    amount: Minor
    currency: str
    why: str
    """The bank's own code: `fraudulent`, `product_not_received`, …"""
    reference: str | None = None

    def __post_init__(self) -> None:
        expect_id("dsp", self.dispute)
        expect_id("pay", self.payment)
        expect_amount("amount", self.amount, least=1)
        expect_text("why", self.why)
        expect_text("reference", self.reference)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


class CloseDispute(Command, frozen=True, kw_only=True):
    """Record how a dispute ended. Raises: ValueError."""

    order: str
    dispute: str
    outcome: DisputeOutcome

    def __post_init__(self) -> None:
        expect_id("dsp", self.dispute)
        if self.outcome not in DISPUTE_OUTCOMES:
            raise OutOfRange("outcome", f"must be one of {', '.join(DISPUTE_OUTCOMES)}")

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


@dataclass(unsafe_hash=True)
class PaymentUnknown(Refusal):
    """The order has no payment with this id."""

    rule = "H-known"
    way_out = "Look at the order's payments and name one of them."

    order: str
    payment: str


@dataclass(unsafe_hash=True)
class DisputeUnknown(Refusal):
    """The order has no dispute with this id, or it is about another payment."""

    rule = "H-known"
    way_out = "Look at the order's disputes: each names its payment."

    order: str
    dispute: str


@dataclass(unsafe_hash=True)
class DisputeEndedOtherwise(Refusal):
    """This dispute has ended already, and otherwise than is said now."""

    rule = "R-B9"
    way_out = (
        "Look at the dispute: how it ended stays. Money that the bank took or gave back all the same is a "
        "reversal or a reinstatement of the payment; if the bank asks again, open another dispute."
    )
    spoken = "This dispute has ended already: it was {outcome}."

    dispute: str
    outcome: DisputeOutcome


@dataclass(unsafe_hash=True)
class DisputedPaymentCorrected(Refusal):
    """This payment was corrected: it is on record that it never came, so that no bank can ask about it."""

    rule = "H-correct"
    way_out = "Look which payment the bank means. If this one came after all, record it anew first."

    payment: str


@dataclass(unsafe_hash=True)
class DisputeExceedsPayment(Refusal):
    """The bank can ask about a payment only as far as it was received."""

    rule = "R-B9"
    way_out = "Compare the bank's notice with the payment: the amount, and which payment it names."
    spoken = "The payment was {received}, and the dispute is about {amount}."

    payment: str
    amount: Money
    received: Money


def payment_of(state: Placed, payment: str) -> Payment:
    """The payment of that id. Raises: PaymentUnknown."""
    known = state.payments.get(payment)
    if known is None:
        raise PaymentUnknown(state.placed.order, payment)
    return known


def dispute_of(state: Placed, dispute: str) -> Dispute:
    """The dispute of that id. Raises: DisputeUnknown."""
    known = state.disputes.get(dispute)
    if known is None:
        raise DisputeUnknown(state.placed.order, dispute)
    return known


def open_dispute(command: OpenDispute, given: Given) -> Decision:
    """Records a dispute; payouts of the order wait, and one about money given back already is contested.

    Checks, in this order: order placed; retry, by id and then by the bank's reference; payment known, and not
    corrected (H-correct); currency; amount; not before the payment.
    """
    state = placed_order(given, command.order)
    opened = DisputeOpened(
        order=command.order,
        customer=state.placed.customer,
        dispute=command.dispute,
        payment=command.payment,
        currency=command.currency,
        amount=command.amount,
        why=command.why,
        reference=command.reference,
    )
    known = state.disputes.get(command.dispute)
    if known is not None:
        if msgspec.structs.replace(known.opened, deadlines=()) != opened:
            raise AlreadyRecordedOtherwise(command.dispute)
        return Decision(customer=opened.customer, already=(known.position,))
    told = _told_before(state, opened)
    if told is not None:
        return Decision(customer=opened.customer, already=(told.position,))
    payment = payment_of(state, command.payment)
    if payment.corrected is not None:
        raise DisputedPaymentCorrected(command.payment)
    expect_currency(state, Money(command.amount, command.currency))
    if command.amount > payment.received.amount:
        received = state.money(payment.received.amount)
        raise DisputeExceedsPayment(command.payment, state.money(command.amount), received)
    expect_cause(payment.at, given)
    # What exceeded a bill is the customer's credit too, and may have left as money.
    went_back = state.account.set_aside > 0 or any(refund.paid for refund in state.refunds.values())
    deadlines = deadlines_of_dispute(given, [given.at] if went_back else [])
    opened = msgspec.structs.replace(opened, deadlines=deadlines)
    return Decision(events=((command.order, opened),), customer=opened.customer)


def _told_before(state: Placed, opened: DisputeOpened) -> Dispute | None:
    """The same dispute under another id; in which words the bank asks does not matter.

    Raises: AlreadyRecordedOtherwise where it is of another amount.
    """
    for known in state.disputes.values():
        it = known.opened
        if opened.reference is None or (it.payment, it.reference) != (opened.payment, opened.reference):
            continue
        if (it.amount, it.currency) != (opened.amount, opened.currency):
            raise AlreadyRecordedOtherwise(it.dispute)
        return known
    return None


def close_dispute(command: CloseDispute, given: Given) -> Decision:
    """Records how a dispute ended; won or lost, what moved is told by a reversal or a reinstatement.

    Checks, in this order: order placed; dispute known; retry; not ended otherwise; not before it was opened.
    """
    state = placed_order(given, command.order)
    dispute = dispute_of(state, command.dispute)
    if dispute.closed is not None and dispute.outcome is not None:
        if dispute.outcome != command.outcome:
            raise DisputeEndedOtherwise(command.dispute, dispute.outcome)
        return Decision(customer=state.placed.customer, already=(dispute.closed,))
    expect_cause(dispute.at, given)
    closed = DisputeClosed(
        order=command.order, customer=state.placed.customer, dispute=command.dispute, outcome=command.outcome
    )
    return Decision(events=((command.order, closed),), customer=state.placed.customer)
