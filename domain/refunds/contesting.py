"""A payout recorded while a bank asks about a payment: the dispute is about money that went back already,
and is contested. Source: R-B9
"""

import msgspec

from domain.deadlines import deadlines_of_dispute
from domain.decision import Given
from domain.orders.order import Placed
from domain.refunds.refund_events import RefundPaid


def contesting(paid: RefundPaid, state: Placed, given: Given) -> RefundPaid:
    """The payout with the disputes that are open by now, and until when to contest them."""
    disputed = {name: dispute.at for name, dispute in state.disputes.items() if dispute.outcome is None}
    deadlines = deadlines_of_dispute(given, disputed.values())
    return msgspec.structs.replace(paid, disputes=tuple(disputed), deadlines=deadlines)
