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
        customer = it.customer or ""
        begin_tasks(
            rows, entry.stream, it.unmatched, customer, it.deadlines, entry, UNMATCHED, named=it.order
        )
        if key in rows:
            rows[key].open = it.amount
    elif isinstance(it, UnmatchedReceiptReopened | UnmatchedReceiptCameAgain):
        waiting = rows[key].open if key in rows else 0
        begin_tasks(
            rows,
            entry.stream,
            it.unmatched,
            it.customer or "",
            it.deadlines,
            entry,
            UNMATCHED,
            named=it.order,
        )
        if key in rows:
            rows[key].open = waiting + it.amount
    elif key in rows:
        rows[key].open -= it.amount
        rows[key].last_position = entry.position
        # Of history, which asks for nothing, more may be settled than the task that began again is about.
        if rows[key].open <= 0:
            del rows[key]
