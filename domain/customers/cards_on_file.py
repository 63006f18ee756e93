"""Cards on file: which may be tried, which comes first, and why another may not be.

A card is tried with the customer's recorded consent, or because they have just named it; while it is valid;
never again once a bank said so; and only so often in so many days. Source: R-D4, R-D6
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.customers.card_facts import CardFacts
from domain.customers.registering import Customer, PaymentMethodStored
from domain.decision import Given
from domain.declines.decline_events import CardConsidered, CardVerdict
from domain.declines.order_declines import Hold
from domain.moments import Moment, day_of, plus_days
from domain.orders.order import Placed
from domain.refusal import OnRecord, Refusal


@dataclass(unsafe_hash=True)
class PaymentMethodUnknown(Refusal):
    """The customer of this order has no such payment method on file."""

    rule = "R-D4"
    way_out = "Store the payment method with the customer first, or record the payment without naming one."

    order: str
    payment_method: str


@dataclass(unsafe_hash=True)
class CardDeclinedForGood(Refusal):
    """A bank said that this card is never to be tried again: it was stolen, closed or blocked."""

    rule = "R-D6"
    way_out = "Try another card on file, or ask the customer for one."

    payment_method: str


@dataclass(unsafe_hash=True)
class CardExpired(Refusal):
    """The card's last month is over."""

    rule = "R-D4"
    way_out = "Ask the customer whether they have a new card; it comes under a new token of the processor."

    payment_method: str
    expiry: str


@dataclass(unsafe_hash=True)
class CardWithoutConsent(Refusal):
    """The customer has not agreed that this card is tried again for a later order."""

    rule = "R-D4"
    way_out = "Ask the customer. If they name this card themselves, say so with the charge."

    payment_method: str


@dataclass(unsafe_hash=True)
class CardTriedTooOften(Refusal):
    """The card was tried too often lately to be tried again now; a charge under way may be declined too."""

    rule = "R-D6"
    way_out = (
        "Try another card, or this one when the days are over. Find out what became of its charges that are"
        " under way, for any order."
    )
    spoken = "A card is tried {times:time} in {days:day}, and then left alone; a charge under way counts."

    payment_method: str
    times: int
    days: int


@dataclass(unsafe_hash=True)
class AnotherCardFirst(Refusal):
    """Another card on file comes first: the one that last worked, or the one added last where none did."""

    rule = "R-D4"
    way_out = "Try the card shown first. If the customer chose this one, say so with the charge."

    payment_method: str
    first: OnRecord


def card_of(given: Given, state: Placed, customer: str, payment_method: str) -> PaymentMethodStored:
    """The card, on file with the order's customer. Raises: PaymentMethodUnknown."""
    known = given.state(customer, Customer) if customer == state.placed.customer else None
    if known is None or payment_method not in known.payment_methods:
        raise PaymentMethodUnknown(state.placed.order, payment_method)
    return known.payment_methods[payment_method].stored


def expect_chargeable(
    card: PaymentMethodStored, customer: Customer, hold: Hold | None, given: Given, *, named: bool
) -> None:
    """That this card may be tried now, and that none comes before it unless the customer named it.

    Checks, in this order: never again (R-D6); valid; consent, unless named (R-D4); not too often (R-D6); no
    other usable card before it, unless named. Raises: Refusal.
    """
    name = card.payment_method
    match verdict_of(card, None, given, named=named):
        case "declined_for_good":
            raise CardDeclinedForGood(name)
        case "expired":
            raise CardExpired(name, card.expiry)
        case "without_consent":
            raise CardWithoutConsent(name)
        case "tried_too_often":
            edition = given.edition
            raise CardTriedTooOften(name, edition.card_tries, edition.card_tries_days)
        case "usable" | "tried":
            pass
    first = next((it for it in cards_considered(customer, hold, given) if it.verdict == "usable"), None)
    if not named and first is not None and first.payment_method != name:
        raise AnotherCardFirst(name, first.payment_method)


def cards_considered(customer: Customer, hold: Hold | None, given: Given) -> tuple[CardConsidered, ...]:
    """All cards on file, the one that last worked first, then those that never did, the newest first.

    Source: R-D4
    """
    facts = _facts(given)
    newest_first = reversed(list(customer.payment_methods.values()))
    cards = [known.stored for known in newest_first]
    considered = [
        CardConsidered(
            card.payment_method,
            verdict_of(card, hold, given, named=False),
            facts.get(card.payment_method, CardFacts()).last_worked_at,
        )
        for card in cards
    ]
    worked = [it for it in considered if it.last_worked_at is not None]
    return (
        *sorted(worked, key=_last_worked_at, reverse=True),
        *[it for it in considered if it.last_worked_at is None],
    )


def verdict_of(
    card: PaymentMethodStored, hold: Hold | None, given: Given, *, named: bool, payment: str | None = None
) -> CardVerdict:
    """Whether a card may be tried now; `named`: the customer chose it; `payment`: a charge that is under way.

    Source: R-D4, R-D6
    """
    known = _facts(given).get(card.payment_method, CardFacts())
    today = day_of(given.at, given.book.zone)
    if known.declined_for_good:
        return "declined_for_good"
    if card.expiry < today[:7]:
        return "expired"
    if not card.reuse_consent and not named:
        return "without_consent"
    if tries(known, payment, given) >= given.edition.card_tries:
        return "tried_too_often"
    if hold is not None and card.payment_method in hold.declined_cards:
        return "tried"
    return "usable"


def tries(card: CardFacts, payment: str | None, given: Given) -> int:
    """How often the card was declined softly on today and the days before that count, and may be yet by the
    charges that are under way, for whichever order; but for that payment itself. Source: R-D6
    """
    since = plus_days(day_of(given.at, given.book.zone), 1 - given.edition.card_tries_days)
    declined = sum(since <= day_of(at, given.book.zone) for at in card.soft_declines)
    return declined + len(card.under_way - {payment})


def _facts(given: Given) -> Mapping[str, CardFacts]:
    return {} if given.customer is None else given.customer.cards


def _last_worked_at(it: CardConsidered) -> Moment:
    assert it.last_worked_at is not None
    return it.last_worked_at
