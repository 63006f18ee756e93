"""Charges that Stripe tells of: captured, only reserved, or declined."""

from typing import TypeGuard, get_args

from api.stripe.objects import StripeCharge, StripeEvent, StripeIntent, minor_units
from api.stripe.told import STRIPE, Told, derived_id, find, moved, object_of, our_id
from domain.customers.registering import Customer
from domain.declines.decline_codes import NetworkAdvice
from domain.declines.payment_failures import RecordPaymentFailure
from domain.orders.order import Placed
from domain.payments.capturing import CapturePayment
from ledger.book import Book

_ADVICE: frozenset[str] = frozenset(get_args(NetworkAdvice))


async def charged(book: Book, event: StripeEvent) -> Told:
    """A card was charged; or only reserved, which moves nothing."""
    it = object_of(event, StripeCharge)
    if not it.captured:
        return Told()  # only reserved
    amount = it.amount_captured or it.amount
    return await _paid(book, it, amount, it.id, (it.id, it.payment_intent))


async def intent_paid(book: Book, event: StripeEvent) -> Told:
    """A payment the shop asked for came."""
    it = object_of(event, StripeIntent)
    return await _paid(book, it, it.amount_received, it.latest_charge or it.id, (it.latest_charge, it.id))


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
    card = await _card(book, order, it.payment_method)
    fact = CapturePayment(
        order=order.placed.order,
        payment=our_id(it.metadata, "payment", "pay") or derived_id("pay", reference),
        amount=amount,
        currency=currency,
        processor=STRIPE,
        # As it was recorded: a shop may know the payment by its intent alone.
        reference=reference if known is None else known.received.reference or reference,
        payment_method=card,
        customer=None if card is None else order.placed.customer,
    )
    return Told(order=order, fact=fact, money=money, earliest=order.placed_at)


async def charge_failed(book: Book, event: StripeEvent) -> Told:
    """A card was declined."""
    it = object_of(event, StripeCharge)
    reason = None if it.outcome is None else it.outcome.reason
    code = reason if it.failure_code in (None, "card_declined") else it.failure_code
    advice = None if it.outcome is None else it.outcome.advice_code
    return await _declined(book, it, it.id, code, advice)


async def intent_failed(book: Book, event: StripeEvent) -> Told:
    """The last try to charge a payment failed."""
    it = object_of(event, StripeIntent)
    error = it.last_payment_error
    if error is None:
        return Told()
    return await _declined(
        book, it, error.charge or it.id, error.decline_code or error.code, error.advice_code
    )


async def _declined(
    book: Book, it: StripeCharge | StripeIntent, reference: str, code: str | None, advice: str | None
) -> Told:
    order = (await find(book, (), it.metadata)).order
    if order is None or it.amount == 0:
        return Told(order=order)
    currency = it.currency.upper()
    fact = RecordPaymentFailure(
        order=order.placed.order,
        customer=order.placed.customer,
        payment=our_id(it.metadata, "payment", "pay") or derived_id("pay", reference),
        amount=minor_units(it.amount, currency),
        currency=currency,
        processor=STRIPE,
        reference=reference,
        decline_code=code or "generic_decline",
        advice=advice if _is_advice(advice) else None,
        payment_method=await _card(book, order, it.payment_method),
    )
    return Told(order=order, fact=fact, earliest=order.placed_at)


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
