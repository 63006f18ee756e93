"""Shipping: goods leave for the customer and are charged, each unit once, ever.

Units ship from 1 upward at the prices paid; the fee is charged with the first shipment.

Source: I2, I6, I7, R-G6
"""

from dataclasses import dataclass

import msgspec

from domain.bills.billing import (
    NewBill,
    bill_claims,
    bill_issued,
    billable_from,
    may_be_billed,
)
from domain.causes import expect_cause
from domain.command import LONGEST_SEALED, Command, expect_text, parts_by_line
from domain.deadlines import deadlines_of_shipment, is_history
from domain.decision import Decision, Given
from domain.entry import Sealed
from domain.ids import expect_id
from domain.inbound.waiting import PayoutWaits, left_for, streams_of
from domain.money import Money
from domain.numbers import number_stream
from domain.orders.order import Placed, Shipment, line_of, placed_order
from domain.orders.order_events import OrderShipped, Part
from domain.orders.pricing import price_of_units
from domain.refusal import NextStepsOf, Refusal, WhereNone
from domain.retry import AlreadyRecordedOtherwise

PERSONAL_DELIVERY = "personal_delivery"
"""The method of handing goods over ourselves: there is nothing to track."""
UNRECORDED = "unrecorded"
"""The method of a shipment from before the cut-over, of which no more is known."""


class ShipOrder(Command, frozen=True, kw_only=True):
    """Ship some units of an order. Raises: ValueError."""

    order: str
    shipment: str
    parts: tuple[Part, ...]
    method: str
    """The carrier's service, `personal_delivery`, or in an import from before the cut-over `unrecorded`."""
    tracking: str | None = None
    description: Sealed | None = None
    """What the customer is told about the delivery."""
    bill: NewBill | None = None
    """The bill to issue if the deposit does not cover the shipment; named where `may_issue_bill`."""
    payouts: tuple[str, ...] = ()
    """Money that left for the order without a place: what of it waits may be its deposit."""

    def __post_init__(self) -> None:
        expect_id("shp", self.shipment)
        expect_text("method", self.method)
        expect_text("tracking", self.tracking)
        expect_text("description", self.description, LONGEST_SEALED)
        msgspec.structs.force_setattr(self, "parts", parts_by_line(self.parts))

    def writes(self) -> tuple[str, ...]:
        if self.bill is None:
            return (self.order,)
        return (self.order, number_stream("bill", self.bill.year))

    def reads(self) -> tuple[str, ...]:
        return streams_of(self.payouts)


@dataclass(unsafe_hash=True)
class ShipmentWithoutParts(Refusal):
    """A shipment names its lines and quantities, and this one names none."""

    rule = "I6"
    way_out = "Say which lines leave, and how many units of each."

    order: str


@dataclass(unsafe_hash=True)
class ShipmentWithoutDescription(Refusal):
    """A shipment describes the delivery to the customer, and this one does not."""

    rule = "I6"
    way_out = "Describe the delivery in a sentence: what comes, how, and about when."

    order: str


@dataclass(unsafe_hash=True)
class ShipmentWithoutTracking(Refusal):
    """A shipment carries a tracking number unless we deliver it ourselves, and this one has none."""

    rule = "I6"
    way_out = (
        "Add the carrier's tracking number, or use the method personal_delivery if one of us brings the "
        "goods."
    )

    order: str
    method: str


@dataclass(unsafe_hash=True)
class ShipmentExceedsUnits(Refusal):
    """More units would ship than are left: each ships once, and cancelled or refunded ones never."""

    rule = "I7"
    way_out = "Ship at most the units left. What the customer wants beyond them is another order."
    spoken = "Of line {line}, we have {left:unit} left to ship, and {asked} would leave."
    where_none = WhereNone(
        "left",
        "Nothing of line {line} is left to ship: each unit shipped, or was cancelled.",
        "Look at the order's lines. What the customer wants beyond them is another order.",
    )

    order: str
    line: int
    asked: int
    left: int


@dataclass(unsafe_hash=True)
class PaymentAskedFirst(Refusal):
    """The owner asked this customer for payment first, and the deposit does not cover this shipment yet."""

    rule = "R-B2"
    way_out = "Record the payment once it comes. The owner may also decide that the order ships."
    spoken = (
        "The owner asked for payment first: the shipment costs {charge}, and the deposit covers {deposit} "
        "of it."
    )
    where_none = WhereNone(
        "deposit",
        "The owner asked for payment first: the shipment costs {charge}, and nothing covers it yet.",
    )

    order: str
    charge: Money
    deposit: Money


@dataclass(unsafe_hash=True)
class ShipmentNotCovered(Refusal):
    """The order's deposit does not cover this shipment, and its terms are not to be billed."""

    rule = "I2"
    way_out = "Capture the payment first, or ship only what is covered."
    spoken = "The shipment costs {charge}, and the deposit covers {deposit} of it."
    where_none = WhereNone("deposit", "The shipment costs {charge}, and nothing covers it yet.")

    order: str
    charge: Money
    deposit: Money


