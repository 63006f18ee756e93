"""Paying a refund out by itself, the way the money came: what is next, and what the processor says left.

    next_payout(order, refund, processor, book)
        -> SendBack     money, against a card payment it came with through that processor, oldest first
        -> KeepCredit   what came as credit stays the customer's credit
        -> None         nothing is due, it waits for a bank, or a person finds a way

    leaves_by_itself(order, refund, book)
        -> of which processors something would be asked, were they connected

The processor is asked before anything is recorded, under a name made of the refund and of how often it was
tried: so whoever asks again, for whatever reason, asks for the same payout and is told what became of it.
Source: R-B9, R-G8, R-G9, I13
"""

from dataclasses import dataclass

import msgspec

from domain.book.register import Register
from domain.command import Command, expect_amount, expect_text
from domain.customers.registering import Customer
from domain.deadlines import is_before_cut_over
from domain.decision import Decision, Given
from domain.entry import Minor
from domain.ids import expect_id, is_id, parse_type_id, type_id
from domain.money import Money
from domain.orders.order import Placed
from domain.payments.payment_events import PaymentCaptured
from domain.payments.references import named_by
from domain.refunds.contesting import contesting
from domain.refunds.credit_out import credit_that_leaves
from domain.refunds.granted_refund import refund_of
from domain.refunds.owed import owed
from domain.refunds.payout_events import PayoutNamed
from domain.refunds.payout_references import expect_unused, payout_claims
from domain.refunds.refund import Payout, Refund, sent_by_hand, sent_in_parts
from domain.refunds.refund_events import RefundPaid
from domain.refunds.ways import sent_back_by
from domain.refusal import Refusal, WhereNone
from domain.retry import AlreadyRecordedOtherwise


class SendBack(msgspec.Struct, frozen=True, kw_only=True):
    """Money of a refund to be sent back against a payment; amount in minor units of the order's currency."""

    payout: str
    payment: str
    processor: str
    reference: str
    """The processor's own name for the payment."""
    amount: Minor
    currency: str


class KeepCredit(msgspec.Struct, frozen=True, kw_only=True):
    """What came as credit is kept as the customer's credit."""

    payout: str
    credit: str


def next_payout(
    state: Placed, refund: Refund, processor: str | None, book: Register
) -> SendBack | KeepCredit | None:
    """What of a refund is to be paid out next, where that processor is connected. A person finds the next way
    of what did not arrive, or came otherwise, and of all of it once something left and found no place; and
    does what history left to be done.

    Source: R-B9, R-G8, §3
    """
    return None if state.is_disputed else _undisputed(state, refund, processor, book)


def leaves_by_itself(state: Placed, refund: Refund, book: Register) -> frozenset[str | None]:
    """The processors that would send some of a refund back, were they connected; None among them: some of it
    would be kept as credit. Whatever a bank asks about: with its answer all is looked at again.
    """
    received = [payment.received for payment in state.payments.values()]
    processors = dict.fromkeys([it.processor for it in received if isinstance(it, PaymentCaptured)])
    found = [_undisputed(state, refund, each, book) for each in (*processors, None)]
    return frozenset([it.processor if isinstance(it, SendBack) else None for it in found if it is not None])


def _undisputed(
    state: Placed, refund: Refund, processor: str | None, book: Register
) -> SendBack | KeepCredit | None:
    if refund.unmatched:
        return None
    if is_before_cut_over(book, refund.origin, refund.at):
        return None
    due = owed(state, refund)
    name, ordinal = refund.granted.refund, len(refund.payouts)
    if due.cash == 0:
        if due.credit == 0 or any(payout.did_not_arrive for payout in refund.payouts.values()):
            return None
        credit = _named("crd", name, ordinal + refund.set_aside)  # more may be kept later
        return KeepCredit(payout=_named("pot", name, ordinal), credit=credit)
    for it, share in sent_back_by(processor, state, refund, due.cash, book):
        return SendBack(
            payout=_named("pot", name, ordinal),
            payment=it.payment,
            processor=it.processor,
            reference=it.reference,
            amount=share,
            currency=it.currency,
        )
    return None


