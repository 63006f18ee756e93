"""Reversals: a payment is taken back from us, charged back or bounced; and what comes to us again of it.

It takes the order's funds first. What exceeds them is owed like a bill, without a number, and nobody calls
about it. Source: R-B9, I13
"""

from dataclasses import dataclass
from typing import get_args

import msgspec

from domain.bills.bill import in_turn
from domain.bills.owing import expect_currency, expect_customer
from domain.bills.paying_again import paid_again
from domain.bills.promising import promises_kept
from domain.causes import expect_cause
from domain.command import Command, OutOfRange, expect_amount, expect_text
from domain.deadlines import deadlines_of_what_is_owed
from domain.decision import Claim, Decision, Given
from domain.declines.holds import hold_begins, hold_ends, shipping_begins
from domain.entry import Event, Minor
from domain.ids import expect_id, parse_type_id, type_id
from domain.moments import day_of
from domain.money import Money
from domain.orders.cancelling import deposit_granted
from domain.orders.evolve_order import foreseen
from domain.orders.order import Placed, placed_order, price_not_covered
from domain.payments.disputing import DisputeUnknown, dispute_of, payment_of
from domain.payments.payment import Payment, Reversal
from domain.payments.payment_events import PaymentReinstated, PaymentReversed, ReversalKind
from domain.payments.references import MoneyReference, reinstated_under, way_of
from domain.refunds.owed import due_of_no_refund
from domain.refunds.refund import REFUND
from domain.refunds.refund_events import RefundGranted
from domain.refusal import EntryOnRecord, OnRecord, Refusal, WhereNone
from domain.retry import AlreadyRecordedOtherwise

REVERSAL_KINDS: tuple[ReversalKind, ...] = get_args(ReversalKind)


class ReversePayment(Command, frozen=True, kw_only=True):
    """Record that a payment was taken back from us, whole or in part. Raises: ValueError."""

    order: str
    customer: str
    """Whose order it is: how to reach them is read, where it waits for money then."""
    reversal: str
    payment: str
    kind: ReversalKind
    amount: Minor
    currency: str
    bill: str
    """Names what is owed now, if the order's funds do not suffice."""
    dispute: str | None = None
    reference: str | None = None

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_id("rev", self.reversal)
        expect_id("pay", self.payment)
        expect_id("bil", self.bill)
        if self.kind not in REVERSAL_KINDS:
            raise OutOfRange("kind", f"must be one of {', '.join(REVERSAL_KINDS)}")
        if self.dispute is not None:
            expect_id("dsp", self.dispute)
        expect_amount("amount", self.amount, least=1)
        expect_text("reference", self.reference)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)

    def reads(self) -> tuple[str, ...]:
        return (self.customer,)

    def facts_of(self) -> str | None:
        return self.customer


class ReinstatePayment(Command, frozen=True, kw_only=True):
    """Record that money taken back came to us again. Raises: ValueError."""

    order: str
    reversal: str
    reinstatement: str
    amount: Minor
    currency: str
    reference: str
    """What the processor or bank calls it; the number of a cheque that was paid after all."""

    def __post_init__(self) -> None:
        expect_id("rev", self.reversal)
        expect_id("rev", self.reinstatement)
        expect_amount("amount", self.amount, least=1)
        expect_text("reference", self.reference)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


@dataclass(unsafe_hash=True)
class ReversalUnknown(Refusal):
    """No payment of this order was taken back under this id."""

    rule = "H-known"
    way_out = "Look at the order's payments: what was taken back stands with each."

    order: str
    reversal: str


@dataclass(unsafe_hash=True)
class ReferenceReversedOtherwise(Refusal):
    """The bank's reference is already recorded for a reversal of this payment, of another amount."""

    rule = "I12"
    way_out = "Compare the bank's notice with the reversal shown; the same reversal never counts twice."
    spoken = "Under this reference {recorded} were taken back, and these would be {amount}."

    reversal: OnRecord
    position: EntryOnRecord
    recorded: Money
    amount: Money


@dataclass(unsafe_hash=True)
class ReversalExceedsPayment(Refusal):
    """More would be taken back than is left of this payment."""

    rule = "I13"
    way_out = "Compare the bank's notice with the payment: the amount, and whether it was recorded before."
    spoken = "Of this payment {left} are left with us, and {amount} would be taken back."
    where_none = WhereNone(
        "left", "Nothing of this payment is left with us: it was taken back already, or corrected."
    )

    payment: str
    amount: Money
    left: Money


