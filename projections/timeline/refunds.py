"""What is told of refunds, from asking to the money being at the customer's."""

from typing import Final

from domain.entry import Entry
from domain.refunds.payout_events import PayoutAsked, PayoutNamed
from domain.refunds.refund_events import (
    PayoutUnmatched,
    RefundDueChanged,
    RefundEscalated,
    RefundGranted,
    RefundPaid,
    RefundPaymentFailed,
    RefundRequested,
    RefundReturned,
    RefundWithdrawn,
)
from projections.timeline.milestone import Milestone, Told, milestone, told_of_money


def _refunded(entry: Entry, it: RefundGranted) -> Milestone:
    money = {"currency": it.currency, "amount": it.granted}
    return milestone(entry, "refund_granted", reference=it.refund, **money)


def _due_changed(entry: Entry, it: RefundDueChanged) -> Milestone:
    money = {"currency": it.currency, "amount": it.due}
    return milestone(entry, "refund_due_changed", reference=it.refund, **money)


def _withdrawn(entry: Entry, it: RefundWithdrawn) -> Milestone:
    return milestone(entry, "refund_withdrawn", reference=it.refund)


TOLD_OF_REFUNDS: Final[Told] = {
    RefundRequested: told_of_money("refund_requested", "refund"),
    RefundEscalated: told_of_money("refund_escalated", "refund"),
    RefundWithdrawn: _withdrawn,
    RefundGranted: _refunded,
    RefundPaid: told_of_money("refund_paid", "refund"),
    RefundPaymentFailed: told_of_money("refund_payment_failed", "refund"),
    RefundReturned: told_of_money("refund_returned", "refund"),
    RefundDueChanged: _due_changed,
    PayoutAsked: told_of_money("payout_asked", "refund"),
    PayoutNamed: told_of_money("payout_named", "refund"),
    PayoutUnmatched: told_of_money("payout_unmatched", "unmatched"),
}
