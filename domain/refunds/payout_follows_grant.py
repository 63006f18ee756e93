"""A payout follows a grant: what is due back of an order is sent back at once, the way it came.

While a bank asks about a payment it waits; the end of the dispute is looked at too, and what is due back from
later on, as through money that came to us again. Where a person has to find a way, nothing follows.
Source: R-B9, R-G8, R-G9
"""

from domain.entry import Entry
from domain.payments.payment_events import DisputeClosed
from domain.reactions import Errand, Reaction
from domain.refunds.refund_events import RefundDueChanged, RefundGranted

EndsAWait = RefundGranted | DisputeClosed | RefundDueChanged


class PayOut(Errand, frozen=True):
    """Send back what is due of an order's refunds."""

    order: str
    customer: str


class PayoutFollowsGrant(Reaction[EndsAWait]):
    """What a refund makes due back is sent back against the card payments it came with."""

    rule = "payout_follows_grant"
    handles = (RefundGranted, DisputeClosed, RefundDueChanged)

    def follows(self, it: EndsAWait, entry: Entry) -> PayOut | None:
        # What belongs to no order came by no payment we know of: a person finds the way.
        return None if it.order is None else PayOut(order=it.order, customer=it.customer)
