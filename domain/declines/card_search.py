"""Searching the cards on file: which may be tried for a declined order, and in which order.

The search is complete with the list; a release by rule waits until every usable card of it was tried.
Source: R-D3, R-D4
"""

from collections.abc import Iterator

from domain.bills.owing import expect_customer
from domain.causes import expect_cause
from domain.command import Command
from domain.customers.cards_on_file import cards_considered
from domain.customers.registering import Customer, known_customer
from domain.deadlines import deadlines_of_search
from domain.decision import Decision, Given
from domain.declines.decline_events import CardOnFileSearchCompleted
from domain.declines.holds import hold_of
from domain.declines.order_declines import CardSearch, Hold
from domain.ids import expect_id
from domain.moments import Moment
from domain.orders.order import Placed, placed_order


class CompleteCardSearch(Command, frozen=True, kw_only=True):
    """Look through the customer's cards on file for an order on hold. Raises: ValueError."""

    order: str
    customer: str

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)

    def reads(self) -> tuple[str, ...]:
        return (self.customer,)

    def facts_of(self) -> str | None:
        return self.customer


def complete_card_search(command: CompleteCardSearch, given: Given) -> Decision:
    """Records every card on file, in the order in which they are to be tried, each with why or why not.

    Checks, in this order: order placed; its customer; retry, which is: the last search since the order waits
    found the same, or one of an earlier wait was at the same moment; on hold; not before the order waits, nor
    the last search, nor when the last card that it names was stored or declined for this order.
    """
    state = placed_order(given, command.order)
    expect_customer(state, command.customer)
    for search in _of_earlier_waits(state):
        if search.at == given.at:
            return Decision(customer=command.customer, already=(search.position,))
    hold = hold_of(state)
    customer = known_customer(given, command.customer)
    cards = cards_considered(customer, hold, given)
    last = hold.searches[-1] if hold.searches else None
    if last is not None and last.at >= hold.waits_since and last.completed.cards == cards:
        return Decision(customer=command.customer, already=(last.position,))
    expect_cause(_follows(customer, hold), given)
    is_any_usable = any(card.verdict == "usable" for card in cards)
    found = CardOnFileSearchCompleted(
        order=command.order,
        customer=command.customer,
        cards=cards,
        deadlines=deadlines_of_search(given) if is_any_usable else (),
    )
    return Decision(events=((command.order, found),), customer=command.customer)


def _of_earlier_waits(state: Placed) -> Iterator[CardSearch]:
    """The searches of holds that ended, and of one that goes on from before it did."""
    for hold in state.declines.holds:
        is_over = hold.ended is not None
        yield from [search for search in hold.searches if is_over or search.at < hold.waits_since]


def _follows(customer: Customer, hold: Hold) -> Moment:
    """When all had happened that it says of cards; how they did for other orders it asks as of its moment."""
    stored = [known.at for known in customer.payment_methods.values()]
    return max(
        [hold.waits_since, *[search.at for search in hold.searches], *stored, *hold.declined_cards.values()]
    )
