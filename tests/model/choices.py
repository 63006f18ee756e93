"""What a step chooses from: whatever would be interesting to try, on both sides of every boundary."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from tests.model.orders import Order
from tests.model.twins import Twins

Thing = TypeVar("Thing")
Take = Callable[[Twins, int, int], None]
"""How a step is taken: which thing, how much."""


def one_of(things: Mapping[str, Thing], which: int) -> Thing | None:
    """One of them, if there are any."""
    return list(things.values())[which % len(things)] if things else None


def order_of(twins: Twins, which: int) -> Order | None:
    """One of the orders, if there are any."""
    return one_of(twins.shop.orders, which)


def amount_of(most: int, much: int) -> int:
    """Something at, beside and well below the most that may be."""
    return max(1, (most, most, most, most + 1, most - 1, most // 2, most // 3, 500, 1)[much % 9])


def parts_of(order: Order, much: int) -> dict[int, int]:
    """Units of some lines: all that are left to ship, one of a line, or one too many."""
    left = {number: len(order.units(number, "to_ship")) for number in range(1, len(order.lines) + 1)}
    some = {line: units for line, units in left.items() if units}
    line = 1 + much % len(order.lines)
    if much % 4 == 3 or not some:
        return {line: left[line] + 1}
    if much % 4 == 0:
        return some
    return {line: max(1, left[line] // (much % 4))}
