"""How goods change an order: shipped, delivered, cancelled, and what the customer was told."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from domain.bills.watch_events import WatchedOrderReviewed
from domain.entry import Entry, Event
from domain.orders.order import Cancellation, Contact, Delivery, LineState, Placed, Review, Shipment
from domain.orders.order_events import (
    CustomerContactMade,
    GuaranteeGranted,
    OrderShipped,
    OrderUnitsCancelled,
    Part,
    ShipmentDelivered,
)


def _shipped(state: Placed, it: OrderShipped, entry: Entry) -> Placed:
    lines = list(state.lines)
    charged_before = tuple([lines[part.line - 1].shipped for part in it.parts])
    for part in it.parts:
        line = lines[part.line - 1]
        lines[part.line - 1] = LineState(
            line.line, line.shipped + part.quantity, line.delivered, line.cancelled, line.refunded
        )
    shipment = Shipment(it, entry.effective_at, (entry.position,), charged_before)
    return msgspec.structs.replace(
        state,
        lines=tuple(lines),
        units_to_ship=state.units_to_ship - sum([part.quantity for part in it.parts]),
        price_of_units_to_ship=state.price_of_units_to_ship - it.goods - it.tax,
        account=msgspec.structs.replace(state.account, charged=state.account.charged + it.charge),
        fee_charged=state.fee_charged or it.carries_fee,
        shipments={**state.shipments, it.shipment: shipment},
    )


def _delivered(state: Placed, it: ShipmentDelivered, entry: Entry) -> Placed:
    lines = list(state.lines)
    for part in it.parts:
        line = lines[part.line - 1]
        lines[part.line - 1] = LineState(
            line.line, line.shipped, line.delivered + part.quantity, line.cancelled, line.refunded
        )
    shipment = state.shipments[it.shipment]
    delivery = Delivery(it, entry.effective_at, (entry.position,))
    arrived = msgspec.structs.replace(shipment, deliveries={**shipment.deliveries, it.delivery: delivery})
    return msgspec.structs.replace(
        state, lines=tuple(lines), shipments={**state.shipments, it.shipment: arrived}
    )


def _guaranteed(state: Placed, it: GuaranteeGranted, entry: Entry) -> Placed:
    shipment = state.shipments[it.shipment]
    delivery = shipment.deliveries[it.delivery]
    delivery = msgspec.structs.replace(delivery, positions=(*delivery.positions, entry.position), granted=it)
    guaranteed = msgspec.structs.replace(shipment, deliveries={**shipment.deliveries, it.delivery: delivery})
    return msgspec.structs.replace(state, shipments={**state.shipments, it.shipment: guaranteed})


def _cancelled(state: Placed, it: OrderUnitsCancelled, entry: Entry) -> Placed:
    before = tuple([state.lines[part.line - 1].cancelled for part in it.parts])
    cancellation = Cancellation(it, (entry.position,), before)
    return msgspec.structs.replace(
        without_units(state, it.parts, it.goods + it.tax),
        cancellations={**state.cancellations, it.refund: cancellation},
    )


def without_units(state: Placed, parts: Sequence[Part], price: int) -> Placed:
    """The order with those unshipped units, which together cost `price`, cancelled."""
    lines = list(state.lines)
    for part in parts:
        line = lines[part.line - 1]
        lines[part.line - 1] = LineState(
            line.line, line.shipped, line.delivered, line.cancelled + part.quantity, line.refunded
        )
    return msgspec.structs.replace(
        state,
        lines=tuple(lines),
        units_to_ship=state.units_to_ship - sum([part.quantity for part in parts]),
        price_of_units_to_ship=state.price_of_units_to_ship - price,
    )


def _contacted(state: Placed, it: CustomerContactMade, entry: Entry) -> Placed:
    contact = Contact(it, entry.effective_at, entry.position)
    return msgspec.structs.replace(state, contacts=(*state.contacts, contact))


def _reviewed(state: Placed, it: WatchedOrderReviewed, entry: Entry) -> Placed:
    review = Review(it, entry.effective_at, entry.position)
    return msgspec.structs.replace(state, reviews=(*state.reviews, review))


GOODS: Final[Mapping[type[Event], Callable[[Placed, Any, Entry], Placed]]] = {
    OrderShipped: _shipped,
    ShipmentDelivered: _delivered,
    GuaranteeGranted: _guaranteed,
    OrderUnitsCancelled: _cancelled,
    CustomerContactMade: _contacted,
    WatchedOrderReviewed: _reviewed,
}
"""How each of these events changes a placed order."""
