"""What is to be done next for an order on hold: of the steps there are, the first in the order of the house.

Whether a card may be charged or the order closed says the decision that was asked; whether it is released by
itself say the facts as of the moment at which that is decided. Source: R-D2, R-D3, R-D6, R-D7, I3
"""

from collections.abc import Iterable
from typing import Literal

from domain.bills.watching import is_watched
from domain.customers.standing import CustomerFacts
from domain.declines.releasing import is_ready
from domain.moments import day_of
from domain.orders.next_steps import NextStep
from domain.orders.order import Placed
from domain.payments.attempting import open_attempt

NextOnHold = Literal[
    "resolve_payment",
    "assign_money",
    "search_cards",
    "charge_card",
    "reach_customer",
    "close_as_not_delivered",
    "owner_decides",
    "released_by_rule",
]


def next_on_hold(
    state: Placed, answers: Iterable[NextStep], any_waits: bool, then: CustomerFacts | None, zone: str
) -> NextOnHold | None:
    """The step; None where the order is not on hold.

    `answers`: at least to charging the hold's `cards_left` and to closing the order. `any_waits`: whether
    any of the money that came for it does. `then`: the customer's facts as of `is_ready`, where that is any
    moment.
    """
    hold = state.declines.hold
    if hold is None:
        return None
    if open_attempt(state) is not None:
        return "resolve_payment"
    if any_waits:
        return "assign_money"
    may = {(answer.name, answer.subject) for answer in answers if answer.by is not None}
    left = hold.cards_left
    if any(("charge_card", card) in may for card in left):
        return "charge_card"
    # A card that was found and may not be charged any more is no longer in a new list.
    if left or (state.placed.standing == "existing" and not hold.searches):
        return "search_cards"
    if ("close_as_not_delivered", None) in may:
        return "close_as_not_delivered"
    if state.placed.standing == "new":
        return "owner_decides" if state.declines.reached else "reach_customer"
    if not hold.effort:
        return "reach_customer"
    ready = is_ready(state)
    by_itself = ready is not None and not is_watched(then, day_of(ready, zone))
    return "released_by_rule" if by_itself else "owner_decides"
