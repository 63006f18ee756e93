"""What can happen to a refund, from asking to the money being at the customer's: events of orders and
customers.

A verified refund lives in its order's stream; an unverified one, and credit paid out, in the customer's.
Amounts are whole minor units of the event's one `currency`. Source: R-G3 … R-G12, I13 … I15
"""

from typing import Literal

import msgspec

from domain.bills.bill_events import BillShare
from domain.book.register import Role
from domain.entry import Event, Minor, Sealed
from domain.moments import Day, Moment
from domain.orders.order_events import Deadline
from domain.payments.payment_events import CreditShare

Basis = Literal["price_paid", "original_charges", "full_list_price", "stated", "credit", "undelivered"]
"""What a refund's amount rests on.

price_paid: units of an order at the price paid. original_charges: units and the fee, for an observed problem.
full_list_price: whether it was bought from us is in question, so the current list price. stated: a person
sets the amount. credit: set-aside money asked for. undelivered: money that is for nothing: the deposit of
what was cancelled; or what a bank gives back once that was cancelled, or paid otherwise.
Source: R-G4, R-G6, I14, I15
"""
AgeLabel = Literal["supplier", "guarantee", "beyond_guarantee"]
ObservedProblem = Literal["wrong_item", "not_received", "damaged", "late"]
"""What the customer reports, never a cause. Source: R-G6"""


class AskedUnits(msgspec.Struct, frozen=True):
    """Units of a line that the customer asks the money back for."""

    line: int
    quantity: int
    note_line: int | None = None
    """The line of a credit note from elsewhere that says so."""
    note_price: Minor | None = None
    """What that note names for a unit; the price paid counts."""


class ClaimedUnits(msgspec.Struct, frozen=True):
    """Units the customer says they bought from us, where no order shows it. Source: R-G4, R-G10"""

    quantity: int
    sku: str
    product: str | None = None
    """The product whose list price counts; None where we never carried it and a person states the amount."""
    amount: Minor | None = None
    """For all these units, as a person states it; None where the list price counts."""
    note_line: int | None = None
    """The line of a credit note from elsewhere that says so."""


class PurchaseFound(msgspec.Struct, frozen=True):
    """A line of the customer's orders that a search for what they claim has found."""

    order: str
    line: int
    sku: str
    quantity: int
    refundable: int
    """Units neither refunded nor cancelled at that time."""


class UnitsLeft(msgspec.Struct, frozen=True):
    """How many units of a sku a customer bought from us and may still ask back."""

    sku: str
    units: int


class PurchaseSearch(msgspec.Struct, frozen=True):
    """What a search of all of a customer's orders for what they claim has shown."""

    lines: tuple[PurchaseFound, ...]
    """The oldest first; not all of them where there are many."""
    more: int
    """Lines beyond those named."""
    left: tuple[UnitsLeft, ...]
    """Over all lines, named or not; a sku of which none was found is missing."""


class RefundAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer wants back and how it came about, as it was asked."""

    units: tuple[AskedUnits, ...] = ()
    """Of an order's lines."""
    claims: tuple[ClaimedUnits, ...] = ()
    """Of purchases nobody can verify."""
    credit: Minor | None = None
    """Set-aside money asked for."""
    observed_problem: ObservedProblem | None = None
    proactive: bool = False
    """Whether we offered it before the customer asked."""
    case: str | None = None
    """The case it settles, where there is one."""
    first_contact_at: Moment | None = None
    """When the customer first spoke to us about it; minutes to the payout are counted from here."""
    asked_at: Moment | None = None
    """When it was asked for, which the age label is taken at; None: when it was recorded."""
    searched: PurchaseSearch | None = None
    """What a search for the purchase showed, where somebody searched. It informs, as does a signal."""
    note: Sealed | None = None
    external_ref: str | None = None
    """The credit note's reference in the system it comes from."""


class RefundRequested(Event, frozen=True, kw_only=True):
    """A customer asked for their money back, and it was not granted in the same breath. Source: R-G3"""

    refund: str
    customer: str
    order: str | None = None
    """None where the refund lives in the customer's stream: unverified or credit."""
    basis: Basis
    currency: str
    amount: Minor
    """What it came to then; what is granted is computed anew."""
    ask: RefundAsk
    requested_by: str
    """The person who took it down, whoever's key it was."""
    deadlines: tuple[Deadline, ...] = ()
    """Deciding it."""


