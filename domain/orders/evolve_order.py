"""How an order's stream folds: what each event makes of the order. The fold asks no rule.

Each subject says in a table of its own how its events change a placed order.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from domain.corrections.evolve_corrections import CORRECTIONS
from domain.declines.evolve_declines import DECLINES
from domain.entry import Entry, Event, foreseen_entry
from domain.moments import Moment
from domain.orders.evolve_goods import GOODS
from domain.orders.order import Draft, LineState, Order, Placed
from domain.orders.order_events import CartPrepared, OrderPlaced
from domain.orders.things import things_changed, things_placed
from domain.payments.evolve_money import MONEY
from domain.returns.evolve_returns import RETURNS, SUPPLIER_CLAIMS
from domain.there import NOTHING

EVOLVE_PLACED: Final[Mapping[type[Event], Callable[[Placed, Any, Entry], Placed]]] = {
    **GOODS,
    **MONEY,
    **DECLINES,
    **RETURNS,
    **SUPPLIER_CLAIMS,
    **CORRECTIONS,
}
"""(order, event, entry) → order, by event; each takes the event it stands beside."""


def evolve_order(state: Order | None, entry: Entry) -> Order:
    """The order after one more entry of its stream. Raises: TypeError for an event of another stream."""
    match entry.event, state:
        case CartPrepared() as it, None:
            return Draft(cart=it, at=entry.effective_at, position=entry.position)
        case OrderPlaced() as it, None | Draft():
            return _placed(state, it, entry)
        case event, Placed() if type(event) in EVOLVE_PLACED:
            return _evolved(state, event, entry)
        case event, _:
            raise TypeError(f"{type(event).__name__} does not belong at {entry.stream} {entry.version}")


def foreseen(state: Placed, events: Iterable[Event], *, at: Moment, now: Moment) -> Placed:
    """The order as it will be once those are recorded, for a decision that rests on it."""
    order, customer = state.placed.order, state.placed.customer
    for event in events:
        # Of positions only `may_be_billed` compares some: those of a release and of a review that asks for
        # payment first, after which no rule releases.
        state = _evolved(state, event, foreseen_entry(order, event, customer, at=at, now=now))
    return state


def _evolved(state: Placed, event: Event, entry: Entry) -> Placed:
    after = EVOLVE_PLACED[type(event)](state, event, entry)
    there = after.there.after(things_changed(state, after), entry.effective_at)
    return after if there is after.there else msgspec.structs.replace(after, there=there)


def _placed(cart: Draft | None, it: OrderPlaced, entry: Entry) -> Placed:
    placed = Placed(
        placed=it,
        positions=(entry.position,),
        cart=cart,
        placed_at=entry.effective_at,
        lines=tuple([LineState(line) for line in it.lines]),
        units_to_ship=sum([line.quantity for line in it.lines]),
        price_of_units_to_ship=sum([line.total for line in it.lines]),
    )
    there = NOTHING.after(things_placed(placed), entry.effective_at)
    return msgspec.structs.replace(placed, there=there)