@dataclass(unsafe_hash=True)
class ShipmentOnHold(Refusal):
    """The order is on hold, and its deposit does not cover this shipment."""

    rule = "I2"
    way_out = (
        "Look at the order's next steps: they say what may be done now, and by whom. It ships once a payment"
        " covers it, or somebody releases it."
    )
    spoken = "The order is on hold: the shipment costs {charge}, and the deposit covers {deposit} of it."
    where_none = WhereNone(
        "deposit", "The order is on hold: the shipment costs {charge}, and nothing covers it yet."
    )

    order: NextStepsOf
    charge: Money
    deposit: Money


def ship_order(command: ShipOrder, given: Given) -> Decision:
    """Ships units, charges them, and bills what the deposit does not cover where the terms allow it.

    Checks, in this order: order placed (I11); retry; parts, description and tracking (I6); lines and units
    (I7); cover (I2), then without what left and waits; where the deposit does not cover it, not before it may
    be billed: the release, or the owner's word that ended payment first. Nor before the order, or the money
    that covers it, which `domain.causal_order` asks.
    """
    state = placed_order(given, command.order)
    recorded = state.shipments.get(command.shipment)
    if recorded is not None:
        return _already_shipped(recorded, command, state)
    description = _check_form(command, given)
    _check_units(command, state)
    shipped = _shipped(state, command, description, given)
    deposit = state.purse().deposit
    if not is_covered(shipped.charge, deposit, state):
        refusal = _why_not_covered(state)
        raise refusal(command.order, state.money(shipped.charge), state.money(deposit))
    _expect_not_gone(command, shipped.charge, state, given)
    if shipped.charge > deposit:
        _expect_billable(state, given)
    billed = bill_issued(state, shipped, max(0, shipped.charge - deposit), command.bill, given)
    return Decision(
        events=((command.order, shipped), *billed),
        claims=bill_claims(billed),
        customer=state.placed.customer,
    )


def _why_not_covered(
    state: Placed,
) -> type[PaymentAskedFirst] | type[ShipmentOnHold] | type[ShipmentNotCovered]:
    may_else = state.declines.released_unpaid is not None or state.placed.terms == "bill_after"
    if may_else and state.asks_payment_first:
        return PaymentAskedFirst
    return ShipmentNotCovered if state.declines.hold is None else ShipmentOnHold


def is_covered(charge: int, deposit: int, state: Placed) -> bool:
    """Whether a shipment of that charge may leave: the deposit covers it, or the terms are to be billed.

    Source: I2
    """
    return charge <= deposit or may_be_billed(state)


def _expect_not_gone(command: ShipOrder, charge: int, state: Placed, given: Given) -> None:
    """What left and waits does not count as cover; first it was what was due back. Raises: PayoutWaits."""
    purse, left = state.purse(), left_for(state, command.payouts, given)
    gone = max(0, left - purse.due_back)
    if not is_covered(charge, purse.deposit - gone, state):
        raise PayoutWaits(command.order, state.money(charge), state.money(purse.deposit), state.money(left))


def _expect_billable(state: Placed, given: Given) -> None:
    """What the deposit does not cover leaves once it could be billed. Raises: EffectiveBeforeCause.

    An import tells what happened elsewhere, in whatever order that wrote it down. Source: I2, H-time
    """
    if given.origin != "import":
        expect_cause(billable_from(state, given.at), given)


def needs_tracking(command: ShipOrder, given: Given) -> bool:
    """Whether the shipment must carry a tracking number. Source: I6"""
    if command.method == PERSONAL_DELIVERY:
        return False
    return not (command.method == UNRECORDED and is_history(given))


def _already_shipped(recorded: Shipment, command: ShipOrder, state: Placed) -> Decision:
    it = recorded.shipped
    asked = (command.parts, command.method, command.tracking, command.description)
    if (it.parts, it.method, it.tracking, it.description) != asked:
        raise AlreadyRecordedOtherwise(command.shipment)
    return Decision(customer=state.placed.customer, already=recorded.positions)


def _check_form(command: ShipOrder, given: Given) -> Sealed:
    if not command.parts:
        raise ShipmentWithoutParts(command.order)
    if command.description is None:
        raise ShipmentWithoutDescription(command.order)
    if command.tracking is None and needs_tracking(command, given):
        raise ShipmentWithoutTracking(command.order, command.method)
    return command.description


def _check_units(command: ShipOrder, state: Placed) -> None:
    for part in command.parts:
        line = line_of(state, part.line)
        if part.quantity > line.to_ship:
            raise ShipmentExceedsUnits(command.order, part.line, part.quantity, line.to_ship)


def _shipped(state: Placed, command: ShipOrder, description: Sealed, given: Given) -> OrderShipped:
    goods = tax = 0
    for part in command.parts:
        line = state.lines[part.line - 1]
        price = price_of_units(line.line, line.shipped, line.shipped + part.quantity)
        goods += price.goods
        tax += price.tax
    placed, carries_fee = state.placed, state.fee_to_come
    return OrderShipped(
        order=placed.order,
        customer=placed.customer,
        shipment=command.shipment,
        parts=command.parts,
        method=command.method,
        tracking=command.tracking,
        description=description,
        currency=placed.currency,
        goods=goods,
        tax=tax,
        shipping=placed.shipping if carries_fee else 0,
        shipping_tax=placed.shipping_tax if carries_fee else 0,
        shipping_credit=placed.shipping_credit if carries_fee else 0,
        charge=goods + tax + (state.fee if carries_fee else 0),
        carries_fee=carries_fee,
        deadlines=deadlines_of_shipment(given),
    )
