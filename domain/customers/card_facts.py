"""How each card on file did, over all of the customer's orders. Source: R-D4, R-D6"""

from collections.abc import Callable, Mapping

import msgspec

from domain.declines.decline_events import (
    ChargeAbandoned,
    ChargeRecordedBefore,
    ChargeUnmatched,
    PaymentAttempted,
    PaymentDeclined,
    PaymentMethodFailed,
)
from domain.moments import Moment
from domain.payments.payment_events import PaymentCaptured


class CardFacts(msgspec.Struct, frozen=True):
    """When a card last paid, whether a bank said never again, and when it was declined softly."""

    last_worked_at: Moment | None = None
    declined_for_good: bool = False
    soft_declines: tuple[Moment, ...] = ()
    under_way: frozenset[str] = frozenset()
    """Payments attempted with it of which nobody knows yet what became: each may be a decline."""


OfCards = (
    PaymentAttempted
    | PaymentCaptured
    | PaymentDeclined
    | PaymentMethodFailed
    | ChargeUnmatched
    | ChargeRecordedBefore
    | ChargeAbandoned
)
"""What bears on the cards on file: a charge that begins, and everything that says what became of one."""


def cards_after(cards: Mapping[str, CardFacts], it: OfCards, at: Moment) -> Mapping[str, CardFacts]:
    """The cards after what was attempted with one of them at that moment, or came of it; or with none."""
    if isinstance(it, PaymentAttempted):
        return _with(cards, it.payment_method, lambda known: _begun(known, it.payment))
    for name, known in cards.items():
        if it.payment in known.under_way:
            over = msgspec.structs.replace(known, under_way=known.under_way - {it.payment})
            cards = {**cards, name: over}
    match it:
        case PaymentCaptured():
            return _with(cards, it.payment_method, lambda known: _worked(known, at))
        case PaymentMethodFailed():
            return _with(cards, it.payment_method, lambda known: _failed(known, it, at))
        case PaymentDeclined() | ChargeUnmatched() | ChargeRecordedBefore() | ChargeAbandoned():
            return cards


def _with(
    cards: Mapping[str, CardFacts], name: str | None, after: Callable[[CardFacts], CardFacts]
) -> Mapping[str, CardFacts]:
    return cards if name is None else {**cards, name: after(cards.get(name, CardFacts()))}


def _begun(known: CardFacts, payment: str) -> CardFacts:
    return msgspec.structs.replace(known, under_way=known.under_way | {payment})


def _worked(known: CardFacts, at: Moment) -> CardFacts:
    worked = at if known.last_worked_at is None else max(at, known.last_worked_at)
    return msgspec.structs.replace(known, last_worked_at=worked)


def _failed(known: CardFacts, it: PaymentMethodFailed, at: Moment) -> CardFacts:
    if it.kind == "soft":
        return msgspec.structs.replace(known, soft_declines=(*known.soft_declines, at))
    return msgspec.structs.replace(known, declined_for_good=True)
