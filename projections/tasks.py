"""What people have to do: one row per stream and thing to do, gone once it is done.

A row is a task from `due` on, so what is to be done now is what is due by now. Deadlines arrive frozen on the
events that start them (`domain.deadlines`); here is only when they end. Source: §3, R-P5
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

from domain.corrections.correction_events import RefundCorrected, ShipmentCorrected
from domain.entry import Entry, Event
from domain.inbound.unmatched_events import UnmatchedMoneyEvent
from domain.orders.order_events import (
    CustomerContactMade,
    Deadline,
    DeadlineKind,
    OrderPlaced,
    OrderShipped,
    OrderUnitsCancelled,
    ShipmentDelivered,
)
from domain.payments.payment_events import (
    CreditUsed,
    DisputeClosed,
    DisputeOpened,
    PaymentCaptured,
    PaymentReinstated,
)
from projections.bill_tasks import BearsOnBillTasks, Task, begin_tasks, fold_bills
from projections.credit_tasks import BearsOnNewCredit, fold_new_credit
from projections.goods_tasks import BearsOnGoods, fold_goods
from projections.hold_tasks import ASK, DECIDE, REACH, SEARCH, SHIP, BearsOnHoldTasks, fold_holds
from projections.notice_tasks import BearsOnNotices, fold_notices
from projections.projection import Key, Projection, events_of
from projections.refund_tasks import BearsOnRefunds, about_refund, begun_by, done_by, wait_for_disputes
from projections.review_tasks import BearsOnReviews, fold_reviews, nothing_to_review
from projections.unmatched_tasks import fold_unmatched

BearsOnTasks = (
    OrderPlaced
    | PaymentCaptured
    | OrderShipped
    | OrderUnitsCancelled
    | ShipmentDelivered
    | CustomerContactMade
    | CreditUsed
    | PaymentReinstated
    | ShipmentCorrected
    | RefundCorrected
)

AnyTask = (
    BearsOnTasks
    | BearsOnBillTasks
    | BearsOnHoldTasks
    | BearsOnReviews
    | BearsOnRefunds
    | BearsOnNewCredit
    | BearsOnGoods
    | UnmatchedMoneyEvent
    | BearsOnNotices
)

Change = Callable[[dict[Key, Task], Any, Entry], None]
"""(tasks of a stream, event, entry); each takes the events it stands beside."""

ABOUT_WHAT_SHIPS: tuple[DeadlineKind, ...] = (
    "acknowledgement",
    "thanks",
    ASK,
    SHIP,
    SEARCH,
    REACH,
    DECIDE,
)
"""What is asked for only because something of an order is to ship; what moved money is asked for still."""


class Tasks(Projection[Task, AnyTask]):
    """What has to be done, by when, for whom?"""

    name = "tasks"
    version = 11
    row = Task
    handles = events_of(AnyTask)
    key = ("stream", "kind", "subject")
    group_key = ("stream",)
    found_by = "stream"
    indexes = (("due",), ("customer", "due"))

    def group(self, it: AnyTask, entry: Entry) -> Key:
        return (entry.stream,)

    def fold(self, rows: dict[Key, Task], group: Key, it: AnyTask, entry: Entry) -> None:
        for change in _changes_by(type(it)):
            change(rows, it, entry)


@cache
def _changes_by(event: type[AnyTask]) -> tuple[Change, ...]:
    """What changes by an event of that type. To ask every union for every entry takes longer than to fold."""
    return tuple([change for events, change in _CHANGES if event in events_of(events)])


def _fold_bills(rows: dict[Key, Task], it: BearsOnBillTasks, entry: Entry) -> None:
    if entry.stream == it.order:
        fold_bills(rows, it, entry)


def _fold_order(rows: dict[Key, Task], it: BearsOnTasks, entry: Entry) -> None:
    match it:
        case OrderPlaced():
            if it.deadlines:
                units = sum([line.quantity for line in it.lines])
                shipping = Task(it.order, SHIP, it.order, it.customer, it.order, units=units, ordered=units)
                rows[it.order, SHIP, it.order] = shipping
        case OrderShipped():
            _leave(rows, it.order, sum([part.quantity for part in it.parts]))
        case OrderUnitsCancelled():
            _cancel(rows, it.order, sum([part.quantity for part in it.parts]))
        case CustomerContactMade():
            for _, kind, subject in list(rows):
                if kind == it.kind and it.shipment in (None, subject):
                    del rows[it.order, kind, subject]
        case ShipmentCorrected():
            for _, kind, subject in list(rows):
                if subject == it.shipment:
                    del rows[it.order, kind, subject]
            _ship_again(rows, it.order, it.customer, it.to_ship, it.not_cancelled)
        case RefundCorrected():
            rows.pop((entry.stream, "refund_payout", it.refund), None)
            if it.order is not None and it.cancelled:
                _ship_again(rows, it.order, it.customer, it.to_ship, it.not_cancelled)
        case PaymentCaptured() | CreditUsed() | PaymentReinstated() | ShipmentDelivered():
            pass
    if not isinstance(it, CustomerContactMade):
        about = it.shipment if isinstance(it, OrderShipped | ShipmentDelivered) else entry.stream
        _begin(rows, entry.stream, about, it.customer, it.deadlines, entry)


def _refund(rows: dict[Key, Task], it: BearsOnRefunds, entry: Entry) -> None:
    refund = about_refund(it, entry)
    if refund is None:
        return
    for kind in done_by(it):
        rows.pop((entry.stream, kind, refund), None)
    deadlines, role = begun_by(it)
    about_it = [deadline for deadline in deadlines if deadline.kind != SHIP]
    _begin(rows, entry.stream, refund, it.customer, about_it, entry)
    for deadline in about_it:
        rows[entry.stream, deadline.kind, refund].assignee = role
    shipping = [deadline for deadline in deadlines if deadline.kind == SHIP]
    _begin(rows, entry.stream, entry.stream, it.customer, shipping, entry)


def _begin(
    rows: dict[Key, Task],
    order: str,
    subject: str,
    customer: str,
    deadlines: Iterable[Deadline],
    entry: Entry,
) -> None:
    for deadline in deadlines:
        key = (order, deadline.kind, subject)
        if deadline.kind == SHIP:
            rows.pop((order, ASK, order), None)  # something covers all of it
            if key not in rows:
                continue  # nothing of it is left to ship
        begin_tasks(rows, order, subject, customer, (deadline,), entry, deadline.kind)


def _ship_again(rows: dict[Key, Task], order: str, customer: str, units: int, ordered: int) -> None:
    shipping = rows.setdefault((order, SHIP, order), Task(order, SHIP, order, customer, order))
    shipping.units, shipping.ordered = units, ordered


def _leave(rows: dict[Key, Task], order: str, units: int) -> None:
    shipping = rows.get((order, SHIP, order))
    if shipping is not None:
        shipping.units -= units
        if shipping.units == 0:
            del rows[order, SHIP, order]
            nothing_to_review(rows, order)


def _cancel(rows: dict[Key, Task], order: str, units: int) -> None:
    shipping = rows.get((order, SHIP, order))
    if shipping is None:
        return
    shipping.ordered -= units
    if shipping.ordered == 0:
        for kind in ABOUT_WHAT_SHIPS:  # nothing was shipped and nothing will be
            rows.pop((order, kind, order), None)
        nothing_to_review(rows, order)
    else:
        _leave(rows, order, units)


def _wait_for_disputes(rows: dict[Key, Task], _: Event, entry: Entry) -> None:
    wait_for_disputes(rows, entry)


_CHANGES: Final[tuple[tuple[object, Change], ...]] = (
    (BearsOnBillTasks, _fold_bills),
    (BearsOnHoldTasks, fold_holds),
    (BearsOnRefunds, _refund),
    (BearsOnNewCredit, fold_new_credit),
    (UnmatchedMoneyEvent, fold_unmatched),
    (BearsOnNotices, fold_notices),
    (BearsOnGoods, fold_goods),
    (BearsOnTasks, _fold_order),
    (BearsOnReviews, fold_reviews),
    (BearsOnRefunds | DisputeOpened | DisputeClosed, _wait_for_disputes),
)
"""Each subject's tasks with the events they change by, in the order in which they do."""

