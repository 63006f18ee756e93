"""Failed payments: a bank refused, and an order that nothing else covers is placed on hold.

Source: R-D1, R-D2, R-D3, R-D6
"""

import re
from dataclasses import dataclass
from typing import get_args

import msgspec

from domain.bills.owing import expect_currency, expect_customer
from domain.causes import expect_cause
from domain.command import Command, OutOfRange, expect_amount, expect_space_of_names, expect_text
from domain.customers.cards_on_file import card_of
from domain.decision import Decision, Given
from domain.declines.decline_codes import NetworkAdvice, is_worse, kind_of_decline
from domain.declines.decline_events import (
    PaymentAttempted,
    PaymentDeclined,
    PaymentMethodFailed,
)
from domain.declines.holds import decline_begins, holds_up, placed_on_hold
from domain.declines.order_declines import Decline
from domain.entry import Event, Minor
from domain.ids import expect_id
from domain.money import Money
from domain.orders.order import NOTHING_TO_PAY, Placed, placed_order, still_to_pay
from domain.refusal import Refusal, WhereNone
from domain.retry import AlreadyRecordedOtherwise

ADVICE: tuple[NetworkAdvice, ...] = get_args(NetworkAdvice)
_CODE = re.compile(r"[a-z0-9_]{1,100}")


class RecordPaymentFailure(Command, frozen=True, kw_only=True):
    """Record that a payment for an order was declined. Raises: ValueError."""

    order: str
    customer: str
    """The order's customer, whose ways to be reached are read and whose card failed."""
    payment: str
    """Names the attempt, or one that was recorded before and has ended so."""
    amount: Minor
    currency: str
    processor: str
    reference: str | None = None
    """The processor's own name for the refused charge."""
    decline_code: str
    advice: NetworkAdvice | None = None
    payment_method: str | None = None
    """The card on file, if it was one."""

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_id("pay", self.payment)
        expect_amount("amount", self.amount, least=1)
        expect_space_of_names("processor", self.processor)
        expect_text("reference", self.reference)
        if _CODE.fullmatch(self.decline_code) is None:
            raise OutOfRange("decline_code", "must be a code of small letters, digits and _")
        if self.advice is not None and self.advice not in ADVICE:
            raise OutOfRange("advice", f"must be one of {', '.join(ADVICE)}")
        if self.payment_method is not None:
            expect_id("pm", self.payment_method)

    def writes(self) -> tuple[str, ...]:
        return (self.order,) if self.payment_method is None else (self.order, self.customer)

    def reads(self) -> tuple[str, ...]:
        return (self.customer,) if self.payment_method is None else ()

    def facts_of(self) -> str | None:
        return self.customer


@dataclass(unsafe_hash=True)
class FailureExceedsPrice(Refusal):
    """The declined payment is more than this order still needs: it was not for this order."""

    rule = "I12"
    way_out = "Look at the processor's record: which order the payment was for, and of what amount."
    spoken = "This order still needs {most}, and {amount} were to be paid."
    where_none = WhereNone("most", NOTHING_TO_PAY)

    order: str
    amount: Money
    most: Money


def record_payment_failure(command: RecordPaymentFailure, given: Given) -> Decision:
    """Records a decline; the first one while money is missing places the order on hold.

    Checks, in this order: order placed (I11); its customer; retry by payment id, then by processor reference;
    currency; card on file; where no attempt says so, no more than may be captured (I12); not before the
    order, nor before the attempt. What the processor reports has
    happened: no rule about which cards may be tried refuses it.
    """
    return _recorded(command, given, is_told=False)


def _recorded(command: RecordPaymentFailure, given: Given, *, is_told: bool) -> Decision:
    state = placed_order(given, command.order)
    expect_customer(state, command.customer)
    recorded = _already_declined(state, command)
    if recorded is not None:
        return Decision(customer=command.customer, already=recorded.positions)
    attempt = state.declines.attempts.get(command.payment)
    is_known = command.payment in state.payments or state.declines.is_over(command.payment)
    if is_known or (attempt is not None and _content(attempt.attempted) != _content(command)):
        raise AlreadyRecordedOtherwise(command.payment)
    expect_currency(state, Money(command.amount, command.currency))
    if command.payment_method is not None:
        card_of(given, state, command.customer, command.payment_method)
    if attempt is None and not is_told:
        _expect_needed(command, state)
    expect_cause(state.placed_at if attempt is None else attempt.at, given)
    declined = _declined(command, state, given)
    events: list[tuple[str, Event]] = [] if attempt else [(command.order, _attempted(command))]
    events.append((command.order, declined))
    if command.payment_method is not None:
        events.append((command.customer, _card_failed(declined, command.payment_method)))
    if holds_up(state):
        held = placed_on_hold(state, declined.payment, "declined", declined.kind, given)
        events.append((command.order, held))
    return Decision(events=tuple(events), customer=command.customer)


