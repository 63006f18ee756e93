"""Watching: a customer with an overdue open bill is watched, and a new order of theirs alerts the owner.

Part-paid bills count, and uncollectible ones, and what a reversed payment left owed; written-off ones do not.
Watching never silently becomes blocking. It is computed from the bills' last days, never from
BillBecameOverdue. Source: R-B2, R-B6, R-B7
"""

from domain.customers.standing import CustomerFacts
from domain.moments import Day
from domain.orders.order_events import OverdueBill


def is_watched(facts: CustomerFacts | None, day: Day) -> bool:
    """Whether on that day, in the book's zone, a bill of theirs is open after its last day. Source: R-B2"""
    return bool(overdue_on(facts, day))


def overdue_on(facts: CustomerFacts | None, day: Day) -> tuple[OverdueBill, ...]:
    """The customer's bills that are open after their last day, in the order of their orders and issue."""
    if facts is None:
        return ()
    return tuple(
        [
            OverdueBill(bill, order, owed.currency, owed.open)
            for order, known in facts.orders.items()
            for bill, owed in known.bills.items()
            if owed.open and owed.due_on < day
        ]
    )
