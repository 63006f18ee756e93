"""Charges that Stripe tells of: captured, only reserved, or declined."""

from typing import TypeGuard, get_args

from api.stripe.objects import Metadata, StripeCharge, StripeEvent, StripeIntent, minor_units
from api.stripe.told import (
    STRIPE,
    Told,
    derived_id,
    find,
    kept_under,
    moved,
    named_by_shop,
    object_of,
    our_id,
)
from domain.customers.registering import Customer
from domain.declines.decline_codes import NetworkAdvice
from domain.declines.decline_events import PaymentDeclined
from domain.declines.payment_failures import RecordPaymentFailure
from domain.inbound.notices import NAMED_OTHERWISE
from domain.moments import Moment
from domain.orders.order import Placed
from domain.payments.attempting import open_attempt
from domain.payments.capturing import CapturePayment
from ledger.book import Book

_ADVICE: frozenset[str] = frozenset(get_args(NetworkAdvice))
BLOCKED = "fraudulent"
"""The decline code of a charge that Stripe itself blocked, as its intent has it: the card is suspected."""


async def charged(book: Book, event: StripeEvent) -> Told:
    """A card was charged; or only reserved, which moves nothing."""
    it = object_of(event, StripeCharge)
    if not it.captured:
        return Told()  # only reserved
    return await _paid(book, it, it.taken, it.id, (it.id, it.payment_intent))


async def intent_paid(book: Book, event: StripeEvent) -> Told:
    """A payment the shop asked for came."""
    it = object_of(event, StripeIntent)
    return await _paid(book, it, it.amount_received, it.charge or it.id, (it.charge, it.id))


async def _paid(
    book: Book,
    it: StripeCharge | StripeIntent,
    units: int,
    reference: str,
    references: tuple[str | None, ...],
) -> Told:
    currency = it.currency.upper()
    amount = minor_units(units, currency)
    money = moved("receipt", amount, currency, reference)
    found = await find(book, references, it.metadata)
    order, known = found.order, found.payment
    if order is None or money is None or (known is not None and known.corrected is not None):
        return Told(order=order, money=money)
    kept = await kept_under(book, "receipt", references)
    if known is None and kept:
        return Told(order=order, money=money)  # it waits already, though the order might take it by now
    named = None if known is None or kept else await named_by_shop(book, it.metadata)
    if named is not None and named.placed.order != order.placed.order:
        return Told(order=order, why=NAMED_OTHERWISE)  # unless a person placed it elsewhere, knowing that
    card = await _card(book, order, it.payment_method)
    payment = _attempt(order, it.metadata, reference)
    fact = CapturePayment(
        order=order.placed.order,
        payment=payment,
        amount=amount,
        currency=currency,
        processor=STRIPE,
        # As it was recorded: a shop may know the payment by its intent alone.
        reference=reference if known is None else known.received.reference or reference,
        payment_method=card,
        customer=None if card is None else order.placed.customer,
    )
    return Told(order=order, fact=fact, money=money, earliest=_begun_at(order, payment))


async def charge_failed(book: Book, event: StripeEvent) -> Told:
    """A card was declined."""
    it = object_of(event, StripeCharge)
    code = _why_failed(it)
    advice = None if it.outcome is None else it.outcome.advice_code
    return await _declined(book, it, it.id, code, advice)


def _why_failed(it: StripeCharge) -> str | None:
    if it.outcome is not None and it.outcome.type == "blocked":
        return BLOCKED
    if it.failure_code in (None, "card_declined"):
        return None if it.outcome is None else it.outcome.reason
    return it.failure_code


async def intent_failed(book: Book, event: StripeEvent) -> Told:
    """The last try to charge a payment failed."""
    it = object_of(event, StripeIntent)
    error = it.last_payment_error
    if error is None:
        return Told()
    return await _declined(
        book, it, error.charge or it.charge or it.id, error.decline_code or error.code, error.advice_code
    )


async def _declined(
    book: Book, it: StripeCharge | StripeIntent, reference: str, code: str | None, advice: str | None
) -> Told:
    order = (await find(book, (), it.metadata)).order
    currency = it.currency.upper()
    amount = minor_units(it.amount, currency)
    if order is None or amount == 0:
        return Told(order=order)
    known = _declined_under(order, reference)
    payment = _attempt(order, it.metadata, reference)
    fact = RecordPaymentFailure(
        order=order.placed.order,
        customer=order.placed.customer,
        payment=payment,
        amount=amount,
        currency=currency,
        processor=STRIPE,
        reference=reference,
        decline_code=code or "generic_decline",
        advice=advice if _is_advice(advice) else None,
        # A failed intent names no card any more.
        payment_method=await _card(book, order, it.payment_method) if known is None else known.payment_method,
    )
    return Told(order=order, fact=fact, earliest=_begun_at(order, payment))


def _begun_at(order: Placed, payment: str) -> Moment:
    """When the payment began: as soon as it was attempted, where that was recorded here."""
    attempt = order.declines.attempts.get(payment)
    return order.placed_at if attempt is None else attempt.at


def _attempt(order: Placed, metadata: Metadata | None, reference: str) -> str:
    """The attempt that the shop named, while it is open; every other charge is an attempt of its own.

    An intent gives its metadata to each of its charges, however often it is tried.
    """
    known = _declined_under(order, reference)
    if known is not None:
        return known.payment
    unresolved = open_attempt(order)
    if unresolved is not None and unresolved.attempted.payment == our_id(metadata, "payment", "pay"):
        return unresolved.attempted.payment
    return derived_id("pay", reference)


def _declined_under(order: Placed, reference: str) -> PaymentDeclined | None:
    for known in order.declines.declines.values():
        if (known.declined.processor, known.declined.reference) == (STRIPE, reference):
            return known.declined
    return None


async def _card(book: Book, order: Placed, token: str | None) -> str | None:
    """The card on file with that token, if it is the customer's."""
    customer = await book.state(order.placed.customer) if token is not None else None
    if isinstance(customer, Customer):
        for name, known in customer.payment_methods.items():
            if known.stored.token == token:
                return name
    return None


def _is_advice(advice: str | None) -> TypeGuard[NetworkAdvice]:
    return advice in _ADVICE
