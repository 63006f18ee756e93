"""What can happen to goods whose money goes back: they stay with the customer, or come back to us.

They hang on a refund and live in its stream: the order's, or the customer's where it is unverified. Nothing
here changes what is refunded, and the money never waits for it. Amounts are whole minor units of the event's
one `currency`. Source: R-G5, R-G7
"""

from typing import Literal

import msgspec

from domain.entry import Event, Minor
from domain.moments import Day
from domain.orders.order_events import ContactChannel, Deadline

Condition = Literal["unused", "used", "empty"]
"""As the goods came back. It is noted and changes nothing. Source: R-G5"""
WhatBecomesOfGoods = Literal["keep", "return"]


class HeldGoods(msgspec.Struct, frozen=True, kw_only=True):
    """Goods the customer has: units of a line; or of a sku, where no line names what came."""

    line: int | None = None
    """None for goods that were not ordered, and for a purchase nobody can verify."""
    sku: str
    shipment: str | None = None
    """The shipment that took them; None where there is no line."""
    quantity: int
    value: Minor
    """What all of them are worth: the price paid; the list price where they were not ordered."""


class KeepOrReturn(msgspec.Struct, frozen=True, kw_only=True):
    """The arithmetic of keep or return, frozen: what was compared, and what came of it. Source: R-G7

    Goods are kept where value < keep_under, or where value ≤ return_cost.
    """

    value: Minor
    keep_under: Minor
    return_shipping: Minor
    """Of one parcel."""
    restocking: Minor
    """Of one parcel."""
    parcels: int
    return_cost: Minor
    """parcels × (return_shipping + restocking)"""
    by_rule: WhatBecomesOfGoods
    decided: WhatBecomesOfGoods
    """Otherwise than by rule only with a reason, which the entry keeps."""


class GoodsReturnRequested(Event, frozen=True, kw_only=True):
    """The customer is asked to send goods back, with a prepaid label. Source: R-G7"""

    goods_return: str
    """Names what becomes of these goods."""
    refund: str
    customer: str
    order: str | None = None
    currency: str
    goods: tuple[HeldGoods, ...]
    all_held: bool
    """Whether it was asked about everything of the refund that the customer has."""
    weighed: KeepOrReturn
    deadlines: tuple[Deadline, ...] = ()
    """Sending the label."""


class ReturnLabelSent(Event, frozen=True, kw_only=True):
    """The customer was sent a prepaid label for a parcel. Source: R-G7"""

    goods_return: str
    refund: str
    customer: str
    order: str | None = None
    method: str
    """The carrier's service."""
    tracking: str
    channel: ContactChannel


class ReturnedGoods(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that came back together in one condition."""

    line: int | None = None
    sku: str
    shipment: str | None = None
    quantity: int
    condition: Condition


class GoodsReturned(Event, frozen=True, kw_only=True):
    """Goods came back and were counted. Source: R-G2, R-G5"""

    goods_return: str
    arrival: str
    """Names this arrival."""
    refund: str
    customer: str
    order: str | None = None
    returned_on: Day
    goods: tuple[ReturnedGoods, ...]


class GoodsLeftWithCustomer(Event, frozen=True, kw_only=True):
    """Goods stay with the customer: at once, or after they were asked for and did not come. Source: R-G7"""

    goods_return: str
    refund: str
    customer: str
    order: str | None = None
    currency: str
    goods: tuple[HeldGoods, ...]
    all_held: bool
    """Whether it was asked about everything of the refund that the customer has."""
    weighed: KeepOrReturn | None
    """None where they had been asked for."""
    avoided: Minor
    """What of the cost of a return we are spared."""
