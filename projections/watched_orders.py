"""New orders by customers who owed: what was overdue when they ordered, what the owner decided, and whether
they owe still.

Beside the rows of orders stands one for each bill, as watching counts it, so that SQL can tell who is watched
on the day it is asked. Source: R-B2, §4
"""

from domain.bills.bill_events import BillIssued, BillPaymentReceived, BillWrittenOff, WriteOffReversed
from domain.bills.watch_events import WatchedOrderReviewed
from domain.corrections.correction_events import (
    BillCorrected,
    PaymentCorrected,
    RefundCorrected,
    ShipmentCorrected,
)
from domain.customers.standing import CustomerFacts, OrderFacts, OwedBill, fold_customer
from domain.entry import Entry, Minor
from domain.moments import Day, Moment
from domain.orders.order_events import (
    Deadline,
    DeadlineKind,
    OrderPlaced,
    OrderShipped,
    OrderUnitsCancelled,
)
from domain.payments.payment_events import CreditUsed, PaymentCaptured, PaymentReinstated, PaymentReversed
from domain.refunds.refund_events import RefundGranted, RefundReturned
from projections.bill_tasks import REVIEW
from projections.hold_tasks import SHIP
from projections.projection import Key, Place, Projection, Row, events_of
from projections.review_tasks import Covers, LetsGo

Owes = (
    BillIssued
    | PaymentCaptured
    | BillPaymentReceived
    | PaymentReinstated
    | RefundReturned
    | CreditUsed
    | PaymentReversed
    | RefundGranted
    | BillWrittenOff
    | WriteOffReversed
    | PaymentCorrected
    | ShipmentCorrected
    | BillCorrected
    | RefundCorrected
)
BearsOnWatched = OrderPlaced | OrderShipped | OrderUnitsCancelled | WatchedOrderReviewed | LetsGo | Owes


class WatchedOrder(Row):
    """An order of a watched customer, or a bill of anybody; amounts in minor units of `currency`."""

    order: str
    bill: str
    """Empty for the order itself."""
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
    to_be_paid: bool = False
    """Whether what is asked to be paid first is not paid yet, so that it may not ship."""
    due_on: Day = ""
    """Of a bill."""
    open: Minor = 0
    """Of a bill."""
    last_position: Place = 0


class WatchedOrders(Projection[WatchedOrder, BearsOnWatched]):
    """Which customers who owe have ordered again, what did the owner decide, and do they owe still?"""

    name = "watched_orders"
    version = 4
    row = WatchedOrder
    handles = events_of(BearsOnWatched)
    key = ("order", "bill")
    group_key = ("order",)
    found_by = "stream"
    indexes = (("placed_at",), ("customer",))

    def group(self, it: BearsOnWatched, entry: Entry) -> Key | None:
        if entry.stream != it.order:
            return None
        # Most customers owe nothing, and most refunds clear none of it.
        match it:
            case OrderPlaced():
                bears = bool(it.watched_for)
            case PaymentCaptured() | PaymentReinstated() | CreditUsed():
                bears = bool(it.bills) or _asks(it.deadlines, SHIP)
            case BillPaymentReceived() | RefundReturned():
                bears = bool(it.bills)
            case RefundGranted():
                bears = bool(it.cleared or it.write_offs_cleared) or _asks(it.deadlines, SHIP)
            case _:
                bears = True
        return (entry.stream,) if bears else None

    def fold(self, rows: dict[Key, WatchedOrder], group: Key, it: BearsOnWatched, entry: Entry) -> None:
        key = (entry.stream, "")
        if isinstance(it, OrderPlaced):
            rows[key] = _watched(it, entry)
        if isinstance(it, Owes):
            _owe(rows, entry)
        row = rows.get(key)
        if row is None:
            return
        is_to_ship = isinstance(it, Covers | LetsGo) and _asks(it.deadlines, SHIP)
        match it:
            case OrderShipped() | OrderUnitsCancelled():
                row.units_left -= sum([part.quantity for part in it.parts])
            case ShipmentCorrected() | RefundCorrected():
                row.units_left = it.to_ship
                row.to_be_paid = row.to_be_paid or _asks(it.deadlines, REVIEW)
            case WatchedOrderReviewed():
                row.decision, row.ask_again_on, row.to_be_paid = it.decision, it.until, it.missing > 0
                row.reviewed_by = entry.meta.who
                row.reviewed_at = entry.effective_at
            case _ if not is_to_ship:
                return
            case _:
                pass
        row.to_be_paid = row.to_be_paid and not is_to_ship
        row.last_position = entry.position


def _asks(deadlines: tuple[Deadline, ...], kind: DeadlineKind) -> bool:
    return any(deadline.kind == kind for deadline in deadlines)


def _watched(it: OrderPlaced, entry: Entry) -> WatchedOrder:
    return WatchedOrder(
        it.order,
        "",
        it.customer,
        it.currency,
        it.total,
        entry.effective_at,
        len(it.watched_for),
        sum([bill.open for bill in it.watched_for if bill.currency == it.currency]),
        sum([line.quantity for line in it.lines]),
        last_position=entry.position,
    )


def _owe(rows: dict[Key, WatchedOrder], entry: Entry) -> None:
    """What is open on the order's bills, as the customer's facts say it."""
    order = entry.stream
    before = {row.bill: OwedBill(row.currency, row.due_on, row.open) for row in rows.values() if row.bill}
    facts = fold_customer(CustomerFacts({order: OrderFacts(bills=before)}), entry)
    for bill, owed in facts.orders[order].bills.items():
        if before.get(bill) != owed:
            rows[order, bill] = WatchedOrder(
                order,
                bill,
                entry.customer or "",
                owed.currency,
                due_on=owed.due_on,
                open=owed.open,
                last_position=entry.position,
            )


LISTED = """
SELECT watched."order", watched.customer, watched.currency, watched.total, watched.placed_at,
       watched.bills_then, watched.open_then, owed.bills AS bills_now, owed.open AS open_now,
       watched.units_left,
       watched.units_left > 0 AND CASE
           WHEN watched.decision IS NULL THEN owed.bills > 0
           ELSE watched.to_be_paid AND watched.ask_again_on <= said.today
       END AS to_review, watched.decision,
       watched.reviewed_by, watched.reviewed_at,
       CASE WHEN watched.units_left > 0 AND watched.to_be_paid THEN watched.ask_again_on END AS ask_again_on,
       watched.last_position
FROM held AS watched
CROSS JOIN (SELECT %s::text AS today) AS said
CROSS JOIN LATERAL (
    SELECT count(*)::bigint AS bills,
           coalesce(sum(open) FILTER (WHERE debt.currency = watched.currency), 0) AS open
    FROM held AS debt
    WHERE debt.customer = watched.customer AND debt.bill <> '' AND debt.open > 0 AND debt.due_on < said.today
) AS owed
WHERE watched.bill = ''"""
"""The orders of watched customers, over the rows `held`; said: the day, in the book's zone.

The owner is asked again about what was to be paid first and is not, once its days are over, whoever owes what
else by then. Nobody is asked again about an order that may ship, or of which nothing is left; what was
decided on it stands.
"""
