"""A refund's state: what was asked and escalated, what was granted, and what of it left us as money or was
kept as credit.

Source: R-G3, R-G8, R-G9, R-G11, I13
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from domain.customers.credit import CreditLeft, drawn, with_less, with_more
from domain.entry import Entry
from domain.moments import Moment
from domain.payments.payment_events import CreditSetAside
from domain.refunds.payout_events import PayoutAsked, PayoutNamed
from domain.refunds.refund_events import (
    PayoutUnmatched,
    RefundEscalated,
    RefundGranted,
    RefundPaid,
    RefundPaymentFailed,
    RefundRequested,
    RefundReturned,
    RefundWithdrawn,
)
from domain.refusal import Refusal
from domain.requests import Request
from domain.there import Thing

RefundRequest = Request[RefundRequested, RefundEscalated]
"""A refund asked for and not granted at once."""


Name = TypeVar("Name", bound=Hashable)
"""What tells units apart: line and shipment, or more."""


class Payout(msgspec.Struct, frozen=True):
    """Money of a refund that left us, or failed to, and the positions that say so."""

    tried: RefundPaid | RefundPaymentFailed
    at: Moment
    position: int
    tried_position: int
    """Of the entry with which it left us, or failed to; of a part, that of the whole."""
    returned: RefundReturned | None = None
    returned_position: int | None = None

    @property
    def did_not_arrive(self) -> bool:
        """Whether it failed or came back."""
        return isinstance(self.tried, RefundPaymentFailed) or self.returned is not None

    def without_reference(self, payment: str | None) -> int:
        """What of it went back against that payment, or to another card against none, and nobody said under
        which reference.
        """
        it = self.tried
        if not isinstance(it, RefundPaid) or it.reference is not None or self.did_not_arrive:
            return 0
        way = "other_card" if payment is None else "original_method"
        return it.amount if (it.method, it.payment) == (way, payment) else 0


class Refund(msgspec.Struct, frozen=True):
    """A refund granted, when, and the position that says so."""

    granted: RefundGranted
    at: Moment
    position: int
    origin: str
    """Where the grant came from: of an import from before the book went live nothing leaves by itself."""
    paid: int = 0
    """Minor units that left us, less what came back."""
    set_aside: int = 0
    """Minor units kept as the customer's credit."""
    credits: CreditLeft = {}
    """Of credit asked back, what neither left us nor became credit again."""
    payouts: Mapping[str, Payout] = {}
    """By payout id, failed ones too."""
    unmatched: Mapping[str, int] = {}
    """By payout id, what left us and it could not take: positions that say so."""
    asked: Mapping[str, int] = {}
    """By name, askings that it be sent back: positions that say so."""
    corrected: int | None = None
    """Position of the entry that says it was none."""

    @property
    def customer(self) -> str:
        """Whose money it is."""
        return self.granted.customer

    @property
    def cleared(self) -> int:
        """What of the granted amount settled the order's bills with the grant."""
        return self._cleared_with_it - self.cleared_beside

    @property
    def cleared_beside(self) -> int:
        """What settled them beside the granted amount, which of a cancellation is what became due back."""
        of_cancellation = self.granted.basis == "undelivered" and self.granted.ask is None
        return self._cleared_with_it if of_cancellation else 0

    @property
    def _cleared_with_it(self) -> int:
        it = self.granted
        return sum([share.amount for share in (*it.cleared, *it.write_offs_cleared)])

    @property
    def claim(self) -> int:
        """What of the granted amount neither left us nor was kept as credit; what cleared a bill is in it,
        which may be due back after all if its money comes again.
        """
        if self.corrected is not None:
            return 0
        return max(0, self.granted.granted - self.paid - self.set_aside)


def sent_by_hand(refund: Refund, payment: str | None, amount: int) -> Payout | None:
    """The payout of so much, against that payment, or none, that was recorded without its reference."""
    for payout in refund.payouts.values():
        if payout.without_reference(payment) == amount:
            return payout
    return None


def sent_in_parts(refund: Refund, payment: str | None, amount: int) -> Payout | None:
    """The payout recorded so of which so much may be a part: it left in several."""
    for payout in refund.payouts.values():
        if payout.without_reference(payment) > amount:
            return payout
    return None


def claim_changed(before: Refund | None, after: Refund) -> Iterator[tuple[Thing, int]]:
    """What may still be given of a refund, more or less than before."""
    if after is not before:
        yield ("claim", after.granted.refund), after.claim - (0 if before is None else before.claim)


REFUND = "refund"
"""The kind of claim by which the stream of a refund is found, and which keeps its id to one."""

Refunds = Mapping[str, Refund]
"""By refund id."""
RefundRequests = Mapping[str, RefundRequest]
"""By refund id; those granted at once were never requested."""


def with_requested(requests: RefundRequests, it: RefundRequested, entry: Entry) -> RefundRequests:
    """The requests and one more."""
    return {**requests, it.refund: RefundRequest(it, entry.effective_at, (entry.position,))}


def with_escalated(requests: RefundRequests, it: RefundEscalated, entry: Entry) -> RefundRequests:
    """The requests, of which one waits for another role."""
    return {**requests, it.refund: requests[it.refund].after_escalation(it, entry)}


