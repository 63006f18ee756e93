"""References of a payment processor: which order's payment one names now.

The first payment under a reference claims it for good. Where that payment was corrected, the next one under
it claims what the correction set free, and so on (`domain.payments.capturing`).
"""

from domain.orders.order import Placed
from domain.payments.capturing import PROCESSOR_REF, PROCESSOR_REF_AGAIN, last_captured
from domain.payments.payment import Payment
from ledger.book import Book


async def payment_under(book: Book, processor: str, reference: str) -> Payment | None:
    """The payment that reference names, the last one where earlier ones were corrected; None if none does."""
    kind, value = PROCESSOR_REF, f"{processor}/{reference}"
    found: Payment | None = None
    while (holder := await book.claimed(kind, value)) is not None:
        state = await book.state(holder)
        payment = last_captured(state, processor, reference) if isinstance(state, Placed) else None
        if payment is None:
            return found
        found = payment
        if payment.corrected is None:
            return found
        kind, value = PROCESSOR_REF_AGAIN, f"{processor}/{reference}/{payment.corrected}"
    return found
