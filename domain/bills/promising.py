"""Promises to pay: a customer says until when they will pay a bill, and nobody calls them before.

A promise is kept by what leaves nothing open in time, and broken by time (`domain.ticking`). A new promise
about the same bill takes the place of the one before: who speaks up in time has not broken their word.
Source: R-B7, R-P1
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.bills.bill import Bill
from domain.bills.bill_events import BillShare
from domain.bills.owing import bill_of, expect_open, expect_open_then
from domain.bills.promise import Promise
from domain.bills.promise_events import PromiseKept, PromiseMade
from domain.command import Command, OutOfRange
from domain.deadlines import deadlines_of_promise
from domain.decision import Decision, Given
from domain.entry import Event
from domain.ids import expect_id
from domain.moments import LAST_DAY, Day, Moment, day_of, plus_days
from domain.orders.order import Placed, placed_order
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


class PromiseToPay(Command, frozen=True, kw_only=True):
    """Record until when a customer said they would pay a bill. Raises: ValueError."""

    order: str
    bill: str
    promise: str
    due_on: Day

    def __post_init__(self) -> None:
        expect_id("bil", self.bill)
        expect_id("prm", self.promise)
        try:
            # Days are compared as text, so the one form counts that sorts as days do.
            is_day = plus_days(self.due_on, 0) == self.due_on <= LAST_DAY
        except ValueError:
            is_day = False
        if not is_day:
            raise OutOfRange("due_on", f"must be a day up to {LAST_DAY}, YYYY-MM-DD")

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


@dataclass(unsafe_hash=True)
class PromisedForThePast(Refusal):
    """The day named for paying was over when the promise was made."""

    rule = "R-P1"
    way_out = "Name the day until which the customer will pay: the day of the promise, or a later one."

    bill: str


@dataclass(unsafe_hash=True)
class PromisedAgainSince(Refusal):
    """The customer has promised anew since this was said, and their later word counts."""

    rule = "R-P1"
    way_out = (
        "Leave the later promise as it is. Give a later moment only if this was said after it; "
        "what was said before can stand in the note of a call."
    )

    bill: str
    promise: str
    """The later one."""
    promised_at: Moment


def promise_to_pay(command: PromiseToPay, given: Given) -> Decision:
    """Records a promise to pay; the collection call waits until its day is over.

    Checks, in this order: order placed; bill known; retry; something open; its day not before the promise;
    not before all of what is open was; nor before the last promise about it.
    """
    state = placed_order(given, command.order)
    bill = bill_of(state, command.bill)
    for known in [known for other in state.bills.values() for known in other.promises.values()]:
        if known.made.promise == command.promise:
            if (known.made.subject, known.made.due_on) != (command.bill, command.due_on):
                raise AlreadyRecordedOtherwise(command.promise)
            return Decision(customer=state.placed.customer, already=(known.position,))
    expect_open(bill)
    if command.due_on < day_of(given.at, given.book.zone):
        raise PromisedForThePast(command.bill)
    expect_open_then(bill, state, given, bill.open)
    _expect_last(bill, given.at)
    made = _made(state, bill, command, given)
    return Decision(events=((command.order, made),), customer=state.placed.customer)


def _expect_last(bill: Bill, at: Moment) -> None:
    """No promise about it was made later, whatever became of that. Raises: PromisedAgainSince."""
    last = max(bill.promises.values(), key=_at, default=None)
    if last is not None and last.at > at:
        raise PromisedAgainSince(bill.bill, last.made.promise, last.at)


def _at(promise: Promise) -> Moment:
    return promise.at


def _made(state: Placed, bill: Bill, command: PromiseToPay, given: Given) -> PromiseMade:
    before = bill.promised
    return PromiseMade(
        promise=command.promise,
        kind="pay",
        order=state.placed.order,
        customer=state.placed.customer,
        subject=bill.bill,
        currency=bill.currency,
        amount=bill.open,
        due_on=command.due_on,
        replaces=None if before is None else before.made.promise,
        deadlines=deadlines_of_promise(command.due_on, given),
    )


def promises_kept(state: Placed, shares: Sequence[BillShare], by: str) -> tuple[tuple[str, Event], ...]:
    """The promises to pay that these shares of bills keep: nothing is open after them. Source: R-B7, R-P1"""
    kept: list[tuple[str, Event]] = []
    for share in shares:
        bill = state.bills[share.bill]
        promise = bill.promised
        # More than what is open pays what it reopens of a write-off too, of which nothing is left then.
        if promise is not None and share.amount >= bill.open:
            event = PromiseKept(
                promise=promise.made.promise,
                kind=promise.made.kind,
                order=state.placed.order,
                customer=state.placed.customer,
                subject=bill.bill,
                by=by,
            )
            kept.append((state.placed.order, event))
    return tuple(kept)
