"""A payout follows a grant: what is due back of an order is sent back at once, the way it came.

It follows whatever says that something of a refund is due: its grant, a payout of some of it, one that
failed or came back, what else its order met (`domain.refunds.due_changes`), and somebody who asks. While a
bank asks about a payment it waits, and the end of the dispute is looked at too. Where a person has to find a
way, nothing is sent. Source: R-B9, R-G8, R-G9
"""

from typing import get_args

from domain.entry import Entry
from domain.payments.payment_events import CreditSetAside, DisputeClosed
from domain.reactions import Errand, Reaction
from domain.refunds.payout_events import PayoutAsked
from domain.refunds.refund_events import (
    RefundDueChanged,
    RefundGranted,
    RefundPaid,
    RefundPaymentFailed,
    RefundReturned,
)

SaysWhatIsDue = (
    RefundGranted
    | RefundPaid
    | RefundPaymentFailed
    | RefundReturned
    | RefundDueChanged
    | CreditSetAside
    | PayoutAsked
    | DisputeClosed
)


class PayOut(Errand, frozen=True):
    """Send back what is due of an order's refunds."""

    order: str
    customer: str


class PayoutFollowsGrant(Reaction[SaysWhatIsDue]):
    """What a refund makes due back is sent back against the card payments it came with."""

    rule = "payout_follows_grant"
    handles = get_args(SaysWhatIsDue)

    def follows(self, it: SaysWhatIsDue, entry: Entry) -> PayOut | None:
        # What belongs to no order came by no payment we know of: a person finds the way. What is told in the
        # customer's stream too is followed in the order's.
        if it.order is None or entry.stream != it.order or not _is_due(it):
            return None
        return PayOut(order=it.order, customer=it.customer)


def _is_due(it: SaysWhatIsDue) -> bool:
    """Whether something of a refund is due after it, as far as it says."""
    match it:
        case RefundDueChanged():
            return it.due > 0
        case RefundGranted() | RefundPaid() | RefundReturned() | CreditSetAside():
            return it.left > 0
        case RefundPaymentFailed() | PayoutAsked() | DisputeClosed():
            return True
