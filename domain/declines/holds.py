"""Holds: a declined payment holds an order up, until money comes, the customer cancels, or somebody lets go.

Source: R-D2, R-D3, I2
"""

from dataclasses import dataclass

from domain.bills.billing import may_be_billed
from domain.customers.registering import known_customer
from domain.decision import Given
from domain.declines.decline_events import HoldEndedBy, OnFile, OrderReleased
from domain.declines.order_declines import Hold
from domain.entry import Event
from domain.orders.order import Placed, price_not_covered
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class NotOnHold(Refusal):
    """This order waits for nothing: no declined payment holds it up."""

    rule = "R-D2"
    way_out = "Look at the order's next steps: they say what may be done now."

    order: str


def hold_of(state: Placed) -> Hold:
    """The hold the order is on. Raises: NotOnHold."""
    hold = state.declines.hold
    if hold is None:
        raise NotOnHold(state.placed.order)
    return hold


def holds_up(state: Placed) -> bool:
    """Whether a decline now leaves the order waiting: it lacks money, and may not ship without.

    Source: R-D2, R-D3
    """
    return state.declines.hold is None and not may_be_billed(state) and price_not_covered(state) > 0


def hold_ends(state: Placed, *, may_ship: bool, because: HoldEndedBy) -> tuple[tuple[str, Event], ...]:
    """What ends the order's hold where all still to ship now may: it is covered or on bill, or none is left.

    Source: R-D2, I2
    """
    if state.declines.hold is None or not may_ship:
        return ()
    placed = state.placed
    released = OrderReleased(order=placed.order, customer=placed.customer, because=because)
    return ((placed.order, released),)


def on_file(given: Given, customer: str) -> tuple[OnFile, ...]:
    """Every way to reach the customer that is on file and was not found to be no good. Source: R-D2"""
    return tuple(
        [
            OnFile(known.contact_point.id, known.contact_point.kind)
            for known in known_customer(given, customer).contact_points.values()
            if known.invalidated is None
        ]
    )
