"""Payments that are taken back from us, and come again. R-B9, I13

A part of the shop, as `tests.model.shop` says.
"""

from tests.model import receiving
from tests.model.orders import Bill, Refund, Refused
from tests.model.shop import Shop


def reverse(shop: Shop, name: str, reversal: str, payment: str, amount: int, row: str) -> None:
    """R-B9, I13: the order's funds first; what goes beyond is owed from today."""
    order = shop.orders[name]
    taken = order.payments[payment]
    if amount > taken.standing:
        raise Refused("I13", "R-B9")
    opened = max(0, amount - order.funds)
    taken.reversed += amount
    order.reversed += amount
    order.reversals[reversal] = (payment, amount, 0, len(order.bills))
    if opened:
        order.bills[row] = Bill(row, "chargeback", opened, shop.today, shop.today)


def reinstate(shop: Shop, name: str, reversal: str, by: str, amount: int, refund: str) -> bool:
    """R-B9, I12, I14: what it or others since left owed, open first, then written off; then the units, the
    oldest bills.

    What is for nothing any more is granted. Whether anything is.
    """
    order = shop.orders[name]
    payment, reversed_, again, bills_then = order.reversals[reversal]
    if amount > reversed_ - again:
        raise Refused("I13", "R-B9")
    not_covered = order.to_ship - order.deposit
    order.reversals[reversal] = (payment, reversed_, again + amount, bills_then)
    order.payments[payment].reversed -= amount
    order.reversed -= amount
    amount = receiving.pay_again(shop, order, amount, by, bills_then=bills_then)
    receiving.pay_oldest(shop, order, amount - min(amount, not_covered), by)
    if order.due_of_no_refund:
        order.refunds[refund] = Refund(order.due_of_no_refund, 0)
    return refund in order.refunds
