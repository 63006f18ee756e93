"""Refunds that Stripe tells of: money that left us, or that did not reach the customer after all."""

import msgspec

from api.stripe.objects import StripeCharge, StripeEvent, StripeRefund, minor_units
from api.stripe.told import STRIPE, Found, Told, derived_id, find, moved, object_of, our_id
from domain.inbound.notices import UNMATCHED_REF
from domain.orders.order import Placed
from domain.refunds.paying_out import RecordPayout
from domain.refunds.payout_failures import RecordReturnedPayout
from domain.refunds.refund_events import RefundPaid
from domain.refunds.settling import owed
from ledger.book import Book


async def charge_refunded(book: Book, event: StripeEvent) -> Told:
    """Of a charge something was sent back."""
    it = object_of(event, StripeCharge)
    if it.refunds is None or not it.refunds.data:
        return Told()  # newer versions of the interface tell of the refund by itself
    newest = it.refunds.data[0]
    charge = newest.charge or it.id
    metadata = {**(it.metadata or {}), **(newest.metadata or {})}
    return await _sent_back(book, msgspec.structs.replace(newest, charge=charge, metadata=metadata))


async def refund_told(book: Book, event: StripeEvent) -> Told:
    """Money left us, or did not reach the customer after all."""
    return await _sent_back(book, object_of(event, StripeRefund))


async def _sent_back(book: Book, it: StripeRefund) -> Told:
    """Money that left us, or that did not reach the customer after all."""
    found = await find(book, (it.charge, it.payment_intent), it.metadata)
    if it.status in ("failed", "canceled"):
        return await _came_back(book, it, found)
    if it.status not in (None, "succeeded"):
        return Told(order=found.order)  # nothing has left yet
    currency = it.currency.upper()
    amount = minor_units(it.amount, currency)
    money = moved("payout", amount, currency, it.id)
    refund = None if found.order is None else _refund_of(found.order, it, amount)
    if found.order is None or found.payment is None or refund is None:
        return Told(order=found.order, money=money)
    known = found.order.refunds.get(refund)
    fact = RecordPayout(
        order=found.order.placed.order,
        refund=refund,
        payout=our_id(it.metadata, "payout", "pot") or derived_id("pot", it.id),
        payment=found.payment.received.payment,
        amount=amount,
        currency=currency,
        reference=it.id,
    )
    return Told(order=found.order, fact=fact, money=money, earliest=None if known is None else known.at)


def _refund_of(order: Placed, it: StripeRefund, amount: int) -> str | None:
    """The refund it pays: the one it was recorded for, the one the shop named, or the first it may pay."""
    told = _payout_of(order, it.id)
    if told is not None:
        return told.refund
    named = our_id(it.metadata, "refund", "ref")
    if named in order.refunds:
        return named
    for name, refund in order.refunds.items():
        if refund.corrected is None and owed(order, refund).cash >= amount:
            return name
    return None


def _payout_of(order: Placed, reference: str) -> RefundPaid | None:
    for refund in order.refunds.values():
        for payout in refund.payouts.values():
            if isinstance(payout.tried, RefundPaid) and payout.tried.reference == reference:
                return payout.tried
    return None


async def _came_back(book: Book, it: StripeRefund, found: Found) -> Told:
    currency = it.currency.upper()
    money = moved("receipt", minor_units(it.amount, currency), currency, it.id)
    told = None if found.order is None else _payout_of(found.order, it.id)
    if found.order is None or told is None:
        has_left = await book.claimed(UNMATCHED_REF, f"payout/{STRIPE}/{it.id}") is not None
        return Told(order=found.order, money=money if has_left else None)
    fact = RecordReturnedPayout(
        stream=found.order.placed.order,
        refund=told.refund,
        payout=told.payout,
        why=it.failure_reason or "returned",
    )
    return Told(order=found.order, fact=fact, money=money, earliest=found.order.refunds[told.refund].at)
