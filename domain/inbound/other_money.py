"""Other money: an order waits for it, where everybody sees it, once the money that came for it is for nothing
it lacks.

While that waited, nobody was asked for anything. It may have gone back, or somebody has said what it was: for
another order, or too little of it for this one. Source: R-B2, R-D1, R-D2
"""

from domain.command import Command
from domain.decision import Decision, Given
from domain.declines.decline_events import HoldBegunBy
from domain.declines.holds import hold_begins
from domain.entry import Event
from domain.ids import expect_id
from domain.inbound.unmatched import UnmatchedMoney, unmatched_money, unmatched_stream
from domain.orders.order import Placed, placed_order, price_not_covered


class WaitForOtherMoney(Command, frozen=True, kw_only=True):
    """Let the order wait that some money came for, where that is for something else. Raises: ValueError."""

    order: str
    customer: str
    """Whose order it is."""
    unmatched: str
    """The money that came for it."""

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)

    def reads(self) -> tuple[str, ...]:
        return self.customer, unmatched_stream(self.unmatched)

    def facts_of(self) -> str | None:
        return self.customer


def wait_for_other_money(command: WaitForOtherMoney, given: Given) -> Decision:
    """Places the order on hold where nothing covers it, and what is left of that money would not.

    Checks, in this order: order placed; money known. An order that waits already, or may ship unpaid, waits
    for no more. Source: R-D2, R-B2
    """
    order = placed_order(given, command.order)
    state = unmatched_money(given, command.unmatched)
    held = waits_for_other_money(state, order, state.left, "assigned_elsewhere", given)
    return Decision(events=held, customer=order.placed.customer)


def waits_for_other_money(
    state: UnmatchedMoney, order: Placed, left: int, because: HoldBegunBy, given: Given
) -> tuple[tuple[str, Event], ...]:
    """The hold of the order that came money was for, where what is left of that could not cover it.

    What was settled before it was ordered leaves an order that waits for its first payment, as any other.
    """
    may_cover = left if state.it.currency == order.placed.currency else 0
    is_for_it = state.is_receipt and order.placed_at <= given.at
    if not is_for_it or price_not_covered(order) <= may_cover:
        return ()
    return hold_begins(order, None, because, given)
