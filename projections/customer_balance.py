"""Who owes whom what. One row per customer, currency and order; the answer is their sum.

    balance = charged − received + reversed − credited + refunded − written_off

Positive = the customer owes us; negative = we owe the customer money, or goods already paid for. What we owe
is divided as in the order's own account (`domain.orders.account`): deposits for what is still to ship, the
rest is due back, or kept as the customer's credit. Credit moves no balance: it says what the money is for.

Source: §2 Money
"""

from typing import assert_never

from domain.bills.bill_events import (
    BillIssued,
    BillPaymentReceived,
    BillShare,
    BillWrittenOff,
    WriteOffReversed,
)
from domain.corrections.correction_events import (
    BillCorrected,
    PaymentCorrected,
    RefundCorrected,
    ReopenedShare,
    ShipmentCorrected,
)
from domain.entry import Entry, Minor
from domain.orders.account import purse_of
from domain.orders.order_events import OrderPlaced, OrderShipped, OrderUnitsCancelled
from domain.payments.payment_events import (
    CreditSetAside,
    CreditUsed,
    PaymentCaptured,
    PaymentReinstated,
    PaymentReversed,
    StoreCreditGranted,
)
from domain.refunds.refund_events import RefundGranted, RefundPaid, RefundReturned
from projections.projection import Key, Place, Row, RowPerGroup, events_of

MovesOrderMoney = (
    OrderPlaced
    | PaymentCaptured
    | OrderShipped
    | BillIssued
    | BillPaymentReceived
    | BillWrittenOff
    | WriteOffReversed
    | OrderUnitsCancelled
    | PaymentReversed
    | PaymentReinstated
    | CreditSetAside
    | CreditUsed
    | RefundGranted
    | RefundPaid
    | RefundReturned
    | PaymentCorrected
    | ShipmentCorrected
    | BillCorrected
    | RefundCorrected
)
MovesMoney = MovesOrderMoney | StoreCreditGranted


class Balance(Row):
    """One order's part of a customer's balance; all amounts in minor units of `currency`."""

    customer: str
    currency: str
    order: str
    """Empty for what belongs to no order."""
    charged: Minor = 0
    received: Minor = 0
    reversed: Minor = 0
    """Taken back from us, less what was reinstated."""
    credited: Minor = 0
    """Refunds granted, and credit that is new money from us."""
    refunded: Minor = 0
    """Paid out, less what came back."""
    written_off: Minor = 0
    balance: Minor = 0
    open_bills: Minor = 0
    """Open on bills, and on what is owed without one."""
    to_ship: Minor = 0
    """Price of the units still to ship, with the fee not yet charged."""
    kept_as_credit: Minor = 0
    """Set aside from this order, less what of the customer's credit paid for it."""
    deposits_held: Minor = 0
    """Money for units still to ship."""
    refunds_due: Minor = 0
    """Money for nothing any more: neither paid out nor set aside yet."""
    credit_available: Minor = 0
    """What the customer may use; it belongs to no order. Source: I15"""
    goodwill_cost: Minor = 0
    """Shipping we bore and credit we gave out of goodwill, as our marketing cost. Source: R-S8"""
    lifetime_value: Minor = 0
    """Source: R-S4"""
    last_position: Place = 0


class CustomerBalance(RowPerGroup[Balance, MovesMoney]):
    """Who owes whom what, per customer, currency and order?"""

    name = "customer_balance"
    version = 4
    row = Balance
    handles = events_of(MovesMoney)
    key = ("customer", "currency", "order")
    group_key = key
    found_by = "customer"

    def group(self, it: MovesMoney, entry: Entry) -> Key:
        # Credit set aside or used is told twice; what the customer's own stream says belongs to no order.
        order = None if entry.stream == it.customer or isinstance(it, StoreCreditGranted) else it.order
        return it.customer, it.currency, order or ""

    def change(self, row: Balance, it: MovesMoney, entry: Entry) -> None:
        if row.order:
            _change_order(row, it)
        else:
            _change_customer(row, it)
        row.last_position = entry.position


def price_not_covered_by(it: MovesOrderMoney) -> int:
    """What an entry of an order's stream adds to what its units still to ship lack: their price less the
    order's funds, negative where money is due back. It depends on the entry alone. Source: I12
    """
    row = Balance("", "", "")
    _change_order(row, it)
    return row.to_ship - row.open_bills + row.balance + row.kept_as_credit


