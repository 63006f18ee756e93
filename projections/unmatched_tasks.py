"""What people have to do about money without a place: say what it was for. Source: I12"""

from collections.abc import MutableMapping

from domain.entry import Entry
from domain.inbound.unmatched_events import (
    UnmatchedMoneyEvent,
    UnmatchedPayout,
    UnmatchedReceipt,
    UnmatchedReceiptCameAgain,
    UnmatchedReceiptReopened,
)
from domain.orders.order_events import DeadlineKind
from projections.bill_tasks import Task, begin_tasks
from projections.projection import Key

UNMATCHED: DeadlineKind = "unmatched"


def fold_unmatched(rows: MutableMapping[Key, Task], it: UnmatchedMoneyEvent, entry: Entry) -> None:
    """Change the task about some money from before the entry to after it: gone once all of it is settled."""
    key = (entry.stream, UNMATCHED, it.unmatched)
    if isinstance(it, UnmatchedReceipt | UnmatchedPayout):
        _begin(rows, it, entry)
        if key in rows:
            rows[key].open = it.amount
    elif isinstance(it, UnmatchedReceiptReopened | UnmatchedReceiptCameAgain):
        waiting = rows[key].open if key in rows else 0
        _begin(rows, it, entry)
        if key in rows:
            rows[key].open = waiting + it.amount
    elif key in rows:
        rows[key].open -= it.amount
        rows[key].last_position = entry.position
        # Of history, which asks for nothing, more may be settled than the task that began again is about.
        if rows[key].open <= 0:
            del rows[key]


def _begin(
    rows: MutableMapping[Key, Task],
    it: UnmatchedReceipt | UnmatchedPayout | UnmatchedReceiptReopened | UnmatchedReceiptCameAgain,
    entry: Entry,
) -> None:
    """It is a task of the order that the money named, whatever it was taken for since."""
    customer, order = it.customer, it.order
    if isinstance(it, UnmatchedReceiptReopened):
        order = None if it.came_for is None else it.came_for.order
        customer = it.customer if it.came_for is None else it.came_for.customer
    begin_tasks(rows, entry.stream, it.unmatched, customer or "", it.deadlines, entry, UNMATCHED, named=order)
