"""A settlement as somebody asks for it: how much of a refund left us, how and under which reference;
and whether it is recorded already.

Source: R-G8, I12, H-retry
"""

from domain.command import Command, OutOfRange, expect_amount, expect_text
from domain.customers.registering import Customer
from domain.decision import Given
from domain.entry import Minor
from domain.ids import expect_id
from domain.inbound.unmatched import UnmatchedMoney, unmatched_stream
from domain.inbound.waiting import streams_of
from domain.orders.order import Placed
from domain.refunds.refund import Payout, Refund
from domain.refunds.refund_events import RefundPaid
from domain.refunds.ways import Way, came_by_cheque, expect_way
from domain.retry import AlreadyRecordedOtherwise


class SettleRefund(Command, frozen=True, kw_only=True):
    """Pay out what is due back of a refund, and keep as credit what came as credit; what came through a
    processor that is connected, it is asked for. Raises: ValueError.
    """

    stream: str
    """The order, or the customer where it belongs to no order."""
    customer: str
    refund: str
    payouts: tuple[str, ...]
    """Ids for what leaves us, as many as payments it may go back against."""
    credit: str
    """Id for what is kept as credit."""
    method: Way | None = None
    """None: the first way that is open, short of a cheque."""
    payment_method: str | None = None
    """The other card; None: the one stored last."""
    reference: str | None = None
    """What the processor or bank calls the payout."""
    processor: str | None = None
    """The processor that is connected: it is asked for money that came through it, and says under which
    reference that left.
    """
    payment: str | None = None
    """The payment it left against; None: the first that goes back by hand."""
    amount: Minor | None = None
    """What left; None: what was due at that moment on the way chosen."""
    unmatched: str | None = None
    """Names what left beyond what is due by now; None where that is refused."""
    told: str | None = None
    """Money kept without a place that left under its reference, as its processor told."""
    payouts_waiting: tuple[str, ...] = ()
    """Money that left for the order, as its processor told: what of it waits may be this refund."""

    def __post_init__(self) -> None:
        expect_id("ref", self.refund)
        expect_id("crd", self.credit)
        for payout in self.payouts:
            expect_id("pot", payout)
        if not self.payouts or len(set(self.payouts)) < len(self.payouts):
            raise OutOfRange("payouts", "must be at least one, each different")
        expect_text("reference", self.reference)
        if self.amount is not None:
            expect_amount("amount", self.amount, least=1)
        expect_way(self.method, self.payment, self.payment_method)

    def held_in(self) -> tuple[str, ...]:
        """The streams that tell of credit kept."""
        return (self.stream,) if self.stream == self.customer else (self.stream, self.customer)

    def writes(self) -> tuple[str, ...]:
        beyond = () if self.unmatched is None else (unmatched_stream(self.unmatched),)
        return (*self.held_in(), *beyond)

    def reads(self) -> tuple[str, ...]:
        told = () if self.told is None else (self.told,)
        return streams_of(dict.fromkeys((*told, *self.payouts_waiting)))

    def facts_of(self) -> str | None:
        return self.customer if self.stream == self.customer else None

    @property
    def way(self) -> Way | None:
        """The way asked for; who names a payment or a card has chosen one."""
        if self.method is None and self.payment is not None:
            return "original_method"
        if self.method is None and self.payment_method is not None:
            return "other_card"
        return self.method


def already_settled(
    command: SettleRefund, state: Placed | Customer, refund: Refund, given: Given
) -> tuple[int, ...]:
    """Where it is recorded already, by its payouts, else by its reference; empty where it is not.

    Raises: AlreadyRecordedOtherwise. Source: H-retry, I12
    """
    if asked := [refund.asked[payout] for payout in command.payouts if payout in refund.asked]:
        if command.reference is not None or command.way not in (None, "original_method"):
            raise AlreadyRecordedOtherwise(command.payouts[0])
        return tuple(asked)
    known = [refund.payouts[payout] for payout in command.payouts if payout in refund.payouts]
    for payout in known:
        if not _is_said(command, state, payout):
            raise AlreadyRecordedOtherwise(payout.tried.payout)
    if not known and command.reference is not None:
        there = refund.payouts.values()
        known = [each for each in there if not each.did_not_arrive and _is_said(command, state, each)]
    kept, beyond = state.credits.get(command.credit), _kept_before(command, given)
    if command.amount is not None and (known or beyond):
        left = [payout.tried.amount for payout in known] + [it.it.amount for it in beyond]
        if sum(left) != command.amount:
            raise AlreadyRecordedOtherwise(command.payouts[0])
    there = [*known, *(() if kept is None else (kept,)), *beyond]
    return tuple([each.position for each in there])


def _kept_before(command: SettleRefund, given: Given) -> tuple[UnmatchedMoney, ...]:
    if command.unmatched is None:
        return ()
    kept = given.state(unmatched_stream(command.unmatched), UnmatchedMoney)
    return () if kept is None else (kept,)


def _is_said(command: SettleRefund, state: Placed | Customer, known: Payout) -> bool:
    """Whether that payout is what the settlement says left us, as far as it says anything."""
    it = known.tried
    method = command.way or it.method
    if method == "cheque" and it.payment is not None and came_by_cheque(state, it.payment):
        method = it.method
    said = (method, command.reference, command.payment or it.payment)
    return isinstance(it, RefundPaid) and (it.method, it.reference, it.payment) == said