LimitKind = Literal["per_refund", "per_day"]


class RefundEscalated(Event, frozen=True, kw_only=True):
    """A refund is above what a person may grant alone: somebody of the next role decides. Source: R-G11"""

    refund: str
    customer: str
    order: str | None = None
    currency: str
    amount: Minor
    """What counts against limits, as of a grant."""
    exceeded: LimitKind
    limit: Minor
    used: Minor
    """Granted by that person on that day before; 0 for the limit per refund."""
    from_role: str
    to_role: Role
    sent_on_by: str | None = None
    """The person whose approval it was above the limit of; None where the request itself was above one."""
    deadlines: tuple[Deadline, ...] = ()
    """Deciding it."""


class RefundWithdrawn(Event, frozen=True, kw_only=True):
    """The customer no longer wants it, or its units were cancelled and nothing of them is due back.

    Before the grant only. Source: R-G3, I14
    """

    refund: str
    customer: str
    order: str | None = None


class RefundedPart(msgspec.Struct, frozen=True, kw_only=True):
    """Units refunded together: of one line and shipment with the same windows; or, unverified, of one sku."""

    line: int | None = None
    sku: str | None = None
    """Named only where there is no line."""
    quantity: int
    shipment: str | None = None
    """The shipment that took them; None where unverified."""
    delivery: str | None = None
    """The delivery whose windows they use; None while undelivered, or unverified."""
    goods: Minor
    tax: Minor
    note_line: int | None = None
    """The line of a credit note from elsewhere that asked for them."""
    note_amount: Minor | None = None
    """What that note named for them."""
    label: AgeLabel | None = None
    days_since_delivery: int | None = None
    """None also where it was asked for before they arrived."""
    days_since_order: int | None = None


class RefundGranted(Event, frozen=True, kw_only=True):
    """Money will go back to a customer; where and how is decided with the payout. Source: R-G3 … R-G11, I14

    credit_amount = goods + tax + shipping + shipping_tax − shipping_credit: what was charged and no longer
    is. `granted` is what the customer was told they get back: that, and the deposit that becomes due back
    through it. Of the credit, `cleared` settles what is open on the order's bills and `write_offs_cleared`
    what was written off on them; what then is due back is computed anew at each payout.
    """

    refund: str
    customer: str
    order: str | None = None
    """None where the refund lives in the customer's stream: unverified or credit."""
    basis: Basis
    currency: str
    granted_on: Day
    year: int | None = None
    number: int | None = None
    """The credit note: 1, 2, 3, … without gaps within book and year; None where nothing charged is credited,
    and for history, whose notes have their numbers already."""
    granted: Minor
    left: Minor
    """What of it is due back with the grant: the rest cleared bills, or covers what is still to ship."""
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
    credits: tuple[CreditShare, ...] = ()
    """Of which credit it gives money, where credit is asked back. Source: I15"""
    ask: RefundAsk | None = None
    """What was asked; None for `undelivered`, where the cancellation says it."""
    decided_by: str | None = None
    """The person who decided, whoever's key it was; None where nothing had to be decided (`undelivered`)."""
    decided_as: str | None = None
    """The role whose limit the decision was taken under; None where no limit applies."""
    limit: Minor | None = None
    """That role's limit per refund; None where it has none or none applies."""
    requested_by: str | None = None
    """The person who asked, where that was recorded before."""
    deadlines: tuple[Deadline, ...] = ()
    """Paying it out, where anything is due back; claiming the goods from their supplier in time."""

    @property
    def has_limit(self) -> bool:
        """Whether somebody decides it under a limit: not where only the customer's own money goes back.

        Source: R-G11, I14, I15
        """
        return self.basis not in ("undelivered", "credit")

    @property
    def against_limits(self) -> int:
        """What limits compare and a day's allowance adds up: what was charged and no longer is, and the fee
        that will never be, paid yet or not. What goes back of units cancelled with it is the customer's own.

        Source: R-G11, I14
        """
        return self.credit_amount + self.fee_dropped if self.has_limit else 0

    @property
    def observed_problem(self) -> ObservedProblem | None:
        """What the customer reported, if they reported a problem."""
        return None if self.ask is None else self.ask.observed_problem


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
    credits: tuple[CreditShare, ...] = ()
    """Of credit given as money: which credit left."""
    left: Minor = 0
    """What of the refund is still due back after it."""
    disputes: tuple[str, ...] = ()
    """Disputes still open, which from now on are about money that went back already; also those opened after
    it left, where that is told later. Source: R-B9
    """
    deadlines: tuple[Deadline, ...] = ()
    """Contesting them."""


