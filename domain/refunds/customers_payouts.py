"""Payouts of a refund in the customer's own stream, told by a processor: of credit given as money, or of what
nobody could verify.

No payment of an order tells whose they are: they wait, and a person says of which refund they were.
Source: R-B9, R-G8, I12, I13
"""

import msgspec

from domain.command import Command, expect_amount, expect_text
from domain.decision import Decision, Given
from domain.entry import Minor
from domain.ids import expect_id
from domain.inbound.unmatched import UnmatchedMoney, unmatched_money, unmatched_stream
from domain.money import Money
from domain.refunds.granted_refund import refund_of
from domain.refunds.paying_out import PayoutExceedsDue
from domain.refunds.payout_references import expect_unused, payout_claims
from domain.refunds.refund import Payout, Refund
from domain.refunds.refund_events import RefundPaid
from domain.retry import AlreadyRecordedOtherwise


class RecordCustomerPayout(Command, frozen=True, kw_only=True):
    """Record that money which left and waits was paid out of a refund of the customer's own stream.

    Raises: ValueError.
    """

    unmatched: str
    """The money that waits."""
    customer: str
    refund: str
    payout: str
    amount: Minor
    currency: str
    reference: str

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_id("ref", self.refund)
        expect_id("pot", self.payout)
        expect_amount("amount", self.amount, least=1)
        expect_text("reference", self.reference)

    @property
    def order(self) -> None:
        """It was for none."""

    def writes(self) -> tuple[str, ...]:
        return (self.customer,)

    def reads(self) -> tuple[str, ...]:
        return (unmatched_stream(self.unmatched),)


def record_customer_payout(command: RecordCustomerPayout, given: Given) -> Decision:
    """Records what left; what was recorded by hand under its reference, whichever way, is the same money.

    Checks, in this order: money known; refund granted; retry, by payout, then by the reference; at most what
    is left to give of it, whatever a bank took since (I13); no other payout's reference (I12). Not before the
    grant, which `domain.causal_order` asks.
    """
    money = unmatched_money(given, command.unmatched)
    state, refund = refund_of(command.customer, command.refund, given)
    paid = RefundPaid(
        refund=command.refund,
        customer=refund.customer,
        payout=command.payout,
        currency=command.currency,
        amount=command.amount,
        method="other_card",
        payment=None,
        payment_method=None,
        reference=command.reference,
        left=max(0, refund.claim - command.amount),
    )
    known = refund.payouts.get(command.payout)
    if known is not None and not _is_same(known, paid):
        raise AlreadyRecordedOtherwise(command.payout)
    known = known or recorded_by_hand(refund, command, money)
    if known is not None:
        return Decision(customer=refund.customer, already=(known.position,))
    currency = refund.granted.currency
    most = refund.claim if command.currency == currency else 0
    if command.amount > most:
        raise PayoutExceedsDue(command.refund, Money(command.amount, currency), Money(most, currency))
    processor = money.it.processor
    expect_unused(state, paid, processor)
    claims = payout_claims(state, paid, processor)
    return Decision(events=((command.customer, paid),), claims=claims, customer=refund.customer)


def recorded_by_hand(refund: Refund, command: RecordCustomerPayout, money: UnmatchedMoney) -> Payout | None:
    """The payout under that reference, of as much: whoever recorded it said the same. What left beyond it is
    another.
    """
    if is_beyond(money):
        return None
    said = (command.currency, command.amount, command.reference)
    for known in refund.payouts.values():
        it = known.tried
        if isinstance(it, RefundPaid) and (it.currency, it.amount, it.reference) == said:
            return known
    return None


def is_beyond(money: UnmatchedMoney) -> bool:
    """Whether it is what left beyond a refund of the customer's own, recorded by hand: the first of what left
    under its reference is on record.
    """
    return money.it.order is None and money.it.why == PayoutExceedsDue.slug()


def _is_same(known: Payout, paid: RefundPaid) -> bool:
    """Whether that payout is on record so, whatever was due after it."""
    it = known.tried
    return isinstance(it, RefundPaid) and msgspec.structs.replace(it, left=paid.left) == paid