def _change_order(row: Balance, it: MovesMoney) -> None:
    """What an entry of an order's stream makes of its part."""
    match it:
        case OrderPlaced():
            row.to_ship += it.total
        case OrderShipped():
            row.charged += it.charge
            row.to_ship -= it.charge
            row.goodwill_cost += it.shipping_credit
        case OrderUnitsCancelled():
            row.to_ship -= it.goods + it.tax + it.fee_dropped
        case BillIssued():
            row.open_bills += it.amount
        case PaymentCaptured() | BillPaymentReceived():
            _receive(row, it.amount, it.bills)
        case PaymentReversed():
            row.reversed += it.amount
            row.lifetime_value -= it.amount
            row.open_bills += it.opened
        case PaymentReinstated():
            row.reversed -= it.amount
            row.lifetime_value += it.amount
            row.open_bills -= _sum(it.bills)
        case BillWrittenOff():
            row.written_off += it.amount
            row.open_bills -= it.amount
        case WriteOffReversed():
            row.written_off -= it.amount
            row.open_bills += it.amount
        case CreditSetAside():
            row.kept_as_credit += it.amount
        case CreditUsed():
            row.kept_as_credit -= it.amount
            row.open_bills -= _sum(it.bills)
        case RefundGranted():
            row.credited += it.credit_amount
            row.to_ship -= it.fee_dropped
            row.goodwill_cost -= it.shipping_credit
            row.open_bills -= _sum(it.cleared) + _sum(it.write_offs_cleared)
        case RefundPaid():
            _pay_out(row, it.amount)
        case RefundReturned():
            _pay_out(row, -it.amount)
            row.open_bills -= _sum(it.bills)
        case PaymentCorrected() | ShipmentCorrected() | BillCorrected() | RefundCorrected():
            _correct_order(row, it)
        case StoreCreditGranted():
            pass  # never in an order's stream
        case _:
            assert_never(it)
    _balance(row)
    held = purse_of(row.balance + row.kept_as_credit, row.open_bills, row.to_ship)
    row.deposits_held, row.refunds_due = held.deposit, held.due_back


def _correct_order(
    row: Balance, it: PaymentCorrected | ShipmentCorrected | BillCorrected | RefundCorrected
) -> None:
    """What taking an entry of an order back makes of its part: the inverse."""
    match it:
        case PaymentCorrected():
            row.received -= it.amount
            row.lifetime_value -= it.amount
            row.written_off += _sum(it.written_off)
            row.kept_as_credit -= it.set_aside
            row.open_bills += it.opened + _sum(it.reopened) - _sum(it.written_off) - _sum(it.cleared)
        case ShipmentCorrected():
            row.charged -= it.charge
            row.to_ship += it.charge + it.fee_dropped
            row.goodwill_cost -= it.shipping_credit
            row.open_bills -= it.billed + _sum(it.cleared)
        case BillCorrected():
            row.open_bills -= it.amount
        case RefundCorrected():
            row.credited -= it.credit_amount
            row.written_off += _sum(it.written_off)
            row.to_ship += it.cancelled_price + it.fee_dropped
            row.goodwill_cost += it.shipping_credit
            row.open_bills += _sum(it.reopened) - _sum(it.written_off)
        case _:
            assert_never(it)


def _change_customer(row: Balance, it: MovesMoney) -> None:
    """What an entry of the customer's own stream makes of what belongs to no order."""
    match it:
        case StoreCreditGranted():
            row.credited += it.amount
            row.credit_available += it.amount
            if it.kind == "goodwill":
                row.goodwill_cost += it.amount
        case CreditSetAside():
            row.credit_available += it.amount
            if it.order is None:
                row.refunds_due -= it.amount
        case CreditUsed():
            row.credit_available -= it.amount
        case RefundGranted():
            row.credited += it.credit_amount
            row.refunds_due += it.granted
            if it.basis == "credit":
                row.credit_available -= it.granted
        case RefundPaid():
            _pay_out(row, it.amount)
            row.refunds_due -= it.amount
        case RefundReturned():
            _pay_out(row, -it.amount)
            row.refunds_due += it.amount
        case RefundCorrected():
            row.credited -= it.credit_amount
            row.refunds_due -= it.granted
            if it.basis == "credit":
                row.credit_available += it.granted
        case PaymentCorrected():
            row.credit_available -= it.set_aside
        case _:
            pass  # only in an order's stream
    _balance(row)


def _receive(row: Balance, amount: int, bills: tuple[BillShare, ...]) -> None:
    row.received += amount
    row.lifetime_value += amount
    row.open_bills -= _sum(bills)


def _pay_out(row: Balance, amount: int) -> None:
    row.refunded += amount
    row.lifetime_value -= amount


def _balance(row: Balance) -> None:
    row.balance = row.charged - row.received + row.reversed - row.credited + row.refunded - row.written_off


def _sum(shares: tuple[BillShare, ...] | tuple[ReopenedShare, ...]) -> int:
    return sum([share.amount for share in shares])


ANSWER = """
SELECT customer, currency, sum(charged) AS charged, sum(received) AS received,
       sum(reversed) AS reversed, sum(credited) AS credited,
       sum(refunded) AS refunded, sum(written_off) AS written_off,
       sum(balance) AS balance, sum(open_bills) AS open_bills,
       sum(deposits_held) AS deposits_held, sum(refunds_due) AS refunds_due,
       sum(credit_available) AS credit_available, sum(goodwill_cost) AS goodwill_cost,
       sum(lifetime_value) AS lifetime_value, max(last_position) AS last_position
FROM held WHERE (charged, received, reversed, credited, refunded, written_off, open_bills, deposits_held,
                 refunds_due, credit_available, goodwill_cost, lifetime_value)
    <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
GROUP BY customer, currency ORDER BY customer, currency"""
"""The balance of each customer and currency, over the rows `held` (`ledger.projecting.answers`). An order of
which nothing was paid or shipped says nothing about money yet: what is left out has nothing but zeros.
"""

LIFETIME = """
SELECT customer, currency, sum(received) AS received, sum(reversed) AS reversed,
       sum(refunded) AS refunded, sum(lifetime_value) AS lifetime_value,
       count(*) FILTER (WHERE "order" <> '')::bigint AS orders, max(last_position) AS last_position
FROM held GROUP BY customer, currency"""
"""What each customer has brought us, over the rows `held`. Source: R-S4"""
