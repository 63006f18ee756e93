"""What is told of an order's bills, of reminders, calls and promises, and of its review."""

from typing import Final

from domain.bills.bill_events import (
    BillBecameOverdue,
    BillIssued,
    BillMarkedUncollectible,
    BillPaymentReceived,
    BillWrittenOff,
    CollectionCallMade,
    ReminderSent,
    WriteOffReversed,
)
from domain.bills.promise_events import PromiseBroken, PromiseKept, PromiseMade
from domain.bills.watch_events import WatchedOrderReviewed
from domain.entry import Entry
from projections.timeline.milestone import Milestone, Told, milestone, told_of_money


def _billed(entry: Entry, it: BillIssued) -> Milestone:
    money = {"currency": it.currency, "amount": it.amount}
    return milestone(entry, "billed", reference=it.bill, **money, day=it.issued_on, due_on=it.due_on)


def _overdue(entry: Entry, it: BillBecameOverdue) -> Milestone:
    money = {"currency": it.currency, "amount": it.open}
    return milestone(entry, "bill_overdue", reference=it.bill, **money, due_on=it.due_on)


def _reminded(entry: Entry, it: ReminderSent) -> Milestone:
    return milestone(entry, "reminded", reference=it.bill, channel=it.channel, by=it.by)


def _called(entry: Entry, it: CollectionCallMade) -> Milestone:
    return milestone(entry, "called", reference=it.bill, by=it.by, outcome=it.good_reason or it.outcome)


def _promised(entry: Entry, it: PromiseMade) -> Milestone:
    money = {"currency": it.currency, "amount": it.amount}
    return milestone(entry, "promised_to_pay", reference=it.subject, **money, due_on=it.due_on)


def _promise_kept(entry: Entry, it: PromiseKept) -> Milestone:
    return milestone(entry, "promise_kept", reference=it.subject)


def _promise_broken(entry: Entry, it: PromiseBroken) -> Milestone:
    money = {"currency": it.currency, "amount": it.open}
    return milestone(entry, "promise_broken", reference=it.subject, **money, due_on=it.due_on)


def _reviewed(entry: Entry, it: WatchedOrderReviewed) -> Milestone:
    return milestone(entry, "reviewed", outcome=it.decision, day=it.until)


TOLD_OF_BILLS: Final[Told] = {
    BillIssued: _billed,
    BillBecameOverdue: _overdue,
    BillPaymentReceived: told_of_money("bill_paid", "bill"),
    BillWrittenOff: told_of_money("bill_written_off", "bill"),
    WriteOffReversed: told_of_money("write_off_reversed", "bill"),
    BillMarkedUncollectible: told_of_money("bill_uncollectible", "bill"),
    ReminderSent: _reminded,
    CollectionCallMade: _called,
    PromiseMade: _promised,
    PromiseKept: _promise_kept,
    PromiseBroken: _promise_broken,
    WatchedOrderReviewed: _reviewed,
}