@dataclass(unsafe_hash=True)
class ReinstatementExceedsReversal(Refusal):
    """More would come back than is still away of what was taken from us."""

    rule = "I13"
    way_out = "Compare the bank's notice with the reversal: the amount, and whether it was recorded before."
    spoken = "Of this reversal {left} are still away, and {amount} would come back."
    where_none = WhereNone("left", "Nothing of this reversal is still away: all of it came again already.")

    reversal: str
    amount: Money
    left: Money


@dataclass(unsafe_hash=True)
class ReferenceReinstatedOtherwise(Refusal):
    """Money that came again is already recorded under this reference, of another amount or reversal."""

    rule = "I12"
    way_out = "Compare the bank's notice with what is recorded; the same money never comes again twice."
    spoken = "Under this reference {recorded} came again, and these would be {amount}."

    reinstatement: OnRecord
    position: EntryOnRecord
    recorded: Money
    amount: Money


def reverse_payment(command: ReversePayment, given: Given) -> Decision:
    """Records a reversal, and claims its reference; what exceeds the order's funds is owed from that day, and
    claims its id. An order that lacks money then, and may not be billed, is placed on hold.

    Checks, in this order: order placed; its customer; retry, by id and then by the bank's reference (I12);
    payment known; dispute known, and about this payment; currency; amount (I13); not before the payment.
    """
    state = placed_order(given, command.order)
    expect_customer(state, command.customer)
    known = state.reversals.get(command.reversal)
    if known is not None:
        return _already_reversed(known, command, state)
    told = _told_before(state, command)
    if told is not None:
        return told
    payment = payment_of(state, command.payment)
    if command.dispute is not None and dispute_of(state, command.dispute).opened.payment != command.payment:
        raise DisputeUnknown(command.order, command.dispute)
    expect_currency(state, Money(command.amount, command.currency))
    if command.amount > payment.standing:
        left = state.money(payment.standing)
        raise ReversalExceedsPayment(command.payment, state.money(command.amount), left)
    reversed_ = _reversed(state, payment, command, given)
    claims = _claims(state, payment, reversed_)
    after = msgspec.structs.replace(state, account=state.account.moved(reversed=command.amount))
    because = "charged_back" if command.kind == "chargeback" else "bounced"
    held = hold_begins(after, command.payment, because, given)
    return Decision(events=((command.order, reversed_), *held), claims=claims, customer=state.placed.customer)


def _claims(state: Placed, payment: Payment, it: PaymentReversed) -> tuple[Claim, ...]:
    owed = () if it.bill is None else (Claim("bill", it.bill, it.order),)
    if it.reference is None:
        return owed
    named = MoneyReference(way_of(payment), it.reference, state.placed.customer)
    return (*owed, *named.claims_taken_back())


def _told_before(state: Placed, command: ReversePayment) -> Decision | None:
    """The same bank's notice, recorded under another id. Raises: ReferenceReversedOtherwise."""
    for known in state.reversals.values():
        it = known.it
        if it.payment != command.payment or not _is_same(it, command):
            continue
        # Neither the kind nor the dispute matters: a person may have said less, or in other words.
        if (it.amount, it.currency) != (command.amount, command.currency):
            recorded, amount = Money(it.amount, it.currency), Money(command.amount, command.currency)
            raise ReferenceReversedOtherwise(it.reversal, known.position, recorded, amount)
        return Decision(customer=state.placed.customer, already=(known.position,))
    return None


def _is_same(it: PaymentReversed, command: ReversePayment) -> bool:
    """Whether both bear one reference, or one bears none and takes back as much for the same dispute."""
    same_dispute = command.dispute is not None and it.dispute == command.dispute
    match it.reference, command.reference:
        case (None, None):
            return False
        case (None, _) | (_, None):
            return same_dispute and it.amount == command.amount
        case (known, told):
            return known == told


def _already_reversed(known: Reversal, command: ReversePayment, state: Placed) -> Decision:
    it = known.it
    asked = (
        command.payment,
        command.kind,
        command.amount,
        command.currency,
        command.dispute,
        command.reference,
    )
    if (it.payment, it.kind, it.amount, it.currency, it.dispute, it.reference) != asked:
        raise AlreadyRecordedOtherwise(command.reversal)
    return Decision(customer=state.placed.customer, already=(known.position,))


def _reversed(state: Placed, payment: Payment, command: ReversePayment, given: Given) -> PaymentReversed:
    purse = state.purse()
    opened = max(0, command.amount - purse.deposit - purse.due_back)
    due_on = day_of(given.at, given.book.zone)
    return PaymentReversed(
        order=command.order,
        customer=state.placed.customer,
        reversal=command.reversal,
        payment=command.payment,
        kind=command.kind,
        dispute=command.dispute,
        reference=command.reference,
        currency=command.currency,
        amount=command.amount,
        bill=command.bill if opened else None,
        opened=opened,
        due_on=due_on if opened else None,
        deadlines=deadlines_of_what_is_owed(due_on, given) if opened else (),
    )


