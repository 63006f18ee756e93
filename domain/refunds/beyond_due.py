"""Money of a refund that left us, and that the refund can take no longer: it waits as unmatched, with a task.

Of an order's refund nothing is sent by itself from then on: a person finds the next way. Source: I12, R-G8
"""

import msgspec

from domain.customers.registering import Customer
from domain.deadlines import deadlines_of_unmatched
from domain.decision import Decision, Given
from domain.entry import Event, Minor
from domain.inbound.unmatched import claims_of_unmatched, is_kept, unmatched_stream
from domain.inbound.unmatched_events import UnmatchedPayout
from domain.orders.order import Placed
from domain.payments.references import MoneyReference
from domain.refunds.payout_references import freed_at
from domain.refunds.refund_events import PayoutUnmatched


class BeyondDue(msgspec.Struct, frozen=True, kw_only=True):
    """What left of a refund beyond what it can take."""

    refund: str
    customer: str
    payout: str
    """Which is over."""
    currency: str
    amount: Minor
    processor: str
    reference: str
    unmatched: str
    """Names the money that waits."""
    why: str
    """The refusal that keeps it from its refund."""


def kept_beyond(
    it: BeyondDue, state: Placed | Customer, given: Given, *, reference_used: bool = False
) -> Decision:
    """The money kept, unless it is already, and its order told; `reference_used`: by money on record."""
    order = state.placed.order if isinstance(state, Placed) else None
    stream = unmatched_stream(it.unmatched)
    told: tuple[tuple[str, Event], ...] = ()
    if order is not None:
        told = ((order, PayoutUnmatched(order=order, **msgspec.structs.asdict(it))),)
    if is_kept(given, it.unmatched):
        return Decision(events=told, customer=it.customer)
    payout = UnmatchedPayout(
        unmatched=it.unmatched,
        customer=it.customer,
        order=order,
        currency=it.currency,
        amount=it.amount,
        processor=it.processor,
        reference=it.reference,
        freed=freed_at(state, MoneyReference(it.processor, it.reference, it.customer)),
        why=it.why,
        deadlines=deadlines_of_unmatched(given),
    )
    claims = claims_of_unmatched(payout, reference_used=reference_used)
    return Decision(events=((stream, payout), *told), claims=claims, customer=it.customer)
