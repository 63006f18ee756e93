"""Who owes whom what. One row per customer, currency and order; the answer is their sum.

Positive = the customer owes us; negative = we owe the customer money, or goods already paid for. What we owe
is divided as in the order's own account (`domain.account`): deposits for what is still to ship, the rest is
due back.

Source: §2 Money
"""

from typing import assert_never

from domain.account import purse_of
from domain.entry import Entry, Minor
from domain.order_events import (
    BillIssued,
    OrderPlaced,
    OrderShipped,
    OrderUnitsCancelled,
    PaymentCaptured,
    RefundGranted,
)
from projections.projection import Key, Place, Row, RowPerGroup, events_of

MovesMoney = OrderPlaced | PaymentCaptured | OrderShipped | BillIssued | OrderUnitsCancelled | RefundGranted


class Balance(Row):
    """One order's part of a customer's balance; all amounts in minor units of `currency`."""

    customer: str
    currency: str
    order: str
    """Empty for what belongs to no order."""
    charged: Minor = 0
    received: Minor = 0
    credited: Minor = 0
    balance: Minor = 0
    """charged − received − credited"""
    open_bills: Minor = 0
    to_ship: Minor = 0
    """Price of the units still to ship, with the fee not yet charged."""
    deposits_held: Minor = 0
    """Money for units still to ship."""
    refunds_due: Minor = 0
    """Money for nothing any more: neither paid out nor set aside yet."""
    goodwill_cost: Minor = 0
    """Shipping we bore, as our marketing cost. Source: R-S8"""
    lifetime_value: Minor = 0
    """Source: R-S4"""
    last_position: Place = 0


class CustomerBalance(RowPerGroup[Balance, MovesMoney]):
    """Who owes whom what, per customer, currency and order?"""

    name = "customer_balance"
    version = 1
    row = Balance
    handles = events_of(MovesMoney)
    key = ("customer", "currency", "order")
    group_key = key
    found_by = "customer"

    def group(self, it: MovesMoney, entry: Entry) -> Key:
        return it.customer, it.currency, it.order or ""

    def change(self, row: Balance, it: MovesMoney, entry: Entry) -> None:
        match it:
            case OrderPlaced():
                row.to_ship += it.total
            case PaymentCaptured():
                row.received += it.amount
                row.lifetime_value += it.amount
                for share in it.bills:
                    row.open_bills -= share.amount
            case OrderShipped():
                row.charged += it.charge
                row.to_ship -= it.charge
                row.goodwill_cost += it.shipping_credit
            case BillIssued():
                row.open_bills += it.amount
            case OrderUnitsCancelled():
                row.to_ship -= it.goods + it.tax + it.fee_dropped
            case RefundGranted():
                row.credited += it.credit_amount
                row.to_ship -= it.fee_dropped
                row.goodwill_cost -= it.shipping_credit
                for share in it.cleared:
                    row.open_bills -= share.amount
            case _:
                assert_never(it)
        row.balance = row.charged - row.received - row.credited
        held = purse_of(row.balance, row.open_bills, row.to_ship)
        row.deposits_held, row.refunds_due = held.deposit, held.due_back
        row.last_position = entry.position


ANSWER = """
SELECT customer, currency, sum(charged)::bigint AS charged, sum(received)::bigint AS received,
       sum(credited)::bigint AS credited, sum(balance)::bigint AS balance, sum(open_bills)::bigint AS
       open_bills, sum(deposits_held)::bigint AS deposits_held, sum(refunds_due)::bigint AS refunds_due,
       sum(goodwill_cost)::bigint AS goodwill_cost, sum(lifetime_value)::bigint AS lifetime_value,
       max(last_position) AS last_position
FROM held WHERE (charged, received, credited) <> (0, 0, 0)
GROUP BY customer, currency ORDER BY customer, currency"""
"""The balance of each customer and currency, over the rows `held` (`ledger.projecting.answers`). An order of
which nothing was paid or shipped says nothing about money yet.
"""
