"""Of which refund some money is that Stripe tells of: of an order's, or of the customer's own, alike.

    on record          under its reference, whichever way somebody says that it left
    named              by the shop, in `metadata.refund`
    recorded by hand   as much, without a reference: against the payment, or to another card of the customer
    due                of the order, as much or more

What the shop named is never taken for another refund. What is recorded by hand for a refund of the customer's
own is found by who paid the charge; where nobody is known, the shop names it, or a person.
"""

from collections.abc import Iterator

import msgspec

from api.stripe.objects import StripeRefund
from api.stripe.told import STRIPE, Found, derived_id, our_id
from domain.customers.registering import Customer
from domain.moments import Moment
from domain.orders.order import Placed
from domain.payments.references import MoneyReference
from domain.refunds.owed import owed
from domain.refunds.paying_out import RecordPayout
from domain.refunds.payout_references import CARD
from domain.refunds.refund import REFUND, Payout, sent_by_hand
from domain.refunds.refund_events import RefundPaid
from ledger.book import Book


class PaidOf(msgspec.Struct, frozen=True):
    """The refund that money is a payout of, what holds it, and the payout where that is on record."""

    holder: Placed | Customer
    refund: str
    payout: Payout | None = None

    @property
    def order(self) -> Placed | None:
        """Whose refund it is; None for one of the customer's own."""
        return self.holder if isinstance(self.holder, Placed) else None

    @property
    def customer(self) -> str:
        """Whose money it is."""
        it = self.holder
        return it.placed.customer if isinstance(it, Placed) else it.registered.customer

    @property
    def stream(self) -> str:
        """What tells of it."""
        it = self.holder
        return it.placed.order if isinstance(it, Placed) else it.registered.customer

    @property
    def since(self) -> Moment | None:
        """When it was granted."""
        known = self.holder.refunds.get(self.refund)
        return None if known is None else known.at


async def recorded_of(book: Book, found: Found, reference: str) -> PaidOf | None:
    """The refund of which money that left under that reference is on record."""
    of_order = None if found.order is None else _under(found.order, reference)
    if of_order is not None:
        return of_order
    for way in (STRIPE, CARD, "cheque"):
        claim = MoneyReference(way, reference, customer="").payout_claim()
        stream = await book.claimed(claim.kind, claim.value)
        state = None if stream is None else await book.state(stream)
        known = _under(state, reference) if isinstance(state, Placed | Customer) else None
        if known is not None:
            return known
    return None


def with_parts(of: PaidOf, reference: str) -> list[PaidOf]:
    """It, and what else its holder has on record under parts of the reference: it paid several refunds."""
    parts = [each for each in _payouts(of.holder) if _reference_of(each).startswith(f"{reference}/")]
    return [of, *parts]


def _under(holder: Placed | Customer, reference: str) -> PaidOf | None:
    return next((each for each in _payouts(holder) if _reference_of(each) == reference), None)


def _payouts(holder: Placed | Customer) -> Iterator[PaidOf]:
    for name, refund in holder.refunds.items():
        for payout in refund.payouts.values():
            yield PaidOf(holder, name, payout)


def _reference_of(of: PaidOf) -> str:
    tried = None if of.payout is None else of.payout.tried
    return (tried.reference or "") if isinstance(tried, RefundPaid) else ""


async def meant_of(book: Book, found: Found, it: StripeRefund, amount: int) -> PaidOf | None:
    """The refund it pays: the one the shop named, one of which somebody recorded it by hand, or the first of
    the order it may pay.

    Less than was recorded by hand may be another payout: of that the shop has to name the refund, or a
    person.
    """
    named = await _named(book, found, it)
    if named is not None or found.order is None:
        return named
    order, payment = found.order, found.payment
    for name, refund in order.refunds.items():
        by_hand = payment and sent_by_hand(refund, payment.received.payment, amount)
        if by_hand:
            return PaidOf(order, name)
    for name, refund in order.refunds.items():
        if refund.corrected is None and owed(order, refund).cash >= amount:
            return PaidOf(order, name)
    customer = await book.state(order.placed.customer)
    return _sent_to_another_card(customer, it, amount) if isinstance(customer, Customer) else None


async def _named(book: Book, found: Found, it: StripeRefund) -> PaidOf | None:
    named = our_id(it.metadata, "refund", "ref")
    if named is None:
        return None
    if found.order is not None and named in found.order.refunds:
        return PaidOf(found.order, named)
    stream = await book.claimed(REFUND, named)
    state = None if stream is None else await book.state(stream)
    return PaidOf(state, named) if isinstance(state, Placed | Customer) else None


def _sent_to_another_card(customer: Customer, it: StripeRefund, amount: int) -> PaidOf | None:
    for name, refund in customer.refunds.items():
        is_same = refund.granted.currency == it.currency.upper()
        if is_same and sent_by_hand(refund, None, amount) is not None:
            return PaidOf(customer, name)
    return None


def paying_out(it: StripeRefund, of: PaidOf, found: Found, amount: int) -> RecordPayout | None:
    """That it left, of that refund; None where nobody knows against which payment of its order."""
    payment = None
    if of.order is not None:
        on_record = None if of.payout is None else of.payout.tried.payment
        payment = on_record if found.payment is None else found.payment.received.payment
        if payment is None:
            return None
    refund = of.holder.refunds.get(of.refund)
    by_hand = None if refund is None else sent_by_hand(refund, payment, amount)
    told_before = derived_id("pot", it.id) if by_hand is None else by_hand.tried.payout
    return RecordPayout(
        stream=of.stream,
        refund=of.refund,
        payout=our_id(it.metadata, "payout", "pot") or told_before,
        payment=payment,
        processor=STRIPE,
        amount=amount,
        currency=it.currency.upper(),
        reference=it.id,
    )