def _named(prefix: str, refund: str, ordinal: int) -> str:
    """The id of the next payout of a refund: always the same until it was recorded."""
    return type_id(prefix, parse_type_id(refund)[1] + ordinal)


class RecordPayout(Command, frozen=True, kw_only=True):
    """Record money of a refund that a processor has sent. Raises: ValueError."""

    stream: str
    """The order, or the customer where the refund belongs to none."""
    refund: str
    payout: str
    payment: str | None = None
    """The payment it went back against; None where no payment tells whose money it is."""
    processor: str | None = None
    """Whose name the reference is, where no payment says so."""
    amount: Minor
    """As the processor says."""
    currency: str
    reference: str

    def __post_init__(self) -> None:
        expect_id("ref", self.refund)
        expect_id("pot", self.payout)
        if self.payment is not None:
            expect_id("pay", self.payment)
        expect_amount("amount", self.amount, least=1)
        expect_text("reference", self.reference)

    @property
    def order(self) -> str | None:
        """The order it is of; None where it is the customer's own."""
        return self.stream if is_id("ord", self.stream) else None

    def writes(self) -> tuple[str, ...]:
        return (self.stream,)

    def facts_of(self) -> str | None:
        return self.stream if self.order is None else None


@dataclass(unsafe_hash=True)
class PayoutExceedsDue(Refusal):
    """More would be paid out than is due back of this refund."""

    rule = "I13"
    way_out = (
        "Record at most what is due back, or what a payout recorded by hand without a reference stands for;"
        " the order shows both. The rest waits until somebody says what it was for."
    )
    spoken = "Of this refund {due} are due back, and {amount} would be paid out."
    where_none = WhereNone(
        "due",
        "Nothing of this refund is due back this way: it was paid out, cleared bills, covers what is still to"
        " ship, or did not come as this money.",
        "Look at the refund: it says what of it left, and how. What left beyond that waits until somebody"
        " says what it was for.",
    )

    refund: str
    amount: Money
    due: Money


def record_told_payout(command: RecordPayout, given: Given) -> Decision:
    """Records what left, as somebody outside tells. A payout recorded by hand without its reference has it
    from then on, where it is the one named, or the only one that it can be: its money left once. Of one that
    is larger it is a part, which left under a reference of its own.

    Checks, in this order: refund granted; those of a payout, unless one recorded by hand is named; where it
    is one, that no other payout has its reference (I12). It may have been told before it was recorded here.
    """
    state, refund = refund_of(command.stream, command.refund, given)
    by_hand = refund.payouts.get(command.payout)
    if by_hand is None:
        try:
            return record_payout(command, given)
        except PayoutExceedsDue:
            by_hand = _recorded_by_hand(refund, command)
            if by_hand is None:
                raise
    elif by_hand.without_reference(command.payment) != command.amount:
        return record_payout(command, given)
    return _named_after_all(by_hand, command, state)


def _recorded_by_hand(refund: Refund, command: RecordPayout) -> Payout | None:
    if command.currency != refund.granted.currency:
        return None
    said = (refund, command.payment, command.amount)
    return sent_by_hand(*said) or sent_in_parts(*said)


def _named_after_all(by_hand: Payout, command: RecordPayout, state: Placed | Customer) -> Decision:
    assert isinstance(by_hand.tried, RefundPaid)
    it = msgspec.structs.replace(by_hand.tried, amount=command.amount, reference=command.reference)
    processor = _processor(state, command)
    expect_unused(state, it, processor)
    named = PayoutNamed(
        refund=it.refund,
        customer=it.customer,
        order=it.order,
        payout=it.payout,
        currency=it.currency,
        amount=it.amount,
        reference=command.reference,
        part=command.payout if it.amount < by_hand.tried.amount else None,
    )
    claims = payout_claims(state, it, processor)
    return Decision(events=((command.stream, named),), claims=claims, customer=it.customer)


