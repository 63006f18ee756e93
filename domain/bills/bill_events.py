"""What can happen to a bill, and to what is owed without one: events in the stream of its order.

Amounts are whole minor units of the event's one `currency`. Source: R-B1 … R-B9, §2 Money
"""

from typing import Literal

import msgspec

from domain.entry import Event, Minor, Sealed
from domain.moments import Day
from domain.orders.order_events import ContactChannel, Deadline


class BillShare(msgspec.Struct, frozen=True):
    """The part of an amount that went to one bill."""

    bill: str
    amount: Minor
    uncollectible: Minor = 0
    """What of it had been given up for the books, and so lowers the allowance again. Source: R-B5"""


class BillIssued(Event, frozen=True, kw_only=True):
    """A shipment that the deposit did not cover was billed. Source: R-B1"""

    order: str
    customer: str
    bill: str
    year: int
    number: int
    """1, 2, 3, … without gaps within the book and year."""
    shipment: str
    currency: str
    amount: Minor
    issued_on: Day
    due_on: Day
    """Last day it may be paid in time."""
    deadlines: tuple[Deadline, ...] = ()
    """Becoming overdue, when the day after `due_on` begins in the book's zone; reminding; the first call."""
    replaces: str | None = None
    """The bill taken back whose place it takes: days, deadlines, reminders, calls and promises are those of
    that one. Source: H-correct
    """


class BillBecameOverdue(Event, frozen=True, kw_only=True):
    """The last day to pay a bill in time has passed, and something was still open. Source: R-B1, R-B7"""

    order: str
    customer: str
    bill: str
    currency: str
    open: Minor
    """What was still to be paid."""
    due_on: Day


class ReminderSent(Event, frozen=True, kw_only=True):
    """A customer was reminded of a bill: no interest, no fee, no threat. Source: R-B3, R-B8"""

    order: str
    customer: str
    bill: str
    channel: ContactChannel
    by: str | None
    """The person who sent it; None for a message nobody wrote by hand."""
    note: Sealed | None


CallOutcome = Literal["reached", "not_reached"]
GoodReason = Literal["illness", "job_loss", "bereavement", "never_received", "disputed", "other"]
"""Why a customer who was reached could not pay, as far as it makes a write-off possible. Source: R-B4"""


class CollectionCallMade(Event, frozen=True, kw_only=True):
    """Somebody phoned a customer who owes, to ask how they are: a friendly call. Source: R-B3, R-B4"""

    order: str
    customer: str
    bill: str
    by: str
    """The person who phoned."""
    outcome: CallOutcome
    good_reason: GoodReason | None
    """None where they were not reached, or gave none."""
    will_pay: bool
    """Whether they said they would."""
    note: Sealed | None
    """What they said; with a good reason always."""
    deadlines: tuple[Deadline, ...] = ()
    """The next try; and with a good reason the owner's decision whether to write off."""


class BillPaymentReceived(Event, frozen=True, kw_only=True):
    """Money was received for one bill: it pays what is open, and what exceeds that becomes credit.

    A bill written off is reopened first, by a WriteOffReversed in the same append. Source: R-B6, I9
    """

    order: str
    customer: str
    bill: str
    payment: str
    currency: str
    amount: Minor
    method: str
    """How it came: `bank_transfer`, `cheque`, `card`, …"""
    reference: str | None
    """What the bank or processor calls it."""
    bills: tuple[BillShare, ...]
    """What of it paid the bill; none where nothing was open."""
    set_aside: Minor
    """What exceeded the open amount; a CreditSetAside in the same append says so to the customer."""
    unmatched: str | None = None
    """The money without a place that it was until somebody said what for; None where it was known at once."""


class BillWrittenOff(Event, frozen=True, kw_only=True):
    """The owner let a customer off what they owe: reached, and with a good reason. Source: R-B4, I10"""

    order: str
    customer: str
    bill: str
    currency: str
    amount: Minor
    """All that was open."""
    uncollectible: Minor
    """What of it had been given up for the books before."""
    good_reason: GoodReason
    """As the customer gave it in the call."""
    call: int
    """Position of the entry that says they were reached and why."""


ReopenedBy = Literal["payment", "refund", "reinstatement", "returned_payout"]


class WriteOffReversed(Event, frozen=True, kw_only=True):
    """What was written off counts as open again, because it is being paid or cleared. Source: R-B6, R-G9"""

    order: str
    customer: str
    bill: str
    currency: str
    amount: Minor
    because: ReopenedBy
    by: str
    """The payment, refund, reversal or payout that brought it about, recorded in the same append."""


class BillMarkedUncollectible(Event, frozen=True, kw_only=True):
    """For the books the open amount is given up; the customer stays watched. Source: R-B5"""

    order: str
    customer: str
    bill: str
    currency: str
    amount: Minor
    """All that was open."""
