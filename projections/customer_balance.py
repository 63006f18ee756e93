"""Who owes whom what. One row per customer, currency and order; the answer is their sum.

Positive = the customer owes us; negative = we owe the customer money, or goods already paid for.
Source: §2 Money
"""

from typing import assert_never

from domain.entry import Entry, Minor
from domain.order_events import BillIssued, OrderShipped, PaymentCaptured, RefundGranted
from projections.projection import Key, Place, Row, RowPerGroup, events_of

MovesMoney = PaymentCaptured | OrderShipped | BillIssued | RefundGranted


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
    deposits_held: Minor = 0
    """Money for units still to ship."""
    refunds_due: Minor = 0
    """Granted, and neither paid out nor set aside yet."""
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
            case PaymentCaptured():
                row.received += it.amount
                row.lifetime_value += it.amount
                for share in it.bills:
                    row.open_bills -= share.amount
            case OrderShipped():
                row.charged += it.charge
                row.goodwill_cost += it.shipping_credit
            case BillIssued():
                row.open_bills += it.amount
            case RefundGranted():
                row.credited += it.credit_amount
                row.goodwill_cost -= it.shipping_credit
                row.refunds_due += it.granted
                for share in it.cleared:
                    row.open_bills -= share.amount
            case _:
                assert_never(it)
        row.balance = row.charged - row.received - row.credited
        row.deposits_held = row.open_bills - row.balance - row.refunds_due
        row.last_position = entry.position


ANSWER = """
SELECT customer, currency, sum(charged)::bigint AS charged, sum(received)::bigint AS received,
       sum(credited)::bigint AS credited, sum(balance)::bigint AS balance, sum(open_bills)::bigint AS
       open_bills, sum(deposits_held)::bigint AS deposits_held, sum(refunds_due)::bigint AS refunds_due,
       sum(goodwill_cost)::bigint AS goodwill_cost, sum(lifetime_value)::bigint AS lifetime_value,
       max(last_position) AS last_position
FROM held GROUP BY customer, currency ORDER BY customer, currency"""
"""The balance of each customer and currency, over the rows `held` (`ledger.projecting.answers`)."""
