"""Contacts: what we tell and ask the customer of an order, at least four times.

(1) acknowledged, and thanked by a named person; (2) shortly before production ends, or without production
together with (3) shipped, with a description and the tracking number; (4) after delivery: satisfied?
Source: R-P5
"""

from dataclasses import dataclass
from typing import get_args

from domain.causes import expect_cause
from domain.command import LONGEST_SEALED, Command, OutOfRange, expect_text
from domain.decision import Decision, Given
from domain.entry import Sealed
from domain.ids import expect_id
from domain.orders.delivering import ShipmentUnknown
from domain.orders.order import Placed, placed_order
from domain.orders.order_events import ContactChannel, ContactKind, CustomerContactMade
from domain.refusal import Refusal

CONTACT_KINDS: tuple[ContactKind, ...] = get_args(ContactKind)
CONTACT_CHANNELS: tuple[ContactChannel, ...] = get_args(ContactChannel)


class RecordContact(Command, frozen=True, kw_only=True):
    """Record that the customer of an order was told or asked something. Raises: ValueError."""

    order: str
    kind: ContactKind
    channel: ContactChannel
    by: str | None = None
    """The person who made it; None for a message nobody wrote by hand."""
    shipment: str | None = None
    """None: about the order as a whole, every shipment so far."""
    note: Sealed | None = None

    def __post_init__(self) -> None:
        expect_id("ord", self.order)
        if self.kind not in CONTACT_KINDS:
            raise OutOfRange("kind", f"must be one of {', '.join(CONTACT_KINDS)}")
        if self.channel not in CONTACT_CHANNELS:
            raise OutOfRange("channel", f"must be one of {', '.join(CONTACT_CHANNELS)}")
        if self.by is not None:
            expect_id("per", self.by)
        if self.shipment is not None:
            expect_id("shp", self.shipment)
        expect_text("note", self.note, LONGEST_SEALED)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


@dataclass(unsafe_hash=True)
class PersonUnknown(Refusal):
    """No person with this id may act in this book, or it is a service."""

    rule = "H-known"
    way_out = "Name the person who spoke or wrote to the customer."

    person: str


@dataclass(unsafe_hash=True)
class ThanksFromNobody(Refusal):
    """A thank-you is personal: a named person says it, and this contact names none."""

    rule = "R-P5"
    way_out = "Say who thanked the customer. What a machine sends is an acknowledgement."

    order: str


@dataclass(unsafe_hash=True)
class NothingToTellYet(Refusal):
    """The customer would be told of a shipment, or asked about a delivery, that there has not been."""

    rule = "R-P5"
    way_out = "Record the shipment or the delivery first, then the contact about it."

    order: str
    kind: str


@dataclass(unsafe_hash=True)
class NoCardUsedYet(Refusal):
    """The customer would be told which of their cards paid, and by then none had."""

    rule = "R-D4"
    way_out = "Record the payment first, then that the customer was told of it."

    order: str


def record_contact(command: RecordContact, given: Given) -> Decision:
    """Records a contact; it answers what is due of its kind.

    Checks, in this order: order placed; retry, which is: the same contact at the same moment; shipment known;
    person known; a named person's thanks; something to tell by then (R-P5, R-D4); not before the order.
    """
    state = placed_order(given, command.order)
    made = CustomerContactMade(
        order=command.order,
        customer=state.placed.customer,
        kind=command.kind,
        shipment=command.shipment,
        channel=command.channel,
        by=command.by,
        note=command.note,
    )
    for known in state.contacts:
        if known.at == given.at and known.made == made:
            return Decision(customer=made.customer, already=(known.position,))
    if command.shipment is not None and command.shipment not in state.shipments:
        raise ShipmentUnknown(command.order, command.shipment)
    if command.by is not None:
        expect_person(command.by, given)
    if command.kind == "thanks" and command.by is None:
        raise ThanksFromNobody(command.order)
    if not _is_something_to_tell(command, state, given):
        if command.kind == "card_used":
            raise NoCardUsedYet(command.order)
        raise NothingToTellYet(command.order, command.kind)
    expect_cause(state.placed_at, given)
    return Decision(events=((command.order, made),), customer=made.customer)


def expect_person(person: str, given: Given) -> None:
    """A person of this book spoke or wrote to the customer. Raises: PersonUnknown."""
    known = given.book.persons.get(person)
    if known is None or known.role == "service":
        raise PersonUnknown(person)


def _is_something_to_tell(command: RecordContact, state: Placed, given: Given) -> bool:
    """Whether what the contact is about had happened by then. Source: R-P5"""
    about = [
        shipment
        for shipment in state.shipments.values()
        if shipment.corrected is None
        and shipment.at <= given.at
        and command.shipment in (None, shipment.shipped.shipment)
    ]
    match command.kind:
        case "shipped":
            return bool(about)
        case "satisfaction":
            return any(
                delivery.at <= given.at for shipment in about for delivery in shipment.deliveries.values()
            )
        case "card_used":
            return any(payment.at <= given.at for payment in state.payments.values())
        case _:
            return True
