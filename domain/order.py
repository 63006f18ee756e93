"""An order's state: a cart (`Draft`) until the customer checks out, then `Placed`; folded from the stream
`ord_…`.

Units of a line are counted, never listed: units ship and are refunded from 1 upward, unshipped units are
cancelled from the last downward, so that four counts per line say everything. The fold asks no rule.

Source: R-G6, I7
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from domain.account import OrderAccount, Purse, purse
from domain.decision import Given
from domain.entry import Entry
from domain.moments import Moment
from domain.money import Money
from domain.order_events import (
    BillBecameOverdue,
    BillIssued,
    BillShare,
    CartPrepared,
    CustomerContactMade,
    GuaranteeGranted,
    OrderLine,
    OrderPlaced,
    OrderShipped,
    OrderUnitsCancelled,
    Part,
    PaymentCaptured,
    RefundGranted,
    ShipmentDelivered,
)
from domain.refusal import Refusal


class LineState(msgspec.Struct, frozen=True):
    """A line and how many of its units shipped, arrived, were cancelled or refunded."""

    line: OrderLine
    shipped: int = 0
    delivered: int = 0
    cancelled: int = 0
    refunded: int = 0

    @property
    def to_ship(self) -> int:
        """Units that may still ship."""
        return self.line.quantity - self.cancelled - self.shipped

    @property
    def gone(self) -> bool:
        """Whether every unit was refunded or cancelled."""
        return self.refunded + self.cancelled == self.line.quantity


class Capture(msgspec.Struct, frozen=True):
    """A payment received and the position that says so."""

    captured: PaymentCaptured
    position: int


class Delivery(msgspec.Struct, frozen=True):
    """An arrival of goods, when it took effect, the positions that say so, and the windows it began."""

    delivered: ShipmentDelivered
    at: Moment
    positions: tuple[int, ...]
    granted: GuaranteeGranted | None = None
    """None only between the two entries of one append."""


class Shipment(msgspec.Struct, frozen=True):
    """A shipment, when it left, the positions that say so (its bill's too), and its arrivals."""

    shipped: OrderShipped
    at: Moment
    positions: tuple[int, ...]
    deliveries: Mapping[str, Delivery] = {}
    """By delivery id."""

    def undelivered(self) -> dict[int, int]:
        """Units still under way, by line; only lines with any."""
        left = {part.line: part.quantity for part in self.shipped.parts}
        for delivery in self.deliveries.values():
            for part in delivery.delivered.parts:
                left[part.line] -= part.quantity
        return {line: quantity for line, quantity in left.items() if quantity}


class Bill(msgspec.Struct, frozen=True):
    """A bill and what became of its amount. Source: §2 Money"""

    issued: BillIssued
    at: Moment
    """When it was issued."""
    paid: int = 0
    cleared: int = 0
    overdue_since: Moment | None = None
    """As BillBecameOverdue says. Whether it is late today is computed from `due_on`, never from this."""

    @property
    def open(self) -> int:
        """What is still to be paid."""
        return self.issued.amount - self.paid - self.cleared


class Contact(msgspec.Struct, frozen=True):
    """A contact with the customer, when it was made, and the position that says so."""

    made: CustomerContactMade
    at: Moment
    position: int


class Cancellation(msgspec.Struct, frozen=True):
    """Units cancelled together, and the positions that say so (the refund's too)."""

    cancelled: OrderUnitsCancelled
    positions: tuple[int, ...]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A cart: priced, but neither charged nor payable."""

    cart: CartPrepared
    at: Moment
    position: int


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """An order the customer placed."""

    placed: OrderPlaced
    positions: tuple[int, ...]
    """Of OrderPlaced."""
    cart: Draft | None = None
    """The cart it was; None where it was placed at once."""
    placed_at: Moment
    lines: tuple[LineState, ...]
    """Line n is at index n − 1."""
    units_to_ship: int
    price_of_units_to_ship: int
    """Kept beside the lines, so that a payment for an order of a thousand lines need not price them all."""
    account: OrderAccount = OrderAccount()
    fee_charged: bool = False
    fee_returned: bool = False
    captures: Mapping[str, Capture] = {}
    """By payment id."""
    shipments: Mapping[str, Shipment] = {}
    bills: Mapping[str, Bill] = {}
    """By bill id, oldest first."""
    cancellations: Mapping[str, Cancellation] = {}
    """By refund id."""
    refunds: Mapping[str, RefundGranted] = {}
    contacts: tuple[Contact, ...] = ()
    """In the order in which they were recorded."""

    @property
    def fee(self) -> int:
        """The shipping fee with its tax, less what of it we bear. Source: R-G6"""
        return self.placed.shipping + self.placed.shipping_tax - self.placed.shipping_credit

    @property
    def fee_to_come(self) -> bool:
        """Whether the next shipment carries the fee: the first does, unless it was returned before."""
        return not self.fee_charged and not self.fee_returned

    def price_to_ship(self) -> int:
        """What the units still to ship cost, with the fee not yet charged; 0 when none are left."""
        fee = self.fee if self.units_to_ship and self.fee_to_come else 0
        return self.price_of_units_to_ship + fee

    def open_bills(self) -> int:
        """What is open on the order's bills."""
        return sum([bill.open for bill in self.bills.values()])

    def purse(self) -> Purse:
        """The deposit and what is due back. Source: §2 Money"""
        return purse(self.account, self.open_bills(), self.price_to_ship())

    def money(self, minor: int) -> Money:
        """An amount in the order's currency."""
        return Money(minor, self.placed.currency)


Order = Draft | Placed


def price_not_covered(state: Placed) -> int:
    """What the units still to ship cost beyond the deposit. Source: I12"""
    return state.price_to_ship() - state.purse().deposit


def oldest_first(bills: Mapping[str, Bill], amount: int) -> tuple[BillShare, ...]:
    """How an amount pays or clears open bills, oldest first; what exceeds them all is left out.

    Source: I12, R-G9
    """
    shares: list[BillShare] = []
    for bill in bills.values():
        share = min(amount, bill.open)
        if share:
            shares.append(BillShare(bill.issued.bill, share))
            amount -= share
    return tuple(shares)


def evolve_order(state: Order | None, entry: Entry) -> Order:
    """The order after one more entry of its stream. Raises: TypeError for an event of another stream."""
    match entry.event, state:
        case CartPrepared() as it, None:
            return Draft(cart=it, at=entry.effective_at, position=entry.position)
        case OrderPlaced() as it, None | Draft():
            return _placed(state, it, entry)
        case _, Placed():
            return _evolve_placed(state, entry)
        case event, _:
            raise TypeError(f"{type(event).__name__} does not belong at {entry.stream} {entry.version}")


def _placed(cart: Draft | None, it: OrderPlaced, entry: Entry) -> Placed:
    return Placed(
        placed=it,
        positions=(entry.position,),
        cart=cart,
        placed_at=entry.effective_at,
        lines=tuple([LineState(line) for line in it.lines]),
        units_to_ship=sum([line.quantity for line in it.lines]),
        price_of_units_to_ship=sum([line.total for line in it.lines]),
    )


def _evolve_placed(state: Placed, entry: Entry) -> Placed:
    match entry.event:
        case PaymentCaptured() as it:
            return _captured(state, it, entry.position)
        case OrderShipped() as it:
            return _shipped(state, it, entry)
        case BillIssued() as it:
            return _billed(state, it, entry)
        case ShipmentDelivered() as it:
            return _delivered(state, it, entry)
        case GuaranteeGranted() as it:
            return _guaranteed(state, it, entry.position)
        case OrderUnitsCancelled() as it:
            return _cancelled(state, it, entry.position)
        case RefundGranted() as it:
            return _refund_granted(state, it, entry.position)
        case BillBecameOverdue() as it:
            overdue = msgspec.structs.replace(state.bills[it.bill], overdue_since=entry.effective_at)
            return msgspec.structs.replace(state, bills={**state.bills, it.bill: overdue})
        case CustomerContactMade() as it:
            contact = Contact(it, entry.effective_at, entry.position)
            return msgspec.structs.replace(state, contacts=(*state.contacts, contact))
        case event:
            raise TypeError(f"{type(event).__name__} does not belong to a placed order")


def _captured(state: Placed, it: PaymentCaptured, position: int) -> Placed:
    bills = dict(state.bills)
    for share in it.bills:
        bill = bills[share.bill]
        bills[share.bill] = msgspec.structs.replace(bill, paid=bill.paid + share.amount)
    return msgspec.structs.replace(
        state,
        account=msgspec.structs.replace(state.account, received=state.account.received + it.amount),
        captures={**state.captures, it.payment: Capture(it, position)},
        bills=bills,
    )


def _shipped(state: Placed, it: OrderShipped, entry: Entry) -> Placed:
    lines = list(state.lines)
    for part in it.parts:
        line = lines[part.line - 1]
        lines[part.line - 1] = LineState(
            line.line, line.shipped + part.quantity, line.delivered, line.cancelled, line.refunded
        )
    return msgspec.structs.replace(
        state,
        lines=tuple(lines),
        units_to_ship=state.units_to_ship - sum([part.quantity for part in it.parts]),
        price_of_units_to_ship=state.price_of_units_to_ship - it.goods - it.tax,
        account=msgspec.structs.replace(state.account, charged=state.account.charged + it.charge),
        fee_charged=state.fee_charged or it.carries_fee,
        shipments={**state.shipments, it.shipment: Shipment(it, entry.effective_at, (entry.position,))},
    )


def _billed(state: Placed, it: BillIssued, entry: Entry) -> Placed:
    shipment = state.shipments[it.shipment]
    billed = msgspec.structs.replace(shipment, positions=(*shipment.positions, entry.position))
    return msgspec.structs.replace(
        state,
        bills={**state.bills, it.bill: Bill(it, entry.effective_at)},
        shipments={**state.shipments, it.shipment: billed},
    )


def _delivered(state: Placed, it: ShipmentDelivered, entry: Entry) -> Placed:
    lines = list(state.lines)
    for part in it.parts:
        line = lines[part.line - 1]
        lines[part.line - 1] = LineState(
            line.line, line.shipped, line.delivered + part.quantity, line.cancelled, line.refunded
        )
    shipment = state.shipments[it.shipment]
    delivery = Delivery(it, entry.effective_at, (entry.position,))
    arrived = msgspec.structs.replace(shipment, deliveries={**shipment.deliveries, it.delivery: delivery})
    return msgspec.structs.replace(
        state, lines=tuple(lines), shipments={**state.shipments, it.shipment: arrived}
    )


def _guaranteed(state: Placed, it: GuaranteeGranted, position: int) -> Placed:
    shipment = state.shipments[it.shipment]
    delivery = shipment.deliveries[it.delivery]
    delivery = msgspec.structs.replace(delivery, positions=(*delivery.positions, position), granted=it)
    guaranteed = msgspec.structs.replace(shipment, deliveries={**shipment.deliveries, it.delivery: delivery})
    return msgspec.structs.replace(state, shipments={**state.shipments, it.shipment: guaranteed})


def _cancelled(state: Placed, it: OrderUnitsCancelled, position: int) -> Placed:
    return msgspec.structs.replace(
        without_units(state, it.parts, it.goods + it.tax),
        cancellations={**state.cancellations, it.refund: Cancellation(it, (position,))},
    )


def without_units(state: Placed, parts: Sequence[Part], price: int) -> Placed:
    """The order with those unshipped units, which together cost `price`, cancelled."""
    lines = list(state.lines)
    for part in parts:
        line = lines[part.line - 1]
        lines[part.line - 1] = LineState(
            line.line, line.shipped, line.delivered, line.cancelled + part.quantity, line.refunded
        )
    return msgspec.structs.replace(
        state,
        lines=tuple(lines),
        units_to_ship=state.units_to_ship - sum([part.quantity for part in parts]),
        price_of_units_to_ship=state.price_of_units_to_ship - price,
    )


def _refund_granted(state: Placed, it: RefundGranted, position: int) -> Placed:
    lines = list(state.lines)
    for part in it.parts:
        if part.line is not None:
            line = lines[part.line - 1]
            lines[part.line - 1] = msgspec.structs.replace(line, refunded=line.refunded + part.quantity)
    bills = with_cleared(state.bills, (*it.cleared, *it.write_offs_cleared))
    cancellations = dict(state.cancellations)
    if it.refund in cancellations:
        cancellation = cancellations[it.refund]
        cancellations[it.refund] = Cancellation(cancellation.cancelled, (*cancellation.positions, position))
    return msgspec.structs.replace(
        state,
        lines=tuple(lines),
        account=msgspec.structs.replace(state.account, credited=state.account.credited + it.credit_amount),
        fee_returned=state.fee_returned or it.returns_fee,
        bills=bills,
        cancellations=cancellations,
        refunds={**state.refunds, it.refund: it},
    )


def with_cleared(bills: Mapping[str, Bill], shares: Sequence[BillShare]) -> dict[str, Bill]:
    """The bills with those shares cleared by a refund."""
    after = dict(bills)
    for share in shares:
        bill = after[share.bill]
        after[share.bill] = msgspec.structs.replace(bill, cleared=bill.cleared + share.amount)
    return after


@dataclass(unsafe_hash=True)
class OrderUnknown(Refusal):
    """No order with this id is recorded in this book."""

    rule = "H-known"
    way_out = "Find the order by its customer or by its external reference."

    order: str


@dataclass(unsafe_hash=True)
class OrderNotPlaced(Refusal):
    """This is still a cart: the customer has not checked out, so it takes no money and ships nothing."""

    rule = "I11"
    way_out = "Let the customer check out the cart first, then try again."

    order: str


@dataclass(unsafe_hash=True)
class LineUnknown(Refusal):
    """The order has no line with this number."""

    rule = "H-known"
    way_out = "Look at the order's lines; they are numbered from 1."

    order: str
    line: int


def placed_order(given: Given, order: str) -> Placed:
    """The placed order. Raises: OrderUnknown, OrderNotPlaced."""
    match given.states[order]:
        case Placed() as placed:
            return placed
        case Draft():
            raise OrderNotPlaced(order)
        case _:
            raise OrderUnknown(order)


def line_of(state: Placed, number: int) -> LineState:
    """The line with that number. Raises: LineUnknown."""
    if not 1 <= number <= len(state.lines):
        raise LineUnknown(state.placed.order, number)
    return state.lines[number - 1]
