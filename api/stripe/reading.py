"""What Stripe tells, read as what we record: the command each of its notices becomes.

Two notices may tell the same, and one may come before what it follows: ids made of Stripe's own references
are the same whoever comes first.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from api.stripe.disputes import dispute_closed, dispute_opened, funds_reinstated, funds_withdrawn
from api.stripe.objects import StripeEvent
from api.stripe.payments import charge_failed, charged, intent_failed, intent_paid
from api.stripe.refunds import charge_refunded, refund_told
from api.stripe.told import Told, UnknownShape
from ledger.book import Book

READERS: Final[Mapping[str, Callable[[Book, StripeEvent], Awaitable[Told]]]] = {
    "charge.succeeded": charged,
    "charge.captured": charged,
    "payment_intent.succeeded": intent_paid,
    "charge.failed": charge_failed,
    "payment_intent.payment_failed": intent_failed,
    "charge.refunded": charge_refunded,
    "charge.refund.updated": refund_told,
    "refund.created": refund_told,
    "refund.updated": refund_told,
    "refund.failed": refund_told,
    "charge.dispute.created": dispute_opened,
    "charge.dispute.closed": dispute_closed,
    "charge.dispute.funds_withdrawn": funds_withdrawn,
    "charge.dispute.funds_reinstated": funds_reinstated,
}
"""How each type of notice is read; every other one is kept as it came."""


async def told_by(book: Book, event: StripeEvent) -> Told:
    """What a notice tells; nothing that is understood where its object has another shape than its type
    promises: Stripe would send it again for days, and it would be refused again.
    """
    read = READERS.get(event.type)
    try:
        return Told() if read is None else await read(book, event)
    except UnknownShape:
        return Told(is_understood=False)
