"""Money that came, went back again, or was kept as the customer's credit: events of orders and customers.

Amounts are whole minor units of the event's one `currency`. CreditSetAside and CreditUsed are the same fact
in the order's and in the customer's stream, in one append: the order's account and the customer's credit
each fold their own. Source: I12, I15, R-B9, §2 Money
"""

from typing import Literal

import msgspec

from domain.bills.bill_events import BillShare
from domain.book.register import Role
from domain.entry import Event, Minor, Sealed
from domain.moments import Day
from domain.orders.order_events import Deadline


class PaymentCaptured(Event, frozen=True, kw_only=True):
    """Money was received for an order: first for units still to ship, then for its open bills. Source: I12"""

    order: str
    customer: str
    payment: str
    currency: str
    amount: Minor
    payment_method: str | None
    processor: str
    reference: str
    bills: tuple[BillShare, ...]
    """What of the amount paid open bills, oldest first; the rest is for units still to ship."""
    deadlines: tuple[Deadline, ...] = ()
    """Shipping, where with this money everything still to ship is covered."""
    unmatched: str | None = None
    """The money without a place that it was until somebody said what for; None where it was known at once."""


DisputeOutcome = Literal["won", "lost", "withdrawn"]
ReversalKind = Literal["chargeback", "bounced"]


class DisputeOpened(Event, frozen=True, kw_only=True):
    """The customer's bank asks about a payment. It moves no money; payouts of the order wait. Source: R-B9"""

    order: str
    customer: str
    dispute: str
    payment: str
    currency: str
    amount: Minor
    why: str
    """The bank's own code: `fraudulent`, `product_not_received`, …"""
    reference: str | None
    """What the processor calls it."""
    deadlines: tuple[Deadline, ...] = ()
    """Contesting it, where the money it asks for was given back already."""


class DisputeClosed(Event, frozen=True, kw_only=True):
    """A dispute ended. What it moved is said by PaymentReversed and PaymentReinstated. Source: R-B9"""

    order: str
    customer: str
    dispute: str
    outcome: DisputeOutcome


class PaymentReversed(Event, frozen=True, kw_only=True):
    """A payment was taken back from us: charged back, or it bounced. Source: R-B9

    It takes the order's funds first. What exceeds them is `opened`: owed like a bill, but without a number.
    """

    order: str
    customer: str
    reversal: str
    payment: str
    kind: ReversalKind
    dispute: str | None
    reference: str | None
    currency: str
    amount: Minor
    bill: str | None
    """Names what is owed now; None where the funds sufficed."""
    opened: Minor
    due_on: Day | None
    """Last day it may be paid in time: that of the reversal."""
    deadlines: tuple[Deadline, ...] = ()


class PaymentReinstated(Event, frozen=True, kw_only=True):
    """Money that had been taken back came to us again. Source: R-B9

    It pays what the reversal opened and what else was taken since, what was written off of it too (a
    WriteOffReversed in the same append); the rest adds to the order's funds.
    """

    order: str
    customer: str
    reversal: str
    reinstatement: str
    payment: str
    currency: str
    amount: Minor
    reference: str
    """What the processor or bank of the payment calls it."""
    bills: tuple[BillShare, ...]
    deadlines: tuple[Deadline, ...] = ()
    """Shipping, where it covers what is to ship."""


class CreditShare(msgspec.Struct, frozen=True):
    """The part of an amount that is of one credit: of what was set aside under its id."""

    credit: str
    amount: Minor


SetAsideFrom = Literal["refund", "bill_payment"]


class CreditSetAside(Event, frozen=True, kw_only=True):
    """Money of the customer's that we keep for them: a refund settled as credit, or an excess payment."""

    customer: str
    order: str | None
    """None where an unverified refund of the customer's own stream was settled as credit."""
    credit: str
    currency: str
    amount: Minor
    source: SetAsideFrom
    subject: str
    """The refund, or the payment of the bill."""
    gift: Minor = 0
    """What of the amount is a gift again, to be spent and not paid out: it had paid as one. Source: I15"""
    again: tuple[CreditShare, ...] = ()
    """What of the amount had been credit of the customer's own, and is that credit again; the rest is new."""
    left: Minor = 0
    """What of the refund is still due back after it."""


class CreditUsed(Event, frozen=True, kw_only=True):
    """A customer's credit paid for an order: it counts as captured. Source: I2, I12, I15"""

    customer: str
    order: str
    use: str
    currency: str
    amount: Minor
    gift: Minor = 0
    """What of the amount was a gift: gifts are spent first, and the customer's own money after them."""
    own: tuple[CreditShare, ...] = ()
    """Of which credit the customer's own money was, oldest first. With the gift it is the amount."""
    bills: tuple[BillShare, ...]
    """What of the amount paid open bills, oldest first; the rest is for units still to ship."""
    deadlines: tuple[Deadline, ...] = ()
    """Shipping, where with this everything still to ship is covered."""


CreditKind = Literal["goodwill", "adjustment"]


class CreditNoteLine(msgspec.Struct, frozen=True):
    """The line of a credit note from elsewhere."""

    reference: str
    line: int
    sku: str


class StoreCreditRequested(Event, frozen=True, kw_only=True):
    """New credit is more than whoever asks may give alone. Source: R-G11"""

    customer: str
    credit: str
    kind: CreditKind
    currency: str
    amount: Minor
    note: Sealed | None
    case: str | None = None
    """The case it is a gesture in, where there is one."""
    requested_by: str
    """The person, whoever's key it was."""


class StoreCreditEscalated(Event, frozen=True, kw_only=True):
    """New credit is above somebody's limit for gestures: somebody of the next role decides. Source: R-G11"""

    customer: str
    credit: str
    currency: str
    amount: Minor
    """What is compared with the limit, with what was given in the same case, or that day, before."""
    limit: Minor
    from_role: str
    to_role: Role
    sent_on_by: str | None = None
    """The person whose approval it was above the limit of; None where the request itself was above one."""
    deadlines: tuple[Deadline, ...] = ()
    """Deciding it."""


class StoreCreditWithdrawn(Event, frozen=True, kw_only=True):
    """New credit that was asked for is not to be given any more; before it was only. Source: R-G11"""

    customer: str
    credit: str


class StoreCreditGranted(Event, frozen=True, kw_only=True):
    """New money from us, as the customer's credit: out of goodwill, or to put figures right. Source: R-S8"""

    customer: str
    credit: str
    kind: CreditKind
    currency: str
    granted_on: Day
    amount: Minor
    note: Sealed | None
    case: str | None = None
    """The case it is a gesture in, where there is one."""
    counts_on: Day | None = None
    """The local day of deciding, by the book's now, with whose other gestures it adds up; None in a case, and
    for what an import tells of.
    """
    said_by: CreditNoteLine | None = None
    """What says so in the system it comes from."""
    decided_by: str
    """The person, whoever's key it was."""
    decided_as: str
    """The role whose limit it was given under."""
    limit: Minor | None = None
    """That role's limit for gestures; None where it has none."""
    requested_by: str | None = None
    """The person who asked, where it was above their limit."""
