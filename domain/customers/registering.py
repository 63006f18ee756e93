"""Customers: who they are, how to reach them, and what they may pay with; the stream `cus_…`.

Names and contact points arrive sealed. A payment method is a processor's token with brand, last four digits
and expiry, never a card number. How each event changes a customer is in `domain.customers.evolve_customer`.

Source: R-D2, R-D4
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from domain.causes import expect_cause
from domain.command import LONGEST_SEALED, Command, OutOfRange, expect_space_of_names, expect_text
from domain.customers.credit import CreditChange, CreditRequests, Credits
from domain.decision import Claim, Decision, Given
from domain.declines.decline_events import PaymentMethodFailed
from domain.entry import Event, Sealed
from domain.ids import expect_id
from domain.moments import Moment
from domain.refunds.refund import RefundRequests, Refunds
from domain.refunds.signal import Signals
from domain.refusal import OnRecord, Refusal
from domain.retry import AlreadyRecordedOtherwise
from domain.returns.goods_return import GoodsReturns
from domain.there import NOTHING, There

ContactPointKind = Literal["email", "phone", "mail", "fax"]
CONTACT_POINT_KINDS: tuple[ContactPointKind, ...] = get_args(ContactPointKind)
MOST_CONTACT_POINTS = 50

_CARD_NUMBER = re.compile(r"\d(?:[ -]?\d){11,18}")
_EXPIRY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")


class ContactPoint(msgspec.Struct, frozen=True):
    """One way to reach a customer. Raises: ValueError out of range."""

    id: str
    kind: ContactPointKind
    value: Sealed

    def __post_init__(self) -> None:
        expect_id("con", self.id)
        if self.kind not in CONTACT_POINT_KINDS:
            raise ValueError(f"kind must be one of {', '.join(CONTACT_POINT_KINDS)}")
        expect_text("value", self.value, LONGEST_SEALED)


class CustomerRegistered(Event, frozen=True, kw_only=True):
    """A customer became known to this book."""

    customer: str
    name: Sealed | None
    channel: str
    external_ref: str | None
    contact_points: tuple[ContactPoint, ...]


class ContactPointAdded(Event, frozen=True, kw_only=True):
    """Another way to reach a customer became known."""

    customer: str
    contact_point: ContactPoint


class ContactPointInvalidated(Event, frozen=True, kw_only=True):
    """A contact point no longer reaches the customer."""

    customer: str
    contact_point: str


class PaymentMethodStored(Event, frozen=True, kw_only=True):
    """A card was put on file as the processor's token. Source: R-D4"""

    customer: str
    payment_method: str
    token: str
    brand: str
    last4: str
    expiry: str
    """Last month it is valid, YYYY-MM."""
    reuse_consent: bool
    """Whether the customer agreed that it is tried again for a later order."""


class KnownContactPoint(msgspec.Struct, frozen=True):
    """A contact point, the position that says so, and the one that invalidated it."""

    contact_point: ContactPoint
    at: Moment
    """Since when we know it."""
    position: int
    invalidated: int | None = None


class KnownPaymentMethod(msgspec.Struct, frozen=True):
    """A payment method on file, since when, the position that says so, and how often it was declined."""

    stored: PaymentMethodStored
    at: Moment
    position: int
    failures: tuple[PaymentMethodFailed, ...] = ()

    @property
    def declined_for_good(self) -> bool:
        """Whether a bank once said never again: it takes no money and gives none. Source: R-D6"""
        return any(it.kind != "soft" for it in self.failures)


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a customer's stream."""

    registered: CustomerRegistered
    registered_at: Moment
    position: int
    contact_points: Mapping[str, KnownContactPoint]
    payment_methods: Mapping[str, KnownPaymentMethod] = {}
    credit: Credits = {}
    credits: Mapping[str, CreditChange] = {}
    """What was granted, set aside or used, by the id of the credit or the use."""
    credit_requests: CreditRequests = {}
    """New credit that was above a limit."""
    refunds: Refunds = {}
    """Those that belong to no order."""
    refund_requests: RefundRequests = {}
    """Those of them that were not granted at once."""
    returns: GoodsReturns = {}
    """What became of the goods of those refunds."""
    signals: Signals = {}
    there: There = NOTHING
    """What there is of their credit and of these refunds to be taken, and since when."""


class RegisterCustomer(Command, frozen=True, kw_only=True):
    """Make a customer known, with the ways to reach them."""

    customer: str
    name: Sealed | None = None
    channel: str
    external_ref: str | None = None
    contact_points: tuple[ContactPoint, ...] = ()

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_text("name", self.name, LONGEST_SEALED)
        expect_space_of_names("channel", self.channel)
        expect_text("external_ref", self.external_ref)
        if len(self.contact_points) > MOST_CONTACT_POINTS:
            raise OutOfRange("contact_points", f"must be at most {MOST_CONTACT_POINTS}")
        if len({point.id for point in self.contact_points}) < len(self.contact_points):
            raise ValueError("contact_points must have different ids")

    def writes(self) -> tuple[str, ...]:
        return (self.customer,)


class AddContactPoint(Command, frozen=True, kw_only=True):
    """Note another way to reach a customer."""

    customer: str
    contact_point: ContactPoint

    def writes(self) -> tuple[str, ...]:
        return (self.customer,)


