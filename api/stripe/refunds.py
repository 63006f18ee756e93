"""Refunds that Stripe tells of: money that left us, or that did not reach the customer after all.

What went back of a charge that waits without a place is the return of that money. A failure tells of what
left too, which is recorded first where nobody has told it yet: they may come in any order.
"""

from collections.abc import Sequence

import msgspec

from api.stripe.objects import StripeCharge, StripeEvent, StripeRefund, minor_units
from api.stripe.paid_of import PaidOf, meant_of, paying_out, recorded_of, with_parts
from api.stripe.told import STRIPE, Found, Told, derived_id, find, kept_under, moved, object_of
from api.stripe.waiting_charges import charge_waiting, gone_back, is_here_again, returning, went_back
from domain.customers.registering import Customer
from domain.inbound.returning import RecordFailedReturn
from domain.inbound.unmatched import Settlement, UnmatchedMoney, unmatched_stream
from domain.inbound.unmatched_events import UnmatchedPayoutAssigned, UnmatchedPayoutReturned
from domain.orders.order import Placed
from domain.payments.payment import Reversal
from domain.payments.reversing import ReinstatePayment
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
    """It did not arrive: whatever is on record of it came back, each part to what it was of."""
    amount = minor_units(it.amount, it.currency.upper())
    of = await recorded_of(book, found, it.id)
    waits, kept = await charge_waiting(book, it), await kept_as(book, "payout", STRIPE, it.id)
    parts: list[Told] = []
    if waits is not None and went_back(it, waits) is not None:
        parts.append(await is_here_again(book, it, waits))
    if of is not None:
        parts.extend([_told_back(it, each, each.payout) for each in with_parts(of, it.id) if each.payout])
    if kept is not None:
        parts.extend(await _payout_came_back(book, it, kept))
    if parts or kept is not None:
        return _together(parts, found)
    of = await meant_of(book, found, it, amount)
    paid = None if of is None else paying_out(it, of, found, amount)
    if of is None or paid is None:
        if waits is not None and waits.left >= amount:
            return await is_here_again(book, it, waits)
        return Told(order=found.order)  # as far as is known here, nothing had left
    fact = RecordReturnedPayout(stream=of.stream, refund=of.refund, payout=paid.payout, why=_why(it))
    return Told(order=of.order, customer=of.customer, fact=fact, first=(paid,), earliest=of.since)


def _together(parts: Sequence[Told], found: Found) -> Told:
    """All of them, once each: the last one is what the notice tells, and the others come before it."""
    if not parts:
        return Told(order=found.order)
    last = parts[-1]
    facts = dict.fromkeys([fact for part in parts for fact in (*part.first, part.fact) if fact is not None])
    first = tuple([fact for fact in facts if fact != last.fact])
    earliest = max([part.earliest for part in parts if part.earliest is not None], default=None)
    return msgspec.structs.replace(last, first=first, earliest=earliest)


async def _payout_came_back(book: Book, it: StripeRefund, kept: str) -> list[Told]:
    """A payout that was kept without a place did not arrive: each refund, receipt or payment of which some of
    it was has that again, and what is left came back to us; a person may have said so before.
    """
    payout = await book.state(unmatched_stream(kept))
    assert isinstance(payout, UnmatchedMoney)
    parts = [part for known in payout.standing if (part := await _part_came_back(book, it, known))]
    back = [known.it for known in payout.standing if isinstance(known.it, UnmatchedPayoutReturned)]
    if payout.left or (back and not parts):
        order, fact = await returning(book, it, payout, payout.left or back[-1].amount)
        if not payout.left:
            said = back[-1]
            fact = msgspec.structs.replace(fact, settlement=said.settlement, reference=said.reference)
        money = moved("receipt", fact.amount, fact.currency, it.id)
        customer = payout.it.customer
        parts.append(Told(order=order, customer=customer, fact=fact, money=money, earliest=payout.at))
    return parts


async def _part_came_back(book: Book, it: StripeRefund, known: Settlement) -> Told | None:
    """What somebody assigned of it; None for what came back already, or is found by its reference."""
    was = known.it
    if not isinstance(was, UnmatchedPayoutAssigned):
        return None
    if was.counts_as == "return":
        again = RecordFailedReturn(unmatched=was.about, settlement=was.subject)
        return Told(customer=was.customer, fact=again, earliest=known.at)
    holder = await book.state(was.order or was.customer or "")
    if was.counts_as == "reversal" and isinstance(holder, Placed):
        taken = _reversal_of(holder, was.subject, it.id)
        return None if taken is None else _given_again(it, holder, taken, was.amount)
    assert isinstance(holder, Placed | Customer)
    payout = holder.refunds[was.about].payouts.get(was.subject)
    return None if payout is None else _told_back(it, PaidOf(holder, was.about), payout)


def _reversal_of(order: Placed, name: str, reference: str) -> Reversal | None:
    """As it was assigned; or as it was recorded by hand meanwhile, under its reference."""
    for known in order.reversals.values():
        if name == known.it.reversal or reference == known.it.reference:
            return known
    return None


def _given_again(it: StripeRefund, order: Placed, reversal: Reversal, amount: int) -> Told | None:
    """What was said to be a payment taken back: its customer has paid after all, as far as nobody said so."""
    fact = ReinstatePayment(
        order=order.placed.order,
        reversal=reversal.it.reversal,
        reinstatement=derived_id("rev", f"{it.id}/{reversal.it.reversal}"),
        amount=amount,
        currency=it.currency.upper(),
        reference=reversal.it.reference or it.id,
    )
    told = [each.amount for each, _ in reversal.reinstatements if each.reinstatement == fact.reinstatement]
    here = told[0] if told else min(amount, reversal.it.amount - reversal.reinstated)
    if not here:
        return None
    fact = msgspec.structs.replace(fact, amount=here)
    money = moved("receipt", here, fact.currency, fact.reference)
    return Told(order=order, fact=fact, money=money, earliest=reversal.at)


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
