"""What people have to do about bills and disputes: remind, call, decide.

Each row about a bill keeps what is open on it: nothing is asked for while that is 0, and all of it again once
a correction opens the bill. Source: R-B2 … R-B9
"""

from collections.abc import Iterable, MutableMapping
from typing import Final

from domain.bills.bill_events import (
    BillIssued,
    BillPaymentReceived,
    BillShare,
    BillWrittenOff,
    CollectionCallMade,
    ReminderSent,
    WriteOffReversed,
)
from domain.bills.promise_events import PromiseBroken, PromiseKept, PromiseMade
from domain.corrections.correction_events import (
    BillCorrected,
    PaymentCorrected,
    RefundCorrected,
    ReopenedShare,
    ShipmentCorrected,
)
from domain.entry import Entry, Minor
from domain.ids import is_id
from domain.moments import Day, Moment
from domain.orders.order_events import Deadline, DeadlineKind
from domain.payments.payment_events import (
    CreditUsed,
    DisputeClosed,
    DisputeOpened,
    PaymentCaptured,
    PaymentReinstated,
    PaymentReversed,
)
from domain.refunds.refund_events import RefundGranted, RefundPaid, RefundReturned
from projections.projection import Key, Place, Row, is_last

BearsOnBillTasks = (
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
    | ReminderSent
    | CollectionCallMade
    | PromiseMade
    | PromiseKept
    | PromiseBroken
    | DisputeOpened
    | RefundPaid
    | DisputeClosed
    | PaymentCorrected
    | ShipmentCorrected
    | BillCorrected
    | RefundCorrected
)

CALL: DeadlineKind = "collection_call"
DECIDE: DeadlineKind = "write_off_decision"
REMINDERS: tuple[DeadlineKind, ...] = ("first_reminder", "second_reminder")
ABOUT_BILLS: tuple[DeadlineKind, ...] = (CALL, *REMINDERS, DECIDE)
"""What is asked for only while something is open on a bill."""
REVIEW: DeadlineKind = "watched_review"
CONTEST: DeadlineKind = "contest_dispute"

ASSIGNED: Final[dict[str, str]] = {DECIDE: "owner", REVIEW: "owner"}
"""To which role a task belongs, where it is not anybody's."""


class Task(Row):
    """Something a person has to do."""

    stream: str
    """Where it is recorded: its order, the customer, the unmatched money or the notice."""
    kind: str
    """What is to be done, as `DeadlineKind` names it."""
    subject: str
    """The order, or the shipment, bill or dispute it is about."""
    customer: str = ""
    order: str | None = None
    """The order it belongs to, or that the money or the notice names; None where there is none."""
    due: Moment | None = None
    """None: its time cannot be told yet, as for shipping what is not covered."""
    missed_from: Moment | None = None
    assignee: str | None = None
    units: int = 0
    """Of `ship_order`: units still to ship."""
    ordered: int = 0
    """Of `ship_order`: units ordered and not cancelled."""
    open: Minor = 0
    """Of what is about a bill: what is still to be paid; nothing is asked for while it is 0. Of `unmatched`:
    what nobody has said anything about.
    """
    due_on: Day = ""
    """Of `collection_call`: the last day on which it may be paid in time."""
    while_watched: bool = False
    """Of `watched_review`: whether it is asked only while the customer owes something overdue."""
    said_at: Moment | None = None
    """When what says so was: of `collection_call` the last call, of `write_off_decision` the last to reach
    them, of `reach_customer` the last attempt, or a decline. What was before it changes nothing.
    """
    paused_until: Moment | None = None
    """Of `collection_call`: the end of the day for which the customer promised to pay."""
    waits_since: Moment | None = None
    """Of `refund_payout`: since when it waits for the disputes of its order to be closed."""
    last_position: Place = 0


Rows = MutableMapping[Key, Task]


def fold_bills(rows: Rows, it: BearsOnBillTasks, entry: Entry) -> None:
    """Change the tasks about an order's bills and disputes from before the entry to after it."""
    order = entry.stream
    match it:
        case BillIssued() if it.replaces is not None:
            _move(rows, order, it.replaces, it.bill, entry)
        case BillIssued():
            _owe(rows, it, it.bill, it.amount, entry)
        case PaymentReversed():
            _owe(rows, it, it.bill, it.opened, entry)
        case (
            PaymentCaptured() | BillPaymentReceived() | PaymentReinstated() | CreditUsed() | RefundReturned()
        ):
            _settle(rows, order, it.bills, entry)
        case RefundGranted():
            _settle(rows, order, (*it.cleared, *it.write_offs_cleared), entry)
        case BillWrittenOff():
            _settle(rows, order, (BillShare(it.bill, it.amount),), entry)
        case WriteOffReversed():
            _settle(rows, order, (BillShare(it.bill, -it.amount),), entry)
        case ReminderSent():
            for kind in REMINDERS:
                _end_if_due(rows, (order, kind, it.bill), entry)
        case CollectionCallMade():
            _called(rows, it, entry)
        case PromiseMade() | PromiseKept() | PromiseBroken():
            pause = (deadline.due for deadline in _deadlines(it))
            if (order, CALL, it.subject) in rows:
                rows[order, CALL, it.subject].paused_until = next(pause, None)
        case DisputeOpened():
            # Kept as long as it is open; a task only once there is money to contest it with.
            rows[order, CONTEST, it.dispute] = Task(order, CONTEST, it.dispute, it.customer, order)
            begin_tasks(rows, order, it.dispute, it.customer, it.deadlines, entry, CONTEST)
        case RefundPaid():
            for dispute in it.disputes:
                # A payout may be told of after a dispute was opened later: before that there is none.
                known = rows.get((order, CONTEST, dispute))
                if known is not None and known.due is None:
                    begin_tasks(rows, order, dispute, it.customer, it.deadlines, entry, CONTEST)
        case DisputeClosed():
            rows.pop((order, CONTEST, it.dispute), None)
        case PaymentCorrected() | ShipmentCorrected() | BillCorrected() | RefundCorrected():
            _correct(rows, it, entry)


