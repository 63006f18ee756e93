"""A payment's state: money received for an order, what was taken back of it, and what a bank asks about it.

Source: I12, R-B9
"""

from collections.abc import Mapping

import msgspec

from domain.bills.bill_events import BillPaymentReceived
from domain.moments import Moment
from domain.payments.payment_events import (
    DisputeOpened,
    DisputeOutcome,
    PaymentCaptured,
    PaymentReinstated,
    PaymentReversed,
)


class Payment(msgspec.Struct, frozen=True):
    """A payment received, when, and the positions that say so."""

    received: PaymentCaptured | BillPaymentReceived
    at: Moment
    positions: tuple[int, ...]
    reversed: int = 0
    """Minor units taken back from us, less what was reinstated."""
    paid_back: int = 0
    """Minor units that went back the way they came, as refunds, less what came back to us."""
    corrected: int | None = None
    """Position of the entry that says it never came."""

    @property
    def position(self) -> int:
        """Of the entry that says it came."""
        return self.positions[0]

    @property
    def customer(self) -> str:
        """Whose order it was for."""
        return self.received.customer

    @property
    def standing(self) -> int:
        """What of it was not taken back from us."""
        return 0 if self.corrected is not None else self.received.amount - self.reversed

    @property
    def may_go_back(self) -> int:
        """What of it may still go back the way it came."""
        return max(0, self.standing - self.paid_back)


def with_received(payments: Mapping[str, Payment], payment: Payment) -> Mapping[str, Payment]:
    """The payments and one more, oldest first, whenever each was entered."""
    after = {**payments, payment.received.payment: payment}
    if any(known.at > payment.at for known in payments.values()):
        return dict(sorted(after.items(), key=lambda each: each[1].at))
    return after


class Reversal(msgspec.Struct, frozen=True):
    """A payment taken back, and what came to us again of it."""

    it: PaymentReversed
    at: Moment
    position: int
    reinstatements: tuple[tuple[PaymentReinstated, int], ...] = ()
    """Each with the position that says so."""

    @property
    def reinstated(self) -> int:
        """Minor units that came to us again."""
        return sum([it.amount for it, _ in self.reinstatements])


class Dispute(msgspec.Struct, frozen=True):
    """A bank's question about a payment; `outcome` is None while it is open."""

    opened: DisputeOpened
    at: Moment
    position: int
    outcome: DisputeOutcome | None = None
    closed: int | None = None
    """Position of its end."""
