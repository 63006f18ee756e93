"""Charges that wait without a place, and what Stripe tells of them since: a refund, or a bank that takes the
money, is their return; what did not reach the customer, or the bank gives back, is here again, and waits.

So nobody says of money what it was for that is here no longer. Source: I12, R-B9
"""

from api.stripe.objects import StripeDispute, StripeRefund, minor_units
from api.stripe.told import STRIPE, Found, Told, derived_id
from domain.inbound.notices import MovedMoney
from domain.inbound.returning import RecordFailedReturn, ReturnMoney
from domain.inbound.unmatched import Returned, Settlement, UnmatchedMoney, unmatched_stream
from domain.orders.order import Placed
from ledger.book import Book
from ledger.kept_money import kept_for
from ledger.record.references import kept_as

TellsOfACharge = StripeRefund | StripeDispute


async def gone_back(book: Book, it: TellsOfACharge, found: Found, money: MovedMoney | None) -> Told:
    """Of a charge that waits without a place: as far as that is left, it went back."""
    waits = await charge_waiting(book, it)
    if waits is None or (waits.left == 0 and went_back(it, waits) is None):
        return Told(order=found.order, money=money)
    order, fact = await returning(book, it, waits, minor_units(it.amount, it.currency.upper()))
    return Told(order=order, customer=waits.it.customer, fact=fact, money=money, earliest=waits.at)


async def charge_waiting(book: Book, it: TellsOfACharge) -> UnmatchedMoney | None:
    """The charge, where it was kept without a place."""
    for reference in (it.charge, it.payment_intent):
        kept = None if reference is None else await kept_as(book, "receipt", STRIPE, reference)
        state = None if kept is None else await book.state(unmatched_stream(kept))
        if isinstance(state, UnmatchedMoney) and state.is_receipt:
            return state
    return None


async def returning(
    book: Book, it: TellsOfACharge, money: UnmatchedMoney, amount: int
) -> tuple[Placed | None, ReturnMoney]:
    """So much of it, or of a payout that waits, went back where it came from; and the order it named."""
    order, customer = money.it.order, money.it.customer
    named = None if order is None else await book.state(order)
    kept = () if order is None or customer is None else await kept_for(book, order, customer)
    fact = ReturnMoney(
        unmatched=money.it.unmatched,
        settlement=derived_id("stl", it.id),
        amount=amount,
        currency=it.currency.upper(),
        reference=it.id,
        order=order,
        customer=None if order is None else customer,
        kept=kept,
    )
    return named if isinstance(named, Placed) else None, fact


async def is_here_again(book: Book, it: TellsOfACharge, waits: UnmatchedMoney) -> Told:
    """What went back of a charge that waits did not arrive."""
    order, back = await returning(book, it, waits, minor_units(it.amount, it.currency.upper()))
    known = went_back(it, waits)
    gone = back.settlement if known is None or not isinstance(known.it, Returned) else known.it.settlement
    return Told(
        order=order,
        customer=waits.it.customer,
        fact=RecordFailedReturn(unmatched=waits.it.unmatched, settlement=gone),
        first=(back,) if known is None else (),
        earliest=waits.at if known is None else known.at,
    )


def went_back(it: TellsOfACharge, waits: UnmatchedMoney) -> Settlement | None:
    """What it tells of the charge is on record: under its reference, or told of before and taken back by a
    person.
    """
    return waits.returned_under(it.id) or waits.settlements.get(derived_id("stl", it.id))
