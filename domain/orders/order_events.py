"""What can happen to an order: the shapes of the events in a stream `ord_…`, kept for ever.

Amounts are whole minor units of the event's one `currency`; days are days in the book's zone; a line is
named by its number; every event carries the keys of the groups it belongs to and all amounts its postings
and balances need, so that nothing else need be read to understand it. Source: design §2, domain §2
"""

from typing import Literal

import msgspec

from domain.book.policy import StartsAt
from domain.entry import Event, Minor, Sealed
from domain.moments import Day, Moment

Terms = Literal["card", "bill_after"]
"""Paid before shipping, or billed with each shipment."""
StandingKind = Literal["new", "existing"]


class OrderLine(msgspec.Struct, frozen=True):
    """A line as priced: its discount and tax include its share of what was given for the whole order.

    Source: I1
    """

    number: int
    """1, 2, 3, … within the order."""
    sku: str
    description: str
    quantity: int
    unit_price: Minor
    discount: Minor
    tax: Minor

    @property
    def total(self) -> int:
        """What all units cost together, with discount and tax."""
        return self.quantity * self.unit_price - self.discount + self.tax


class Part(msgspec.Struct, frozen=True):
    """So many units of a line."""

    line: int
    """The line's number, from 1."""
    quantity: int


class GuaranteeTerms(msgspec.Struct, frozen=True):
    """Both windows as one edition of the policy sets them. Source: R-G1"""

    guarantee_months: int
    guarantee_starts: StartsAt
    supplier_days: int
    supplier_starts: StartsAt
    edition: int
    """The version, in the stream `policy`, of the edition that sets them."""


ContactKind = Literal["acknowledgement", "thanks", "production", "shipped", "satisfaction", "card_used"]
"""What a contact tells or asks the customer. Marketing is not among them: it never counts. Source: R-P5

acknowledgement: we have the order. thanks: a named person says so. production: it is nearly made. shipped: it
is on its way, how and under which number. satisfaction: are you happy with it? card_used: which of the cards
on file we charged.
"""
ContactChannel = Literal["email", "phone", "mail", "fax", "personal"]
DeadlineKind = Literal[
    "acknowledgement",
    "thanks",
    "shipped",
    "satisfaction",
    "card_used",
    "ask_for_payment",
    "ship_order",
    "search_cards",
    "charge_card",
    "reach_customer",
    "decide_release",
    "resolve_payment",
    "refund_decision",
    "refund_payout",
    "credit_decision",
    "fraud_signal",
    "return_label",
    "supplier_claim",
    "first_reminder",
    "second_reminder",
    "collection_call",
    "write_off_decision",
    "watched_review",
    "contest_dispute",
    "unmatched",
    "notice",
    "release_unpaid",
    "bill_overdue",
    "promise_broken",
]
"""What has to be done, or comes by itself.

The first are contacts. ask_for_payment: nothing covers what should leave by now; ship_order: ship what is
covered. Of a declined payment: search_cards; charge_card: one that the search found usable; reach_customer;
decide_release: whether to ship unpaid or, never having reached a new customer, not at all; resolve_payment:
find out what became of an attempt. A refund to decide or to pay out, credit to decide, a signal to look at;
of refunded goods, a label to send and a claim on their supplier. Reminding and calling who owes, what the
owner decides, contesting a dispute. unmatched: say what money was for; notice: look at one that
nothing follows from. By themselves come an unpaid
release, a bill becoming overdue, a promise broken.
"""


class Deadline(msgspec.Struct, frozen=True):
    """Something that has to be done once its time has come, or that then comes by itself. Source: §3"""

    kind: DeadlineKind
    due: Moment
    """Its time has come: what a person has to do is their task from here on."""
    missed_from: Moment | None = None
    """What is not done by then was missed; None for what comes by itself."""


class OverdueBill(msgspec.Struct, frozen=True):
    """A bill open after its last day, as it stood at some moment. Source: R-B2"""

    bill: str
    order: str
    """The order it bills."""
    currency: str
    open: Minor


