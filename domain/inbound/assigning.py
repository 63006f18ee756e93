"""Assigning: somebody says what unmatched money was for, or that it went back where it came from.

Assigned money counts as the fact it is: the same append records a payment, a payout, a reversal of the order,
under the rules those have. Source: I12, §2 Money
"""

from dataclasses import dataclass

import msgspec

from domain.bills.bill_events import BillPaymentReceived
from domain.bills.bill_payments import ReceiveBillPayment
from domain.bills.owing import expect_customer
from domain.causes import expect_cause
from domain.command import Command, expect_amount, expect_text
from domain.decision import Decision, Given
from domain.entry import Event, Minor
from domain.ids import expect_id
from domain.inbound.other_money import waits_for_other_money
from domain.inbound.unmatched import (
    Settled,
    Settlement,
    UnmatchedMoney,
    claims_of_unmatched,
    unmatched_money,
    unmatched_stream,
)
from domain.inbound.unmatched_events import (
    CameFor,
    UnmatchedPayoutAssigned,
    UnmatchedPayoutReturned,
    UnmatchedReceiptAssigned,
    UnmatchedReceiptReturned,
)
from domain.inbound.waiting import streams_of
from domain.money import Money
from domain.orders.order import Placed
from domain.payments.capturing import CapturePayment
from domain.payments.money_facts import MONEY_FACTS, FactKind, MoneyFact
from domain.payments.payment_events import PaymentCaptured
from domain.payments.references import recorded_under, reinstated_under, way_of
from domain.payments.reversing import ReinstatePayment
from domain.refunds.paying_out import RecordPayout
from domain.refunds.payout_events import PayoutNamed
from domain.refunds.refund_events import RefundPaid
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


class AssignMoney(Command, frozen=True, kw_only=True):
    """Say what unmatched money, or some of it, was for. Raises: ValueError."""

    unmatched: str
    customer: str
    """Whose order it was for."""
    fact: MoneyFact
    """What it was: as it would be recorded, had it been known at once."""
    kept: tuple[str, ...] = ()
    """Other money that came for the order this one named: it may cover that."""

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)

    def writes(self) -> tuple[str, ...]:
        return (unmatched_stream(self.unmatched), *self.fact.writes())

    def reads(self) -> tuple[str, ...]:
        return self.fact.reads()

    def facts_of(self) -> str | None:
        return self.fact.facts_of()


class ReturnMoney(Command, frozen=True, kw_only=True):
    """Say that unmatched money, or some of it, went back where it came from. Raises: ValueError."""

    unmatched: str
    settlement: str
    """Names the return."""
    amount: Minor
    currency: str
    reference: str | None = None
    order: str | None = None
    """The order the money named, where it named one: it may wait for other money from now on."""
    customer: str | None = None
    """Whose order that is; named with it."""
    kept: tuple[str, ...] = ()
    """Other money that came for that order: what of it waits may cover it."""

    def __post_init__(self) -> None:
        expect_id("stl", self.settlement)
        expect_amount("amount", self.amount, least=1)
        expect_text("reference", self.reference)
        if (self.order is None) != (self.customer is None):
            raise ValueError("order and customer must be named together")
        if self.customer is not None:
            expect_id("cus", self.customer)

    def writes(self) -> tuple[str, ...]:
        return (unmatched_stream(self.unmatched), *(() if self.order is None else (self.order,)))

    def reads(self) -> tuple[str, ...]:
        return (*(() if self.customer is None else (self.customer,)), *streams_of(self.kept))

    def facts_of(self) -> str | None:
        return self.customer


@dataclass(unsafe_hash=True)
class OtherDirection(Refusal):
    """Money that came to us is a payment, and money that left us a payout or a reversal: not the other."""

    rule = "I12"
    way_out = "Say what it was in the direction in which it moved."

    unmatched: str


@dataclass(unsafe_hash=True)
class UnmatchedExceeded(Refusal):
    """More is said about this money than is left of it."""

    rule = "I12"
    way_out = "Say at most what is left; the list of unmatched money names it."
    spoken = "Of this money {left} are left, and this says what {amount} were."

    unmatched: str
    amount: Money
    left: Money


@dataclass(unsafe_hash=True)
class UnmatchedSettled(Refusal):
    """Nothing is left of this money: somebody has said what all of it was, or that it went back."""

    rule = "I12"
    way_out = (
        "Look at the money: it names what it was recorded as. A payment that was recorded by mistake is"
        " corrected, and its money waits again."
    )

    unmatched: str


