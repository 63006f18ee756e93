"""Releasing what waits for money, without it.

    by rule    an existing customer's order, some days after the decline, if I3 holds
    by owner   any order on hold, for a reason

Everything a release by rule asks of the order itself is in its stream; whether the customer is watched then
is asked of their facts as of that moment. If they are, it is a person's decision from there on, also if they
pay later: a rule that looked again every minute would ship at an hour nobody chose.

Source: R-D3, R-D6, R-D7, I2, I3
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

import msgspec

from domain.authority import expect_reason, expect_role
from domain.bills.owing import expect_customer
from domain.bills.watching import is_watched
from domain.causes import expect_cause
from domain.command import Command
from domain.deadlines import deadlines_of_shipping
from domain.decision import Decision, Due, Given
from domain.declines.decline_events import ShipmentReleasedWithoutPayment
from domain.declines.holds import hold_of, holds_up
from domain.declines.order_declines import Hold
from domain.ids import expect_id
from domain.moments import Moment, day_of
from domain.orders.order import Placed, placed_order, price_not_covered
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class OwnerWaitsForPayment(Refusal):
    """No declined or lost payment holds this order up: the owner asked the customer to pay first."""

    rule = "R-B2"
    way_out = "Let the owner review the order again and let it ship, or wait for the payment."

    order: str


class ReleaseOrder(Command, frozen=True, kw_only=True):
    """Let an order on hold ship without payment. Raises: ValueError."""

    order: str
    customer: str

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)

    def facts_of(self) -> str | None:
        return self.customer


def release_order(command: ReleaseOrder, given: Given) -> Decision:
    """Releases an order on hold without payment, whatever the rule would say: the owner knows why.

    Checks, in this order: order placed; its customer; retry, which is: released by a person already, and not
    waiting again, nor asked to be paid first since; payment not asked first (R-B2); on hold (R-D2); the
    owner, with a reason (I3, R-D7); not before the hold.
    """
    state = placed_order(given, command.order)
    expect_customer(state, command.customer)
    released = state.declines.released_unpaid
    waits_for_payment = holds_up(state)
    is_waiting = state.declines.hold is not None or waits_for_payment
    if not is_waiting and released is not None and not _was_by_rule(released):
        return Decision(customer=state.placed.customer, already=released.ended_by)
    if waits_for_payment and state.asks_payment_first:
        raise OwnerWaitsForPayment(command.order)
    hold = hold_of(state)
    expect_role("owner", given)
    expect_reason(given)
    expect_cause(hold.waits_since, given)
    event = _released(state, hold, given, by_rule=False)
    return Decision(events=((command.order, event),), customer=state.placed.customer)


def is_ready(state: Placed) -> Moment | None:
    """When all that a release by rule asks of the order itself had become true; None: not yet, or never.

    Its time has come; no decline was of fraud type; the cards on file were searched and every usable one
    was declined too; somebody tried to reach the customer since; and the owner does not ask for payment
    first. Whoever searches again after that moment changes nothing. Source: I3, R-D6, R-B2
    """
    hold = state.declines.hold
    due = None if hold is None else hold.due("release_unpaid")
    if hold is None or due is None or state.declines.is_fraud or price_not_covered(state) == 0:
        return None
    if state.asks_payment_first or not hold.effort:
        return None
    reviewed = [review.at for review in state.reviews[-1:]]
    apart = max(due, min(effort.at for effort in hold.effort), *reviewed)
    for search, following in zip_longest(hold.searches, hold.searches[1:]):
        tried = [hold.declined_cards.get(card) for card in search.usable]
        ready = max([apart, search.at, *[at for at in tried if at is not None]])
        if None not in tried and (following is None or ready < following.at):
            return ready
    return None


def facts_due(states: Iterable[object | None], at: Moment) -> tuple[str, Moment] | None:
    """The customer, and the moment as of which their facts say whether a release is due by `at`."""
    for state in states:
        if isinstance(state, Placed) and state.declines.holds:
            ready = is_ready(state)
            if ready is not None and ready <= at:
                return state.placed.customer, ready
    return None


def release_due(state: Placed, given: Given) -> tuple[Due, ...]:
    """The release without payment that time has decided by now. Source: R-D3, I3, R-D7"""
    hold, ready = state.declines.hold, is_ready(state)
    if hold is None or ready is None or ready > given.at:
        return ()
    if given.customer_then is None:
        raise LookupError("a release is due, and the customer's facts were not asked for: see facts_due")
    then = msgspec.structs.replace(given, at=ready, customer=given.customer_then)
    event = _released(state, hold, then, by_rule=True)
    if event.is_watched:
        return ()
    return (Due(ready, state.placed.order, event, state.placed.customer),)


def _released(state: Placed, hold: Hold, given: Given, *, by_rule: bool) -> ShipmentReleasedWithoutPayment:
    return ShipmentReleasedWithoutPayment(
        order=state.placed.order,
        customer=state.placed.customer,
        by_rule=by_rule,
        standing=state.placed.standing,
        is_watched=is_watched(given.customer, day_of(given.at, given.book.zone)),
        is_fraud=state.declines.is_fraud,
        contacts=len(hold.contacts),
        reached=hold.reached,
        search=hold.searches[-1].position if hold.searches else None,
        deadlines=deadlines_of_shipping(state.placed, given),
    )


def _was_by_rule(hold: Hold) -> bool:
    return isinstance(hold.ended, ShipmentReleasedWithoutPayment) and hold.ended.by_rule
