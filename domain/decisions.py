"""Every decision, by the command that asks for it; and what all of them check about time first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from domain.adopting import adopt_policy
from domain.cancelling import CancelUnits, cancel_units
from domain.carts import CheckOutCart, PrepareCart, check_out_cart, prepare_cart
from domain.command import Command
from domain.contacting import RecordContact, record_contact
from domain.customers import (
    AddContactPoint,
    InvalidateContactPoint,
    RegisterCustomer,
    StorePaymentMethod,
    add_contact_point,
    invalidate_contact_point,
    register_customer,
    store_payment_method,
)
from domain.decision import Decision, Given
from domain.delivering import DeliverShipment, deliver_shipment
from domain.moments import HOUR, Moment
from domain.opening import BookNotOpened, open_book, register_person
from domain.payments import CapturePayment, capture_payment
from domain.placing import PlaceOrder, place_order
from domain.policy import AdoptPolicy
from domain.products import ListProduct, RepriceProduct, list_product, reprice_product
from domain.refusal import Refusal
from domain.register import OpenBook, RegisterPerson
from domain.shipping import ShipOrder, ship_order
from domain.ticking import TICK, Tick, due_in, tick, with_due

Decide = Callable[[Any, Given], Decision]
"""(command, given) → decision; each takes the command it stands beside in the table."""

DECISIONS: Mapping[type[Command], Decide] = {
    OpenBook: open_book,
    RegisterPerson: register_person,
    AdoptPolicy: adopt_policy,
    ListProduct: list_product,
    RepriceProduct: reprice_product,
    RegisterCustomer: register_customer,
    AddContactPoint: add_contact_point,
    InvalidateContactPoint: invalidate_contact_point,
    StorePaymentMethod: store_payment_method,
    PrepareCart: prepare_cart,
    CheckOutCart: check_out_cart,
    PlaceOrder: place_order,
    CapturePayment: capture_payment,
    ShipOrder: ship_order,
    DeliverShipment: deliver_shipment,
    CancelUnits: cancel_units,
    RecordContact: record_contact,
    Tick: tick,
}


@dataclass(unsafe_hash=True)
class EffectiveInFuture(Refusal):
    """What is recorded has happened; this would take effect later than now."""

    rule = "H-time"
    way_out = "Leave the moment out, or give the one at which it happened."

    effective_at: Moment
    now: Moment


@dataclass(unsafe_hash=True)
class BackdatedTooFar(Refusal):
    """What happened this long ago is entered by the owner, or imported."""

    rule = "H-time"
    way_out = "Ask the owner to enter it, with the moment at which it happened."

    effective_at: Moment
    days: int


def decide(command: Command, given: Given) -> Decision:
    """What that command records.

    Checks, before the decision's own: book open; not in the future; not too long ago. A retry is
    found by the decision; the moment it names is checked like any other.

    What time had decided by then in the streams it writes comes first, as if a tick had just been, so that it
    makes no difference how often the book ticks. What records nothing itself brings nothing of that along.
    Raises: Refusal. Source: §3
    """
    if given.at > given.now:
        raise EffectiveInFuture(given.at, given.now)
    if not isinstance(command, OpenBook):
        if given.book.opened is None:
            raise BookNotOpened
        if is_backdated_too_far(given):
            raise BackdatedTooFar(given.at, given.edition.backdating_days)
    due = due_in(command.writes(), given)
    if not due:
        return DECISIONS[type(command)](command, given)
    decision = DECISIONS[type(command)](command, with_due(given, due))
    return decision if decision.already else msgspec.structs.replace(decision, due=due)


def is_backdated_too_far(given: Given) -> bool:
    """Whether this happened too long ago for this person to enter it. Source: §3"""
    if given.actor.role == "owner" or given.origin in ("import", TICK):
        return False
    return given.now - given.at > given.edition.backdating_days * 24 * HOUR