def record_told_failure(command: RecordPaymentFailure, given: Given) -> Decision:
    """Records a decline that a processor tells of, also where it told of the same charge before.

    Checks, in this order: order placed; its customer; retry, by processor reference, whatever else is said of
    the charge: worse than what was recorded, it is recorded as that, and never as milder; and those of a
    decline, except that it has happened whatever the order needs by now. Source: R-D6, I12
    """
    state = placed_order(given, command.order)
    expect_customer(state, command.customer)
    known = _told_before(state, command)
    if known is None:
        return _recorded(command, given, is_told=True)
    kind = kind_of_decline(command.decline_code, command.advice)
    if not is_worse(kind, known.declined.kind):
        return Decision(customer=command.customer, already=known.positions)
    expect_cause(known.at, given)
    worse = msgspec.structs.replace(
        known.declined,
        decline_code=command.decline_code,
        advice=command.advice,
        kind=kind,
        is_worse=True,
        deadlines=(),
    )
    events: list[tuple[str, Event]] = [(command.order, worse)]
    # The streams of a command are those of the card it names.
    if worse.payment_method is not None and worse.payment_method == command.payment_method:
        events.append((command.customer, _card_failed(worse, worse.payment_method)))
    return Decision(events=tuple(events), customer=command.customer)


def _told_before(state: Placed, command: RecordPaymentFailure) -> Decline | None:
    said = (command.processor, command.reference)
    if command.reference is not None:
        for known in state.declines.declines.values():
            if (known.declined.processor, known.declined.reference) == said:
                return known
    return None


def _expect_needed(command: RecordPaymentFailure, state: Placed) -> None:
    most = still_to_pay(state)
    if command.amount > most:
        raise FailureExceedsPrice(command.order, state.money(command.amount), state.money(most))


def _already_declined(state: Placed, command: RecordPaymentFailure) -> Decline | None:
    known = state.declines.declines.get(command.payment)
    if known is not None:
        if _outcome(command) not in [_outcome(said) for said in known.said]:
            raise AlreadyRecordedOtherwise(command.payment)
        return known
    known = _told_before(state, command)
    if known is not None:
        said = [(_content(it), it.decline_code) for it in known.said]
        if (_content(command), command.decline_code) not in said:
            raise AlreadyRecordedOtherwise(known.declined.payment)
    return known


def _content(it: PaymentAttempted | PaymentDeclined | RecordPaymentFailure) -> tuple[object, ...]:
    return it.amount, it.currency, it.processor, it.payment_method


def _outcome(it: PaymentDeclined | RecordPaymentFailure) -> tuple[object, ...]:
    return *_content(it), it.reference, it.decline_code, it.advice


def _attempted(command: RecordPaymentFailure) -> PaymentAttempted:
    return PaymentAttempted(
        order=command.order,
        customer=command.customer,
        payment=command.payment,
        currency=command.currency,
        amount=command.amount,
        payment_method=command.payment_method,
        named_by_customer=True,  # by somebody else's till: the customer stood before it
        processor=command.processor,
    )


def _declined(command: RecordPaymentFailure, state: Placed, given: Given) -> PaymentDeclined:
    kind = kind_of_decline(command.decline_code, command.advice)
    return PaymentDeclined(
        order=command.order,
        customer=command.customer,
        payment=command.payment,
        currency=command.currency,
        amount=command.amount,
        payment_method=command.payment_method,
        processor=command.processor,
        reference=command.reference,
        decline_code=command.decline_code,
        advice=command.advice,
        kind=kind,
        deadlines=decline_begins(state, kind, given),
    )


def _card_failed(it: PaymentDeclined, payment_method: str) -> PaymentMethodFailed:
    return PaymentMethodFailed(
        customer=it.customer,
        payment_method=payment_method,
        order=it.order,
        payment=it.payment,
        decline_code=it.decline_code,
        advice=it.advice,
        kind=it.kind,
    )
