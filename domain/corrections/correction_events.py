"""What was recorded by mistake, taken back: the inverse of an entry and of what its append decided with it.

Nothing recorded is ever changed: a correction names the entry it corrects by its position and carries the
amounts it takes back, each in the direction of the entry itself, so that a posting needs no other entry.
Amounts are whole minor units of the event's one `currency`. Source: H-correct, §2 Money, §2 Streams
"""

import msgspec

from domain.bills.bill_events import BillShare
from domain.entry import Event, Minor
from domain.moments import Day, Moment
from domain.orders.order_events import Deadline, Part
from domain.refunds.refund_events import Basis, RefundedPart


class ReopenedShare(msgspec.Struct, frozen=True):
    """A part of a bill that counts as open again, because what settled it never was."""

    bill: str
    amount: Minor
    uncollectible: Minor = 0
    """What of it is given up for the books again, as it was before."""
    overdue_at: Moment | None = None
    """When the bill becomes overdue unless settled by then; None: it is so already, or never will be."""
    promise: str | None = None
    """The promise to pay it that had seemed kept, and is open again."""
    broken_at: Moment | None = None
    """When that promise is broken unless kept by then; None for one from before the book went live."""


class PaymentCorrected(Event, frozen=True, kw_only=True):
    """Money recorded as received never came.

    What it had paid of bills is open again, what it had reopened of write-offs is let off again unless
    refunds clear it, and what it had set aside is no credit. The rest is taken from the order's funds; what
    exceeds them is `opened`: owed like a bill, without a number. Told in the customer's stream too where it
    takes credit. Source: R-B9, R-G9
    """

    order: str
    customer: str
    payment: str
    corrects: int
    """Position of the entry taken back."""
    currency: str
    amount: Minor
    reopened: tuple[ReopenedShare, ...]
    written_off: tuple[BillShare, ...]
    credit: str | None
    """The credit that is none; None where nothing had been set aside."""
    set_aside: Minor
    cleared: tuple[BillShare, ...]
    """What of the reopened shares is closed again: refunds clear it instead, the order's funds do (without a
    number only), or nobody owes it any more.
    """
    of_no_refund: tuple[BillShare, ...] = ()
    """The latter: owed without a number for a charge that was taken back; or given back to the customer out
    of what covers units still to ship, which covers less of them.
    """
    let_off: tuple[BillShare, ...] = ()
    """What of `cleared` had been written off before this payment: cleared, it is not written off again."""
    bill: str | None
    """Names what is owed now; None where the funds sufficed."""
    opened: Minor
    due_on: Day | None
    """Last day it may be paid in time: that of the correction."""
    deadlines: tuple[Deadline, ...] = ()


class ShipmentCorrected(Event, frozen=True, kw_only=True):
    """Goods recorded as shipped never left: they are charged no more, and may ship again.

    Its bill is void. What the charge had taken from funds that were not there, and is owed without a number
    since, is cleared. Source: I7
    """

    order: str
    customer: str
    shipment: str
    corrects: int
    """Position of the entry taken back."""
    parts: tuple[Part, ...]
    currency: str
    goods: Minor
    tax: Minor
    shipping: Minor
    shipping_tax: Minor
    shipping_credit: Minor
    charge: Minor
    carries_fee: bool
    """Whether the order's fee was in it, and comes with the next shipment again."""
    fee_dropped: Minor
    """The fee that is to come again though it was not in it: a cancellation since had dropped it."""
    bill: str | None
    """Its bill; None where the deposit had covered it."""
    billed: Minor
    uncollectible: Minor
    """What of the bill had been given up for the books."""
    cleared: tuple[BillShare, ...]
    to_ship: int
    """Units of the order still to ship, these included."""
    not_cancelled: int
    """Units ordered and not cancelled."""
    deadlines: tuple[Deadline, ...] = ()
    """Shipping, where it may; what was left to tell and to review of an order that seemed over."""


class BillCorrected(Event, frozen=True, kw_only=True):
    """A bill is void: what it asked for is asked for by another, issued in the same append. Source: R-B1"""

    order: str
    customer: str
    bill: str
    corrects: int
    """Position of the entry taken back."""
    replaced_by: str
    currency: str
    amount: Minor
    uncollectible: Minor
    """What of it is given up for the books; it goes over to the other."""


class RefundCorrected(Event, frozen=True, kw_only=True):
    """A refund granted was none: its units count as not refunded, those cancelled with it may ship again.

    What it had cleared of bills is open again, what of that had been written off before is let off again.
    Source: R-G9, I14
    """

    refund: str
    customer: str
    order: str | None = None
    corrects: int
    """Position of the entry taken back."""
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
    fee_dropped: Minor
    """The fee that is to come again: the refund, or a cancellation since or beside it, had dropped it."""
    parts: tuple[RefundedPart, ...]
    reopened: tuple[ReopenedShare, ...]
    written_off: tuple[BillShare, ...]
    cancelled: tuple[Part, ...]
    """The units cancelled with it."""
    cancelled_price: Minor
    """What those cost, with tax."""
    to_ship: int
    """Units of the order still to ship, these included; 0 where no order is concerned."""
    not_cancelled: int
    """Units ordered and not cancelled."""
    deadlines: tuple[Deadline, ...] = ()
    """Shipping, where it may; what was left to tell and to review of an order that seemed over."""
