"""How declines change an order: attempts, refusals of banks, the hold and what ends it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from domain.declines.decline_events import (
    CardOnFileSearchCompleted,
    ChargeAbandoned,
    ChargeRecordedBefore,
    ChargeUnmatched,
    ContactAttempted,
    HoldEnd,
    OrderNotDelivered,
    OrderPlacedOnHold,
    OrderReleased,
    PaymentAttempted,
    PaymentDeclined,
    ShipmentReleasedWithoutPayment,
)
from domain.declines.order_declines import (
    Attempt,
    CardSearch,
    ContactEffort,
    Decline,
    Hold,
    RecordedBefore,
)
from domain.entry import Entry, Event
from domain.orders.order import Placed


def _attempted(state: Placed, it: PaymentAttempted, entry: Entry) -> Placed:
    attempt = Attempt(it, entry.effective_at, entry.position)
    attempts = {**state.declines.attempts, it.payment: attempt}
    return _with(state, attempts=attempts)


def _declined(state: Placed, it: PaymentDeclined, entry: Entry) -> Placed:
    decline = Decline(it, entry.effective_at, (entry.position,))
    known = state.declines.declines.get(it.payment)
    if it.is_worse and known is not None:
        said_by = (*known.positions, entry.position)
        decline = Decline(it, known.at, said_by, first=known.said[-1])
    state = _with(state, declines={**state.declines.declines, it.payment: decline})
    hold = state.declines.hold
    # Told again as worse, it is the refusal that was recorded before, perhaps on an earlier hold.
    if hold is None or it.is_worse or entry.effective_at < hold.at:
        return state
    return _with_hold(state, declines=(*hold.declines, decline))


def _charge_unmatched(state: Placed, it: ChargeUnmatched, entry: Entry) -> Placed:
    return _with(state, unmatched={**state.declines.unmatched, it.payment: entry.position})


def _charge_recorded_before(state: Placed, it: ChargeRecordedBefore, entry: Entry) -> Placed:
    known = RecordedBefore(it, entry.position)
    return _with(state, recorded_before={**state.declines.recorded_before, it.payment: known})


def _charge_abandoned(state: Placed, it: ChargeAbandoned, entry: Entry) -> Placed:
    return _with(state, abandoned={**state.declines.abandoned, it.payment: entry.position})


def _held(state: Placed, it: OrderPlacedOnHold, entry: Entry) -> Placed:
    if it.resumes is not None:
        return _with_hold(
            state, resumed=it, resumed_at=entry.effective_at, ended=None, ended_at=None, ended_by=()
        )
    if it.because != "declined" or it.payment is None:
        hold = Hold(it, entry.effective_at, entry.position, ())
        return _with(state, holds=(*state.declines.holds, hold))
    known = state.declines.declines[it.payment]
    decline = Decline(known.declined, known.at, (*known.positions, entry.position))
    hold = Hold(it, entry.effective_at, entry.position, (decline,))
    return _with(
        state,
        declines={**state.declines.declines, it.payment: decline},
        holds=(*state.declines.holds, hold),
    )


def _searched(state: Placed, it: CardOnFileSearchCompleted, entry: Entry) -> Placed:
    search = CardSearch(it, entry.effective_at, entry.position)
    return _with_hold(state, searches=(*state.declines.holds[-1].searches, search))


def _tried_to_reach(state: Placed, it: ContactAttempted, entry: Entry) -> Placed:
    effort = ContactEffort(it, entry.effective_at, entry.position)
    return _with_hold(state, contacts=(*state.declines.holds[-1].contacts, effort))


def _ended(state: Placed, it: HoldEnd, entry: Entry) -> Placed:
    return _with_hold(state, ended=it, ended_at=entry.effective_at, ended_by=(entry.position,))


def _not_delivered(state: Placed, it: OrderNotDelivered, entry: Entry) -> Placed:
    closings = {**state.declines.closings, it.by: entry.position}
    return _with(_ended(state, it, entry), closings=closings)


def _with(state: Placed, **changed: Any) -> Placed:
    return msgspec.structs.replace(state, declines=msgspec.structs.replace(state.declines, **changed))


def _with_hold(state: Placed, **changed: Any) -> Placed:
    *before, last = state.declines.holds
    return _with(state, holds=(*before, msgspec.structs.replace(last, **changed)))


DECLINES: Final[Mapping[type[Event], Callable[[Placed, Any, Entry], Placed]]] = {
    PaymentAttempted: _attempted,
    PaymentDeclined: _declined,
    ChargeUnmatched: _charge_unmatched,
    ChargeRecordedBefore: _charge_recorded_before,
    ChargeAbandoned: _charge_abandoned,
    OrderPlacedOnHold: _held,
    CardOnFileSearchCompleted: _searched,
    ContactAttempted: _tried_to_reach,
    OrderReleased: _ended,
    ShipmentReleasedWithoutPayment: _ended,
    OrderNotDelivered: _not_delivered,
}
"""How each of these events changes a placed order."""