def with_withdrawn(requests: RefundRequests, it: RefundWithdrawn, entry: Entry) -> RefundRequests:
    """The requests, of which one is no longer wanted."""
    return {**requests, it.refund: requests[it.refund].after_withdrawal(entry)}


def with_granted(refunds: Refunds, it: RefundGranted, entry: Entry) -> Refunds:
    """The refunds and one more."""
    refund = Refund(
        it, entry.effective_at, entry.position, entry.meta.origin, credits=with_more({}, it.credits)
    )
    return {**refunds, it.refund: refund}


def with_set_aside(refunds: Refunds, it: CreditSetAside) -> Refunds:
    """The refunds, of which one has so much more kept as credit."""
    known = refunds[it.subject]
    credits = with_less(known.credits, it.again) if it.order is None else known.credits
    set_aside = known.set_aside + it.amount
    return {**refunds, it.subject: msgspec.structs.replace(known, set_aside=set_aside, credits=credits)}


def with_payout(refunds: Refunds, it: RefundPaid | RefundPaymentFailed, entry: Entry) -> Refunds:
    """The refunds, of which one was paid out, or was to be."""
    known = refunds[it.refund]
    payouts = {**known.payouts, it.payout: Payout(it, entry.effective_at, entry.position, entry.position)}
    if isinstance(it, RefundPaid):
        paid, credits = known.paid + it.amount, with_less(known.credits, it.credits)
        known = msgspec.structs.replace(known, paid=paid, credits=credits)
    return {**refunds, it.refund: msgspec.structs.replace(known, payouts=payouts)}


def with_unmatched(refunds: Refunds, it: PayoutUnmatched, entry: Entry) -> Refunds:
    """The refunds, of which one could not take a payout."""
    known = refunds[it.refund]
    unmatched = {**known.unmatched, it.payout: entry.position}
    return {**refunds, it.refund: msgspec.structs.replace(known, unmatched=unmatched)}


def with_asked(refunds: Refunds, it: PayoutAsked, entry: Entry) -> Refunds:
    """The refunds, of which one is asked to be sent back."""
    known = refunds[it.refund]
    asked = {**known.asked, it.payout: entry.position}
    return {**refunds, it.refund: msgspec.structs.replace(known, asked=asked)}


def with_named(refunds: Refunds, it: PayoutNamed, entry: Entry) -> Refunds:
    """The refunds, of which a payout is known by its reference from now on, or a part of it by itself."""
    known = refunds[it.refund]
    payout, name = known.payouts[it.payout], it.part or it.payout
    assert isinstance(payout.tried, RefundPaid)
    credits = with_more({}, payout.tried.credits)
    its = drawn(credits, it.amount)
    tried = msgspec.structs.replace(
        payout.tried, payout=name, amount=it.amount, reference=it.reference, credits=its
    )
    named = msgspec.structs.replace(payout, tried=tried)
    payouts = {**known.payouts, name: named}
    if it.part is not None:
        left = payout.tried.amount - it.amount
        others = drawn(with_less(credits, its), left)
        rest = msgspec.structs.replace(payout.tried, amount=left, credits=others)
        # Either comes back by itself only once there are two.
        payouts[name] = msgspec.structs.replace(named, at=entry.effective_at, position=entry.position)
        payouts[it.payout] = msgspec.structs.replace(payout, tried=rest, at=entry.effective_at)
    return {**refunds, it.refund: msgspec.structs.replace(known, payouts=payouts)}


def with_returned(refunds: Refunds, it: RefundReturned, entry: Entry) -> Refunds:
    """The refunds, of which a payout came back."""
    known = refunds[it.refund]
    payout = msgspec.structs.replace(known.payouts[it.payout], returned=it, returned_position=entry.position)
    credits = known.credits
    if isinstance(payout.tried, RefundPaid):
        credits = with_more(credits, payout.tried.credits)
    after = msgspec.structs.replace(
        known,
        paid=known.paid - it.amount,
        credits=credits,
        payouts={**known.payouts, it.payout: payout},
    )
    return {**refunds, it.refund: after}


@dataclass(unsafe_hash=True)
class RefundUnknown(Refusal):
    """No refund with this id is recorded there."""

    rule = "H-known"
    way_out = "Find the refund in the list of refunds, or with its order or customer."

    refund: str


@dataclass(unsafe_hash=True)
class RefundTakenBack(Refusal):
    """This refund was granted by mistake and has been corrected: its goods are the customer's."""

    rule = "H-correct"
    way_out = "Grant the refund that was meant, and go on from there."

    refund: str


def besides(refund: Refund, refunds: Refunds) -> Iterator[Refund]:
    """The other refunds that stand."""
    for each in refunds.values():
        if each.corrected is None and each is not refund:
            yield each


def with_those_before(own: Counter[Name], every: Counter[Name], others: Counter[Name]) -> Counter[Name]:
    """Units of a refund of an order that were dealt with, and those of before, where the same units were
    refunded, taken back and refunded anew: of all units dealt with, those that exceed what its other refunds
    stand for.
    """
    return own | (every - others)


def expect_not_taken_back(refund: Refund) -> None:
    """It still stands. Raises: RefundTakenBack."""
    if refund.corrected is not None:
        raise RefundTakenBack(refund.granted.refund)
