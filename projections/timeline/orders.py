"""What is told of an order itself: placed, shipped, arrived, cancelled, and whom we told."""

from typing import Final

from domain.entry import Entry
from domain.orders.order_events import (
    CartPrepared,
    CustomerContactMade,
    GuaranteeGranted,
    OrderPlaced,
    OrderShipped,
    OrderUnitsCancelled,
    ShipmentDelivered,
)
from projections.timeline.milestone import Milestone, Told, milestone, units_of


def _prepared(entry: Entry, it: CartPrepared) -> Milestone:
    units = sum(line.quantity for line in it.lines)
    return milestone(entry, "cart_prepared", currency=it.currency, amount=it.total, units=units)


def _placed(entry: Entry, it: OrderPlaced) -> Milestone:
    units = sum(line.quantity for line in it.lines)
    money = {"currency": it.currency, "amount": it.total}
    return milestone(entry, "placed", **money, units=units, day=it.ordered_on)


def _shipped(entry: Entry, it: OrderShipped) -> Milestone:
    money = {"currency": it.currency, "amount": it.charge}
    how = {"units": units_of(it.parts), "method": it.method, "tracking": it.tracking}
    return milestone(entry, "shipped", reference=it.shipment, **money, **how)


def _delivered(entry: Entry, it: ShipmentDelivered) -> Milestone:
    units = units_of(it.parts)
    return milestone(entry, "delivered", reference=it.shipment, units=units, day=it.delivered_on)


def _guaranteed(entry: Entry, it: GuaranteeGranted) -> Milestone:
    until = {"guarantee_until": it.guarantee_until, "supplier_until": it.supplier_until}
    return milestone(entry, "guarantee_granted", reference=it.shipment, units=units_of(it.parts), **until)


def _cancelled(entry: Entry, it: OrderUnitsCancelled) -> Milestone:
    return milestone(entry, "units_cancelled", reference=it.refund, units=units_of(it.parts))


def _contacted(entry: Entry, it: CustomerContactMade) -> Milestone:
    how = {"contact": it.kind, "channel": it.channel, "by": it.by}
    return milestone(entry, "contact_made", reference=it.shipment, **how)


TOLD_OF_ORDERS: Final[Told] = {
    CartPrepared: _prepared,
    OrderPlaced: _placed,
    OrderShipped: _shipped,
    ShipmentDelivered: _delivered,
    GuaranteeGranted: _guaranteed,
    OrderUnitsCancelled: _cancelled,
    CustomerContactMade: _contacted,
}
