"""Waiting: what of the money that came for an order still waits for somebody to say what it was for.

An order does not know what was kept under its name, since each money has a stream of its own. Whoever asks a
command names it, all that ever was, and the decision reads what became of it. Source: I12, R-D4
"""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.decision import Given
from domain.inbound.unmatched import UnmatchedMoney, unmatched_stream
from domain.money import Money
from domain.orders.order import Placed
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class MoneyWaits(Refusal):
    """Money that came for this order waits until somebody says what it was: the customer may have paid."""

    rule = "R-D4"
    way_out = "Say first what the money was for, or that it went back. A customer never pays twice."
    spoken = "For this order {waiting} wait until somebody says what they were for."

    order: str
    waiting: Money


def streams_of(kept: Iterable[str]) -> tuple[str, ...]:
    """The streams of that money, to be read. Raises: ValueError."""
    return tuple([unmatched_stream(name) for name in kept])


def waiting_for(order: Placed, kept: Iterable[str], given: Given) -> int:
    """What waits for the order of that money. Raises: ValueError."""
    return sum([waiting_of(given.state(stream, UnmatchedMoney), order) for stream in streams_of(kept)])


def expect_none_waits(order: Placed, kept: Iterable[str], given: Given) -> None:
    """That none of that money waits for the order. Raises: MoneyWaits, ValueError."""
    waiting = waiting_for(order, kept, given)
    if waiting:
        raise MoneyWaits(order.placed.order, order.money(waiting))


def waiting_of(money: UnmatchedMoney | None, order: Placed) -> int:
    """What of some money waits for the order it came for; what came in another currency covers nothing."""
    if money is None or not money.is_receipt:
        return 0
    came_for, currency = money.it.order, money.it.currency
    return money.left if (came_for, currency) == (order.placed.order, order.placed.currency) else 0
