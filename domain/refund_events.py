"""What can happen to a refund, until the money is at the customer's: events of orders and customers.

A verified refund lives in its order's stream; an unverified one, and credit paid out, in the customer's.
Amounts are whole minor units of the event's one `currency`. Source: R-G3 … R-G12, I13 … I15
"""

from typing import Literal

import msgspec

from domain.bill_events import BillShare
from domain.entry import Event, Minor
from domain.moments import Moment
from domain.order_events import Deadline

Basis = Literal["verified", "original_charges", "unverified", "stated", "credit", "undelivered"]
"""What a refund rests on.

verified: units of ours at the price paid. original_charges: units and the fee, for an observed problem.
unverified: whether it was bought from us is in question. stated: a person sets the amount. credit: set-aside
money asked for. undelivered: a cancellation that gives the deposit back. Source: R-G4, R-G6, I14, I15
"""
AgeLabel = Literal["supplier", "guarantee", "beyond_guarantee"]


class RefundedPart(msgspec.Struct, frozen=True, kw_only=True):
    """Units refunded together: of one line and shipment with the same windows; or, unverified, of one sku."""

    line: int | None = None
    sku: str | None = None
    """Named only where there is no line."""
    quantity: int
    shipment: str | None = None
    """The shipment that took them; None where none did, or unverified."""
    delivery: str | None = None
    """The delivery whose windows they use; None while undelivered, or unverified."""
    goods: Minor
    tax: Minor
    label: AgeLabel | None = None
    days_since_delivery: int | None = None
    days_since_order: int | None = None


class RefundGranted(Event, frozen=True, kw_only=True):
    """Money will go back to a customer; where and how is decided with the payout. Source: R-G3 … R-G9, I14

    credit_amount = goods + tax + shipping + shipping_tax − shipping_credit: what was charged and no longer
    is. `granted` is what the customer was told they get back; for `undelivered` it is the deposit that
    became due back and, when the whole order is gone, the fee that had been charged. Of the credit,
    `cleared` settles what is open on the order's bills and `write_offs_cleared` what was written off on
    them; what then is due back is computed anew at each payout.
    """

    refund: str
    customer: str
    order: str | None = None
    """None where the refund lives in the customer's stream: unverified, stated or credit."""
    basis: Basis
    currency: str
    granted: Minor
    credit_amount: Minor
    goods: Minor
    tax: Minor
    shipping: Minor
    shipping_tax: Minor
    shipping_credit: Minor
    returns_fee: bool
    """Whether the order's fee goes back, or, before the first shipment, is never charged."""
    fee_dropped: Minor = 0
    """The fee that is therefore never charged; 0 where the cancellation beside it says so already."""
    parts: tuple[RefundedPart, ...]
    """The units refunded; empty for `undelivered` (OrderUnitsCancelled names them) and for `credit`."""
    cleared: tuple[BillShare, ...]
    write_offs_cleared: tuple[BillShare, ...]
    """Reopened by a WriteOffReversed in the same append, then cleared."""
    observed_problem: str | None = None
    proactive: bool = False
    """Whether we offered it before the customer asked."""
    decided_as: str | None = None
    """The role whose limit the decision was taken under; None where no limit applies."""
    limit: Minor | None = None
    """That role's limit per refund; None where it has none or none applies."""
    requested_by: str | None = None
    """The person who asked, where another decided."""
    case: str | None = None
    """The case it settles, where there is one."""
    first_contact_at: Moment | None = None
    """When the customer first spoke to us about it; minutes to the payout are counted from here."""
    asked_at: Moment | None = None
    """When the customer asked for it; None where they did not."""
    deadlines: tuple[Deadline, ...] = ()
    """Paying it out."""


PayoutMethod = Literal["original_method", "other_card", "cheque"]
"""Where money goes: the way it came; else to another card of the customer; else by cheque. Source: R-G8"""


class RefundPaid(Event, frozen=True, kw_only=True):
    """Money of a refund left us. Source: R-G8, R-G9"""

    refund: str
    customer: str
    order: str | None = None
    payout: str
    currency: str
    amount: Minor
    method: PayoutMethod
    payment: str | None
    """The payment it goes back against, where it goes back the way it came."""
    payment_method: str | None
    """The card it goes to, where that is known."""
    reference: str | None
    """What the processor or bank calls the payout."""


class RefundReturned(Event, frozen=True, kw_only=True):
    """Money of a payout came back to us: a cheque undelivered, a card closed. It is owed again. Source: §2"""

    refund: str
    customer: str
    order: str | None = None
    payout: str
    currency: str
    amount: Minor
    why: str
