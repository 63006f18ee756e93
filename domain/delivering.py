"""Delivery: goods reach the customer, and both guarantee windows of these units begin. Source: R-G1"""

from dataclasses import dataclass

from domain.command import Command, expect_parts
from domain.deadlines import deadlines_of_delivery
from domain.decision import Decision, Given
from domain.guarantees import guarantee_granted
from domain.moments import day_of
from domain.order import Shipment, placed_order
from domain.order_events import Part, ShipmentDelivered
from domain.refusal import Refusal


class DeliverShipment(Command, frozen=True, kw_only=True):
    """Record that a shipment, or some units of it, reached the customer. Raises: ValueError."""

    order: str
    shipment: str
    parts: tuple[Part, ...] = ()
    """Empty: all of it that is still under way."""

    def __post_init__(self) -> None:
        expect_parts(self.parts)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


@dataclass(unsafe_hash=True)
class ShipmentUnknown(Refusal):
    """The order has no shipment with this id."""

    rule = "H-known"
    way_out = "Look at the order's shipments and name one of them."

    order: str
    shipment: str


@dataclass(unsafe_hash=True)
class DeliveryExceedsShipment(Refusal):
    """More units would arrive than the shipment still has under way."""

    rule = "I7"
    way_out = (
        "Record at most the units under way. Goods the customer got beyond them belong to another shipment."
    )

    order: str
    shipment: str
    line: int
    asked: int
    under_way: int


def deliver_shipment(command: DeliverShipment, given: Given) -> Decision:
    """Records an arrival and grants the guarantee on it.

    Checks, in this order: order placed; shipment known; retry, which is: all of it arrived and all of it is
    asked, or the same units arrived at the same moment; units under way.
    """
    state = placed_order(given, command.order)
    shipment = state.shipments.get(command.shipment)
    if shipment is None:
        raise ShipmentUnknown(command.order, command.shipment)
    under_way = shipment.undelivered()
    already = _already_delivered(shipment, command, under_way, given)
    if already:
        return Decision(customer=state.placed.customer, already=already)
    delivered_on = day_of(given.at, given.book.zone)
    delivered = ShipmentDelivered(
        order=command.order,
        customer=state.placed.customer,
        shipment=command.shipment,
        delivered_on=delivered_on,
        parts=_arriving(command, under_way),
        deadlines=deadlines_of_delivery(delivered_on, given),
    )
    granted = guarantee_granted(state.placed, delivered, given.edition)
    return Decision(
        events=((command.order, delivered), (command.order, granted)), customer=state.placed.customer
    )


def _already_delivered(
    shipment: Shipment, command: DeliverShipment, under_way: dict[int, int], given: Given
) -> tuple[int, ...]:
    if not command.parts and not under_way:
        return tuple([position for delivery in shipment.deliveries for position in delivery.positions])
    for delivery in shipment.deliveries:
        if delivery.at == given.at and delivery.delivered.parts == command.parts:
            return delivery.positions
    return ()


def _arriving(command: DeliverShipment, under_way: dict[int, int]) -> tuple[Part, ...]:
    if not command.parts:
        return tuple([Part(line, quantity) for line, quantity in under_way.items()])
    for part in command.parts:
        left = under_way.get(part.line, 0)
        if part.quantity > left:
            raise DeliveryExceedsShipment(command.order, command.shipment, part.line, part.quantity, left)
    return command.parts
