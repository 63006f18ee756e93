"""What is told of an order's money: what came, what banks took back, and credit."""

from typing import Final

from domain.entry import Entry
from domain.payments.payment_events import (
    CreditSetAside,
    CreditUsed,
    DisputeClosed,
    DisputeOpened,
    PaymentCaptured,
    PaymentReinstated,
    PaymentReversed,
)
from projections.timeline.milestone import Milestone, Told, milestone, told_of_money


def _dispute_closed(entry: Entry, it: DisputeClosed) -> Milestone:
    return milestone(entry, "dispute_closed", reference=it.dispute, outcome=it.outcome)


TOLD_OF_PAYMENTS: Final[Told] = {
    PaymentCaptured: told_of_money("captured", "payment"),
    DisputeOpened: told_of_money("dispute_opened", "payment"),
    DisputeClosed: _dispute_closed,
    PaymentReversed: told_of_money("payment_reversed", "payment"),
    PaymentReinstated: told_of_money("payment_reinstated", "payment"),
    CreditSetAside: told_of_money("credit_set_aside", "credit"),
    CreditUsed: told_of_money("credit_used", "use"),
}
