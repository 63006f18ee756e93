"""Refunds that Stripe tells of: money that left us, or that did not reach the customer after all.

What went back of a charge that waits without a place is the return of that money. A failure tells of what
left too, which is recorded first where nobody has told it yet: they may come in any order.
"""

import msgspec

from api.kept_money import kept_for
from api.stripe.objects import StripeCharge, StripeEvent, StripeRefund, minor_units
from api.stripe.told import STRIPE, Found, Told, derived_id, find, kept_under, moved, object_of, our_id
from domain.inbound.notices import MovedMoney
from domain.inbound.returning import RecordFailedReturn, ReturnMoney
from domain.inbound.unmatched import Returned, UnmatchedMoney, unmatched_stream
from domain.orders.order import Placed
from domain.payments.payment import Payment
from domain.refunds.owed import owed
from domain.refunds.paying_out import RecordPayout
from domain.refunds.payout_failures import RecordReturnedPayout
from domain.refunds.refund import Payout, sent_by_hand
from domain.refunds.refund_events import RefundPaid
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
    refund = None if found.order is None else _refund_of(found, found.order, it, amount)
    told = None if found.order is None else _payout_of(found.order, it.id)
    if told is None and await kept_under(book, "payout", (it.id,)):
        return Told(order=found.order, money=money)  # though a refund, or a receipt, might take it by now
    if found.order is None or found.payment is None or refund is None:
        return await _gone_back(book, it, found, money)
    known = found.order.refunds.get(refund)
    fact = _paying_out(it, refund, found.order, found.payment)
    return Told(order=found.order, fact=fact, money=money, earliest=None if known is None else known.at)


async def _gone_back(book: Book, it: StripeRefund, found: Found, money: MovedMoney | None) -> Told:
    """Of a charge that waits without a place: as far as that is left, it went back."""
    waits = await _waiting(book, it)
    if waits is None or (waits.left == 0 and waits.returned_under(it.id) is None):
        return Told(order=found.order, money=money)
    order, fact = await _returning(book, it, waits)
    return Told(order=order, fact=fact, money=money, earliest=waits.at)


async def _waiting(book: Book, it: StripeRefund) -> UnmatchedMoney | None:
    """The charge, where it was kept without a place."""
    for reference in (it.charge, it.payment_intent):
        kept = None if reference is None else await kept_as(book, "receipt", STRIPE, reference)
        state = None if kept is None else await book.state(unmatched_stream(kept))
        if isinstance(state, UnmatchedMoney) and state.is_receipt:
            return state
    return None


async def _returning(
    book: Book, it: StripeRefund, money: UnmatchedMoney
) -> tuple[Placed | None, ReturnMoney]:
    """It, or a payout that waits, went back where it came from; and the order it named."""
    currency = it.currency.upper()
    order, customer = money.it.order, money.it.customer
    named = None if order is None else await book.state(order)
    kept = () if order is None or customer is None else await kept_for(book, order, customer)
    fact = ReturnMoney(
        unmatched=money.it.unmatched,
        settlement=derived_id("stl", it.id),
        amount=minor_units(it.amount, currency),
        currency=currency,
        reference=it.id,
        order=order,
        customer=None if order is None else customer,
        kept=kept,
    )
    return named if isinstance(named, Placed) else None, fact


def _paying_out(it: StripeRefund, refund: str, order: Placed, payment: Payment) -> RecordPayout:
    currency = it.currency.upper()
    amount = minor_units(it.amount, currency)
    known = order.refunds.get(refund)
    by_hand = None if known is None else sent_by_hand(known, payment.received.payment, amount)
    told_before = derived_id("pot", it.id) if by_hand is None else by_hand.tried.payout
    return RecordPayout(
        order=order.placed.order,
        refund=refund,
        payout=our_id(it.metadata, "payout", "pot") or told_before,
        payment=payment.received.payment,
        amount=amount,
        currency=currency,
        reference=it.id,
    )


def _refund_of(found: Found, order: Placed, it: StripeRefund, amount: int) -> str | None:
    """The refund it pays: the one it was recorded for, the one the shop named, one of which somebody recorded
    it by hand, or the first it may pay.

    Less than was recorded by hand may be another payout: of that the shop has to name the refund, or a
    person.
    """
    told = _payout_of(order, it.id)
    if told is not None:
        return told.tried.refund
    named = our_id(it.metadata, "refund", "ref")
    if named in order.refunds:
        return named
    payment = None if found.payment is None else found.payment.received.payment
    for name, refund in order.refunds.items():
        if payment is not None and sent_by_hand(refund, payment, amount) is not None:
            return name
    for name, refund in order.refunds.items():
        if refund.corrected is None and owed(order, refund).cash >= amount:
            return name
    return None


def _payout_of(order: Placed, reference: str) -> Payout | None:
    for refund in order.refunds.values():
        for payout in refund.payouts.values():
            if isinstance(payout.tried, RefundPaid) and payout.tried.reference == reference:
                return payout
    return None


async def _came_back(book: Book, it: StripeRefund, found: Found) -> Told:
    currency = it.currency.upper()
    amount = minor_units(it.amount, currency)
    order = found.order
    told = None if order is None else _payout_of(order, it.id)
    if order is not None and told is not None:
        fact = _coming_back(it, order, told.tried.refund, told.tried.payout, told)
        money = moved("receipt", amount, currency, it.id)
        return Told(order=order, fact=fact, money=money, earliest=order.refunds[told.tried.refund].at)
    waits, kept = await _waiting(book, it), await kept_as(book, "payout", STRIPE, it.id)
    if waits is not None and waits.returned_under(it.id) is not None:
        return await _is_here_again(book, it, waits)
    if kept is not None:
        return await _payout_came_back(book, it, kept)
    refund = None if order is None else _refund_of(found, order, it, amount)
    if order is None or found.payment is None or refund is None:
        if waits is not None and waits.left >= amount:
            return await _is_here_again(book, it, waits)
        return Told(order=order)  # as far as is known here, nothing had left
    paid = _paying_out(it, refund, order, found.payment)
    fact = _coming_back(it, order, refund, paid.payout, None)
    return Told(order=order, fact=fact, first=(paid,), earliest=order.refunds[refund].at)


async def _is_here_again(book: Book, it: StripeRefund, waits: UnmatchedMoney) -> Told:
    """What went back of a charge that waits did not arrive."""
    order, back = await _returning(book, it, waits)
    known = waits.returned_under(it.id)
    gone = back.settlement if known is None or not isinstance(known.it, Returned) else known.it.settlement
    return Told(
        order=order,
        fact=RecordFailedReturn(unmatched=waits.it.unmatched, settlement=gone),
        first=(back,) if known is None else (),
        earliest=waits.at if known is None else known.at,
    )


async def _payout_came_back(book: Book, it: StripeRefund, kept: str) -> Told:
    """A payout that waits without a place did not arrive: it came back to us."""
    currency = it.currency.upper()
    money = moved("receipt", minor_units(it.amount, currency), currency, it.id)
    payout = await book.state(unmatched_stream(kept))
    if not isinstance(payout, UnmatchedMoney):
        return Told(money=money)
    order, fact = await _returning(book, it, payout)
    return Told(order=order, fact=fact, money=money, earliest=payout.at)


def _coming_back(
    it: StripeRefund, order: Placed, refund: str, payout: str, known: Payout | None
) -> RecordReturnedPayout:
    # Why, as it was recorded: not every notice of it says so.
    before = None if known is None or known.returned is None else known.returned.why
    return RecordReturnedPayout(
        stream=order.placed.order,
        refund=refund,
        payout=payout,
        why=before or it.failure_reason or "returned",
    )
