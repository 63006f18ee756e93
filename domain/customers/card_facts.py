"""How each card on file did, over all of the customer's orders. Source: R-D4, R-D6"""

from collections.abc import Mapping

import msgspec

from domain.declines.decline_events import PaymentMethodFailed
from domain.moments import Moment
from domain.payments.payment_events import PaymentCaptured


class CardFacts(msgspec.Struct, frozen=True):
    """When a card last paid, whether a bank said never again, and when it was declined softly."""

    last_worked_at: Moment | None = None
    declined_for_good: bool = False
    soft_declines: tuple[Moment, ...] = ()


def cards_after(
    cards: Mapping[str, CardFacts], it: PaymentCaptured | PaymentMethodFailed, at: Moment
) -> Mapping[str, CardFacts]:
    """The cards after that capture, or that decline, of one of them at that moment, or of none on file."""
    name = it.payment_method
    if name is None:
        return cards
    known = cards.get(name, CardFacts())
    if isinstance(it, PaymentCaptured):
        worked = at if known.last_worked_at is None else max(at, known.last_worked_at)
        after = msgspec.structs.replace(known, last_worked_at=worked)
    elif it.kind == "soft":
        after = msgspec.structs.replace(known, soft_declines=(*known.soft_declines, at))
    else:
        after = msgspec.structs.replace(known, declined_for_good=True)
    return {**cards, name: after}
