"""Bills as a command names them: known, still owed, in the order's currency.

Source: R-B1, I1
"""

from dataclasses import dataclass

from domain.bills.bill import Bill
from domain.causes import expect_cause
from domain.decision import Given
from domain.money import Money
from domain.orders.order import Placed
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class BillUnknown(Refusal):
    """The order has no bill with this id."""

    rule = "H-known"
    way_out = "Look at the order's bills and name one of them."

    order: str
    bill: str


@dataclass(unsafe_hash=True)
class BillSettled(Refusal):
    """Nothing is open on this bill: it was paid, cleared by a refund or written off."""

    rule = "R-B7"
    way_out = "Look at the bill: it says what became of it. There is nothing left to ask the customer for."

    bill: str


@dataclass(unsafe_hash=True)
class CurrencyOfOrderDiffers(Refusal):
    """The payment is in another currency than the order; one order has one currency."""

    rule = "I1"
    way_out = "Record the payment in the order's currency."

    order: str
    order_currency: str
    currency: str


@dataclass(unsafe_hash=True)
class OrderOfAnotherCustomer(Refusal):
    """The order belongs to another customer than the one named."""

    rule = "H-known"
    way_out = "Look at the order: it says whose it is."

    order: str
    customer: str


@dataclass(unsafe_hash=True)
class BillVoid(Refusal):
    """This bill was a mistake and has been corrected: nothing is asked for with it."""

    rule = "H-correct"
    way_out = "Look at the order's bills: another has taken its place, or the shipment it billed never left."

    order: str
    bill: str


def bill_of(state: Placed, bill: str) -> Bill:
    """The bill of that id. Raises: BillUnknown."""
    known = state.bills.get(bill)
    if known is None:
        raise BillUnknown(state.placed.order, bill)
    return known


def expect_valid(bill: Bill) -> None:
    """The bill was no mistake. Raises: BillVoid."""
    if bill.corrected is not None:
        raise BillVoid(bill.source.order, bill.bill)


def expect_open(bill: Bill) -> None:
    """Something is still to be paid. Raises: BillVoid, BillSettled."""
    expect_valid(bill)
    if bill.open == 0:
        raise BillSettled(bill.bill)


def expect_open_then(bill: Bill, state: Placed, given: Given, amount: int = 1) -> None:
    """So much of it was open already when somebody said or did something about it.

    `amount` is open now. Raises: EffectiveBeforeCause. Source: H-time
    """
    expect_cause(state.there.since(("open", bill.bill), amount), given)


def expect_currency(state: Placed, amount: Money) -> None:
    """The amount is in the order's currency. Raises: CurrencyOfOrderDiffers. Source: I1"""
    if amount.currency != state.placed.currency:
        raise CurrencyOfOrderDiffers(state.placed.order, state.placed.currency, amount.currency)


def expect_customer(state: Placed, customer: str) -> None:
    """The order is that customer's. Raises: OrderOfAnotherCustomer."""
    if state.placed.customer != customer:
        raise OrderOfAnotherCustomer(state.placed.order, customer)
