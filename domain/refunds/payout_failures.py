"""Payouts that did not arrive: refused by the bank, or come back to us. The money stays owed, and somebody
finds another way. Source: R-G8, §2 Money
"""

from dataclasses import dataclass

import msgspec

from domain.bills.bill import in_turn
from domain.bills.bill_events import BillShare
from domain.bills.paying_again import paid_again
from domain.bills.promising import promises_kept
from domain.causes import expect_cause
from domain.command import Command, expect_amount, expect_text
from domain.customers.registering import Customer
from domain.deadlines import deadlines_of_payout
from domain.decision import Decision, Given
from domain.declines.holds import hold_ends
from domain.entry import Minor
from domain.ids import expect_id
from domain.orders.evolve_order import foreseen
from domain.orders.order import Placed, price_not_covered
from domain.refunds.due_now import due_now, none_due
from domain.refunds.going_back import PaidOutByProcessor
from domain.refunds.granted_refund import refund_of
from domain.refunds.owed import owed
from domain.refunds.refund import Refund
from domain.refunds.refund_events import PayoutMethod, RefundPaid, RefundPaymentFailed, RefundReturned
from domain.refunds.ways import PayoutWayClosed, Ways, expect_way, sent_back_by
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


class RecordFailedPayout(Command, frozen=True, kw_only=True):
    """Note that the money of a refund could not be paid out on a way. Raises: ValueError."""

    stream: str
    customer: str
    refund: str
    payout: str
    method: PayoutMethod
    payment: str | None = None
    """The payment it should have gone back against; None: the first that goes back by hand."""
    payment_method: str | None = None
    """The other card it should have gone to; None: the one stored last."""
    why: str
    amount: Minor | None = None
    """What the processor was asked to send, where it is the processor who says so; None: what would have gone
    that way.
    """
    processor: str | None = None
    """The processor that is connected: of what it sends back by itself, it says what failed. None where it is
    the processor who says so.
    """

    def __post_init__(self) -> None:
        expect_id("ref", self.refund)
        expect_id("pot", self.payout)
        expect_text("why", self.why)
        expect_way(self.method, self.payment, self.payment_method)
        if self.amount is not None:
            expect_amount("amount", self.amount, least=1)

    def writes(self) -> tuple[str, ...]:
        return (self.stream,)

    def reads(self) -> tuple[str, ...]:
        return () if self.stream == self.customer else (self.customer,)

    def facts_of(self) -> str | None:
        return self.customer if self.stream == self.customer else None


class RecordReturnedPayout(Command, frozen=True, kw_only=True):
    """Note that the money of a payout came back to us. Raises: ValueError."""

    stream: str
    refund: str
    payout: str
    why: str

    def __post_init__(self) -> None:
        expect_id("ref", self.refund)
        expect_id("pot", self.payout)
        expect_text("why", self.why)

    def writes(self) -> tuple[str, ...]:
        return (self.stream,)


@dataclass(unsafe_hash=True)
class PayoutUnknown(Refusal):
    """This refund has no payout with this id that left us."""

    rule = "H-known"
    way_out = "Look at the refund's payouts."

    refund: str
    payout: str


def record_failed_payout(command: RecordFailedPayout, given: Given) -> Decision:
    """Records that a payout failed: nothing left us, and it stays owed.

    Checks, in this order: refund known and granted; retry; something due back (I13); the way exists, and no
    processor that is connected takes it by itself (R-G8); not before the grant.
    """
    state, refund = refund_of(command.stream, command.refund, given)
    known = refund.payouts.get(command.payout)
    if known is not None:
        it = known.tried
        if not isinstance(it, RefundPaymentFailed) or not _is_said(command, it):
            raise AlreadyRecordedOtherwise(command.payout)
        return Decision(customer=it.customer, already=(known.position,))
    cash = due_now(state, refund, given).cash
    if cash == 0:
        raise none_due(state, refund)
    payment, card, amount = _way(command, state, refund, cash, given)
    expect_cause(refund.at, given)
    granted = refund.granted
    failed = RefundPaymentFailed(
        refund=command.refund,
        customer=granted.customer,
        order=granted.order,
        payout=command.payout,
        currency=granted.currency,
        amount=command.amount or amount,
        method=command.method,
        payment=payment,
        payment_method=card,
        why=command.why,
        deadlines=deadlines_of_payout(given),
    )
    return Decision(events=((command.stream, failed),), customer=granted.customer)


