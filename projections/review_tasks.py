"""What the owner has to do about orders of watched customers: look at them, and again after payment was asked
first. What is asked to be paid first is not to be shipped meanwhile. Source: R-B2
"""

from domain.bills.watch_events import WatchedOrderReviewed
from domain.declines.decline_events import OrderReleased, ShipmentReleasedWithoutPayment
from domain.entry import Entry
from domain.orders.order_events import OrderPlaced, OrderUnitsCancelled
from domain.payments.payment_events import CreditUsed, PaymentCaptured, PaymentReinstated
from domain.refunds.refund_events import RefundGranted
from projections.bill_tasks import REVIEW, Rows, begin_tasks
from projections.hold_tasks import SHIP, ship_no_more

Covers = PaymentCaptured | CreditUsed | PaymentReinstated | OrderUnitsCancelled | RefundGranted
"""What may leave nothing of an order to be paid."""
LetsGo = OrderReleased | ShipmentReleasedWithoutPayment
BearsOnReviews = OrderPlaced | WatchedOrderReviewed | Covers | LetsGo


def fold_reviews(rows: Rows, it: BearsOnReviews, entry: Entry) -> None:
    """Change the owner's task about an order from before the entry to after it."""
    order = entry.stream
    key = (order, REVIEW, order)
    match it:
        case OrderPlaced():
            if key in rows:
                rows[key].while_watched = True
        case WatchedOrderReviewed():
            rows.pop(key, None)
            begin_tasks(rows, order, order, it.customer, it.deadlines, entry, REVIEW)
            if it.missing:
                ship_no_more(rows, order, entry)
            elif (order, SHIP, order) in rows:
                begin_tasks(rows, order, order, it.customer, it.deadlines, entry, SHIP)
        case _:
            asks_to_ship = any(deadline.kind == SHIP for deadline in it.deadlines)
            if asks_to_ship and key in rows and not rows[key].while_watched:
                del rows[key]


def nothing_to_review(rows: Rows, order: str) -> None:
    """Nothing is left to decide, unless a correction asks again, as it was asked."""
    review = rows.get((order, REVIEW, order))
    if review is not None:
        review.due = review.missed_from = None