@dataclass(unsafe_hash=True)
class UnmatchedCurrencyDiffers(Refusal):
    """The money moved in another currency than the order is in."""

    rule = "I1"
    way_out = "Return it, or assign it to an order in its own currency."

    unmatched: str
    unmatched_currency: str
    currency: str


@dataclass(unsafe_hash=True)
class UnmatchedNamesOtherOrder(Refusal):
    """The money came for another order than is said, or for none that is known."""

    rule = "H-known"
    way_out = "Name the order that the list of unmatched money shows with it, or none where it shows none."

    unmatched: str
    order: str | None


def assign_money(command: AssignMoney, given: Given) -> Decision:
    """Records what unmatched money was, in the order's stream, and that it is matched.

    Checks, in this order: money known; retry, by what it is to be recorded as, and then by what it is
    recorded as; its direction; its currency; something left, and at most that; not before it moved; and then
    those of what it was. What was recorded under the same reference meanwhile, or by hand without one, is the
    same money: it is only matched. The reference under which it left is claimed by the money itself.
    Source: I12
    """
    state = unmatched_money(given, command.unmatched)
    kind, fact = MONEY_FACTS[type(command.fact)], command.fact
    assigned = _assigned(command, kind, state, given)
    name = getattr(fact, kind.subject)
    # Asked again it is known, whatever was recorded or corrected since under its reference.
    if (known := state.said_as(name)) is not None:
        return _already(known, _named_as(known, assigned), name, command.customer)
    if (known := state.settlements.get(assigned.subject)) is not None:
        return _already(known, _named_as(known, assigned), assigned.subject, command.customer)
    if (kind.direction == "receipt") is not state.is_receipt:
        raise OtherDirection(command.unmatched)
    _expect_left(state, Money(fact.amount, fact.currency))
    expect_cause(state.at, given)
    decided = kind.decide(fact, given)
    if not decided.events and assigned.subject == name and state.is_receipt:
        raise AlreadyRecordedOtherwise(name)  # of other money, or taken back
    assigned = _as_decided(assigned, decided)
    own = {(claim.kind, claim.value) for claim in claims_of_unmatched(state.it)}
    return Decision(
        events=(
            (unmatched_stream(command.unmatched), assigned),
            *[(stream, _known_as(command.unmatched, event)) for stream, event in decided.events],
        ),
        claims=tuple([each for each in decided.named_claims if (each.kind, each.value) not in own]),
        customer=command.customer,
    )


def _known_as(unmatched: str, event: Event) -> Event:
    """A payment says which money it was, so that the money waits again where the payment was a mistake."""
    if isinstance(event, PaymentCaptured | BillPaymentReceived):
        return msgspec.structs.replace(event, unmatched=unmatched)
    return event


def _as_decided(
    assigned: UnmatchedReceiptAssigned | UnmatchedPayoutAssigned, decided: Decision
) -> UnmatchedReceiptAssigned | UnmatchedPayoutAssigned:
    """It was a payout recorded by hand, or a part of one, where that is named by it."""
    named = [event.part or event.payout for _, event in decided.events if isinstance(event, PayoutNamed)]
    return msgspec.structs.replace(assigned, subject=named[0]) if named else assigned


def _assigned(
    command: AssignMoney, kind: FactKind, state: UnmatchedMoney, given: Given
) -> UnmatchedReceiptAssigned | UnmatchedPayoutAssigned:
    name, recorded_as = getattr(command.fact, kind.subject), _recorded_as(command.fact, given)
    event = UnmatchedReceiptAssigned if state.is_receipt else UnmatchedPayoutAssigned
    assigned = event(
        unmatched=command.unmatched,
        customer=command.customer,
        order=command.fact.order,
        counts_as=kind.counts_as,
        subject=recorded_as or name,
        currency=command.fact.currency,
        amount=command.fact.amount,
    )
    if not isinstance(assigned, UnmatchedReceiptAssigned):
        return assigned
    asked_as = None if assigned.subject == name else name
    return msgspec.structs.replace(assigned, asked_as=asked_as, came_for=_came_for(command, state))


