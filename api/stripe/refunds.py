"""Refunds that Stripe tells of: money that left us, or that did not reach the customer after all.

What went back of a charge that waits without a place is the return of that money. A failure tells of what
left too, which is recorded first where nobody has told it yet: they may come in any order.
"""

import msgspec

from api.stripe.objects import StripeCharge, StripeEvent, StripeRefund, minor_units
from api.stripe.paid_of import PaidOf, meant_of, paying_out, recorded_of
from api.stripe.told import STRIPE, Found, Told, find, kept_under, moved, object_of
from api.stripe.waiting_charges import charge_waiting, gone_back, is_here_again, returning, went_back
from domain.customers.registering import Customer
from domain.inbound.returning import RecordFailedReturn
from domain.inbound.unmatched import Settlement, UnmatchedMoney, unmatched_stream
from domain.inbound.unmatched_events import UnmatchedPayoutAssigned
from domain.orders.order import Placed
from domain.refunds.payout_failures import RecordReturnedPayout
from domain.refunds.refund import Payout
from ledger.book import Book
from ledger.record.references import kept_as

NEVER_TAKEN = "expired_uncaptured_charge"
"""Why a refund is one of what was only reserved."""


async def charge_refunded(book: Book, event: StripeEvent) -> Told:
    """Of a charge something was sent back."""
    it = object_of(event, StripeCharge)
    if it.refunds is None or not it.refunds.data:
        return Told()  # newer versions of the interface tell of the refund by itself
    if it.taken == 0 or 0 < it.amount_refunded <= it.amount - it.taken:
        return Told()  # what was only reserved is let go: it never came
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
    if minor_units(it.amount, it.currency.upper()) == 0 or it.reason == NEVER_TAKEN:
        return Told(order=found.order)
    if it.status in ("failed", "canceled"):
        return await _came_back(book, it, found)
    if it.status not in (None, "succeeded"):
        return Told(order=found.order)  # nothing has left yet
    currency = it.currency.upper()
    amount = minor_units(it.amount, currency)
    money = moved("payout", amount, currency, it.id)
    of = await recorded_of(book, found, it.id)
    if of is None and await kept_under(book, "payout", (it.id,)):
        return Told(order=found.order, money=money)  # though a refund, or a receipt, might take it by now
    of = of or await meant_of(book, found, it, amount)
    fact = None if of is None else paying_out(it, of, found, amount)
    if of is None or fact is None:
        return await gone_back(book, it, found, money)
    return Told(order=of.order, customer=of.customer, fact=fact, money=money, earliest=of.since)


async def _came_back(book: Book, it: StripeRefund, found: Found) -> Told:
    currency = it.currency.upper()
    amount = minor_units(it.amount, currency)
    of = await recorded_of(book, found, it.id)
    waits, kept = await charge_waiting(book, it), await kept_as(book, "payout", STRIPE, it.id)
    if of is not None and of.payout is not None and kept is None:
        fact, money = _coming_back(it, of, of.payout), moved("receipt", amount, currency, it.id)
        return Told(order=of.order, customer=of.customer, fact=fact, money=money, earliest=of.payout.at)
    if waits is not None and went_back(it, waits) is not None:
        return await is_here_again(book, it, waits)
    if kept is not None:
        return await _payout_came_back(book, it, kept, of)
    of = await meant_of(book, found, it, amount)
    paid = None if of is None else paying_out(it, of, found, amount)
    if of is None or paid is None:
        if waits is not None and waits.left >= amount:
            return await is_here_again(book, it, waits)
        return Told(order=found.order)  # as far as is known here, nothing had left
    fact = RecordReturnedPayout(stream=of.stream, refund=of.refund, payout=paid.payout, why=_why(it))
    return Told(order=of.order, customer=of.customer, fact=fact, first=(paid,), earliest=of.since)


async def _payout_came_back(book: Book, it: StripeRefund, kept: str, beside: PaidOf | None) -> Told:
    """A payout that was kept without a place did not arrive: each refund or receipt to which some of it was
    assigned has that again, and the rest came back to us. `beside`: the payout beyond which it left.
    """
    currency = it.currency.upper()
    payout = await book.state(unmatched_stream(kept))
    if not isinstance(payout, UnmatchedMoney):
        return Told(money=moved("receipt", minor_units(it.amount, currency), currency, it.id))
    parts: list[Told] = []
    left = payout.it.amount
    for known in payout.standing:
        part = await _part_came_back(book, it, known)
        if part is not None:
            parts.append(part)
            left -= known.it.amount
    if (
        beside is not None
        and beside.payout is not None
        and beside.payout.tried.payout not in payout.settlements
    ):
        parts.append(_told_back(it, beside, beside.payout))
    if left:
        money = moved("receipt", left, currency, it.id)
        order, fact = await returning(book, it, payout, left)
        customer = payout.it.customer
        parts.append(Told(order=order, customer=customer, fact=fact, money=money, earliest=payout.at))
    first = tuple([part.fact for part in parts[:-1] if part.fact is not None])
    earliest = max([part.earliest for part in parts if part.earliest is not None])
    return msgspec.structs.replace(parts[-1], first=first, earliest=earliest)


async def _part_came_back(book: Book, it: StripeRefund, known: Settlement) -> Told | None:
    """What somebody assigned of it; None where it was said to be a payment that a bank took back."""
    was = known.it
    if not isinstance(was, UnmatchedPayoutAssigned):
        return None
    if was.counts_as == "return":
        again = RecordFailedReturn(unmatched=was.about, settlement=was.subject)
        return Told(customer=was.customer, fact=again, earliest=known.at)
    holder = await book.state(was.order or was.customer or "")
    if was.counts_as != "refund" or not isinstance(holder, Placed | Customer):
        return None
    return _told_back(it, PaidOf(holder, was.about), holder.refunds[was.about].payouts[was.subject])


def _told_back(it: StripeRefund, of: PaidOf, payout: Payout) -> Told:
    money = moved("receipt", payout.tried.amount, payout.tried.currency, it.id)
    fact = _coming_back(it, of, payout)
    return Told(order=of.order, customer=of.customer, fact=fact, money=money, earliest=payout.at)


def _coming_back(it: StripeRefund, of: PaidOf, payout: Payout) -> RecordReturnedPayout:
    # Why, as it was recorded: not every notice of it says so.
    before = None if payout.returned is None else payout.returned.why
    name = payout.tried.payout
    return RecordReturnedPayout(stream=of.stream, refund=of.refund, payout=name, why=before or _why(it))


def _why(it: StripeRefund) -> str:
    return it.failure_reason or "returned"