def record_payout(command: RecordPayout, given: Given) -> Decision:
    """Records what left, also while a bank asks: it is money that moved, and the dispute is contested then.

    Checks, in this order: refund granted; retry, by payout, then by the processor's reference, which is that
    of no other payout (I12); at most what is due back as money, and what of the payment may go back; of a
    refund of the customer's own, what is left to give, whatever a bank took since (I13). Not before the
    grant, which `domain.causal_order` asks.
    """
    state, refund = refund_of(command.stream, command.refund, given)
    known = refund.payouts.get(command.payout)
    if known is not None and not _is_told(command, known):
        raise AlreadyRecordedOtherwise(command.payout)
    known = known or recorded_as(command, refund)
    if known is not None:
        return Decision(customer=refund.customer, already=(known.position,))
    paid = RefundPaid(
        refund=command.refund,
        customer=refund.customer,
        order=refund.granted.order,
        payout=command.payout,
        currency=command.currency,
        amount=command.amount,
        method="other_card" if command.payment is None else "original_method",
        payment=command.payment,
        payment_method=_card(state, command.payment),
        reference=command.reference,
    )
    processor = _processor(state, command)
    if processor is not None:
        expect_unused(state, paid, processor)
    due = _due(state, refund, command)
    if command.amount > due:
        currency = refund.granted.currency
        raise PayoutExceedsDue(command.refund, Money(command.amount, currency), Money(due, currency))
    paid = msgspec.structs.replace(paid, left=owed(state, refund).total - command.amount)
    if isinstance(state, Placed):
        paid = contesting(paid, state, given)
    else:
        credits = credit_that_leaves(state, refund, command.amount, given)
        paid = msgspec.structs.replace(paid, credits=credits)
    claims = payout_claims(state, paid, processor)
    return Decision(events=((command.stream, paid),), claims=claims, customer=paid.customer)


def recorded_as(command: RecordPayout, refund: Refund) -> Payout | None:
    """The payout on record under its reference, of as much: the processor tells itself of what it was asked
    for, and whoever recorded it by hand said the same.
    """
    for known in refund.payouts.values():
        if _is_told(command, known):
            return known
    return None


def _is_told(command: RecordPayout, known: Payout) -> bool:
    """Whether that payout is on record so, in whichever way somebody says that it left; but against another
    payment it is another.
    """
    it, said = known.tried, (command.currency, command.amount, command.reference)
    is_same = isinstance(it, RefundPaid) and (it.currency, it.amount, it.reference) == said
    return is_same and (it.payment == command.payment or None in (it.payment, command.payment))


def _due(state: Placed | Customer, refund: Refund, command: RecordPayout) -> int:
    """What may leave against that payment; or, of a refund of the customer's own, against none."""
    if command.currency != refund.granted.currency:
        return 0
    if isinstance(state, Customer):
        return owed(state, refund).cash if command.payment is None else 0
    payment = None if command.payment is None else state.payments.get(command.payment)
    return 0 if payment is None else min(owed(state, refund).cash, payment.may_go_back)


def _processor(state: Placed | Customer, command: RecordPayout) -> str | None:
    """Whose name its reference is: of the one it came through; None where the order has no such payment, and
    nothing may go back against it.
    """
    if command.payment is None:
        return command.processor
    known = state.payments.get(command.payment) if isinstance(state, Placed) else None
    return None if known is None else named_by(known)[0]


def _card(state: Placed | Customer, payment: str | None) -> str | None:
    known = state.payments.get(payment) if isinstance(state, Placed) and payment is not None else None
    it = None if known is None else known.received
    return it.payment_method if isinstance(it, PaymentCaptured) else None
