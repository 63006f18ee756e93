"""Holds: an order waits whose payment was declined, or did not last, until money comes, the customer cancels,
or somebody lets go. Source: R-D2, R-D3, R-B2, I2
"""

from dataclasses import dataclass

import msgspec

from domain.bills.billing import may_be_billed
from domain.bills.watching import is_watched
from domain.customers.registering import known_customer
from domain.deadlines import deadlines_of_decline, deadlines_of_hold, deadlines_of_shipping
from domain.decision import Given
from domain.declines.decline_codes import DeclineKind
from domain.declines.decline_events import HoldBegunBy, HoldEndedBy, OnFile, OrderPlacedOnHold, OrderReleased
from domain.declines.order_declines import Hold
from domain.entry import Event
from domain.moments import EARLIEST, Moment, day_of
from domain.orders.order import Placed, price_not_covered
from domain.orders.order_events import Deadline
from domain.refusal import NextStepsOf, Refusal


@dataclass(unsafe_hash=True)
class NotOnHold(Refusal):
    """This order waits for nothing: no declined or lost payment holds it up."""

    rule = "R-D2"
    way_out = "Look at the order's next steps: they say what may be done now."

    order: NextStepsOf


def hold_of(state: Placed) -> Hold:
    """The hold the order is on. Raises: NotOnHold."""
    hold = state.declines.hold
    if hold is None:
        raise NotOnHold(state.placed.order)
    return hold


def holds_up(state: Placed) -> bool:
    """Whether the order waits from now on, and does not yet: it lacks money, and may not ship without.

    Source: R-D2, R-D3
    """
    return state.declines.hold is None and not may_be_billed(state) and price_not_covered(state) > 0


def placed_on_hold(
    state: Placed, payment: str | None, because: HoldBegunBy, kind: DeclineKind | None, given: Given
) -> OrderPlacedOnHold:
    """The hold that begins now, or where what began it is told of late, once the order waited for nothing
    else. It ends by rule only once a bank declined, and where none suspects fraud.

    Source: R-D2, R-D3, R-D6, I3
    """
    given = msgspec.structs.replace(given, at=max(given.at, hold_follows(state)))
    placed, held_on = state.placed, day_of(given.at, given.book.zone)
    if state.declines.is_fraud:
        kind = "fraud"
    by_itself = because == "declined" and kind != "fraud"
    return OrderPlacedOnHold(
        order=placed.order,
        customer=placed.customer,
        because=because,
        payment=payment,
        currency=placed.currency,
        missing=price_not_covered(state),
        standing=placed.standing,
        is_watched=is_watched(given.customer, held_on),
        kind=kind,
        held_on=held_on,
        on_file=on_file(given, placed.customer),
        deadlines=deadlines_of_hold(placed.standing, given, by_itself=by_itself),
    )


def hold_follows(state: Placed) -> Moment:
    """What no hold begins before: the end of the last one, and, where all could be billed until the owner
    asked for payment first, that. Source: H-time, R-B2
    """
    ended = [hold.ended_at for hold in state.declines.holds if hold.ended_at is not None]
    could_be_billed = state.placed.terms == "bill_after" or state.declines.released_unpaid is not None
    asked = [state.reviews[-1].at] if could_be_billed and state.asks_payment_first else []
    return max([EARLIEST, *ended, *asked])


def decline_begins(state: Placed, kind: DeclineKind, given: Given) -> tuple[Deadline, ...]:
    """What the first decline starts of an order that waits for another reason: from then on the days count.

    A chargeback leaves the order to a person all the same. Source: R-D2, R-D3, I3, I4
    """
    hold = state.declines.hold
    if hold is None or given.at < hold.at or (hold.declined_at is not None and given.at >= hold.declined_at):
        return ()
    by_itself = hold.placed.because != "charged_back" and kind != "fraud" and not state.declines.is_fraud
    return deadlines_of_decline(state.placed.standing, given, by_itself=by_itself)


def hold_begins(
    after: Placed, payment: str | None, because: HoldBegunBy, given: Given
) -> tuple[tuple[str, Event], ...]:
    """What holds an order up that lost what covered it: `after` is the order without.

    Nothing that was ordered waits without somebody being told, and a way on. Source: R-B2, R-D1
    """
    if not holds_up(after):
        return ()
    held = placed_on_hold(after, payment, because, None, given)
    return ((after.placed.order, held),)


def hold_ends(
    state: Placed, *, may_ship: bool, because: HoldEndedBy, by: str | None, given: Given
) -> tuple[tuple[str, Event], ...]:
    """What ends the order's hold where all still to ship now may: it is covered or on bill, or none is left.

    `state` says what is left to ship then, which is to be shipped from now on; its money is asked by whoever
    says `may_ship`. Source: R-D2, I2, §3
    """
    if state.declines.hold is None or not may_ship:
        return ()
    placed = state.placed
    released = OrderReleased(
        order=placed.order,
        customer=placed.customer,
        because=because,
        by=by,
        deadlines=deadlines_of_shipping(placed, given) if state.units_to_ship else (),
    )
    return ((placed.order, released),)


def shipping_begins(state: Placed, given: Given) -> tuple[Deadline, ...]:
    """What the entry asks for that covers all that is to ship; where it ends a hold, the release asks."""
    if state.declines.hold is not None or may_be_billed(state):
        return ()  # what may ship unpaid was to be shipped before
    return deadlines_of_shipping(state.placed, given)


def on_file(given: Given, customer: str) -> tuple[OnFile, ...]:
    """Every way to reach the customer that is on file and was not found to be no good. Source: R-D2"""
    return tuple(
        [
            OnFile(known.contact_point.id, known.contact_point.kind)
            for known in known_customer(given, customer).contact_points.values()
            if known.invalidated is None
        ]
    )
