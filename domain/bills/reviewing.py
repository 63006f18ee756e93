"""Reviewing the order of a watched customer: the owner lets it ship, or asks for payment first for some days.

Nothing blocks by itself: until the owner says otherwise, the order goes its way. Source: R-B2
"""

from dataclasses import dataclass
from typing import get_args

from domain.authority import expect_role
from domain.bills.bill_events import BillIssued
from domain.bills.owing import expect_customer
from domain.bills.watch_events import WatchDecision, WatchedOrderReviewed
from domain.bills.watching import is_watched
from domain.causes import expect_cause
from domain.command import Command, OutOfRange
from domain.deadlines import deadlines_of_payment_first, deadlines_of_shipping
from domain.decision import Decision, Given
from domain.declines.holds import hold_ends
from domain.ids import expect_id
from domain.moments import Day, Moment, day_of, plus_days
from domain.orders.order import Placed, placed_order, price_not_covered
from domain.refusal import Refusal

WATCH_DECISIONS: tuple[WatchDecision, ...] = get_args(WatchDecision)
MOST_DAYS = 36_500


class ReviewWatchedOrder(Command, frozen=True, kw_only=True):
    """Decide on the order of a watched customer. Raises: ValueError."""

    order: str
    customer: str
    decision: WatchDecision
    days: int | None = None
    """For how many days payment is asked first; None: as long as the policy allows."""

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        if self.decision not in WATCH_DECISIONS:
            raise OutOfRange("decision", f"must be one of {', '.join(WATCH_DECISIONS)}")
        if self.days is not None and (self.decision == "ship" or not 1 <= self.days <= MOST_DAYS):
            raise OutOfRange("days", "must be 1 or more, and said only where payment is asked first")

    def writes(self) -> tuple[str, ...]:
        return (self.order,)

    def facts_of(self) -> str | None:
        return self.customer


@dataclass(unsafe_hash=True)
class OrderNotWatched(Refusal):
    """When this was ordered the customer owed nothing overdue, so there is nothing to review."""

    rule = "R-B2"
    way_out = "Let the order go its way. Only orders of customers who then owed something are reviewed."

    order: str


@dataclass(unsafe_hash=True)
class CustomerNoLongerWatched(Refusal):
    """What this customer owed has been settled since: nothing of theirs is overdue now."""

    rule = "R-B2"
    way_out = "Let the order ship as agreed: payment is asked first only of somebody who owes."

    order: str
    customer: str


@dataclass(unsafe_hash=True)
class NothingLeftToReview(Refusal):
    """Every unit of this order has shipped or was cancelled: no decision would change anything."""

    rule = "R-B2"
    way_out = "Look at the order's lines. What is owed for it stands on the watchlist by itself."

    order: str


@dataclass(unsafe_hash=True)
class PaymentFirstWithoutReason(Refusal):
    """Payment is asked first only with a reason, and none was given."""

    rule = "R-B2"
    way_out = "Say in a sentence why this customer should pay first, or let the order ship."

    order: str


@dataclass(unsafe_hash=True)
class PaymentFirstTooLong(Refusal):
    """Payment would be asked first for longer than the policy allows."""

    rule = "R-B2"
    way_out = "Ask for at most the days shown; then you are asked again."
    spoken = "Payment can be asked first for at most {most:day}, and this would be {days}."

    order: str
    days: int
    most: int


def review_watched_order(command: ReviewWatchedOrder, given: Given) -> Decision:
    """Records what the owner decides; payment first begins a task that asks the owner again.

    An order on bill, or released unpaid, that a declined payment held up meanwhile ships so again: its hold
    ends.

    Checks, in this order: order placed; its customer; retry, which is: the same decision at the same moment;
    the owner decides; the customer was watched; something left to ship; with payment first a reason, at most
    so many days, and a customer who is watched still; not before the order, nor before what the
    owner said last, nor payment first before what left unpaid. Source: R-B2
    """
    state = placed_order(given, command.order)
    expect_customer(state, command.customer)
    until = _until(command, given)
    for known in state.reviews:
        if known.at == given.at and (known.it.decision, known.it.until) == (command.decision, until):
            return Decision(customer=state.placed.customer, already=(known.position,))
    expect_role("owner", given)
    if not state.placed.watched_for:
        raise OrderNotWatched(command.order)
    if not state.units_to_ship:
        raise NothingLeftToReview(command.order)
    if command.decision == "payment_first":
        _check_payment_first(command, given)
    left_unpaid = _left_unpaid(state) if command.decision == "payment_first" else []
    expect_cause(max([state.placed_at, *[known.at for known in state.reviews], *left_unpaid]), given)
    on_bill = state.placed.terms == "bill_after" or state.declines.released_unpaid is not None
    reviewed = _reviewed(state, command, until, given, on_bill=on_bill)
    ends = hold_ends(
        state, may_ship=command.decision == "ship" and on_bill, because="reviewed", by=None, given=given
    )
    return Decision(
        events=((command.order, reviewed), *ends),
        customer=state.placed.customer,
    )


def _left_unpaid(state: Placed) -> list[Moment]:
    """When goods left for which a bill stands."""
    valid = [bill.source for bill in state.bills.values() if bill.corrected is None]
    return [state.shipments[it.shipment].at for it in valid if isinstance(it, BillIssued)]


def _until(command: ReviewWatchedOrder, given: Given) -> Day | None:
    if command.decision == "ship":
        return None
    days = given.edition.payment_first_days if command.days is None else command.days
    return plus_days(day_of(given.at, given.book.zone), days)


def _check_payment_first(command: ReviewWatchedOrder, given: Given) -> None:
    if given.reason is None:
        raise PaymentFirstWithoutReason(command.order)
    most = given.edition.payment_first_days
    if command.days is not None and command.days > most:
        raise PaymentFirstTooLong(command.order, command.days, most)
    if not is_watched(given.customer, day_of(given.at, given.book.zone)):
        raise CustomerNoLongerWatched(command.order, command.customer)


def _reviewed(
    state: Placed, command: ReviewWatchedOrder, until: Day | None, given: Given, *, on_bill: bool
) -> WatchedOrderReviewed:
    not_covered = price_not_covered(state)
    if until is not None:
        # Nobody is asked again about what is paid already.
        deadlines = deadlines_of_payment_first(until, given) if not_covered else ()
    elif state.asks_payment_first and on_bill and not_covered and state.declines.hold is None:
        deadlines = deadlines_of_shipping(state.placed, given)
    else:
        deadlines = ()
    return WatchedOrderReviewed(
        order=command.order,
        customer=state.placed.customer,
        decision=command.decision,
        until=until,
        currency=state.placed.currency,
        missing=0 if until is None else not_covered,
        deadlines=deadlines,
    )
