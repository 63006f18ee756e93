"""Other money: an order waits for it, where everybody sees it, once the money that came for it is for nothing
it lacks.

While that waited, nobody was asked for anything. It may have gone back, or somebody has said what it was: for
another order, or too little of it for this one. Source: R-B2, R-D1, R-D2
"""

from collections.abc import Iterable

from domain.command import Command
from domain.decision import Decision, Given
from domain.declines.decline_events import HoldBegunBy
from domain.declines.holds import hold_begins
from domain.entry import Event
from domain.ids import expect_id
from domain.inbound.unmatched import UnmatchedMoney, unmatched_money, unmatched_stream
from domain.inbound.waiting import streams_of, waiting_for
from domain.orders.order import Placed, placed_order, price_not_covered


class WaitForOtherMoney(Command, frozen=True, kw_only=True):
    """Let the order wait that some money came for, where that is for something else. Raises: ValueError."""

    order: str
    customer: str
    """Whose order it is."""
    unmatched: str
    """The money that came for it."""
    kept: tuple[str, ...] = ()
    """Other money that came for it: what of that waits may cover it."""

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)

    def reads(self) -> tuple[str, ...]:
        return self.customer, unmatched_stream(self.unmatched), *streams_of(self.kept)

    def facts_of(self) -> str | None:
        return self.customer


def wait_for_other_money(command: WaitForOtherMoney, given: Given) -> Decision:
    """Places the order on hold where nothing covers it, and neither what is left of that money nor other that
    waits for it would.

    Checks, in this order: order placed; money known. An order that waits already, or may ship unpaid, waits
    for no more. Source: R-D2, R-B2
    """
    order = placed_order(given, command.order)
    state = unmatched_money(given, command.unmatched)
    held = waits_for_other_money(state, order, state.left, command.kept, "assigned_elsewhere", given)
    return Decision(events=held, customer=order.placed.customer)


def waits_for_other_money(
    state: UnmatchedMoney,
    order: Placed,
    left: int,
    kept: Iterable[str],
    because: HoldBegunBy,
    given: Given,
) -> tuple[tuple[str, Event], ...]:
    """The hold of the order that came money was for, where what is left of that could not cover it, not even
    with the other money `kept` that waits for it: nobody is asked for what is here.

    What was settled before it was ordered leaves an order that waits for its first payment, as any other.
    """
    others = waiting_for(order, [name for name in kept if name != state.it.unmatched], given)
    may_cover = others + (left if state.it.currency == order.placed.currency else 0)
    is_for_it = state.is_receipt and order.placed_at <= given.at
    if not is_for_it or price_not_covered(order) <= may_cover:
        return ()
    return hold_begins(order, None, because, given)
