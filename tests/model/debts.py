"""What is owed and does not come: calls, write-offs, what is given up for the books. R-B3 … R-B6, I10

A part of the shop, as `tests.model.shop` says.
"""

from tests.model.orders import Bill, Order, Refused
from tests.model.shop import Shop


def call(shop: Shop, name: str, bill: str, *, excused: bool) -> None:
    """R-B3, R-B4: asked how they are; a good reason is remembered. Of a settled bill there is no call."""
    called = shop.orders[name].bills[bill]
    expect_valid(called)
    if not called.open:
        raise Refused("R-B3", "R-B4", "R-B7")
    called.excused = called.excused or excused


def write_off(shop: Shop, name: str, bill: str, role: str) -> None:
    """R-B4, I10: reached, a good reason, an owner; all that is open, also what a correction opened again."""
    order = shop.orders[name]
    owed = order.bills[bill]
    if owed.was_let_off and owed.written_off and not owed.open:
        return
    expect_valid(owed)
    if not owed.open:
        raise Refused("R-B4", "R-B7")
    if role != "owner" or not owed.excused:
        raise Refused("R-B4", "I10", "H-authority")
    amount = owed.open
    shop.given_up -= owed.settle(amount)
    owed.written_off += amount
    owed.let_off += amount
    owed.was_let_off = True
    order.written_off += amount


def mark_uncollectible(shop: Shop, name: str, bill: str, role: str) -> None:
    """R-B5: for the books only, by an owner."""
    owed = shop.orders[name].bills[bill]
    if owed.was_given_up and owed.open and owed.given_up == owed.open:
        return
    expect_valid(owed)
    if not owed.open:
        raise Refused("R-B5", "R-B7")
    if role != "owner":
        raise Refused("R-B5", "H-authority")
    amount = owed.open - owed.given_up
    owed.was_given_up = True
    owed.given_up += amount
    shop.given_up += amount


def expect_valid(bill: Bill) -> None:
    """Nobody asks for what a corrected bill says."""
    if bill.void:
        raise Refused("H-correct")


def undo_write_off(order: Order, bill: Bill, amount: int, *, by_refund: bool) -> None:
    """So much of it is open again."""
    bill.written_off -= amount
    order.written_off -= amount
    if not by_refund:
        bill.let_off -= amount
