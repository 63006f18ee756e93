"""A hold follows an assignment: whose money turned out to be for something else is asked for other money.

The order may be another customer's than the one the money was for, so it is asked of that order by itself.
Source: R-B2, R-D2
"""

from domain.entry import Entry
from domain.inbound.other_money import WaitForOtherMoney
from domain.inbound.unmatched_events import UnmatchedReceiptAssigned
from domain.reactions import Reaction


class HoldFollowsAssignment(Reaction[UnmatchedReceiptAssigned]):
    """An order that money came for, and that lacks it after all, is placed on hold, so that it is seen."""

    rule = "hold_follows_assignment"
    handles = (UnmatchedReceiptAssigned,)

    def follows(self, it: UnmatchedReceiptAssigned, entry: Entry) -> WaitForOtherMoney | None:
        if it.came_for is None:
            return None
        named = it.came_for
        return WaitForOtherMoney(
            order=named.order, customer=named.customer, unmatched=it.unmatched, kept=named.kept
        )
