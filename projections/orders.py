"""Finding orders: one row per order, from its cart on: its names, where it stands, what it is worth."""

from typing import Literal, assert_never

from domain.bills.bill_events import BillIssued, BillPaymentReceived
from domain.corrections.correction_events import (
    BillCorrected,
    PaymentCorrected,
    RefundCorrected,
    ShipmentCorrected,
)
from domain.declines.decline_events import (
    OrderNotDelivered,
    OrderPlacedOnHold,
    OrderReleased,
    ShipmentReleasedWithoutPayment,
)
from domain.entry import Entry, Minor
from domain.moments import Moment
from domain.orders.order_events import (
    CartPrepared,
    OrderPlaced,
    OrderShipped,
    OrderUnitsCancelled,
    Part,
    ShipmentDelivered,
)
from domain.payments.payment_events import PaymentCaptured
from projections.projection import Key, Place, Row, RowPerGroup, events_of

PlacedStatus = Literal[
    "placed", "on_hold", "part_shipped", "shipped", "delivered", "cancelled", "not_delivered"
]
Status = Literal["cart", PlacedStatus]

TellsOfAnOrder = (
    CartPrepared
    | OrderPlaced
    | PaymentCaptured
    | BillPaymentReceived
    | OrderShipped
    | BillIssued
    | ShipmentDelivered
    | OrderUnitsCancelled
    | OrderPlacedOnHold
    | OrderReleased
    | ShipmentReleasedWithoutPayment
    | OrderNotDelivered
    | PaymentCorrected
    | ShipmentCorrected
    | BillCorrected
    | RefundCorrected
)


class OrderRow(Row):
    """An order as a list shows it; amounts in minor units of `currency`."""

    order: str
    customer: str | None = None
    """None for a cart nobody has claimed yet."""
    channel: str = ""
    external_ref: str | None = None
    status: Status = "cart"
    currency: str = ""
    total: Minor = 0
    received: Minor = 0
    charged: Minor = 0
    billed: Minor = 0
    terms: str | None = None
    standing: str | None = None
    began_at: Moment = 0
    placed_at: Moment | None = None
    shipments: str = ""
    """Each that stands, as `shp_… <moment>`, so that taking one back leaves the last of the others."""
    last_shipped_at: Moment | None = None
    """By the time things took effect: a shipment entered late is not the last."""
    units: int = 0
    units_shipped: int = 0
    units_delivered: int = 0
    units_cancelled: int = 0
    waits: bool = False
    """Whether it is on hold, for its money."""
    given_up: bool = False
    """Whether it was closed as not delivered."""
    last_position: Place = 0
    changed_at: Moment | None = None
    """When what took effect last did."""


class Orders(RowPerGroup[OrderRow, TellsOfAnOrder]):
    """Which orders are there, and where does each stand?"""

    name = "orders"
    version = 5
    row = OrderRow
    handles = events_of(TellsOfAnOrder)
    key = ("order",)
    group_key = key
    found_by = "stream"
    indexes = (("customer", "placed_at"), ("status", "placed_at"), ("placed_at",), ("external_ref",))

    def group(self, it: TellsOfAnOrder, entry: Entry) -> Key | None:
        # A refund of the customer's own stream is about no order; a payment corrected may be told there too.
        return (entry.stream,) if it.order == entry.stream else None

    def change(self, row: OrderRow, it: TellsOfAnOrder, entry: Entry) -> None:
        match it:
            case CartPrepared() | OrderPlaced():
                _describe(row, it, entry)
            case PaymentCaptured() | BillPaymentReceived():
                row.received += it.amount
            case OrderShipped():
                row.charged += it.charge
                row.units_shipped += _units(it.parts)
                _ship(row, f"{row.shipments} {it.shipment} {entry.effective_at}".split())
            case BillIssued():
                row.billed += it.amount
            case ShipmentDelivered():
                row.units_delivered += _units(it.parts)
            case OrderUnitsCancelled():
                row.units_cancelled += _units(it.parts)
            case OrderPlacedOnHold():
                row.waits, row.given_up = True, False
            case OrderReleased() | ShipmentReleasedWithoutPayment():
                row.waits = False
            case OrderNotDelivered():
                row.waits, row.given_up = False, True
            case PaymentCorrected():
                row.received -= it.amount
            case ShipmentCorrected():
                row.charged -= it.charge
                row.billed -= it.billed
                row.units_shipped -= _units(it.parts)
                said = row.shipments.split()
                at = said.index(it.shipment)
                _ship(row, said[:at] + said[at + 2 :])
            case BillCorrected():
                row.billed -= it.amount
            case RefundCorrected():
                row.units_cancelled -= _units(it.cancelled)
            case _:
                assert_never(it)
        row.status = status(row)
        row.last_position = entry.position
        row.changed_at = max(row.changed_at or entry.effective_at, entry.effective_at)


def status(row: OrderRow) -> Status:
    """Where an order stands, by its counts: what is cancelled no longer counts as to be shipped.

    One that waits for its money is on hold, also where some of it has shipped.
    """
    if row.placed_at is None:
        return "cart"
    if row.units_shipped + row.units_cancelled < row.units:
        if row.waits:
            return "on_hold"
        return "part_shipped" if row.units_shipped else "placed"
    if row.units_shipped == 0:
        return "not_delivered" if row.given_up else "cancelled"
    return "delivered" if row.units_delivered == row.units_shipped else "shipped"


def _describe(row: OrderRow, it: CartPrepared | OrderPlaced, entry: Entry) -> None:
    row.customer, row.channel, row.external_ref = it.customer, it.channel, it.external_ref
    row.currency, row.total = it.currency, it.total
    row.units = sum([line.quantity for line in it.lines])
    row.began_at = row.began_at or entry.effective_at
    if isinstance(it, OrderPlaced):
        row.terms, row.standing, row.placed_at = it.terms, it.standing, entry.effective_at


def _ship(row: OrderRow, shipments: list[str]) -> None:
    row.shipments = " ".join(shipments)
    row.last_shipped_at = max(map(int, shipments[1::2]), default=None)


def _units(parts: tuple[Part, ...]) -> int:
    return sum([part.quantity for part in parts])


PLACED = """
SELECT "order" AS id, customer, channel, external_ref, status, terms, standing, currency, total, received,
       charged, billed, units, units_shipped, units_delivered, units_cancelled, placed_at, last_shipped_at,
       changed_at, last_position
FROM held WHERE placed_at IS NOT NULL"""
"""The orders that were placed, over the rows `held`: carts are no orders yet."""
