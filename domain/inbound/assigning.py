"""Assigning: somebody says what unmatched money was for.

Assigned money counts as the fact it is: the same append records a payment, a payout, a reversal of the order,
a payout of a refund that belongs to none, or that other money without a place went back, under the rules
those have. Source: I12, §2 Money
"""

from dataclasses import dataclass

import msgspec

from domain.bills.bill_events import BillPaymentReceived
from domain.bills.bill_payments import ReceiveBillPayment
from domain.command import Command
from domain.customers.registering import Customer
from domain.decision import Decision, Given
from domain.entry import Event
from domain.ids import expect_id
from domain.inbound.returning import ReturnMoney, said_before
from domain.inbound.unmatched import (
    Returned,
    Settled,
    Settlement,
    UnmatchedMoney,
    claims_of_unmatched,
    expect_left,
    unmatched_money,
    unmatched_stream,
)
from domain.inbound.unmatched_events import (
    CameFor,
    UnmatchedPayoutAssigned,
    UnmatchedReceiptAssigned,
)
from domain.money import Money
from domain.orders.order import Placed
from domain.payments.capturing import CapturePayment
from domain.payments.money_facts import MONEY_FACTS, FactKind, MoneyFact
from domain.payments.payment_events import PaymentCaptured
from domain.payments.references import recorded_under, reinstated_under, way_of
from domain.payments.reversing import ReinstatePayment
from domain.refunds.paying_out import PayoutExceedsDue, RecordPayout, recorded_as
from domain.refunds.payout_events import PayoutNamed
from domain.refunds.refund import Payout
from domain.refunds.refund_events import RefundPaid
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


class AssignMoney(Command, frozen=True, kw_only=True):
    """Say what unmatched money, or some of it, was for. Raises: ValueError."""

    unmatched: str
    customer: str | None
    """Whose order it was for; None where it went back of money that nobody is known to have sent."""
    fact: MoneyFact
    """What it was: as it would be recorded, had it been known at once."""
    kept: tuple[str, ...] = ()
    """Other money that came for the order this one named: it may cover that."""

    def __post_init__(self) -> None:
        if self.customer is not None:
            expect_id("cus", self.customer)
        elif not isinstance(self.fact, ReturnMoney):
            raise ValueError("a customer must be named")

    def writes(self) -> tuple[str, ...]:
        return (unmatched_stream(self.unmatched), *self.fact.writes())

    def reads(self) -> tuple[str, ...]:
        return self.fact.reads()

    def facts_of(self) -> str | None:
        return self.fact.facts_of()


@dataclass(unsafe_hash=True)
class OtherDirection(Refusal):
    """Money that came to us is a payment, and money that left us a payout or a reversal: not the other."""

    rule = "I12"
    way_out = "Say what it was in the direction in which it moved."

    unmatched: str


def assign_money(command: AssignMoney, given: Given) -> Decision:
    """Records what unmatched money was, in the order's stream or the customer's, and that it is matched.

    Checks, in this order: money known; its direction, and that of what it went back of; retry, by what it is
    to be recorded as, and then by what it is recorded as, of the same bill, refund, payment or money; its
    currency; something left, and at most that; and then those of what it was. Not before it moved, which
    `domain.causal_order` asks. What was recorded under the same reference meanwhile, or by hand without one,
    is the same money: it is only matched. The reference under which it left is claimed by the money itself.
    Source: I12
    """
    state = unmatched_money(given, command.unmatched)
    kind, fact = MONEY_FACTS[type(command.fact)], command.fact
    if (kind.direction == "receipt") is not state.is_receipt:
        raise OtherDirection(command.unmatched)
    if isinstance(fact, ReturnMoney) and not unmatched_money(given, fact.unmatched).is_receipt:
        raise OtherDirection(fact.unmatched)
    recorded = _recorded_as(fact, state, given)
    assigned = _assigned(command, kind, recorded, state)
    name = getattr(fact, kind.subject)
    # Asked again it is known, whatever was recorded or corrected since under its reference.
    if (known := state.said_as(name)) is not None:
        return _already(known, _named_as(known, assigned), name, command.customer)
    if (known := state.settlements.get(assigned.subject)) is not None:
        return _already(known, _named_as(known, assigned), assigned.subject, command.customer)
    expect_left(state, Money(fact.amount, fact.currency))
    decided = kind.decide(fact, given)
    if not decided.events and _is_other(fact, state, recorded, name):
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