def _is_said(command: RecordFailedPayout, it: RefundPaymentFailed) -> bool:
    """Whether it is the failure that the command says, as far as it says anything."""
    said = (command.method, command.payment or it.payment, command.payment_method or it.payment_method)
    return (it.method, it.payment, it.payment_method) == said and it.why == command.why


def _way(
    command: RecordFailedPayout, state: Placed | Customer, refund: Refund, cash: int, given: Given
) -> tuple[str | None, str | None, int]:
    """The payment and the card of the way that failed, and how much would have gone there.

    Raises: PayoutWayClosed, PaidOutByProcessor.
    """
    ways = Ways(state, given.state(command.customer, Customer), refund, given)
    match command.method:
        case "cheque":
            return None, None, cash
        case "other_card":
            card = ways.card(command.payment_method)
            if card is not None:
                return None, card, cash
        case "original_method":
            named = [each for each in ways.payments() if command.payment in (None, each[0])]
            sent = _sent_by_itself(command, state, refund, cash, given)
            by_hand = cash - sum(sent.values())
            for payment, most, card in named:
                if by_hand and payment not in sent:
                    return payment, card, min(by_hand, most)
            if named:
                assert command.processor is not None
                raise PaidOutByProcessor(command.refund, command.processor)
    raise PayoutWayClosed(command.refund, command.method, ways.first())


def _sent_by_itself(
    command: RecordFailedPayout, state: Placed | Customer, refund: Refund, cash: int, given: Given
) -> dict[str, int]:
    """What of it a processor that is connected sends back, by payment."""
    if isinstance(state, Customer):
        return {}
    sent = sent_back_by(command.processor, state, refund, cash, given.book)
    return {it.payment: share for it, share in sent}


def record_returned_payout(command: RecordReturnedPayout, given: Given) -> Decision:
    """Records that the money of a payout came back: it pays what was left owed without a number since then;
    the rest covers what is still to ship, pays what was billed since then, or is owed again.

    Checks, in this order: refund known and granted; payout known; retry; not before it left us.
    """
    state, refund = refund_of(command.stream, command.refund, given)
    payout = refund.payouts.get(command.payout)
    if payout is None or not isinstance(payout.tried, RefundPaid):
        raise PayoutUnknown(command.refund, command.payout)
    it = payout.tried
    if payout.returned is not None and payout.returned_position is not None:
        if payout.returned.why != command.why:
            raise AlreadyRecordedOtherwise(command.payout)
        return Decision(customer=it.customer, already=(payout.returned_position,))
    expect_cause(payout.at, given)
    returned = RefundReturned(
        refund=it.refund,
        customer=it.customer,
        order=it.order,
        payout=it.payout,
        currency=it.currency,
        amount=it.amount,
        why=command.why,
    )
    if isinstance(state, Customer):
        left = refund.claim + it.amount
        returned = msgspec.structs.replace(returned, left=left, deadlines=deadlines_of_payout(given))
        return Decision(events=((command.stream, returned),), customer=it.customer)
    pays = paid_again(state, it.amount, since=payout.tried_position, because="returned_payout", by=it.payout)
    rest = it.amount - sum([share.amount for share in pays.shares])
    shares = (*pays.shares, *_paid_of_bills(state, rest, payout.tried_position))
    returned = msgspec.structs.replace(returned, bills=shares)
    # The rest covers the units still to ship first; then they wait no more, and less is due back.
    after = foreseen(state, (*pays.reopened, returned), at=given.at, now=given.now)
    left = owed(after, after.refunds[it.refund]).total
    again = deadlines_of_payout(given) if left else ()
    returned = msgspec.structs.replace(returned, left=left, deadlines=again)
    events = [(command.stream, event) for event in (*pays.reopened, returned)]
    kept = promises_kept(state, shares, it.payout)
    ends = hold_ends(
        after, may_ship=price_not_covered(after) == 0, because="paid", by=command.payout, given=given
    )
    return Decision(events=(*events, *kept, *ends), customer=it.customer)


def _paid_of_bills(state: Placed, rest: int, since: int) -> tuple[BillShare, ...]:
    """What that rest pays of bills issued since the payout left, after what is not covered: had it been here,
    it would have covered what they charge.
    """
    billed = [bill for bill in state.bills.values() if bill.is_numbered and bill.position >= since]
    return in_turn(billed, rest - min(rest, price_not_covered(state)))
