"""What we still answer for: windows, what was refunded of them, and how much may still be asked back.

A row per line and delivery; one more per line, with no delivery, holds what the line is and what was refunded
of it before it arrived; and while goods are under way, one per line and shipment. Units refunded on the way
arrive last, and nobody can ask for them again (`domain.refunds.refund_windows`). Source: R-G1 … R-G3
"""

from typing import assert_never

from domain.corrections.correction_events import RefundCorrected, ShipmentCorrected
from domain.entry import Entry, Minor
from domain.moments import Day
from domain.orders.order_events import GuaranteeGranted, OrderPlaced, OrderShipped
from domain.refunds.refund_events import RefundedPart, RefundGranted
from domain.returns.return_events import GoodsReturned
from projections.projection import Key, Place, Projection, Row, events_of

BearsOnGuarantees = (
    OrderPlaced
    | OrderShipped
    | ShipmentCorrected
    | GuaranteeGranted
    | RefundGranted
    | RefundCorrected
    | GoodsReturned
)

AGES: tuple[tuple[int, str], ...] = (
    (30, "refunded_30"),
    (90, "refunded_90"),
    (180, "refunded_180"),
    (365, "refunded_365"),
)
"""Days since the delivery up to which units count in a column; older ones are `refunded_later`."""


class Guarantee(Row):
    """Units of one line delivered together; amounts in minor units of `currency`."""

    order: str
    line: int
    delivery: str
    """Empty: the line itself, and what was refunded of it while it was under way. A shipment: what of it is.
    """
    customer: str = ""
    sku: str = ""
    currency: str = ""
    ordered: int = 0
    """Units of the whole line."""
    price: Minor = 0
    """Of the whole line, with discount and tax."""
    ordered_on: Day = ""
    delivered_on: Day = ""
    guarantee_until: Day = ""
    supplier_until: Day = ""
    delivered: int = 0
    refunded: int = 0
    refunded_30: int = 0
    """Of these, in the first 30 days after the delivery."""
    refunded_90: int = 0
    refunded_180: int = 0
    refunded_365: int = 0
    refunded_later: int = 0
    shipment: str = ""
    """The one it came with."""
    under_way: int = 0
    """Of a shipment: units that have not arrived."""
    refunded_before: int = 0
    """Of a shipment: units refunded on the way. Of a delivery: those of them that came with it."""
    refunded_amount: Minor = 0
    """What was credited for them, goods and tax."""
    returned: int = 0
    """Of the line itself: units that came back."""
    last_position: Place = 0


class Guarantees(Projection[Guarantee, BearsOnGuarantees]):
    """What do we still answer for, until when, and how much of it was asked back?"""

    name = "guarantees"
    version = 2
    row = Guarantee
    handles = events_of(BearsOnGuarantees)
    key = ("order", "line", "delivery")
    group_key = ("order",)
    found_by = "stream"
    indexes = (("guarantee_until",), ("sku",))

    def group(self, it: BearsOnGuarantees, entry: Entry) -> Key | None:
        return None if it.order is None else (it.order,)

    def fold(self, rows: dict[Key, Guarantee], group: Key, it: BearsOnGuarantees, entry: Entry) -> None:
        match it:
            case OrderPlaced():
                for line in it.lines:
                    rows[it.order, line.number, ""] = Guarantee(
                        order=it.order,
                        line=line.number,
                        delivery="",
                        customer=it.customer,
                        sku=line.sku,
                        currency=it.currency,
                        ordered=line.quantity,
                        price=line.total,
                        ordered_on=it.ordered_on,
                        last_position=entry.position,
                    )
            case OrderShipped():
                for part in it.parts:
                    row = _another(rows, it.order, part.line, it.shipment, entry)
                    row.shipment, row.under_way = it.shipment, part.quantity
            case ShipmentCorrected():
                for part in it.parts:
                    rows.pop((it.order, part.line, it.shipment), None)
            case GuaranteeGranted():
                for part in it.parts:
                    row = _another(rows, it.order, part.line, it.delivery, entry)
                    row.shipment, row.delivered_on = it.shipment, it.delivered_on
                    row.guarantee_until, row.supplier_until = it.guarantee_until, it.supplier_until
                    row.delivered = part.quantity
                    way = rows[it.order, part.line, it.shipment]
                    way.under_way -= part.quantity
                    if way.refunded_before:
                        _arrive(rows, it.order, part.line, it.shipment)
                    elif not way.under_way:
                        del rows[it.order, part.line, it.shipment]
            case RefundGranted():
                for part in it.parts:
                    _refund(rows, it.order, part, 1, entry)
            case RefundCorrected():
                for part in it.parts:
                    _refund(rows, it.order, part, -1, entry)
            case GoodsReturned():
                for goods in it.goods:
                    if goods.line is not None and it.order is not None:
                        row = rows[it.order, goods.line, ""]
                        row.returned += goods.quantity
                        row.last_position = entry.position
            case _:
                assert_never(it)


