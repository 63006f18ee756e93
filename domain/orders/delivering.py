"""Delivery: goods reach the customer, and both guarantee windows of these units begin. Source: R-G1"""

from dataclasses import dataclass

import msgspec

from domain.causes import expect_cause
from domain.command import Command, parts_by_line
from domain.deadlines import deadlines_of_delivery
from domain.decision import Decision, Given
from domain.ids import expect_id
from domain.moments import day_of
from domain.orders.guarantees import guarantee_granted, terms_in_force
from domain.orders.order import Delivery, Placed, placed_order
from domain.orders.order_events import Part, ShipmentDelivered
from domain.refusal import Refusal, WhereNone
from domain.retry import AlreadyRecordedOtherwise


class DeliverShipment(Command, frozen=True, kw_only=True):
    """Record that a shipment, or some units of it, reached the customer. Raises: ValueError."""

    order: str
    delivery: str
    shipment: str
    parts: tuple[Part, ...] = ()
    """Empty: all of it that is still under way."""

    def __post_init__(self) -> None:
        expect_id("dlv", self.delivery)
        msgspec.structs.force_setattr(self, "parts", parts_by_line(self.parts))

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
class ShipmentTakenBack(Refusal):
    """This shipment was recorded by mistake and has been corrected: nothing of it left."""

    rule = "H-correct"
    way_out = "Record the shipment that did leave, then its delivery."

    order: str
    shipment: str


@dataclass(unsafe_hash=True)
class DeliveryExceedsShipment(Refusal):
    """More units would arrive than the shipment still has under way."""

    rule = "I7"
    way_out = (
        "Record at most the units under way. Goods the customer got beyond them belong to another shipment."
    )
    spoken = "Of line {line}, {under_way:unit} can still arrive, and {asked} would."
    where_none = WhereNone(
        "under_way",
        "Nothing of line {line} is under way with this shipment: it arrived, or left with another.",
        "Look at the order's shipments: each says what of it arrived.",
    )

    order: str
    shipment: str
    line: int
    asked: int
    under_way: int


@dataclass(unsafe_hash=True)
class NothingUnderWay(Refusal):
    """All of this shipment has arrived already."""

    rule = "I7"
    way_out = "Look at the order's timeline: it says what arrived and on which day."

    order: str
    shipment: str


def deliver_shipment(command: DeliverShipment, given: Given) -> Decision:
    """Records an arrival and grants the guarantee on it.

    Checks, in this order: order placed; retry, which is: the same units at the same moment; shipment
    known and not corrected; units under way; not before the shipment.
    """
    state = placed_order(given, command.order)
    recorded = _recorded(state, command.delivery)
    if recorded is not None:
        return _already_delivered(recorded, command, given)
    shipment = state.shipments.get(command.shipment)
    if shipment is None:
        raise ShipmentUnknown(command.order, command.shipment)
    if shipment.corrected is not None:
        raise ShipmentTakenBack(command.order, command.shipment)
    parts = _arriving(command, shipment.undelivered())
    expect_cause(shipment.at, given)
    delivered_on = day_of(given.at, given.book.zone)
    delivered = ShipmentDelivered(
        order=command.order,
        customer=state.placed.customer,
        delivery=command.delivery,
        shipment=command.shipment,
        delivered_on=delivered_on,
        parts=parts,
        all_under_way=not command.parts,
        deadlines=deadlines_of_delivery(delivered_on, given),
    )
    granted = guarantee_granted(state.placed, delivered, terms_in_force(given.policy, given.at))
    return Decision(
        events=((command.order, delivered), (command.order, granted)), customer=state.placed.customer
    )


def _recorded(state: Placed, delivery: str) -> Delivery | None:
    for shipment in state.shipments.values():
        if delivery in shipment.deliveries:
            return shipment.deliveries[delivery]
    return None


def _already_delivered(recorded: Delivery, command: DeliverShipment, given: Given) -> Decision:
    it = recorded.delivered
    asked = it.all_under_way if not command.parts else not it.all_under_way and it.parts == command.parts
    if it.shipment != command.shipment or recorded.at != given.at or not asked:
        raise AlreadyRecordedOtherwise(command.delivery)
    return Decision(customer=it.customer, already=recorded.positions)


def _arriving(command: DeliverShipment, under_way: dict[int, int]) -> tuple[Part, ...]:
    if not under_way and not command.parts:
        raise NothingUnderWay(command.order, command.shipment)
    if not command.parts:
        return tuple([Part(line, quantity) for line, quantity in under_way.items()])
    for part in command.parts:
        left = under_way.get(part.line, 0)
        if part.quantity > left:
            raise DeliveryExceedsShipment(command.order, command.shipment, part.line, part.quantity, left)
    return command.parts
