"""Abandoning a charge: it was attempted, never asked for, and is not wanted any more.

    attempted ─ nobody answers ─ paid otherwise, or cancelled ─ asked what became of it ─ nothing: over

Whoever asks again may make a charge that nobody wants by then. So what is to be asked depends on the order
and the card as they are: the charge itself, while it is wanted; else only what became of it.
Source: R-D4, R-D6
"""

from dataclasses import dataclass

from domain.authority import expect_reason, expect_role
from domain.bills.owing import expect_customer
from domain.causes import expect_cause
from domain.command import Command
from domain.customers.cards_on_file import card_of, verdict_of
from domain.decision import Decision, Given
from domain.declines.decline_events import ChargeAbandoned, ChargeToldBy
from domain.ids import expect_id
from domain.inbound.waiting import any_waits, streams_of
from domain.orders.order import placed_order, still_to_pay
from domain.payments.attempting import has_outcome, open_attempt
from domain.refusal import Refusal


class AbandonCharge(Command, frozen=True, kw_only=True):
    """Say that a charge attempted for an order was never made. Raises: ValueError."""

    order: str
    customer: str
    payment: str
    told_by: ChargeToldBy
    kept: tuple[str, ...] = ()
    """Money that came for the order: while any of it waits, no charge is wanted."""

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_id("pay", self.payment)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)

    def reads(self) -> tuple[str, ...]:
        return self.customer, *streams_of(self.kept)

    def facts_of(self) -> str | None:
        return self.customer


@dataclass(unsafe_hash=True)
class AttemptUnknown(Refusal):
    """No charge was attempted for this order under this id."""

    rule = "H-known"
    way_out = "Look at the order's events: each attempt names its payment."

    order: str
    payment: str


@dataclass(unsafe_hash=True)
class ChargeHasOutcome(Refusal):
    """What became of this charge is on record: it was made."""

    rule = "R-D4"
    way_out = (
        "Look at the order's events: it was captured, declined, or kept as money without a place. A payment"
        " that was recorded by mistake is corrected."
    )

    order: str
    payment: str


def abandon_charge(command: AbandonCharge, given: Given) -> Decision:
    """Records that the charge was never made, which ends its attempt; the card was not tried by it.

    Checks, in this order: order placed; its customer; retry, which is: abandoned already; an attempt of the
    order; without an outcome (R-D4); where a person says so, a supervisor, with a reason (H-authority); not
    before the attempt.
    """
    state = placed_order(given, command.order)
    expect_customer(state, command.customer)
    known = state.declines.abandoned.get(command.payment)
    if known is not None:
        return Decision(customer=command.customer, already=(known,))
    attempt = state.declines.attempts.get(command.payment)
    if attempt is None:
        raise AttemptUnknown(command.order, command.payment)
    if has_outcome(state, command.payment):
        raise ChargeHasOutcome(command.order, command.payment)
    if command.told_by == "person":
        expect_role("supervisor", given)
        expect_reason(given)
    expect_cause(attempt.at, given)
    it = attempt.attempted
    abandoned = ChargeAbandoned(
        order=it.order,
        customer=it.customer,
        payment=it.payment,
        currency=it.currency,
        amount=it.amount,
        processor=it.processor,
        told_by=command.told_by,
    )
    return Decision(events=((command.order, abandoned),), customer=command.customer)


def is_still_wanted(command: AbandonCharge, given: Given) -> bool:
    """Whether the charge may be made now: nobody knows what became of it, the order needs all of it, no money
    waits that came for it, and its card may be charged. Source: R-D4, R-D6
    """
    state = placed_order(given, command.order)
    attempt = open_attempt(state)
    if attempt is None or attempt.attempted.payment != command.payment:
        return False
    it = attempt.attempted
    if it.amount > still_to_pay(state) or any_waits(state, command.kept, given) or it.payment_method is None:
        return False
    card = card_of(given, state, command.customer, it.payment_method)
    verdict = verdict_of(card, None, given, named=it.named_by_customer, payment=it.payment)
    return verdict == "usable"
