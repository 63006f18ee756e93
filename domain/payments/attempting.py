"""Attempting a payment: that a card on file is about to be charged is recorded first, so that a crash in
between leaves an attempt whose outcome is unknown, never a charge that nobody knows of.

Source: R-D3, R-D4, R-D6
"""

from dataclasses import dataclass

from domain.bills.owing import expect_currency, expect_customer
from domain.causes import expect_cause
from domain.command import Command, expect_amount, expect_space_of_names
from domain.customers.cards_on_file import card_of, expect_chargeable
from domain.customers.registering import known_customer
from domain.deadlines import deadlines_of_attempt
from domain.decision import Decision, Given
from domain.declines.decline_events import PaymentAttempted
from domain.declines.order_declines import Attempt
from domain.entry import Minor
from domain.ids import expect_id
from domain.inbound.waiting import expect_none_waits, streams_of
from domain.money import Money
from domain.orders.order import Placed, placed_order, still_to_pay
from domain.payments.capturing import CaptureExceedsPrice
from domain.refusal import OnRecord, Refusal
from domain.retry import AlreadyRecordedOtherwise


class AttemptPayment(Command, frozen=True, kw_only=True):
    """Say that a card on file is about to be charged for an order. Raises: ValueError."""

    order: str
    customer: str
    """The order's customer, whose card it is."""
    payment: str
    payment_method: str
    amount: Minor | None = None
    """None: all that the order still needs."""
    currency: str | None = None
    """Of the amount, where one is named."""
    named_by_customer: bool = False
    processor: str
    kept: tuple[str, ...] = ()
    """Money that came for the order: while any of it waits, nobody is charged."""

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_id("pay", self.payment)
        expect_id("pm", self.payment_method)
        if self.amount is not None:
            expect_amount("amount", self.amount, least=1)
        if (self.amount is None) != (self.currency is None):
            raise ValueError("amount and currency must be named together")
        expect_space_of_names("processor", self.processor)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)

    def reads(self) -> tuple[str, ...]:
        return self.customer, *streams_of(self.kept)

    def facts_of(self) -> str | None:
        return self.customer


@dataclass(unsafe_hash=True)
class NothingToCharge(Refusal):
    """Everything still to ship is covered and no bill is open: the customer owes nothing for this order."""

    rule = "I12"
    way_out = "Charge nothing. Look at the order's account: it says what was received."

    order: str


@dataclass(unsafe_hash=True)
class AttemptUnresolved(Refusal):
    """A charge for this order is under way and nobody knows yet what became of it."""

    rule = "R-D4"
    way_out = "Find out first what became of it: ask for the charge shown again. A customer never pays twice."

    order: str
    payment: OnRecord


def attempt_payment(command: AttemptPayment, given: Given) -> Decision:
    """Records the attempt; what became of it is recorded next, under the same id.

    Checks, in this order: order placed (I11); its customer; retry; no attempt of unknown outcome; currency;
    something to charge, and no more than that (I12); no money that waits for the order (R-D4); card on file
    and chargeable (R-D4, R-D6); not before the order.
    """
    state = placed_order(given, command.order)
    expect_customer(state, command.customer)
    known = state.declines.attempts.get(command.payment)
    if known is not None:
        return _already_attempted(known, command)
    if command.payment in state.payments:
        raise AlreadyRecordedOtherwise(command.payment)
    expect_none_under_way(state)
    if command.amount is not None and command.currency is not None:
        expect_currency(state, Money(command.amount, command.currency))
    amount = _amount(command, state)
    expect_none_waits(state, command.kept, given)
    card = card_of(given, state, command.customer, command.payment_method)
    customer = known_customer(given, command.customer)
    expect_chargeable(card, customer, state.declines.hold, given, named=command.named_by_customer)
    expect_cause(state.placed_at, given)
    attempted = PaymentAttempted(
        order=command.order,
        customer=command.customer,
        payment=command.payment,
        currency=state.placed.currency,
        amount=amount,
        payment_method=command.payment_method,
        named_by_customer=command.named_by_customer,
        processor=command.processor,
        deadlines=deadlines_of_attempt(given),
    )
    return Decision(events=((command.order, attempted),), customer=command.customer)


def open_attempt(state: Placed) -> Attempt | None:
    """The attempt of which nobody knows yet what became. Source: R-D4"""
    for payment, attempt in state.declines.attempts.items():
        if not has_outcome(state, payment) and payment not in state.declines.abandoned:
            return attempt
    return None


def expect_none_under_way(state: Placed) -> None:
    """That it is known of every charge what became of it. Raises: AttemptUnresolved."""
    unresolved = open_attempt(state)
    if unresolved is not None:
        raise AttemptUnresolved(state.placed.order, unresolved.attempted.payment)


def has_outcome(state: Placed, payment: str) -> bool:
    """Whether it is on record what became of that attempt at its processor."""
    return payment in state.payments or state.declines.is_over(payment)


def _already_attempted(known: Attempt, command: AttemptPayment) -> Decision:
    it = known.attempted
    asked = (command.payment_method, command.named_by_customer, command.processor)
    if (it.payment_method, it.named_by_customer, it.processor) != asked or (
        command.amount is not None and command.amount != it.amount
    ):
        raise AlreadyRecordedOtherwise(command.payment)
    return Decision(customer=it.customer, already=(known.position,))


def _amount(command: AttemptPayment, state: Placed) -> int:
    most = still_to_pay(state)
    if most == 0:
        raise NothingToCharge(command.order)
    amount = most if command.amount is None else command.amount
    if amount > most:
        raise CaptureExceedsPrice(command.order, state.money(amount), state.money(most))
    return amount
