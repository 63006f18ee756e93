"""What happened to this order, and when?"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from domain.entry import Entry, Minor
from domain.moments import Day, Moment
from domain.order_events import (
    BillIssued,
    CartPrepared,
    GuaranteeGranted,
    OrderEvent,
    OrderPlaced,
    OrderShipped,
    OrderUnitsCancelled,
    Part,
    PaymentCaptured,
    RefundGranted,
    ShipmentDelivered,
)

What = Literal[
    "cart_prepared",
    "placed",
    "captured",
    "shipped",
    "billed",
    "delivered",
    "guarantee_granted",
    "units_cancelled",
    "refund_granted",
]


class Milestone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of an order's story; only what belongs to its kind is filled in."""

    position: int
    at: Moment
    """When it took effect."""
    what: What
    reference: str | None = None
    """The payment, shipment, bill or refund it is about."""
    currency: str | None = None
    amount: Minor | None = None
    units: int | None = None
    method: str | None = None
    tracking: str | None = None
    day: Day | None = None
    """The day ordered, delivered, or on which a bill was issued."""
    due_on: Day | None = None
    guarantee_until: Day | None = None
    supplier_until: Day | None = None


def timeline_of(entries: Iterable[Entry]) -> tuple[Milestone, ...]:
    """The milestones in one order's entries, in the book's order."""
    return tuple(
        [
            _milestone(entry.event, entry.position, entry.effective_at)
            for entry in entries
            if isinstance(entry.event, OrderEvent)
        ]
    )


def _milestone(event: OrderEvent, position: int, at: Moment) -> Milestone:
    match event:
        case CartPrepared() | OrderPlaced() as it:
            return Milestone(
                position=position,
                at=at,
                what="placed" if isinstance(it, OrderPlaced) else "cart_prepared",
                currency=it.currency,
                amount=it.total,
                units=sum(line.quantity for line in it.lines),
                day=it.ordered_on if isinstance(it, OrderPlaced) else None,
            )
        case PaymentCaptured() as it:
            return Milestone(
                position=position,
                at=at,
                what="captured",
                reference=it.payment,
                currency=it.currency,
                amount=it.amount,
            )
        case OrderShipped() as it:
            return Milestone(
                position=position,
                at=at,
                what="shipped",
                reference=it.shipment,
                currency=it.currency,
                amount=it.charge,
                units=_units(it.parts),
                method=it.method,
                tracking=it.tracking,
            )
        case _:
            return _later_milestone(event, position, at)


def _later_milestone(
    event: BillIssued | ShipmentDelivered | GuaranteeGranted | OrderUnitsCancelled | RefundGranted,
    position: int,
    at: Moment,
) -> Milestone:
    match event:
        case BillIssued() as it:
            return Milestone(
                position=position,
                at=at,
                what="billed",
                reference=it.bill,
                currency=it.currency,
                amount=it.amount,
                day=it.issued_on,
                due_on=it.due_on,
            )
        case ShipmentDelivered() as it:
            return Milestone(
                position=position,
                at=at,
                what="delivered",
                reference=it.shipment,
                units=_units(it.parts),
                day=it.delivered_on,
            )
        case GuaranteeGranted() as it:
            return Milestone(
                position=position,
                at=at,
                what="guarantee_granted",
                reference=it.shipment,
                units=_units(it.parts),
                guarantee_until=it.guarantee_until,
                supplier_until=it.supplier_until,
            )
        case OrderUnitsCancelled() as it:
            return Milestone(
                position=position,
                at=at,
                what="units_cancelled",
                reference=it.refund,
                units=_units(it.parts),
            )
        case RefundGranted() as it:
            return Milestone(
                position=position,
                at=at,
                what="refund_granted",
                reference=it.refund,
                currency=it.currency,
                amount=it.granted,
            )


def _units(parts: Iterable[Part]) -> int:
    return sum(part.quantity for part in parts)
