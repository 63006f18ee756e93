"""A milestone: one step of an order's story, and the ways in which most events are told as one."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec

from domain.entry import Entry, Event, Minor
from domain.moments import Day, Moment
from domain.orders.order_events import ContactChannel, ContactKind, Part
from domain.returns.return_events import HeldGoods, ReturnedGoods

What = Literal[
    "cart_prepared",
    "placed",
    "captured",
    "shipped",
    "billed",
    "delivered",
    "guarantee_granted",
    "units_cancelled",
    "refund_granted",
    "bill_overdue",
    "bill_paid",
    "bill_written_off",
    "write_off_reversed",
    "bill_uncollectible",
    "dispute_opened",
    "dispute_closed",
    "payment_reversed",
    "payment_reinstated",
    "credit_set_aside",
    "credit_used",
    "refund_requested",
    "refund_escalated",
    "refund_withdrawn",
    "refund_paid",
    "refund_payment_failed",
    "refund_returned",
    "refund_due_changed",
    "payment_corrected",
    "shipment_corrected",
    "bill_corrected",
    "refund_corrected",
    "contact_made",
    "return_requested",
    "return_label_sent",
    "goods_returned",
    "goods_left_with_customer",
    "supplier_claim_filed",
    "supplier_claim_settled",
    "supplier_claim_refused",
    "supplier_claim_waived",
    "reminded",
    "called",
    "promised_to_pay",
    "promise_kept",
    "promise_broken",
    "reviewed",
    "payment_attempted",
    "payment_declined",
    "charge_unmatched",
    "charge_recorded_before",
    "charge_abandoned",
    "payout_unmatched",
    "payout_asked",
    "payout_named",
    "placed_on_hold",
    "cards_searched",
    "contact_attempted",
    "released",
    "released_without_payment",
    "not_delivered",
]


class Milestone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of an order's story; only what belongs to its kind is filled in."""

    position: int
    at: Moment
    """When it took effect."""
    what: What
    reference: str | None = None
    """The payment, shipment, bill or refund it is about."""
    contact: ContactKind | None = None
    channel: ContactChannel | None = None
    by: str | None = None
    """The person who made the contact."""
    outcome: str | None = None
    """How a call or a dispute ended, or what the owner decided."""
    currency: str | None = None
    amount: Minor | None = None
    units: int | None = None
    code: str | None = None
    """Why a bank declined, in the field's own vocabulary."""
    because: str | None = None
    """Why the order was placed on hold."""
    reached: bool | None = None
    """Whether an attempt to reach the customer did."""
    method: str | None = None
    tracking: str | None = None
    day: Day | None = None
    """The day ordered, delivered, on which a bill was issued, or on which the owner is asked again."""
    due_on: Day | None = None
    guarantee_until: Day | None = None
    supplier_until: Day | None = None


Told = Mapping[type[Event], Callable[[Entry, Any], Milestone]]
"""How each event is told."""


def milestone(entry: Entry, what: What, **told: Any) -> Milestone:
    """What happened with an entry, and what belongs to it."""
    return Milestone(position=entry.position, at=entry.effective_at, what=what, **told)


def told_of_money(what: What, field: str) -> Callable[[Entry, Any], Milestone]:
    """How an event is told that moved an amount: with what it is about, which is in that field."""

    def told(entry: Entry, it: Any) -> Milestone:
        return milestone(entry, what, reference=getattr(it, field), currency=it.currency, amount=it.amount)

    return told


def told_plainly(what: What) -> Callable[[Entry, Any], Milestone]:
    """How an event is told that needs no more than its name."""
    return lambda entry, _: milestone(entry, what)


def units_of(parts: Iterable[Part | HeldGoods | ReturnedGoods]) -> int:
    """How many units these parts hold."""
    return sum(part.quantity for part in parts)
