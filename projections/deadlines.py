"""What time will decide by itself, and when: rows only nominate a stream, the decision reads it again.

One row per order and thing that will come by itself, gone once it came or no longer can. Source: §3
"""

from itertools import product

from domain.bills.bill_events import (
    BillBecameOverdue,
    BillIssued,
    BillPaymentReceived,
    BillShare,
    BillWrittenOff,
    WriteOffReversed,
)
from domain.bills.promise_events import PromiseBroken, PromiseKept, PromiseMade
from domain.bills.watch_events import WatchedOrderReviewed
from domain.corrections.correction_events import (
    BillCorrected,
    PaymentCorrected,
    RefundCorrected,
    ReopenedShare,
    ShipmentCorrected,
)
from domain.declines.decline_events import (
    CardOnFileSearchCompleted,
    ContactAttempted,
    OrderNotDelivered,
    OrderPlacedOnHold,
    OrderReleased,
    PaymentDeclined,
    ShipmentReleasedWithoutPayment,
)
from domain.entry import Entry, Minor
from domain.moments import Moment
from domain.orders.order_events import Deadline, DeadlineKind
from domain.payments.payment_events import CreditUsed, PaymentCaptured, PaymentReinstated, PaymentReversed
from domain.refunds.refund_events import RefundGranted, RefundReturned
from projections.projection import Key, Place, Projection, Row, events_of

BearsOnBills = (
    BillIssued
    | PaymentReversed
    | PaymentCaptured
    | BillPaymentReceived
    | PaymentReinstated
    | RefundReturned
    | CreditUsed
    | RefundGranted
    | BillWrittenOff
    | WriteOffReversed
    | BillBecameOverdue
    | PromiseMade
    | PromiseKept
    | PromiseBroken
    | PaymentCorrected
    | ShipmentCorrected
    | BillCorrected
    | RefundCorrected
)

BearsOnHolds = (
    OrderPlacedOnHold
    | PaymentDeclined
    | CardOnFileSearchCompleted
    | ContactAttempted
    | OrderReleased
    | ShipmentReleasedWithoutPayment
    | OrderNotDelivered
    | WatchedOrderReviewed
)
Bears = BearsOnBills | BearsOnHolds

OVERDUE: DeadlineKind = "bill_overdue"
BROKEN: DeadlineKind = "promise_broken"
RELEASE: DeadlineKind = "release_unpaid"


class Nomination(Row):
    """A moment at which a stream has to be looked at."""

    stream: str
    kind: str
    subject: str
    """The bill; of a release, the order."""
    due: Moment = 0
    open: Minor = 0
    """What is still to be paid, in minor units of the bill's currency."""
    last_position: Place = 0