def _came_for(command: AssignMoney, state: UnmatchedMoney) -> CameFor | None:
    """The order that the money named, whose that is, and what other money came for it."""
    order, customer = state.it.order, state.it.customer
    if order is None or customer is None:
        return None
    return CameFor(order, customer, tuple([name for name in command.kept if name != command.unmatched]))


def _named_as(known: Settlement, said: Settled) -> Settled:
    """The same said of what it was recorded as then, whatever other money came since."""
    it = known.it
    if isinstance(it, UnmatchedReceiptAssigned) and isinstance(said, UnmatchedReceiptAssigned):
        return msgspec.structs.replace(said, subject=it.subject, asked_as=it.asked_as, came_for=it.came_for)
    return said


def _recorded_as(fact: MoneyFact, given: Given) -> str | None:
    """What is recorded already under the same reference: the same money under another name."""
    order = given.state(fact.order, Placed)
    if order is not None and isinstance(fact, ReinstatePayment):
        return _came_again_as(fact, order)
    if order is not None and isinstance(fact, RecordPayout):
        return _named_as_payout(fact, order)
    if order is None or not isinstance(fact, CapturePayment | ReceiveBillPayment):
        return None
    way = fact.processor if isinstance(fact, CapturePayment) else fact.method
    known = recorded_under(order, way, fact.reference)
    return None if known is None else known.received.payment


def _came_again_as(fact: ReinstatePayment, order: Placed) -> str | None:
    reversal = order.reversals.get(fact.reversal)
    if reversal is None:
        return None
    way = way_of(order.payments[reversal.it.payment])
    known = reinstated_under(order, fact.reversal, way, fact.reference)
    return None if known is None else known[0].reinstatement


def _named_as_payout(fact: RecordPayout, order: Placed) -> str | None:
    """The payout recorded by hand that it is, or that was named by it."""
    refund = order.refunds.get(fact.refund)
    for payout in () if refund is None else refund.payouts.values():
        it, was_named = payout.tried, payout.named_position is not None
        if was_named and isinstance(it, RefundPaid) and it.reference == fact.reference:
            return it.payout
    return None


def return_money(command: ReturnMoney, given: Given) -> Decision:
    """Records that unmatched money went back. The order it came for is placed on hold where nothing else
    covers it and what is left of that money, and of other that waits for it, would not: nobody was asked for
    anything while it was here.

    Checks, in this order: money known; its order, and whose that is; retry; its currency; something left, and
    at most that; not before it moved. Source: I12, R-D2, R-B2
    """
    state = unmatched_money(given, command.unmatched)
    if command.order != state.it.order:
        raise UnmatchedNamesOtherOrder(command.unmatched, command.order)
    order = _order_it_came_for(command, given)
    event = UnmatchedReceiptReturned if state.is_receipt else UnmatchedPayoutReturned
    returned = event(
        unmatched=command.unmatched,
        customer=state.it.customer,
        settlement=command.settlement,
        currency=command.currency,
        amount=command.amount,
        reference=command.reference,
    )
    known = state.settlements.get(command.settlement)
    if known is not None:
        return _already(known, returned, command.settlement, state.it.customer)
    _expect_left(state, Money(command.amount, command.currency))
    expect_cause(state.at, given)
    left = state.left - command.amount
    held = ()
    if order is not None:
        held = waits_for_other_money(state, order, left, command.kept, "given_back", given)
    return Decision(
        events=((unmatched_stream(command.unmatched), returned), *held),
        customer=command.customer or state.it.customer,
    )


def _order_it_came_for(command: ReturnMoney, given: Given) -> Placed | None:
    """The order it came for, once it is placed. Raises: OrderOfAnotherCustomer."""
    order = None if command.order is None else given.state(command.order, Placed)
    if order is not None and command.customer is not None:
        expect_customer(order, command.customer)
    return order


def _already(known: Settlement, said: Settled, name: str, customer: str | None) -> Decision:
    if known.it != said:
        raise AlreadyRecordedOtherwise(name)
    return Decision(customer=customer, already=(known.position,))


def _expect_left(state: UnmatchedMoney, amount: Money) -> None:
    it = state.it
    if amount.currency != it.currency:
        raise UnmatchedCurrencyDiffers(it.unmatched, it.currency, amount.currency)
    if state.left == 0:
        raise UnmatchedSettled(it.unmatched)
    if amount.minor > state.left:
        raise UnmatchedExceeded(it.unmatched, amount, Money(state.left, it.currency))