LISTED = """
SELECT stream, "order", kind, coalesce(said.texts ->> kind, '') AS to_do, subject, customer,
       greatest(due, paused_until) AS due, greatest(missed_from, paused_until) AS missed_from, assignee,
       last_position
FROM held AS task CROSS JOIN (SELECT %s::text AS today, %s::jsonb AS texts) AS said
WHERE due IS NOT NULL AND waits_since IS NULL AND (
  open > 0 OR kind NOT IN ('collection_call', 'first_reminder', 'second_reminder', 'write_off_decision')
) AND (
  NOT while_watched OR EXISTS (
    SELECT FROM held AS owed WHERE owed.customer = task.customer AND owed.kind = 'collection_call'
    AND owed.open > 0 AND owed.due_on < said.today
  )
) AND (
  kind <> 'ask_for_payment' OR NOT EXISTS (
    SELECT FROM held AS came WHERE came.customer = task.customer AND came."order" = task."order"
    AND came.kind = 'unmatched'
  )
)"""
"""What has to be done and from when, over the rows `held`; said: the day in the book's zone, and what to do
about each kind.

A promise to pay pauses the call until its day; a payout waits while a dispute of its order is open; nobody
reviews the order of a customer who owes nothing overdue any more, nor asks for the payment of one for which
money waits.
"""