class Deadlines(Projection[Nomination, Bears]):
    """Which streams has time something to decide in, and when?"""

    name = "deadlines"
    version = 5
    row = Nomination
    handles = events_of(Bears)
    key = ("stream", "kind", "subject")
    group_key = ("stream",)
    found_by = "stream"
    indexes = (("due", "stream"),)

    def group(self, it: Bears, entry: Entry) -> Key | None:
        return (entry.stream,) if entry.stream == it.order else None

    def fold(self, rows: dict[Key, Nomination], group: Key, it: Bears, entry: Entry) -> None:
        order = entry.stream
        match it:
            case BillIssued() if it.replaces is not None:
                _move(rows, order, it.replaces, it.bill, entry)
            case BillIssued():
                _begin(rows, OVERDUE, order, it.bill, it.amount, it.deadlines, entry)
            case PaymentReversed():
                _begin(rows, OVERDUE, order, it.bill or "", it.opened, it.deadlines, entry)
            case PromiseMade():
                _begin(rows, BROKEN, order, it.subject, it.amount, it.deadlines, entry)
            case PromiseKept() | PromiseBroken():
                rows.pop((order, BROKEN, it.subject), None)
            case (
                PaymentCaptured()
                | BillPaymentReceived()
                | PaymentReinstated()
                | CreditUsed()
                | RefundReturned()
            ):
                _settle(rows, order, it.bills, entry)
            case RefundGranted():
                _settle(rows, order, (*it.cleared, *it.write_offs_cleared), entry)
            case BillWrittenOff():
                _settle(rows, order, (BillShare(it.bill, it.amount),), entry)
            case WriteOffReversed():
                _settle(rows, order, (BillShare(it.bill, -it.amount),), entry)
            case BillBecameOverdue():
                rows.pop((order, OVERDUE, it.bill), None)
            case BillCorrected():
                pass  # the bill that takes its place comes with it
            case ShipmentCorrected():
                _void(rows, order, it.bill)
                _settle(rows, order, it.cleared, entry)
            case PaymentCorrected():
                _reopen(rows, order, it.reopened, entry)
                _settle(rows, order, (*it.written_off, *it.cleared), entry)
                _begin(rows, OVERDUE, order, it.bill or "", it.opened, it.deadlines, entry)
            case RefundCorrected():
                _reopen(rows, order, it.reopened, entry)
                _settle(rows, order, it.written_off, entry)
            case OrderPlacedOnHold():
                _begin(rows, RELEASE, order, order, it.missing, it.deadlines, entry)
            case PaymentDeclined() if it.kind == "fraud":
                rows.pop((order, RELEASE, order), None)
            case PaymentDeclined() if it.deadlines:
                _begin(rows, RELEASE, order, order, it.amount, it.deadlines, entry)
            case OrderReleased() | ShipmentReleasedWithoutPayment() | OrderNotDelivered():
                rows.pop((order, RELEASE, order), None)
            case _:
                _look_again(rows, order, entry)


def _look_again(rows: dict[Key, Nomination], order: str, entry: Entry) -> None:
    """What a release waited for may just have come true, later than its day."""
    row = rows.get((order, RELEASE, order))
    if row is not None:
        row.due, row.last_position = max(row.due, entry.effective_at), entry.position


def _begin(
    rows: dict[Key, Nomination],
    kind: DeadlineKind,
    order: str,
    bill: str,
    amount: int,
    deadlines: tuple[Deadline, ...],
    entry: Entry,
) -> None:
    for deadline in deadlines:
        if deadline.kind == kind:
            rows[order, kind, bill] = Nomination(order, kind, bill, deadline.due, amount, entry.position)


def _reopen(rows: dict[Key, Nomination], order: str, shares: tuple[ReopenedShare, ...], entry: Entry) -> None:
    for share in shares:
        for kind, due in ((OVERDUE, share.overdue_at), (BROKEN, share.broken_at)):
            key = (order, kind, share.bill)
            if due is not None:
                rows.setdefault(key, Nomination(*key)).due = due
            row = rows.get(key)
            if row is not None:
                row.open += share.amount
                row.last_position = entry.position


def _move(rows: dict[Key, Nomination], order: str, void: str, bill: str, entry: Entry) -> None:
    """What was to come of a bill comes of the one that takes its place."""
    for kind in (OVERDUE, BROKEN):
        row = rows.pop((order, kind, void), None)
        if row is not None:
            row.subject, row.last_position = bill, entry.position
            rows[order, kind, bill] = row


def _void(rows: dict[Key, Nomination], order: str, bill: str | None) -> None:
    for kind in (OVERDUE, BROKEN):
        rows.pop((order, kind, bill or ""), None)


def _settle(rows: dict[Key, Nomination], order: str, shares: tuple[BillShare, ...], entry: Entry) -> None:
    for share, kind in product(shares, (OVERDUE, BROKEN)):
        key = (order, kind, share.bill)
        row = rows.get(key)
        if row is not None:
            row.open -= share.amount
            row.last_position = entry.position
            if row.open == 0:
                del rows[key]


NOMINATED = """
SELECT DISTINCT due, stream FROM held WHERE due <= %s ORDER BY due, stream"""
"""What time has decided by a moment, in the order of its moments, over the rows `held`."""
