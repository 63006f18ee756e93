"""Deadlines: what has to be done by when, frozen on the event that starts it, under the edition in force.

A day begins and ends by the clocks of the book's zone. What is to be done on a day is missed once that day is
over. History brought in from before the book went live starts nothing. Source: §3, R-P5, R-B1
"""

from datetime import time

from domain.decision import Given
from domain.moments import HOUR, Day, Moment, day_of, moment_at, plus_days
from domain.order_events import Deadline, DeadlineKind, OrderPlaced
from domain.register import Register

MIDNIGHT = time(0)


def is_history(given: Given) -> bool:
    """Whether this is an import of what happened before the book went live. Source: I6, §3"""
    return is_before_cut_over(given.book, given.origin, given.at)


def is_before_cut_over(book: Register, origin: str, at: Moment) -> bool:
    """Whether what came from there and took effect then is history, which starts nothing. Source: §3"""
    return origin == "import" and book.cut_over is not None and day_of(at, book.zone) < book.cut_over


def start_of(day: Day, zone: str) -> Moment:
    """The first moment of that day in that zone."""
    return moment_at(day, MIDNIGHT, zone)


def deadlines_of_order(given: Given, *, is_covered: bool) -> tuple[Deadline, ...]:
    """Of an order just placed: acknowledge it at once, thank within hours; ship it, if nothing has to be paid
    first.

    Source: R-P5, §3
    """
    if is_history(given):
        return ()
    thanked_by = given.at + given.edition.thank_hours * HOUR
    contacts = (
        _in_the_day("acknowledgement", given.at, given),
        Deadline("thanks", thanked_by, thanked_by),
    )
    if not is_covered:
        return contacts
    return (*contacts, _shipping(day_of(given.at, given.book.zone), given))


def deadlines_of_cover(placed: OrderPlaced, given: Given) -> tuple[Deadline, ...]:
    """Of an order whose money from now on covers all that is to ship: ship it. Source: §3"""
    # Starts at placing: one from before the book went live has no deadlines, one on bill has had this since.
    if is_history(given) or not placed.deadlines or placed.terms == "bill_after":
        return ()
    return (_shipping(placed.ordered_on, given),)


def deadlines_of_shipment(given: Given) -> tuple[Deadline, ...]:
    """Of a shipment that just left: tell the customer, the same day. Source: R-P5"""
    return () if is_history(given) else (_in_the_day("shipped", given.at, given),)


def deadlines_of_delivery(delivered_on: Day, given: Given) -> tuple[Deadline, ...]:
    """Of goods that just arrived: ask, some days later, whether the customer is satisfied. Source: R-P5"""
    if is_history(given):
        return ()
    asked_on = plus_days(delivered_on, given.edition.satisfaction_days)
    return (_in_the_day("satisfaction", max(given.at, start_of(asked_on, given.book.zone)), given),)


def deadlines_of_bill(due_on: Day, given: Given) -> tuple[Deadline, ...]:
    """Of a bill just issued: it becomes overdue when the day after `due_on` begins. Source: R-B1"""
    if is_history(given):
        return ()
    return (Deadline("bill_overdue", start_of(plus_days(due_on, 1), given.book.zone)),)


def _shipping(ordered_on: Day, given: Given) -> Deadline:
    shipped_on = plus_days(ordered_on, given.edition.unshipped_days)
    return _in_the_day("ship_order", max(given.at, start_of(shipped_on, given.book.zone)), given)


def _in_the_day(kind: DeadlineKind, due: Moment, given: Given) -> Deadline:
    """Due at that moment, and missed once the day it falls on is over."""
    zone = given.book.zone
    return Deadline(kind, due, start_of(plus_days(day_of(due, zone), 1), zone))