def begin_tasks(
    rows: Rows,
    stream: str,
    subject: str,
    customer: str,
    deadlines: Iterable[Deadline],
    entry: Entry,
    *kinds: DeadlineKind,
    named: str | None = None,
) -> None:
    """Begin what these deadlines of those kinds ask for; `named`: the order, where the stream is none."""
    for deadline in deadlines:
        if deadline.kind in kinds:
            key = (stream, deadline.kind, subject)
            order = stream if is_id("ord", stream) else named
            row = rows.setdefault(key, Task(stream, deadline.kind, subject, customer, order))
            row.due, row.missed_from, row.last_position = deadline.due, deadline.missed_from, entry.position
            row.assignee = ASSIGNED.get(deadline.kind)


def _deadlines(it: PromiseMade | PromiseKept | PromiseBroken) -> tuple[Deadline, ...]:
    return it.deadlines if isinstance(it, PromiseMade) else ()


def _owe(
    rows: Rows,
    it: BillIssued | PaymentReversed | PaymentCorrected,
    bill: str | None,
    amount: int,
    entry: Entry,
) -> None:
    if bill is not None:
        due_on = it.due_on or ""
        rows[entry.stream, CALL, bill] = Task(
            entry.stream, CALL, bill, it.customer, entry.stream, open=amount, due_on=due_on
        )
        begin_tasks(rows, entry.stream, bill, it.customer, it.deadlines, entry, *REMINDERS, CALL)
        for row in _about(rows, entry.stream, bill):
            row.open = amount


def _called(rows: Rows, it: CollectionCallMade, entry: Entry) -> None:
    """The last call says when to try again, and the last that reached them whether the owner decides."""
    call = rows.get((entry.stream, CALL, it.bill))
    if call is None:
        return
    if is_last(call.said_at, entry):
        _say(rows, it, entry, CALL)
    decision = rows.get((entry.stream, DECIDE, it.bill))
    if it.outcome == "reached" and is_last(None if decision is None else decision.said_at, entry):
        _say(rows, it, entry, DECIDE)
        rows[entry.stream, DECIDE, it.bill].open = call.open


def _say(rows: Rows, it: CollectionCallMade, entry: Entry, kind: DeadlineKind) -> None:
    key = (entry.stream, kind, it.bill)
    row = rows.setdefault(key, Task(*key, it.customer, entry.stream))
    row.due = row.missed_from = None
    row.said_at, row.last_position = entry.effective_at, entry.position
    begin_tasks(rows, entry.stream, it.bill, it.customer, it.deadlines, entry, kind)


def _end_if_due(rows: Rows, key: Key, entry: Entry) -> None:
    row = rows.get(key)
    if row is not None and row.due is not None and row.due <= entry.effective_at:
        del rows[key]


def _settle(rows: Rows, order: str, shares: Iterable[BillShare], entry: Entry) -> None:
    for share in shares:
        for row in _about(rows, order, share.bill):
            row.open -= share.amount
            row.last_position = entry.position


def _about(rows: Rows, order: str, bill: str) -> list[Task]:
    """All that is to be done about that bill, also where nothing is open on it now."""
    found = [rows.get((order, kind, bill)) for kind in ABOUT_BILLS]
    return [row for row in found if row is not None]


def _correct(
    rows: Rows, it: PaymentCorrected | ShipmentCorrected | BillCorrected | RefundCorrected, entry: Entry
) -> None:
    order = entry.stream
    match it:
        case PaymentCorrected():
            _reopen(rows, order, it.reopened, entry)
            _settle(rows, order, (*it.written_off, *it.cleared), entry)
            _owe(rows, it, it.bill, it.opened, entry)
        case ShipmentCorrected():
            _void(rows, order, it.bill)
            _settle(rows, order, it.cleared, entry)
        case BillCorrected():
            pass  # the bill that takes its place comes with it
        case RefundCorrected():
            _reopen(rows, order, it.reopened, entry)
            _settle(rows, order, it.written_off, entry)


def _reopen(rows: Rows, order: str, shares: Iterable[ReopenedShare], entry: Entry) -> None:
    for share in shares:
        for row in _about(rows, order, share.bill):
            row.open += share.amount
            row.last_position = entry.position
            if share.promise is not None and row.kind == CALL:
                row.paused_until = share.broken_at


def _move(rows: Rows, order: str, void: str, bill: str, entry: Entry) -> None:
    """What was to be done about a bill is to be done about the one that takes its place."""
    for row in _about(rows, order, void):
        del rows[order, row.kind, void]
        row.subject, row.last_position = bill, entry.position
        rows[order, row.kind, bill] = row


def _void(rows: Rows, order: str, bill: str | None) -> None:
    if bill is not None:
        for kind in ABOUT_BILLS:
            rows.pop((order, kind, bill), None)
