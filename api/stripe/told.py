"""What a notice of Stripe tells, as far as it can be placed; and how it is found what it is about.

Its ids are our references: of a payment, for an order or a bill, `ch_…`, of a payout `re_…`, of a dispute
`dp_…`; a payment intent's id counts too, where a shop recorded a payment under that. What a notice is about
is found by those; else by what the shop put into `metadata`: `order`, `payment` (an open attempt), `refund`,
`payout`.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import TypeVar

import msgspec

from api.stripe.objects import StripeEvent
from domain.ids import is_id, type_id
from domain.inbound.notices import MovedMoney, ToldFact
from domain.inbound.unmatched_events import Direction
from domain.moments import Moment
from domain.orders.order import Placed
from domain.payments.payment import Payment
from ledger.book import Book
from ledger.identity import mint
from ledger.record.references import kept_as, paid_under

STRIPE = "stripe"

Object = TypeVar("Object")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice tells, as far as it can be placed; nothing where its kind tells nothing here."""

    order: Placed | None = None
    customer: str | None = None
    """Whom it is about where it is about no order."""
    fact: ToldFact | None = None
    money: MovedMoney | None = None
    first: tuple[ToldFact, ...] = ()
    """What it follows and nobody has told yet: recorded before it."""
    earliest: Moment | None = None
    """When that took effect which it builds on: clocks of two houses differ."""
    why: str | None = None
    """Why nothing follows from it, where somebody is to compare it with Stripe's own record."""
    is_understood: bool = True
    """Whether its object could be read at all."""


class UnknownShape(Exception):
    """The object of a notice is not of the shape that its type promises."""


class Found(msgspec.Struct, frozen=True):
    """The order a notice is about, and the payment, as far as they are known."""

    order: Placed | None
    payment: Payment | None


def object_of(event: StripeEvent, kind: type[Object]) -> Object:
    """The object a notice is about. Raises: UnknownShape."""
    try:
        return msgspec.json.decode(event.data.object, type=kind)
    except msgspec.MsgspecError:
        raise UnknownShape from None


async def find(book: Book, references: tuple[str | None, ...], metadata: Mapping[str, str] | None) -> Found:
    """What one of those references names; else the order that the shop named."""
    for reference in references:
        payment = None if reference is None else await paid_under(book, STRIPE, reference)
        if payment is not None:
            order = await book.state(payment.received.order)
            return Found(order if isinstance(order, Placed) else None, payment)
    return Found(await named_by_shop(book, metadata), None)


async def named_by_shop(book: Book, metadata: Mapping[str, str] | None) -> Placed | None:
    """The order that the shop named; None for none of ours."""
    named = our_id(metadata, "order", "ord")
    order = None if named is None else await book.state(named)
    return order if isinstance(order, Placed) else None


async def kept_under(book: Book, direction: Direction, references: tuple[str | None, ...]) -> bool:
    """Whether money under one of those was kept as unmatched, and waits or was placed by a person."""
    for reference in references:
        if reference is not None and await kept_as(book, direction, STRIPE, reference) is not None:
            return True
    return False


def takes_effect_at(told: Told, happened_at: Moment) -> Moment:
    """When a notice takes effect that says it happened then. Source: H-time"""
    return happened_at if told.earliest is None else max(happened_at, told.earliest)


def our_id(metadata: Mapping[str, str] | None, name: str, prefix: str) -> str | None:
    """An id of ours that the shop gave along."""
    said = (metadata or {}).get(name)
    return said if said is not None and is_id(prefix, said) else None


def derived_id(prefix: str, reference: str) -> str:
    """An id made of a reference, so that it is the same whichever notice comes first."""
    return type_id(prefix, int.from_bytes(sha256(f"{STRIPE}/{reference}".encode()).digest()[:16]))


def moved(direction: Direction, amount: int, currency: str, reference: str) -> MovedMoney | None:
    """Money in case it cannot be placed; None for none."""
    if amount == 0:
        return None
    return MovedMoney(
        unmatched=mint("unm"), direction=direction, amount=amount, currency=currency, reference=reference
    )