class CartPrepared(Event, frozen=True, kw_only=True):
    """A cart was put together; it charges nothing and takes no money until the customer checks out.

    Source: I11
    """

    order: str
    customer: str | None
    channel: str
    external_ref: str | None
    currency: str
    lines: tuple[OrderLine, ...]
    shipping: Minor
    shipping_tax: Minor
    shipping_credit: Minor
    total: Minor


class OrderPlaced(Event, frozen=True, kw_only=True):
    """A customer ordered: prices, terms, standing and the guarantee promised are frozen here.

    Source: I1, R-D5, R-G1
    """

    order: str
    customer: str
    channel: str
    external_ref: str | None
    currency: str
    terms: Terms
    ordered_on: Day
    lines: tuple[OrderLine, ...]
    shipping: Minor
    shipping_tax: Minor
    shipping_credit: Minor
    total: Minor
    standing: StandingKind
    standing_rests_on: str | None
    """The earlier order that makes the customer an existing one; None for a new customer."""
    guarantee: GuaranteeTerms
    """The windows promised at placing; at delivery the better of these and those then in force counts."""
    watched_for: tuple[OverdueBill, ...] = ()
    """What the customer owed overdue when they ordered: the owner is told, nothing blocks. Source: R-B2"""
    deadlines: tuple[Deadline, ...] = ()
    """The contacts this starts, and shipping where nothing has to be paid first; none for history."""


class OrderShipped(Event, frozen=True, kw_only=True):
    """Goods left for the customer and were charged: units from 1 upward at the prices paid.

    charge = goods + tax + shipping + shipping_tax − shipping_credit; the last three only with the fee.
    Source: I6, I7, R-G6
    """

    order: str
    customer: str
    shipment: str
    parts: tuple[Part, ...]
    method: str
    tracking: str | None
    description: Sealed
    """What the customer is told about the delivery."""
    currency: str
    goods: Minor
    tax: Minor
    shipping: Minor
    shipping_tax: Minor
    shipping_credit: Minor
    charge: Minor
    carries_fee: bool
    """Whether the order's fee is in it: the first shipment carries it, unless it was returned before."""
    deadlines: tuple[Deadline, ...] = ()
    """Telling the customer."""


class ShipmentDelivered(Event, frozen=True, kw_only=True):
    """Goods reached the customer: a whole shipment, or some units of it."""

    order: str
    customer: str
    delivery: str
    """Names this arrival."""
    shipment: str
    delivered_on: Day
    parts: tuple[Part, ...]
    all_under_way: bool
    """Whether everything of the shipment still under way was said to have arrived."""
    deadlines: tuple[Deadline, ...] = ()
    """Asking the customer whether they are satisfied."""


class GuaranteeGranted(Event, frozen=True, kw_only=True):
    """Both windows of the units just delivered, frozen; the last day is inclusive. Source: R-G1"""

    order: str
    customer: str
    delivery: str
    shipment: str
    ordered_on: Day
    delivered_on: Day
    guarantee_until: Day
    guarantee_edition: int
    """The edition whose terms gave the later last day; the one of placing where both gave the same."""
    supplier_until: Day
    supplier_edition: int
    parts: tuple[Part, ...]


class OrderUnitsCancelled(Event, frozen=True, kw_only=True):
    """Units not yet shipped will not be, the last ones of each line first. Source: I14, R-G6"""

    order: str
    customer: str
    refund: str
    """Names this cancellation, and the refund it grants if anything becomes due back."""
    parts: tuple[Part, ...]
    all_unshipped: bool
    """Whether everything still unshipped was asked to be cancelled."""
    currency: str
    goods: Minor
    """What these units would have cost, after discount."""
    tax: Minor
    fee_dropped: Minor
    """The fee that was to come with the first shipment and never will: nothing is left to ship."""
    deadlines: tuple[Deadline, ...] = ()
    """Shipping, where the rest now is covered."""


class CustomerContactMade(Event, frozen=True, kw_only=True):
    """We told the customer of an order something, or asked them. Source: R-P5"""

    order: str
    customer: str
    kind: ContactKind
    shipment: str | None
    """The shipment it was about; None for the order as a whole."""
    channel: ContactChannel
    by: str | None
    """The person who made it; None for a message nobody wrote by hand."""
    note: Sealed | None
