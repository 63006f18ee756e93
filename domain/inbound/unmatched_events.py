"""Money that moved and that no rule could place: events in a stream of its own, `unmatched/unm_…`.

Amounts are whole minor units of the event's one `currency`. Until somebody says what the money was for it
belongs to no order and no customer's balance; it waits on the account for unapplied money. What it was for is
then recorded as what it is: a payment, a payout, a reversal, in the same append. Source: I12, §2 Money
"""

from typing import Literal

import msgspec

from domain.entry import Event, Minor
from domain.orders.order_events import Deadline

Direction = Literal["receipt", "payout"]
"""Whether money came to us, or left us."""


class UnmatchedReceipt(Event, frozen=True, kw_only=True):
    """Money came to us, and what it was for could not be told, or would have broken a rule."""

    unmatched: str
    customer: str | None
    """Whose it seems to be; None where nobody is known."""
    order: str | None
    """The order it named, where it named one."""
    currency: str
    amount: Minor
    processor: str
    reference: str
    """What the processor calls it."""
    why: str
    """The refusal that kept it from its order; `unknown` where it named none."""
    deadlines: tuple[Deadline, ...] = ()
    """Saying what it was for."""


class UnmatchedPayout(Event, frozen=True, kw_only=True):
    """Money left us, and what it was for could not be told, or would have broken a rule."""

    unmatched: str
    customer: str | None
    order: str | None
    currency: str
    amount: Minor
    processor: str
    reference: str
    freed: int | None = None
    """Position that says that what left before under its reference came back: it is posted once more."""
    why: str
    deadlines: tuple[Deadline, ...] = ()


CountsAs = Literal["payment", "bill_payment", "refund", "reversal", "reinstatement", "return"]
"""What money turns out to be: received for an order or a bill, paid out, taken back, or given back again; or
what went back of money that waited itself.
"""


class CameFor(msgspec.Struct, frozen=True):
    """The order that money named when it came, and whose that is."""

    order: str
    customer: str
    kept: tuple[str, ...] = ()
    """Other money that came for it until then."""


class UnmatchedReceiptAssigned(Event, frozen=True, kw_only=True):
    """What came was for that order: the same append records it there. Source: I12"""

    unmatched: str
    customer: str
    order: str
    counts_as: CountsAs
    subject: str
    """The payment or reinstatement it is recorded as."""
    about: str | None = None
    """The bill it paid, or the reversal it gives back; None for a payment of the order."""
    currency: str
    amount: Minor
    asked_as: str | None = None
    """The payment as which it was to be recorded, where it was recorded as another already."""
    came_for: CameFor | None = None
    """Where it named an order, which may lack it from now on."""


class UnmatchedReceiptReopened(Event, frozen=True, kw_only=True):
    """What it had been assigned to was corrected: the money came all the same, and waits again.

    Source: H-correct
    """

    unmatched: str
    customer: str
    order: str
    """Which it was not for."""
    subject: str
    """The payment as which it was recorded."""
    currency: str
    amount: Minor
    came_for: CameFor | None = None
    """Where it named an order: it waits for that again."""
    deadlines: tuple[Deadline, ...] = ()
    """Saying what it was for."""


class UnmatchedPayoutAssigned(Event, frozen=True, kw_only=True):
    """What left us was for that order, or went back of money that waited: the same append records it there.

    Source: I12
    """

    unmatched: str
    customer: str | None
    order: str | None
    """None where it went back of money that named none."""
    counts_as: CountsAs
    subject: str
    """The payout, reversal or return it is recorded as."""
    about: str
    """The refund it was paid of, the payment taken back, or the money that went back."""
    currency: str
    amount: Minor


class UnmatchedReceiptReturned(Event, frozen=True, kw_only=True):
    """Money that was for nothing here went back where it came from."""

    unmatched: str
    customer: str | None
    settlement: str
    """Names this return."""
    currency: str
    amount: Minor
    reference: str | None
    """What the bank or processor calls it."""


class UnmatchedReceiptCameAgain(Event, frozen=True, kw_only=True):
    """What had gone back did not arrive there: it is here again, and waits. Source: I12"""

    unmatched: str
    customer: str | None
    order: str | None
    """The order it named, where it named one."""
    settlement: str
    """The return that came to nothing."""
    currency: str
    amount: Minor
    deadlines: tuple[Deadline, ...] = ()
    """Saying what it was for."""


class UnmatchedPayoutReturned(Event, frozen=True, kw_only=True):
    """Money that had left us for nothing came back."""

    unmatched: str
    customer: str | None
    settlement: str
    currency: str
    amount: Minor
    reference: str | None


UnmatchedMoneyEvent = (
    UnmatchedReceipt
    | UnmatchedReceiptAssigned
    | UnmatchedReceiptReopened
    | UnmatchedReceiptReturned
    | UnmatchedReceiptCameAgain
    | UnmatchedPayout
    | UnmatchedPayoutAssigned
    | UnmatchedPayoutReturned
)
"""What can happen to unmatched money."""
