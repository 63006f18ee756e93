"""Shipping again: what is to be done once goods that were cancelled, or had shipped, by mistake are to ship.

Source: H-correct, R-B2, R-P5, §3
"""

from domain.bills.billing import may_be_billed
from domain.deadlines import deadlines_of_shipping, is_history, still_to_do
from domain.decision import Given
from domain.orders.order import Placed, price_not_covered
from domain.orders.order_events import Deadline


def begins_again(state: Placed, after: Placed, given: Given) -> tuple[Deadline, ...]:
    """What a correction asks for anew that turns the order from `state` into `after`: shipping, where it may
    ship; what was due of a whole order that seemed cancelled; and the owner's look at a watched one.
    """
    placed = state.placed
    if after.units_to_ship <= state.units_to_ship or is_history(given):
        return ()
    may_ship = may_be_billed(after) or price_not_covered(after) == 0
    shipping = deadlines_of_shipping(placed, given) if may_ship else ()
    left = (*_contacts(state), *_review(state, after))
    return (*[still_to_do(each, given) for each in left], *shipping)


def _contacts(state: Placed) -> tuple[Deadline, ...]:
    """What was still to be told when the last unit was cancelled. Source: R-P5"""
    if any(line.line.quantity > line.cancelled for line in state.lines):
        return ()
    made = {contact.made.kind for contact in state.contacts}
    return tuple(
        [
            each
            for each in state.placed.deadlines
            if each.kind in ("acknowledgement", "thanks") and each.kind not in made
        ]
    )


def _review(state: Placed, after: Placed) -> tuple[Deadline, ...]:
    """What the owner was asked for while nothing seemed left to decide. Source: R-B2"""
    if state.units_to_ship:
        return ()
    asked = state.reviews[-1].it.deadlines if state.reviews else state.placed.deadlines
    if state.asks_payment_first and price_not_covered(after) == 0:
        return ()
    return tuple([each for each in asked if each.kind == "watched_review"])
