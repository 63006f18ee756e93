"""An order's state: a cart (`Draft`) until the customer checks out, then `Placed`; folded from the stream
`ord_…`.

Units of a line are counted, never listed: units ship and are refunded from 1 upward, unshipped units are
cancelled from the last downward, so that four counts per line say everything. How each event changes an
order is in `domain.orders.evolve_order`.

Source: R-G6, I7
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from domain.bills.bill import Bills
from domain.bills.bill_events import BillShare
from domain.bills.watch_events import WatchedOrderReviewed
from domain.customers.credit import CreditChange, CreditLeft, drawn
from domain.decision import Given
from domain.declines.order_declines import Declines
from domain.moments import Moment
from domain.money import Money
from domain.orders.account import OrderAccount, Purse, purse
from domain.orders.order_events import (
    CartPrepared,
    CustomerContactMade,
    GuaranteeGranted,
    OrderLine,
    OrderPlaced,
    OrderShipped,
    OrderUnitsCancelled,
    ShipmentDelivered,
)
from domain.payments.payment import Dispute, Payment, Reversal
from domain.payments.payment_events import CreditShare
from domain.refunds.refund import RefundRequests, Refunds
from domain.refusal import Refusal
from domain.returns.goods_return import GoodsReturns
from domain.suppliers.supplier_claim import SupplierClaims
from domain.there import NOTHING, There


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
    charged_before: tuple[int, ...]
    """For each part, how many units of its line had been charged before: their price depends on it."""
    deliveries: Mapping[str, Delivery] = {}
    """By delivery id."""
    corrected: int | None = None
    """Position of the entry that says it never left."""

    @property
    def position(self) -> int:
        """Of the entry that says it left."""
        return self.positions[0]

    @property
    def customer(self) -> str:
        """Who ordered it."""
        return self.shipped.customer

    def undelivered(self) -> dict[int, int]:
        """Units still under way, by line; only lines with any."""
        if self.corrected is not None:
            return {}
        left = {part.line: part.quantity for part in self.shipped.parts}
        for delivery in self.deliveries.values():
            for part in delivery.delivered.parts:
                left[part.line] -= part.quantity
        return {line: quantity for line, quantity in left.items() if quantity}


class Contact(msgspec.Struct, frozen=True):
    """A contact with the customer, when it was made, and the position that says so."""

    made: CustomerContactMade
    at: Moment
    position: int


class Review(msgspec.Struct, frozen=True):
    """What the owner decided on the order of a watched customer, when, and the position that says so."""

    it: WatchedOrderReviewed
    at: Moment
    position: int


class Cancellation(msgspec.Struct, frozen=True):
    """Units cancelled together, and the positions that say so (the refund's too)."""

    cancelled: OrderUnitsCancelled
    positions: tuple[int, ...]
    cancelled_before: tuple[int, ...]
    """For each part, how many units of its line had been cancelled before: their price depends on it."""
    corrected: int | None = None
    """Position of the entry that says they may ship after all."""


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
    gift: int = 0
    """What of the money here came as a gift, used as credit. Source: I15"""
    credit_here: CreditLeft = {}
    """What of it came as credit of the customer's own, by credit, in the order in which it was used."""
    fee_charged: bool = False
    fee_returned: bool = False
    payments: Mapping[str, Payment] = {}
    """Money received, by payment id, oldest first."""
    reversals: Mapping[str, Reversal] = {}
    disputes: Mapping[str, Dispute] = {}
    shipments: Mapping[str, Shipment] = {}
    bills: Bills = {}
    write_offs_reversed: Mapping[str, tuple[BillShare, ...]] = {}
    """What was reopened of write-offs, by the payment, refund or reinstatement that brought it about."""
    cancellations: Mapping[str, Cancellation] = {}
    """By refund id."""
    refunds: Refunds = {}
    returns: GoodsReturns = {}
    """What became of refunded goods."""
    supplier_claims: SupplierClaims = {}
    refund_requests: RefundRequests = {}
    """Refunds that were not granted at once."""
    credits: Mapping[str, CreditChange] = {}
    """What was used or set aside, by the id of the use or the credit."""
    contacts: tuple[Contact, ...] = ()
    """In the order in which they were recorded."""
    declines: Declines = Declines()
    reviews: tuple[Review, ...] = ()
    """By the owner, where the customer was watched; the last counts."""
    there: There = NOTHING
    """What there is of it to be taken, and since when (`domain.orders.things`)."""

    @property
    def asks_payment_first(self) -> bool:
        """Whether the owner asked for payment before anything ships. Source: R-B2"""
        return bool(self.reviews) and self.reviews[-1].it.decision == "payment_first"

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

    def funds(self) -> int:
        """Money that no bill and no charge has used. Source: §2 Money"""
        return max(0, self.open_bills() - self.account.balance)

    def gift_in(self, set_aside: int, cash: int) -> int:
        """What of so much set aside, beside so much cash due back, is a gift: own money goes back first.

        Source: R-G8, I15
        """
        own = max(0, self.account.money_here - self.gift - cash)
        return min(self.gift, max(0, set_aside - own))

    def credit_in(self, set_aside: int, cash: int) -> tuple[CreditShare, ...]:
        """What of so much set aside, beside so much cash due back, is credit again that it had been: money
        that came for this order goes back before it, and a gift after it. Source: R-G8, I15
        """
        came = self.account.money_here - self.gift - sum(self.credit_here.values())
        return drawn(
            self.credit_here, max(0, set_aside - self.gift_in(set_aside, cash) - max(0, came - cash))
        )

    def purse(self) -> Purse:
        """The deposit and what is due back. Source: §2 Money"""
        return purse(self.account, self.open_bills(), self.price_to_ship())

    @property
    def is_disputed(self) -> bool:
        """Whether a bank still asks about one of the payments: payouts wait meanwhile. Source: R-B9"""
        return any(dispute.outcome is None for dispute in self.disputes.values())

    def money(self, minor: int) -> Money:
        """An amount in the order's currency."""
        return Money(minor, self.placed.currency)


Order = Draft | Placed


def price_not_covered(state: Placed) -> int:
    """What the units still to ship cost beyond the deposit. Source: I12"""
    return state.price_to_ship() - state.purse().deposit


NOTHING_TO_PAY = (
    "Nothing is left to pay for this order: all that is still to ship is covered, and no bill of it is open."
)
"""What is the case where `still_to_pay` is 0, in one sentence."""


def still_to_pay(state: Placed) -> int:
    """What the order still takes: for its units beyond the deposit, and for its open bills. Source: I12"""
    return price_not_covered(state) + state.open_bills()


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