def _another(rows: dict[Key, Guarantee], order: str, line: int, delivery: str, entry: Entry) -> Guarantee:
    """A row for more of a line: its delivery, or the shipment that is under way."""
    it = rows[order, line, ""]
    row = rows[order, line, delivery] = Guarantee(
        order=order,
        line=line,
        delivery=delivery,
        customer=it.customer,
        sku=it.sku,
        currency=it.currency,
        ordered=it.ordered,
        price=it.price,
        ordered_on=it.ordered_on,
        last_position=entry.position,
    )
    return row


def _arrive(rows: dict[Key, Guarantee], order: str, line: int, shipment: str) -> None:
    """What was refunded on the way arrives last, and is of the earliest deliveries' windows."""
    way = rows[order, line, shipment]
    arrived = max(0, way.refunded_before - way.under_way)
    came = [row for row in rows.values() if (row.line, row.shipment) == (line, shipment) and row.delivered]
    for row in sorted(came, key=lambda row: row.delivery):
        row.refunded_before = min(arrived, row.delivered - row.refunded)
        arrived -= row.refunded_before


def _refund(
    rows: dict[Key, Guarantee], order: str | None, part: RefundedPart, sign: int, entry: Entry
) -> None:
    if order is None or part.line is None:
        return
    row = rows[order, part.line, part.delivery or ""]
    row.refunded += sign * part.quantity
    row.refunded_amount += sign * (part.goods + part.tax)
    row.last_position = entry.position
    if part.days_since_delivery is not None:
        column = _column(part.days_since_delivery)
        setattr(row, column, getattr(row, column) + sign * part.quantity)
    way = None if part.shipment is None else rows.get((order, part.line, part.shipment))
    if part.shipment is not None and way is not None and (way.refunded_before or part.delivery is None):
        way.refunded_before += sign * part.quantity if part.delivery is None else 0
        _arrive(rows, order, part.line, part.shipment)


def _column(days: int) -> str:
    for until, column in AGES:
        if days <= until:
            return column
    return "refunded_later"


LISTED = """
SELECT "order", line, delivery, customer, sku, ordered_on, delivered_on, guarantee_until, supplier_until,
       delivered, refunded, refunded_before, delivered - refunded - refunded_before AS open, currency,
       round(price::numeric * (delivered - refunded - refunded_before) / ordered)::bigint AS exposure,
       refunded_amount, last_position
FROM held WHERE delivered > 0"""
"""What was delivered and under which windows, over the rows `held`. The exposure is the open units' part of
the line's price, half up: which cent falls on which unit is settled when they are refunded.
"""

RATES = """
SELECT sku, age, sum(units)::bigint AS units, measured_by, sum(of_units)::bigint AS of_units,
       CASE WHEN sum(of_units) = 0 THEN 0 ELSE round(10000 * sum(units) / sum(of_units))::bigint END
           AS basis_points,
       max(last_position) AS last_position
FROM held
CROSS JOIN LATERAL (VALUES
    ('all', CASE WHEN delivered > 0 THEN refunded + refunded_before ELSE 0 END, 'delivered', delivered),
    ('before_delivery', CASE WHEN delivery = '' THEN refunded ELSE 0 END, 'shipped', delivered + under_way),
    ('0-30', refunded_30, 'delivered', delivered), ('31-90', refunded_90, 'delivered', delivered),
    ('91-180', refunded_180, 'delivered', delivered), ('181-365', refunded_365, 'delivered', delivered),
    ('later', refunded_later, 'delivered', delivered),
    ('came_back', returned, 'shipped', delivered + under_way)
) AS by_age (age, units, measured_by, of_units)
GROUP BY sku, age, measured_by HAVING age = 'all' OR sum(units) > 0"""
"""Of each sku's delivered units, how many were refunded, by the days since their delivery. `all`: at any age,
and on the way where they have arrived since. Of the units shipped: how many were refunded before they
arrived, and how many came back. `all` is there for every sku, any other only where units are.
"""
