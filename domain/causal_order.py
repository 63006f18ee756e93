"""Causal order: what a decision takes was there already at its moment, and is still with all taken since.

What it would leave is foreseen, and whatever is less of then (`domain.orders.things`) is asked about. So the
books can be shown as they were at any moment, and no figure of theirs is less than nothing; no decision has
to think of it, and none can forget it. What is dated later than every change needs no asking.

What a bank or processor tells of has happened all the same: told late, it counts as of when all was there
that it takes.

Source: H-time, H-correct, H-notice
"""

from collections.abc import Callable, Iterable

import msgspec

from domain.bills.billing import could_be_billed
from domain.causes import EffectiveBeforeCause
from domain.customers.evolve_customer import evolve_customer
from domain.customers.registering import Customer
from domain.decision import Decision, Given
from domain.entry import Event, foreseen_entry
from domain.inbound.unmatched import UnmatchedMoney, evolve_unmatched
from domain.moments import EARLIEST, Moment
from domain.orders.evolve_order import evolve_order
from domain.orders.order import Placed
from domain.orders.order_events import OrderShipped
from domain.orders.things import FUNDS, GOING_BACK
from domain.payments.payment_events import CreditSetAside
from domain.refunds.refund_events import RefundPaid
from domain.there import There, Thing

Holder = Placed | Customer | UnmatchedMoney
"""The states of the streams whose things are known."""


def in_causal_order(decision: Decision, given: Given) -> Decision:
    """The decision, where all that it takes was there at its moment. Raises: EffectiveBeforeCause."""
    at = given.at if decision.at is None else decision.at
    for stream in dict.fromkeys([stream for stream, _ in decision.events]):
        state = given.states.get(stream)
        if isinstance(state, Holder) and at < state.there.until:
            events = [event for of, event in decision.events if of == stream]
            after = _foreseen(state, stream, events, at, given.now)
            taken = _taken(state.there, after)
            asked = [it for it in taken if _is_asked(it, state, events, at, given)]
            earliest = max([EARLIEST, *[state.there.since(it, taken[it]) for it in asked]])
            if at < earliest:
                raise EffectiveBeforeCause(at, earliest)
    return decision


def as_soon_as_there(decide: Callable[[Given], Decision], given: Given) -> Decision:
    """What has happened, as of its moment; or, told of late, as of when all that it takes was there.

    A chargeback told of after a refund was granted takes what that gave back, and nothing goes twice.
    Raises: Refusal, but no EffectiveBeforeCause. Source: H-notice, R-B9, I12
    """
    then = given
    while True:
        try:
            decision = in_causal_order(decide(then), then)
        except EffectiveBeforeCause as early:
            then = msgspec.structs.replace(given, at=early.earliest)  # each later than the one before
        else:
            return decision if then is given else msgspec.structs.replace(decision, at=then.at)


def _foreseen(state: Holder, stream: str, events: Iterable[Event], at: Moment, now: Moment) -> There:
    for event in events:
        entry = foreseen_entry(stream, event, None, at=at, now=now)
        match state:
            case Placed():
                after = evolve_order(state, entry)
                assert isinstance(after, Placed)
            case Customer():
                after = evolve_customer(state, entry)
            case UnmatchedMoney():
                after = evolve_unmatched(state, entry)
        state = after
    return state.there


def _taken(before: There, after: There) -> dict[Thing, int]:
    """How much of each thing is taken."""
    more = {it: changes[len(before.changes.get(it, ())) :] for it, changes in after.changes.items()}
    taken = {it: -sum([by for _, by in changes]) for it, changes in more.items()}
    return {it: amount for it, amount in taken.items() if amount > 0}


def _is_asked(thing: Thing, state: Holder, events: Iterable[Event], at: Moment, given: Given) -> bool:
    """Whether so much of that thing has to be there.

    What may be billed leaves whatever money came later, and an import tells things in whatever order (I2).
    What is due back is a limit to what leaves us, not to what a bank takes back.
    """
    if thing == FUNDS and any(isinstance(event, OrderShipped) for event in events):
        return given.origin != "import" and isinstance(state, Placed) and not could_be_billed(state, at)
    if thing[0] in GOING_BACK:
        return any(isinstance(event, RefundPaid | CreditSetAside) for event in events)
    return True
