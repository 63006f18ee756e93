"""What people have to do about declined payments: search the cards, charge what was
found, reach the customer, decide, resolve.

Source: R-D2, R-D3, R-D4, R-D7
"""

from domain.declines.decline_events import (
    CardOnFileSearchCompleted,
    ChargeAbandoned,
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
from projections.projection import is_last

BearsOnHoldTasks = (
    PaymentAttempted
    | PaymentDeclined
    | PaymentCaptured
    | ChargeUnmatched
    | ChargeRecordedBefore
    | ChargeAbandoned
    | OrderPlacedOnHold
    | CardOnFileSearchCompleted
    | ContactAttempted
    | OrderReleased
    | ShipmentReleasedWithoutPayment
    | OrderNotDelivered
)

RESOLVE: DeadlineKind = "resolve_payment"
SEARCH: DeadlineKind = "search_cards"
CHARGE: DeadlineKind = "charge_card"
REACH: DeadlineKind = "reach_customer"
DECIDE: DeadlineKind = "decide_release"
SHIP: DeadlineKind = "ship_order"
ASK: DeadlineKind = "ask_for_payment"


def fold_holds(rows: Rows, it: BearsOnHoldTasks, entry: Entry) -> None:
    """Change the tasks about an order's declined payments from before the entry to after it."""
    order, customer = it.order, it.customer
    match it:
        case PaymentAttempted():
            begin_tasks(rows, order, it.payment, customer, it.deadlines, entry, RESOLVE)
        case PaymentDeclined():
            rows.pop((order, RESOLVE, it.payment), None)
            rows.pop((order, CHARGE, it.payment_method or ""), None)
            begin_tasks(rows, order, order, customer, it.deadlines, entry, DECIDE)
            if it.deadlines:
                _reach(rows, it, entry)
        case PaymentCaptured() | ChargeUnmatched() | ChargeRecordedBefore() | ChargeAbandoned():
            rows.pop((order, RESOLVE, it.payment), None)
        case OrderPlacedOnHold():
            begin_tasks(rows, order, order, customer, it.deadlines, entry, SEARCH, DECIDE)
            _reach(rows, it, entry)
            ship_no_more(rows, order, entry)
            rows.pop((order, ASK, order), None)
        case CardOnFileSearchCompleted():
            rows.pop((order, SEARCH, order), None)
            _charge_no_more(rows, order)
            for card in it.cards:
                if card.verdict == "usable":
                    begin_tasks(rows, order, card.payment_method, customer, it.deadlines, entry, CHARGE)
        case ContactAttempted():
            _reach(rows, it, entry)
        case OrderReleased() | ShipmentReleasedWithoutPayment() | OrderNotDelivered():
            for kind in (SEARCH, REACH, DECIDE):
                rows.pop((order, kind, order), None)
            _charge_no_more(rows, order)
            if not isinstance(it, OrderNotDelivered) and (order, SHIP, order) in rows:
                begin_tasks(rows, order, order, customer, it.deadlines, entry, SHIP)


def _reach(rows: Rows, it: PaymentDeclined | OrderPlacedOnHold | ContactAttempted, entry: Entry) -> None:
    """The last attempt, or a decline after it, says when to try again; or that nobody has to. Source: R-D2"""
    key = (it.order, REACH, it.order)
    row = rows.get(key)
    if row is None or is_last(row.said_at, entry):
        if row is not None:
            row.due = row.missed_from = None
        begin_tasks(rows, it.order, it.order, it.customer, it.deadlines, entry, REACH)
        if key in rows:
            rows[key].said_at = entry.effective_at


def _charge_no_more(rows: Rows, order: str) -> None:
    """Nobody is asked to charge what was found before."""
    for key in [key for key in rows if key[:2] == (order, CHARGE)]:
        del rows[key]


def ship_no_more(rows: Rows, order: str, entry: Entry) -> None:
    """Nobody is asked to ship what has to wait."""
    shipping = rows.get((order, SHIP, order))
    if shipping is not None:
        shipping.due = shipping.missed_from = None
        shipping.last_position = entry.position
