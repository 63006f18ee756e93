"""Waiting: what of the money that came for an order still waits for somebody to say what it was for.

An order does not know what was kept under its name, since each money has a stream of its own. Whoever asks a
command names it, all that ever was, and the decision reads what became of it. Source: I12, R-D4
"""

from collections import Counter
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


@dataclass(unsafe_hash=True)
class PayoutWaits(Refusal):
    """Money left us that may be what covers this shipment, and waits until somebody says what it was."""

    rule = "I2"
    way_out = (
        "Look at the list of unmatched money, and say what left: a refund, a payment taken back, or money"
        " that is here again. What is covered then ships; about the rest, look at the order's next steps."
    )
    spoken = "The shipment costs {charge}. The deposit covers {deposit}, and {left} left us."

    order: str
    charge: Money
    deposit: Money
    left: Money


@dataclass(unsafe_hash=True)
class RefundMayHaveLeft(Refusal):
    """Money left us for this order that may be this refund, and waits until somebody says what it was."""

    rule = "I12"
    way_out = (
        "Look at the list of unmatched money, and say what left: assign it to the refund that it was. Where"
        " other money left besides, give its reference or its amount."
    )
    spoken = "Of this refund {due} are due back, and {left} left us for the order."

    refund: str
    due: Money
    left: Money


def streams_of(kept: Iterable[str]) -> tuple[str, ...]:
    """The streams of that money, to be read. Raises: ValueError."""
    return tuple([unmatched_stream(name) for name in kept])


def waiting_for(order: Placed, kept: Iterable[str], given: Given) -> int:
    """What waits of that money and may cover the order: what came in another currency covers nothing.

    Raises: ValueError.
    """
    currency = order.placed.currency
    return sum([it.minor for it in _waiting(order, kept, given) if it.currency == currency])


def any_waits(order: Placed, kept: Iterable[str], given: Given) -> bool:
    """Whether any of that money waits for the order, in whatever currency. Raises: ValueError."""
    return bool(_waiting(order, kept, given))


def expect_none_waits(order: Placed, kept: Iterable[str], given: Given) -> None:
    """That none of that money waits for the order, in whatever currency: the customer may have paid.

    Raises: MoneyWaits, ValueError.
    """
    for waiting in _waiting(order, kept, given):
        raise MoneyWaits(order.placed.order, waiting)


def left_for(order: Placed, payouts: Iterable[str], given: Given) -> int:
    """What left us for the order in its currency, of those payouts, and waits. Raises: ValueError."""
    named = order.placed.order, order.placed.currency
    left = 0
    for stream in streams_of(payouts):
        money = given.state(stream, UnmatchedMoney)
        if money is not None and not money.is_receipt and (money.it.order, money.it.currency) == named:
            left += money.left
    return left


def waiting_of(money: UnmatchedMoney | None, order: Placed) -> Money | None:
    """What of some money waits for the order it came for, in the currency in which it came; None where
    nothing does.
    """
    if money is None or not money.is_receipt or money.it.order != order.placed.order:
        return None
    return Money(money.left, money.it.currency) if money.left else None


def _waiting(order: Placed, kept: Iterable[str], given: Given) -> tuple[Money, ...]:
    """What waits for the order of that money, by currency, in the order in which it is named."""
    left: Counter[str] = Counter()
    for stream in streams_of(kept):
        waiting = waiting_of(given.state(stream, UnmatchedMoney), order)
        if waiting is not None:
            left[waiting.currency] += waiting.minor
    return tuple([Money(minor, currency) for currency, minor in left.items()])