class RefundPaymentFailed(Event, frozen=True, kw_only=True):
    """A payout did not succeed: nothing left us, it stays owed, and somebody finds another way.

    Source: R-G8
    """

    refund: str
    customer: str
    order: str | None = None
    payout: str
    currency: str
    amount: Minor
    """What should have left."""
    method: PayoutMethod
    payment: str | None
    payment_method: str | None
    why: str
    """A code: `card_closed`, `expired`, `refused`, …"""
    deadlines: tuple[Deadline, ...] = ()
    """Paying it out another way."""


class PayoutUnmatched(Event, frozen=True, kw_only=True):
    """Money sent back of a refund had left us, and the refund could not take it: it waits as unmatched. From
    then on nothing of this refund is paid by itself. Source: I12
    """

    refund: str
    customer: str
    order: str
    payout: str
    """Which is over."""
    currency: str
    amount: Minor
    processor: str
    reference: str
    unmatched: str
    """The money that waits."""
    why: str
    """The refusal that kept it from its refund."""


class RefundReturned(Event, frozen=True, kw_only=True):
    """Money of a payout came back to us: a cheque undelivered, a card closed. It is owed again, but for what
    it pays. Source: R-B9, §2
    """

    refund: str
    customer: str
    order: str | None = None
    payout: str
    currency: str
    amount: Minor
    why: str
    bills: tuple[BillShare, ...] = ()
    """What it pays of what was left owed without a number since it had left us; what of that was written off
    is reopened by a WriteOffReversed in the same append. Then what it pays of bills issued since.
    """
    left: Minor = 0
    """What of the refund is due back with it; the rest covers what is still to ship."""
    deadlines: tuple[Deadline, ...] = ()
    """Paying it out again."""


class RefundDueChanged(Event, frozen=True, kw_only=True):
    """Something of a refund is due back from now on, or nothing any more, or more or less of it settles
    bills, through what else its order met.

    A bank took money back or gave it again, a payment never came, or another refund was paid of it or taken
    back. Source: R-B9, R-G9, §2 Money
    """

    refund: str
    customer: str
    order: str
    currency: str
    due: Minor
    """What is due back now; 0: nothing, whatever was granted."""
    cleared_late: Minor = 0
    """What more of it settles bills than before; below 0: what is due back after all, or of another."""
    deadlines: tuple[Deadline, ...] = ()
    """Paying it out, where anything is due back."""


class RefundAllowanceUsed(Event, frozen=True, kw_only=True):
    """A person granted a refund under a limit; what they granted on a local day adds up here. Source: R-G11

    Stream `day/<person>/<date>`: the day is that of the book's now, in its zone.
    """

    person: str
    day: Day
    refund: str
    currency: str
    amount: Minor
    """What of the grant counts against limits."""
    just_under: bool
    """Whether it came close under the limit per refund. Source: R-G12"""


SignalKind = Literal["unverified_again", "beyond_units_bought", "refunds_in_short_time", "just_under_limit"]
"""beyond_units_bought: they bought it from us, and claim more units than are left to refund. Source: R-G10"""


class FraudSignalRaised(Event, frozen=True, kw_only=True):
    """Something a person should look at; it informs and refuses nothing. Source: R-G12"""

    customer: str
    kind: SignalKind
    refund: str
    """The grant it was raised with; with `kind` it names the signal."""
    person: str | None
    """Whose grants it is about, where it is about a person of ours."""
    refunds: tuple[str, ...]
    """Those it rests on, this one included, in the order of their grants."""
    days: int | None
    """Within so many days; None: ever."""
    deadlines: tuple[Deadline, ...] = ()
    """Looking at it."""


class FraudSignalDismissed(Event, frozen=True, kw_only=True):
    """Somebody looked at a signal and found nothing to do. Source: R-G12"""

    customer: str
    kind: SignalKind
    refund: str
    note: Sealed | None