def _is_other(fact: MoneyFact, state: UnmatchedMoney, recorded: str | None, name: str) -> bool:
    """Whether what is on record already is not this money."""
    return (
        recorded in (None, name) if state.is_receipt else recorded is None and isinstance(fact, RecordPayout)
    )


def _assigned(
    command: AssignMoney, kind: FactKind, recorded: str | None, state: UnmatchedMoney
) -> UnmatchedReceiptAssigned | UnmatchedPayoutAssigned:
    name, fact = getattr(command.fact, kind.subject), command.fact
    subject = recorded or name
    about = None if kind.about is None else getattr(fact, kind.about)
    if not state.is_receipt:
        assert about is not None
        return UnmatchedPayoutAssigned(
            unmatched=command.unmatched,
            customer=command.customer,
            order=fact.order,
            counts_as=kind.counts_as,
            subject=subject,
            about=about,
            currency=fact.currency,
            amount=fact.amount,
        )
    assert command.customer is not None
    assert fact.order is not None
    return UnmatchedReceiptAssigned(
        unmatched=command.unmatched,
        customer=command.customer,
        order=fact.order,
        counts_as=kind.counts_as,
        subject=subject,
        about=about,
        currency=fact.currency,
        amount=fact.amount,
        asked_as=None if subject == name else name,
        came_for=_came_for(command, state),
    )


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


def _recorded_as(fact: MoneyFact, state: UnmatchedMoney, given: Given) -> str | None:
    """What is recorded already under the same reference: the same money under another name."""
    if isinstance(fact, ReturnMoney):
        return _returned_as(fact, given)
    if isinstance(fact, RecordPayout):
        return _paid_as(fact, state, given)
    order = given.state(fact.order, Placed)
    if order is not None and isinstance(fact, ReinstatePayment):
        return _came_again_as(fact, order)
    if order is None or not isinstance(fact, CapturePayment | ReceiveBillPayment):
        return None
    way = fact.processor if isinstance(fact, CapturePayment) else fact.method
    known = recorded_under(order, way, fact.reference)
    return None if known is None else known.received.payment


def _returned_as(fact: ReturnMoney, given: Given) -> str | None:
    known = said_before(fact, unmatched_money(given, fact.unmatched))
    return None if known is None or not isinstance(known.it, Returned) else known.it.settlement


def _paid_as(fact: RecordPayout, money: UnmatchedMoney, given: Given) -> str | None:
    """The payout recorded by hand that it is, or that was named by it."""
    holder = given.states[fact.stream]
    refund = holder.refunds.get(fact.refund) if isinstance(holder, Placed | Customer) else None
    known = None if refund is None else recorded_as(fact, refund)
    return None if known is None or _is_beside(known, money) else known.tried.payout


def is_beyond(money: UnmatchedMoney, state: Placed | Customer) -> bool:
    """Whether it is what left beyond a payout that was recorded with it under the same reference."""
    payouts = [payout for refund in state.refunds.values() for payout in refund.payouts.values()]
    named = [
        it for it in payouts if isinstance(it.tried, RefundPaid) and it.tried.reference == money.it.reference
    ]
    return any(_is_beside(known, money) for known in named)


def _is_beside(known: Payout, money: UnmatchedMoney) -> bool:
    """Whether that payout under the same reference is other money: more left than it could take."""
    return money.it.why == PayoutExceedsDue.slug() and known.position < money.position


def _came_again_as(fact: ReinstatePayment, order: Placed) -> str | None:
    reversal = order.reversals.get(fact.reversal)
    if reversal is None:
        return None
    way = way_of(order.payments[reversal.it.payment])
    known = reinstated_under(order, fact.reversal, way, fact.reference)
    return None if known is None else known[0].reinstatement


def _already(known: Settlement, said: Settled, name: str, customer: str | None) -> Decision:
    if known.it != said:
        raise AlreadyRecordedOtherwise(name)
    return Decision(customer=customer, already=(known.position,))