def reinstate_payment(command: ReinstatePayment, given: Given) -> Decision:
    """Records money that came back: it pays what its reversal, or another since, left open without a number,
    then what was written off of that; then, as a capture would, it covers the units still to ship and pays
    the order's open bills, oldest first. An order that waited for money waits no longer once it is covered.
    What of it is for nothing any more, and of no refund, is granted: while it was away units were cancelled,
    or the customer paid otherwise.

    Checks, in this order: order placed; reversal known; retry, by id and then by reference (I12); currency;
    amount (I13); not before the reversal.
    """
    state = placed_order(given, command.order)
    reversal = state.reversals.get(command.reversal)
    if reversal is None:
        raise ReversalUnknown(command.order, command.reversal)
    way = way_of(state.payments[reversal.it.payment])
    known = _already_reinstated(state, reversal, way, command)
    if known is not None:
        return Decision(customer=state.placed.customer, already=(known,))
    expect_currency(state, Money(command.amount, command.currency))
    away = reversal.it.amount - reversal.reinstated
    if command.amount > away:
        amount = state.money(command.amount)
        raise ReinstatementExceedsReversal(command.reversal, amount, state.money(away))
    expect_cause(reversal.at, given)
    events = _reinstated(state, reversal, command, given)
    granted = _for_nothing_any_more(foreseen(state, events, at=given.at, now=given.now), command, given)
    refunds = [Claim(REFUND, it.refund, command.order) for it in granted]
    named = MoneyReference(way, command.reference, state.placed.customer).claims_again()
    return Decision(
        events=tuple([(command.order, event) for event in (*events, *granted)]),
        claims=(*named, *refunds),
        customer=state.placed.customer,
    )


def _already_reinstated(state: Placed, reversal: Reversal, way: str, command: ReinstatePayment) -> int | None:
    """The position that says so already. Raises: AlreadyRecordedOtherwise, ReferenceReinstatedOtherwise.

    One part that came again and was recorded under two references, by hand as the balance names it (`txn_…`)
    and from a notice as the dispute does (`dp_…`), is two here: parts of one reversal may come again with
    equal amounts on one day, so that nothing tells one told twice from two. Never more comes than is away.
    """
    asked = (command.reversal, command.amount, command.currency)
    for it, position in reversal.reinstatements:
        if it.reinstatement == command.reinstatement:
            if (*asked, command.reference) != (it.reversal, it.amount, it.currency, it.reference):
                raise AlreadyRecordedOtherwise(command.reinstatement)
            return position
    known = reinstated_under(state, command.reversal, way, command.reference)
    if known is None:
        return None
    it, position = known
    if asked != (it.reversal, it.amount, it.currency):
        recorded, amount = Money(it.amount, it.currency), Money(command.amount, command.currency)
        raise ReferenceReinstatedOtherwise(it.reinstatement, position, recorded, amount)
    return position


def _for_nothing_any_more(
    after: Placed, command: ReinstatePayment, given: Given
) -> tuple[RefundGranted, ...]:
    """What is due back with it and was never granted: nobody could pay it out. Source: R-B9, I14"""
    amount = due_of_no_refund(after)
    if amount == 0:
        return ()
    refund = type_id("ref", parse_type_id(command.reinstatement)[1])
    return (deposit_granted(after.placed, refund, amount, given),)


def _reinstated(
    state: Placed, reversal: Reversal, command: ReinstatePayment, given: Given
) -> tuple[Event, ...]:
    by = command.reinstatement
    again = paid_again(state, command.amount, since=reversal.position, because="reinstatement", by=by)
    paid = {share.bill for share in again.shares}
    not_covered = price_not_covered(state)
    rest = command.amount - sum([share.amount for share in again.shares])
    others = [bill for bill in state.bills.values() if bill.bill not in paid]
    shares = (*again.shares, *in_turn(others, rest - min(rest, not_covered)))
    reinstated = PaymentReinstated(
        order=command.order,
        customer=state.placed.customer,
        reversal=command.reversal,
        reinstatement=command.reinstatement,
        payment=reversal.it.payment,
        currency=command.currency,
        amount=command.amount,
        reference=command.reference,
        bills=shares,
        deadlines=shipping_begins(state, given) if 0 < not_covered <= rest else (),
    )
    ends = hold_ends(state, may_ship=not_covered <= rest, because="paid", by=by, given=given)
    kept = promises_kept(state, reinstated.bills, by)
    return (*again.reopened, reinstated, *[event for _, event in (*kept, *ends)])
