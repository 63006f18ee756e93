"""Money of a refund goes back to the payments it came with, oldest first, as far as they reach.

    said to have left   one payout, against one payment: that is what a reference is of
    by hand             all that the processor that is connected does not send, where its name may come later
    nothing             that processor is asked: that money left is said by whoever moves it

The rest stays owed. Source: R-G8, I12
"""

from dataclasses import dataclass

import msgspec

from domain.book.register import Register
from domain.orders.order import Placed
from domain.refunds.payout_references import ReferenceMissing, may_be_named_later
from domain.refunds.refund import Refund
from domain.refunds.ways import PayoutWayClosed, Way, Ways, payments_of, sent_back_by
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class PaidOutByProcessor(Refusal):
    """The processor this money came through is connected and sends it back: nobody but it knows whether it
    left.
    """

    rule = "R-G8"
    way_out = (
        "Settle the refund without a reference: the processor is asked, and says what became of it. If the"
        " money left elsewhere, name the reference under which it did."
    )

    refund: str
    processor: str


@dataclass(unsafe_hash=True)
class PayoutNotNamed(Refusal):
    """The processor this money came through is connected, and something it sent of this refund waits without
    a place: what it sent since is known by its reference alone.
    """

    rule = "R-G8"
    way_out = (
        "Say first what became of the money that waits. If more has left, name the reference under which it"
        " did; if it cannot leave this way, record that it failed, and why."
    )

    refund: str
    processor: str


class Share(msgspec.Struct, frozen=True):
    """What goes back against one payment, in minor units; or to another card, or by cheque, against none."""

    payment: str | None
    amount: int
    card: str | None


class GoingBack:
    """How so much of a refund goes back to the payments of its order, at a moment."""

    def __init__(
        self, state: Placed, refund: Refund, ways: Ways, cash: int, processor: str | None, book: Register
    ) -> None:
        sent = sent_back_by(processor, state, refund, cash, book)
        self._sent = {it.payment: share for it, share in sent}
        self._through = payments_of(processor, state, refund, book)
        self._open = [Share(*each) for each in ways.payments()]
        self._way_open: Way = ways.first()
        self._refund, self._processor, self._cash = refund.granted.refund, processor, cash
        self._state = state

    @property
    def sent(self) -> int:
        """What of it the processor that is connected sends by itself."""
        return sum(self._sent.values())

    def said_to_have_left(self, payment: str | None) -> list[Share]:
        """One payout, against the payment named, or the first that goes back by hand; where nothing does, of
        all that is due. Raises: PayoutWayClosed.
        """
        if payment is not None:
            return as_far_as(self._cash, [self._named(payment)])
        by_hand = [each for each in self._open if each.payment not in self._sent]
        if by_hand and self._left_to_a_person:
            return as_far_as(self._left_to_a_person, by_hand[:1])
        return as_far_as(self._cash, self._open[:1])

    def by_hand(self, payment: str | None) -> list[Share]:
        """What did not come through the processor that is connected, of all or of the payment named; nothing,
        where that processor is to be asked.

        Raises: ReferenceMissing, PaidOutByProcessor, PayoutNotNamed, PayoutWayClosed.
        """
        chosen = self._open if payment is None else [self._named(payment)]
        by_hand = as_far_as(
            self._left_to_a_person, [each for each in chosen if each.payment not in self._through]
        )
        is_named = [not may_be_named_later(self._state, "original_method", each.payment) for each in by_hand]
        if by_hand and not any(is_named):
            return by_hand
        if by_hand and (payment is not None or not self._sent):
            raise ReferenceMissing(self._refund)
        self._expect_asked(payment)
        return []

    @property
    def _left_to_a_person(self) -> int:
        return self._cash - self.sent

    def _named(self, payment: str) -> Share:
        for each in self._open:
            if each.payment == payment:
                return each
        raise PayoutWayClosed(self._refund, "original_method", self._way_open)

    def _expect_asked(self, payment: str | None) -> None:
        """The processor sends some of it back: of all, or of the payment named."""
        assert self._processor is not None
        if not self._sent:
            raise PayoutNotNamed(self._refund, self._processor)
        if payment is not None and payment not in self._sent:
            raise PaidOutByProcessor(self._refund, self._processor)


def as_far_as(cash: int, payments: list[Share]) -> list[Share]:
    """So much over these payments, each at most what may go back against it."""
    shares: list[Share] = []
    for each in payments:
        amount = min(cash, each.amount)
        if amount:
            shares.append(msgspec.structs.replace(each, amount=amount))
            cash -= amount
    return shares