class InvalidateContactPoint(Command, frozen=True, kw_only=True):
    """Note that a contact point no longer reaches the customer."""

    customer: str
    contact_point: str

    def writes(self) -> tuple[str, ...]:
        return (self.customer,)


class StorePaymentMethod(Command, frozen=True, kw_only=True):
    """Put a card on file as the processor's token.

    Raises: ValueError for anything that looks like a card number.
    """

    customer: str
    payment_method: str
    token: str
    brand: str
    last4: str
    expiry: str
    reuse_consent: bool

    def __post_init__(self) -> None:
        expect_id("pm", self.payment_method)
        expect_text("token", self.token)
        expect_text("brand", self.brand)
        if _CARD_NUMBER.fullmatch(self.token) or _CARD_NUMBER.fullmatch(self.brand):
            raise OutOfRange("token", "must be the processor's token, never a card number")
        if len(self.last4) != 4 or not self.last4.isascii() or not self.last4.isdigit():
            raise OutOfRange("last4", "must be the card's last four digits")
        if _EXPIRY.fullmatch(self.expiry) is None:
            raise OutOfRange("expiry", "must be YYYY-MM")

    def writes(self) -> tuple[str, ...]:
        return (self.customer,)


@dataclass(unsafe_hash=True)
class CustomerUnknown(Refusal):
    """No customer with this id is registered in this book."""

    rule = "H-known"
    way_out = "Find the customer by email, phone or reference, or register them with the order."

    customer: str


@dataclass(unsafe_hash=True)
class ContactPointUnknown(Refusal):
    """The customer has no contact point with this id."""

    rule = "H-known"
    way_out = "Look at the customer's contact points and name one of them."

    customer: str
    contact_point: str


@dataclass(unsafe_hash=True)
class CardOnFileOtherwise(Refusal):
    """This card is already on file with the customer, with another expiry, brand or consent."""

    rule = "R-D4"
    way_out = "Use the payment method shown; a renewed card comes under a new token of the processor."

    customer: str
    payment_method: OnRecord


def known_customer(given: Given, customer: str) -> Customer:
    """The customer's state. Raises: CustomerUnknown."""
    state = given.state(customer, Customer)
    if state is None:
        raise CustomerUnknown(customer)
    return state


def register_customer(command: RegisterCustomer, given: Given) -> Decision:
    """Registers a customer. Checks: retry. Claims the external reference within its channel."""
    event = CustomerRegistered(
        customer=command.customer,
        name=command.name,
        channel=command.channel,
        external_ref=command.external_ref,
        contact_points=command.contact_points,
    )
    state = given.state(command.customer, Customer)
    if state is not None:
        if state.registered != event:
            raise AlreadyRecordedOtherwise(command.customer)
        return Decision(customer=command.customer, already=(state.position,))
    claims: tuple[Claim, ...] = ()
    if command.external_ref is not None:
        claims = (Claim("customer_ref", f"{command.channel}/{command.external_ref}"),)
    return Decision(events=((command.customer, event),), claims=claims, customer=command.customer)


def add_contact_point(command: AddContactPoint, given: Given) -> Decision:
    """Adds a way to reach a customer. Checks: customer known; retry; not before they were registered."""
    state = known_customer(given, command.customer)
    known = state.contact_points.get(command.contact_point.id)
    if known is not None:
        if known.contact_point != command.contact_point:
            raise AlreadyRecordedOtherwise(command.contact_point.id)
        return Decision(customer=command.customer, already=(known.position,))
    expect_cause(state.registered_at, given)
    event = ContactPointAdded(customer=command.customer, contact_point=command.contact_point)
    return Decision(events=((command.customer, event),), customer=command.customer)


def invalidate_contact_point(command: InvalidateContactPoint, given: Given) -> Decision:
    """Marks a contact point as no longer good.

    Checks, in this order: customer known; contact point known; retry; not before it was known.
    """
    state = known_customer(given, command.customer)
    known = state.contact_points.get(command.contact_point)
    if known is None:
        raise ContactPointUnknown(command.customer, command.contact_point)
    if known.invalidated is not None:
        return Decision(customer=command.customer, already=(known.invalidated,))
    expect_cause(known.at, given)
    event = ContactPointInvalidated(customer=command.customer, contact_point=command.contact_point)
    return Decision(events=((command.customer, event),), customer=command.customer)


def store_payment_method(command: StorePaymentMethod, given: Given) -> Decision:
    """Puts a card on file, once.

    Checks, in this order: customer known; retry by id, then by the processor's token; not before the customer
    was registered. Source: R-D4
    """
    state = known_customer(given, command.customer)
    event = PaymentMethodStored(
        customer=command.customer,
        payment_method=command.payment_method,
        token=command.token,
        brand=command.brand,
        last4=command.last4,
        expiry=command.expiry,
        reuse_consent=command.reuse_consent,
    )
    known = state.payment_methods.get(command.payment_method)
    if known is not None:
        if known.stored != event:
            raise AlreadyRecordedOtherwise(command.payment_method)
        return Decision(customer=command.customer, already=(known.position,))
    for known in state.payment_methods.values():
        if known.stored.token == command.token:
            if msgspec.structs.replace(event, payment_method=known.stored.payment_method) != known.stored:
                raise CardOnFileOtherwise(command.customer, known.stored.payment_method)
            return Decision(customer=command.customer, already=(known.position,))
    expect_cause(state.registered_at, given)
    return Decision(events=((command.customer, event),), customer=command.customer)
