"""Disputes that Stripe tells of, and what banks take and give back with them.

Each notice carries the whole dispute, so that what has not been told yet is recorded first: they may come in
any order.
"""

from collections.abc import Mapping

import msgspec

from api.stripe.objects import StripeDispute, StripeEvent, minor_units
from api.stripe.told import STRIPE, Found, Told, derived_id, find, kept_under, moved, object_of
from api.stripe.waiting_charges import charge_waiting, gone_back, is_here_again, went_back
from domain.inbound.notices import KEPT_BEFORE, UNKNOWN, MovedMoney, ToldFact
from domain.orders.order import Placed
from domain.payments.disputing import CloseDispute, OpenDispute
from domain.payments.payment import Payment, Reversal
from domain.payments.payment_events import DisputeOutcome
from domain.payments.references import PROCESSOR_REF, reinstated_under
from domain.payments.reversing import ReinstatePayment, ReversePayment
from ledger.book import Book

_OUTCOMES: Mapping[str, DisputeOutcome] = {"won": "won", "lost": "lost"}
"""How a dispute ended, by its status; any other is an inquiry that came to nothing."""


async def dispute_opened(book: Book, event: StripeEvent) -> Told:
    """A bank asks about a charge."""
    it = object_of(event, StripeDispute)
    found = await find(book, (it.charge, it.payment_intent), None)
    if found.order is None or found.payment is None:
        return await _about_no_payment(book, it)
    opening = _opening(it, found.order, found.payment)
    return Told(order=found.order, fact=opening, earliest=found.payment.at)


async def _about_no_payment(book: Book, it: StripeDispute) -> Told:
    """Somebody is asked, as no payment here bears the dispute: its evidence has a day, and payouts go on."""
    if it.amount == 0:
        return Told()
    waits = await kept_under(book, "receipt", (it.charge, it.payment_intent))
    return Told(why=KEPT_BEFORE if waits else UNKNOWN)


def _opening(it: StripeDispute, order: Placed, payment: Payment) -> OpenDispute | None:
    """The dispute; None where it is about nothing."""
    currency = it.currency.upper()
    if minor_units(it.amount, currency) == 0:
        return None
    return OpenDispute(
        order=order.placed.order,
        dispute=derived_id("dsp", it.id),
        payment=payment.received.payment,
        # Of a charge that was assigned in parts, the payment is one.
        amount=min(minor_units(it.amount, currency), payment.received.amount),
        currency=currency,
        why=it.reason,
        reference=it.id,
    )


def _before(*facts: ToldFact | None) -> tuple[ToldFact, ...]:
    """What is recorded first, as far as there is anything to record."""
    return tuple([fact for fact in facts if fact is not None])


def _dispute_named(it: StripeDispute, order: Placed) -> str | None:
    """The dispute as it is known here, under whatever id."""
    for name, known in order.disputes.items():
        if known.opened.reference == it.id or name == derived_id("dsp", it.id):
            return name
    return None


async def dispute_closed(book: Book, event: StripeEvent) -> Told:
    """A dispute ended."""
    it = object_of(event, StripeDispute)
    found = await find(book, (it.charge, it.payment_intent), None)
    order, payment = found.order, found.payment
    if order is None or payment is None:
        return await _about_no_payment(book, it)
    known = _dispute_named(it, order)
    fact = CloseDispute(
        order=order.placed.order,
        dispute=known or derived_id("dsp", it.id),
        outcome=_OUTCOMES.get(it.status, "withdrawn"),
    )
    first = _before(_opening(it, order, payment)) if known is None else ()
    earliest = payment.at if known is None else order.disputes[known].at
    return Told(order=order, fact=fact, first=first, earliest=earliest)


