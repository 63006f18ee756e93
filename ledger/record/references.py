"""References of money: which payment one names now, and whether a correction set it free."""

from typing import TypeVar

import msgspec

from domain.bills.bill_payments import ReceiveBillPayment
from domain.orders.order import Placed
from domain.payments.capturing import CapturePayment
from domain.payments.payment import Payment
from domain.payments.payment_events import PaymentCaptured
from domain.payments.references import MoneyReference
from ledger.book import Book

Receiving = TypeVar("Receiving", bound=CapturePayment | ReceiveBillPayment)


async def captured_under(book: Book, processor: str, reference: str) -> Payment | None:
    """The capture that reference names, the last one where earlier ones were corrected; None if none does."""
    return await _payment_under(book, MoneyReference(PaymentCaptured, processor, reference))


async def where_freed(book: Book, command: Receiving) -> Receiving | None:
    """The same command, where the reference was that of a corrected payment: it may be used again.

    None where nothing under it was corrected.
    """
    known = None if command.named is None else await _payment_under(book, command.named)
    if known is None or known.corrected is None:
        return None
    return msgspec.structs.replace(command, corrected_in=known.received.order)


async def _payment_under(book: Book, named: MoneyReference) -> Payment | None:
    claim, found = named.claim(None), None
    while (holder := await book.claimed(claim.kind, claim.value)) is not None:
        state = await book.state(holder)
        payment = named.last_in(state) if isinstance(state, Placed) else None
        if payment is None:
            return found
        found = payment
        if payment.corrected is None:
            return found
        claim = named.claim(payment.corrected)
    return found
