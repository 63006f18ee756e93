"""References of money: which payment one names now, whether a correction set it free, and which money waits
under one.
"""

from typing import TypeVar

import msgspec

from domain.bills.bill_payments import ReceiveBillPayment
from domain.inbound.unmatched import UNMATCHED_REF, UnmatchedMoney, kept_in, unmatched_ref
from domain.inbound.unmatched_events import Direction
from domain.orders.order import Placed
from domain.payments.capturing import CapturePayment
from domain.payments.payment import Payment
from domain.payments.references import PAYOUT_REF, MoneyReference
from ledger.book import Book
from ledger.errors import ClaimTaken

Receiving = TypeVar("Receiving", bound=CapturePayment | ReceiveBillPayment)


async def kept_as(book: Book, direction: Direction, processor: str, reference: str) -> str | None:
    """The unmatched money that is kept under a processor's reference; None for none."""
    holder = await book.claimed(UNMATCHED_REF, unmatched_ref(direction, processor, reference))
    return None if holder is None else kept_in(holder)


async def waiting_under(book: Book, taken: ClaimTaken) -> str | None:
    """The unmatched money that waits, or waited, under what is claimed; None where something else claimed it,
    as what went back of unmatched money.
    """
    state = await book.state(taken.holder)
    if not isinstance(state, UnmatchedMoney) or (state.is_receipt and taken.kind == PAYOUT_REF):
        return None
    return state.it.unmatched


async def paid_under(book: Book, processor: str, reference: str) -> Payment | None:
    """The payment that a processor's reference names, of an order or of a bill; the last one where earlier
    ones were corrected, None if none does.
    """
    return await _payment_under(book, MoneyReference(processor, reference, customer=""))


async def where_freed(book: Book, command: Receiving) -> Receiving | None:
    """The same command, where the reference was that of a corrected payment: it may be used again.

    None where nothing under it was corrected.
    """
    named = await _named(book, command)
    known = None if named is None else await _payment_under(book, named)
    if known is None or known.corrected is None:
        return None
    return msgspec.structs.replace(command, corrected_in=known.received.order)


async def _named(book: Book, command: CapturePayment | ReceiveBillPayment) -> MoneyReference | None:
    if isinstance(command, ReceiveBillPayment):
        return command.named
    order = await book.state(command.order)
    return command.named_for(order.placed.customer) if isinstance(order, Placed) else None


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
