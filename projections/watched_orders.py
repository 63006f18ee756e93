"""New orders by customers who owed: what was overdue when they ordered, and what the owner decided.

Source: R-B2, §4
"""

from domain.bills.watch_events import WatchedOrderReviewed
from domain.corrections.correction_events import RefundCorrected, ShipmentCorrected
from domain.entry import Entry, Minor
from domain.moments import Day, Moment
from domain.orders.order_events import OrderPlaced, OrderShipped, OrderUnitsCancelled
from projections.projection import Key, Place, Projection, Row, events_of

BearsOnWatched = (
    OrderPlaced
    | OrderShipped
    | OrderUnitsCancelled
    | WatchedOrderReviewed
    | ShipmentCorrected
    | RefundCorrected
)


class WatchedOrder(Row):
    """An order of a watched customer; amounts in minor units of `currency`."""

    order: str
    customer: str = ""
    currency: str = ""
    total: Minor = 0
    placed_at: Moment = 0
    bills_then: int = 0
    """Bills that were overdue when it was placed, in whatever currency."""
    open_then: Minor = 0
    """What was open on those of them in the order's currency."""
    units_left: int = 0
    """Still to ship; nothing is left to decide once there are none."""
    decision: str | None = None
    """`ship` or `payment_first`; None while the owner has not looked at it."""
    reviewed_by: str | None = None
    reviewed_at: Moment | None = None
    ask_again_on: Day | None = None
    last_position: Place = 0


class WatchedOrders(Projection[WatchedOrder, BearsOnWatched]):
    """Which customers who owe have ordered again, and what did the owner decide?"""

    name = "watched_orders"
    version = 1
    row = WatchedOrder
    handles = events_of(BearsOnWatched)
    key = ("order",)
    group_key = key
    found_by = "stream"
    indexes = (("placed_at",), ("customer",))

    def group(self, it: BearsOnWatched, entry: Entry) -> Key | None:
        if it.order is None or (isinstance(it, OrderPlaced) and not it.watched_for):
            return None
        return (it.order,)

    def fold(self, rows: dict[Key, WatchedOrder], group: Key, it: BearsOnWatched, entry: Entry) -> None:
        if isinstance(it, OrderPlaced):
            rows[group] = _watched(it, entry)
        row = rows.get(group)
        if row is None:
            return
        match it:
            case OrderPlaced():
                pass
            case OrderShipped() | OrderUnitsCancelled():
                row.units_left -= sum([part.quantity for part in it.parts])
            case ShipmentCorrected() | RefundCorrected():
                row.units_left = it.to_ship
            case WatchedOrderReviewed():
                row.decision, row.ask_again_on = it.decision, it.until
                row.reviewed_by = entry.meta.on_behalf_of or entry.meta.person
                row.reviewed_at = entry.effective_at
        row.last_position = entry.position


def _watched(it: OrderPlaced, entry: Entry) -> WatchedOrder:
    return WatchedOrder(
        it.order,
        it.customer,
        it.currency,
        it.total,
        entry.effective_at,
        len(it.watched_for),
        sum([bill.open for bill in it.watched_for if bill.currency == it.currency]),
        sum([line.quantity for line in it.lines]),
    )


LISTED = """
SELECT "order", customer, currency, total, placed_at, bills_then, open_then, units_left, decision,
       reviewed_by, reviewed_at, ask_again_on, last_position
FROM held"""
"""The orders of watched customers, over the rows `held`."""