async def funds_withdrawn(book: Book, event: StripeEvent) -> Told:
    """A bank took a payment back, or a charge, or the rest of one, that waits: that went back."""
    it = object_of(event, StripeDispute)
    currency = it.currency.upper()
    money = moved("payout", minor_units(it.amount, currency), currency, it.id)
    found = await find(book, (it.charge, it.payment_intent), None)
    if money is None:
        return Told(order=found.order)
    if found.order is None or found.payment is None:
        kept = await kept_under(book, "payout", (it.id,))
        return Told(order=found.order, money=money) if kept else await gone_back(book, it, found, money)
    known = _dispute_named(it, found.order)
    first = _before(_opening(it, found.order, found.payment)) if known is None else ()
    if _reversal_named(it, found.order, known) is None and await _takes_of_rest(book, it, found.payment):
        told = await gone_back(book, it, found, money)  # as far as that is left; what is beyond it waits
        is_named = told.order is not None or told.customer is not None
        return msgspec.structs.replace(told, order=told.order if is_named else found.order, first=first)
    fact = _taking_back(it, found.order, found.payment, known)
    return Told(order=found.order, fact=fact, money=money, first=first, earliest=found.payment.at)


async def _takes_of_rest(book: Book, it: StripeDispute, payment: Payment) -> bool:
    """Whether it takes more than is there of the payment, and some of its charge waits without a place still,
    or went back by it before.
    """
    waits = await charge_waiting(book, it)
    if waits is None or await kept_under(book, "payout", (it.id,)):
        return False
    is_more = minor_units(it.amount, it.currency.upper()) > payment.standing
    return went_back(it, waits) is not None or (is_more and waits.left > 0)


def _taking_back(
    it: StripeDispute, order: Placed, payment: Payment, dispute: str | None
) -> ReversePayment | None:
    """What it took; None where that is nothing."""
    currency = it.currency.upper()
    if minor_units(it.amount, currency) == 0:
        return None
    return ReversePayment(
        order=order.placed.order,
        customer=order.placed.customer,
        reversal=derived_id("rev", it.id),
        payment=payment.received.payment,
        kind="chargeback",
        amount=minor_units(it.amount, currency),
        currency=currency,
        bill=derived_id("bil", it.id),
        dispute=dispute or derived_id("dsp", it.id),
        reference=it.id,
    )


def _reversal_named(it: StripeDispute, order: Placed, dispute: str | None) -> Reversal | None:
    """What the dispute took, as it is known here, under whatever id."""
    for known in order.reversals.values():
        if known.it.reference == it.id or (dispute is not None and known.it.dispute == dispute):
            return known
    return None


async def funds_reinstated(book: Book, event: StripeEvent) -> Told:
    """What a bank had taken came to us again."""
    it = object_of(event, StripeDispute)
    currency = it.currency.upper()
    given_back = [each.amount for each in it.balance_transactions if each.currency == it.currency]
    amount = minor_units(max([0, *given_back]) or it.amount, currency)
    money = moved("receipt", amount, currency, it.id)
    found = await find(book, (it.charge, it.payment_intent), None)
    order, payment = found.order, found.payment
    if order is None or payment is None or money is None:
        return await _waits_again(book, it, found, money)
    dispute = _dispute_named(it, order)
    reversal = derived_id("rev", it.id)
    known = _reversal_named(it, order, dispute)
    if known is not None:
        reversal = known.it.reversal
    holder = await book.claimed(PROCESSOR_REF, f"{STRIPE}/{it.id}")
    if holder is not None and reinstated_under(order, reversal, STRIPE, it.id) is None:
        return Told(order=order, money=money)  # something else was recorded under its name
    fact = ReinstatePayment(
        order=order.placed.order,
        reversal=reversal,
        reinstatement=derived_id("rev", f"{it.id}/reinstated"),
        amount=amount,
        currency=currency,
        reference=it.id,
    )
    first = _before(
        _opening(it, order, payment) if dispute is None else None,
        _taking_back(it, order, payment, dispute) if known is None else None,
    )
    return Told(
        order=order, fact=fact, money=money, first=first, earliest=payment.at if known is None else known.at
    )


async def _waits_again(book: Book, it: StripeDispute, found: Found, money: MovedMoney | None) -> Told:
    """What the bank had taken of a charge that waits without a place: all of it is here again, or a part."""
    waits = await charge_waiting(book, it)
    known = None if waits is None else went_back(it, waits)
    if waits is None or known is None or money is None or known.it.amount != money.amount:
        return Told(order=found.order, money=money)
    return await is_here_again(book, it, waits)
