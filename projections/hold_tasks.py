"""What people have to do about declined payments: search the cards, reach the customer, decide, resolve.

Source: R-D2, R-D3, R-D4, R-D7
"""

from domain.declines.decline_events import (
    CardOnFileSearchCompleted,
    ChargeRecordedBefore,
    ChargeUnmatched,
    ContactAttempted,
    OrderNotDelivered,
    OrderPlacedOnHold,
    OrderReleased,
    PaymentAttempted,
    PaymentDeclined,
    ShipmentReleasedWithoutPayment,
)
from domain.entry import Entry
from domain.orders.order_events import DeadlineKind
from domain.payments.payment_events import PaymentCaptured
from projections.bill_tasks import Rows, begin_tasks

BearsOnHoldTasks = (
    PaymentAttempted
    | PaymentDeclined
    | PaymentCaptured
    | ChargeUnmatched
    | ChargeRecordedBefore
    | OrderPlacedOnHold
    | CardOnFileSearchCompleted
    | ContactAttempted
    | OrderReleased
    | ShipmentReleasedWithoutPayment
    | OrderNotDelivered
)

RESOLVE: DeadlineKind = "resolve_payment"
SEARCH: DeadlineKind = "search_cards"
REACH: DeadlineKind = "reach_customer"
DECIDE: DeadlineKind = "decide_release"
SHIP: DeadlineKind = "ship_order"


def fold_holds(rows: Rows, it: BearsOnHoldTasks, entry: Entry) -> None:
    """Change the tasks about an order's declined payments from before the entry to after it."""
    order, customer = it.order, it.customer
    match it:
        case PaymentAttempted():
            begin_tasks(rows, order, it.payment, customer, it.deadlines, entry, RESOLVE)
        case PaymentDeclined():
            rows.pop((order, RESOLVE, it.payment), None)
            begin_tasks(rows, order, order, customer, it.deadlines, entry, REACH, DECIDE)
        case PaymentCaptured() | ChargeUnmatched() | ChargeRecordedBefore():
            rows.pop((order, RESOLVE, it.payment), None)
        case OrderPlacedOnHold():
            begin_tasks(rows, order, order, customer, it.deadlines, entry, SEARCH, REACH, DECIDE)
            ship_no_more(rows, order, entry)
        case CardOnFileSearchCompleted():
            rows.pop((order, SEARCH, order), None)
        case ContactAttempted():
            rows.pop((order, REACH, order), None)
            begin_tasks(rows, order, order, customer, it.deadlines, entry, REACH)
        case OrderReleased() | ShipmentReleasedWithoutPayment() | OrderNotDelivered():
            for kind in (SEARCH, REACH, DECIDE):
                rows.pop((order, kind, order), None)
            if not isinstance(it, OrderNotDelivered) and (order, SHIP, order) in rows:
                begin_tasks(rows, order, order, customer, it.deadlines, entry, SHIP)


def ship_no_more(rows: Rows, order: str, entry: Entry) -> None:
    """Nobody is asked to ship what has to wait."""
    shipping = rows.get((order, SHIP, order))
    if shipping is not None:
        shipping.due = shipping.missed_from = None
        shipping.last_position = entry.position
