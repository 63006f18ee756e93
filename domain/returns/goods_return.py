"""What became of goods whose money went back: the state of a return, in the stream of its refund.

Source: R-G7
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from domain.moments import Moment
from domain.refusal import Refusal
from domain.returns.return_events import (
    GoodsLeftWithCustomer,
    GoodsReturned,
    GoodsReturnRequested,
    HeldGoods,
    ReturnedGoods,
    ReturnLabelSent,
)

GOODS_RETURN = "return"
"""The kind of claim by which the stream of a return is found, and which keeps its id to one."""

Which = tuple[int | None, str, str | None]
"""Which goods: line, sku and shipment."""


class Label(msgspec.Struct, frozen=True):
    """A label that was sent, when, and the position that says so."""

    sent: ReturnLabelSent
    at: Moment
    position: int


class Arrival(msgspec.Struct, frozen=True):
    """Goods that came back together, when, and the position that says so."""

    returned: GoodsReturned
    at: Moment
    position: int


class GoodsReturn(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about goods and what came of it."""

    decided: GoodsReturnRequested | GoodsLeftWithCustomer
    at: Moment
    position: int
    labels: tuple[Label, ...] = ()
    arrivals: Mapping[str, Arrival] = {}
    """By arrival id."""
    left: GoodsLeftWithCustomer | None = None
    """What was asked for and stays with the customer after all."""
    left_position: int | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether the customer was asked for goods that neither came nor were left with them."""
        return bool(self.asked_back) and bool(self.missing())

    @property
    def arrived(self) -> tuple[ReturnedGoods, ...]:
        """All that came back."""
        return tuple([goods for arrival in self.arrivals.values() for goods in arrival.returned.goods])

    @property
    def asked_back(self) -> tuple[HeldGoods, ...]:
        """What the customer was asked for, come or not; nothing once it was left with them."""
        return (
            self.decided.goods if isinstance(self.decided, GoodsReturnRequested) and self.left is None else ()
        )

    def missing(self) -> tuple[HeldGoods, ...]:
        """What of the goods decided on has not come back, at its part of their value."""
        came = units_of(self.arrived)
        missing: list[HeldGoods] = []
        for held in self.decided.goods:
            back = min(held.quantity, came[which(held)])
            came[which(held)] -= back
            if back < held.quantity:
                left = held.quantity - back
                value = held.value * left // held.quantity
                missing.append(msgspec.structs.replace(held, quantity=left, value=value))
        return tuple(missing)


GoodsReturns = Mapping[str, GoodsReturn]
"""By the id of the return."""


def which(goods: HeldGoods | ReturnedGoods) -> Which:
    """Which goods they are."""
    return goods.line, goods.sku, goods.shipment


def units_of(goods: Iterable[HeldGoods | ReturnedGoods]) -> Counter[Which]:
    """How many units of which goods."""
    units: Counter[Which] = Counter()
    for each in goods:
        units[which(each)] += each.quantity
    return units


@dataclass(unsafe_hash=True)
class GoodsReturnUnknown(Refusal):
    """Nothing was decided under this id about goods to keep or to return."""

    rule = "H-known"
    way_out = "Decide first, beside the refund, whether the customer keeps the goods or returns them."

    goods_return: str
