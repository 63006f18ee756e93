"""Ticking: what time decides by itself, once its last condition has become true.

    a bill is overdue      when the day after its last day begins and something is still open
    a promise is broken    when the day after its last day begins and something is still open
    a release unpaid       when an existing customer's declined order has waited long enough, and I3 holds

It takes effect at that moment, whenever the book ticks. Before a command, what is due in the streams it
writes comes first (`domain.decisions`), so that ticking every minute or once a year gives the same events, as
long as commands are entered in the order in which they take effect. Source: §3, R-B1, R-B7, R-D3, R-P1
"""

from collections.abc import Iterable, Iterator

import msgspec

from domain.bills.bill_events import BillBecameOverdue
from domain.bills.promise_events import PromiseBroken
from domain.command import Command
from domain.decision import Decision, Due, Given
from domain.declines.releasing import release_due
from domain.moments import Moment
from domain.orders.evolve_order import foreseen
from domain.orders.order import Placed

TICK = "tick"
"""The origin of what time decides."""
NOBODY = "system"
"""Who acts, and in which role, where no person does."""


class Tick(Command, frozen=True, kw_only=True):
    """Record what time has decided in a stream up to the deciding moment."""

    stream: str

    def writes(self) -> tuple[str, ...]:
        return (self.stream,)


def tick(command: Tick, given: Given) -> Decision:
    """Decides nothing of its own: what is due in the stream comes before it, as before any command."""
    return Decision()


def due_in(streams: Iterable[str], given: Given) -> tuple[Due, ...]:
    """What time has decided in these streams and nobody has recorded yet, in the order of its moments, then
    by stream.
    """
    found: list[Due] = []
    for stream in streams:
        state = given.states[stream]
        if not isinstance(state, Placed):
            continue
        if state.bills:
            found.extend(_bills_overdue(state, given.at))
            found.extend(_promises_broken(state, given.at))
        if state.declines.holds:
            found.extend(release_due(state, given))
    found.sort(key=lambda due: (due.at, due.stream))
    return tuple(found)


def with_due(given: Given, due: Iterable[Due]) -> Given:
    """What a command is decided on once that is recorded."""
    states = dict(given.states)
    for it in due:
        state = states[it.stream]
        assert isinstance(state, Placed)
        states[it.stream] = foreseen(state, (it.event,), at=it.at, now=given.now)
    return msgspec.structs.replace(given, states=states)


def _bills_overdue(state: Placed, at: Moment) -> Iterator[Due]:
    for bill in state.bills.values():
        if bill.open == 0 or bill.overdue_since is not None:
            continue
        due, placed = bill.overdue_at, state.placed
        if due is not None and due <= at:
            event = BillBecameOverdue(
                order=placed.order,
                customer=placed.customer,
                bill=bill.bill,
                currency=bill.currency,
                open=bill.open,
                due_on=bill.due_on,
            )
            yield Due(due, placed.order, event, placed.customer)


def _promises_broken(state: Placed, at: Moment) -> Iterator[Due]:
    for bill in state.bills.values():
        promise, placed = bill.promised, state.placed
        if promise is None:
            continue
        due = promise.broken_at
        if due is not None and due <= at:
            event = PromiseBroken(
                promise=promise.made.promise,
                kind=promise.made.kind,
                order=placed.order,
                customer=placed.customer,
                subject=bill.bill,
                currency=bill.currency,
                open=bill.open,
                due_on=promise.made.due_on,
            )
            yield Due(due, placed.order, event, placed.customer)
