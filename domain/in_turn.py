"""What follows what: an event that rests on another takes effect no earlier than that one did.

What ends a hold, or keeps a promise, may have come before the hold began, or the promise was made, and be
told of only now: it counts from its own moment, and what it ends or keeps from that one's. Source: H-time
"""

import msgspec

from domain.bills.promise_events import PromiseKept
from domain.customers.registering import Customer
from domain.decision import Decision, Given
from domain.declines.decline_events import OrderPlacedOnHold, OrderReleased
from domain.declines.holds import hold_follows
from domain.entry import Event
from domain.moments import Moment
from domain.orders.order import Placed
from domain.refunds.payout_events import PayoutNamed


def with_events_in_turn(decision: Decision, given: Given) -> Decision:
    """The decision, in which no hold ends before it began, nor begins or goes on before the last one ended;
    no promise is kept before it was made, and no payout named before it left.
    """
    at = given.at if decision.at is None else decision.at
    later: dict[int, Moment] = {}
    for place, (stream, event) in enumerate(decision.events):
        state = given.states.get(stream)
        earliest = _follows(event, state) if isinstance(state, Placed | Customer) else None
        if earliest is not None and earliest > at:
            later[place] = earliest
    return msgspec.structs.replace(decision, later=later) if later else decision


def _follows(event: Event, state: Placed | Customer) -> Moment | None:
    """Since when there is what the event rests on; None where the decision says so itself."""
    if isinstance(event, PayoutNamed):
        return state.refunds[event.refund].payouts[event.payout].at
    return _follows_in_order(event, state) if isinstance(state, Placed) else None


def _follows_in_order(event: Event, state: Placed) -> Moment | None:
    match event:
        case OrderReleased() if state.declines.hold is not None:
            return state.declines.hold.waits_since
        case OrderPlacedOnHold():
            return hold_follows(state)
        case PromiseKept():
            return state.bills[event.subject].promises[event.promise].at
        case _:
            return None
