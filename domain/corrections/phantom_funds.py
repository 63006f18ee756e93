"""Phantom funds: what would look like a customer's money after a correction, and never came.

An order's funds are money that came and is still here. Where a correction takes back a charge that had used
money since taken back itself, the charge was owed without a number; with the charge gone, so is the debt.

    charge 75.95, its payment corrected   → 75.95 owed without a number
    then the shipment corrected too       → nothing is charged, nothing is owed

    bill 75.95, of which 20.00 paid; its goods refunded → 55.95 cleared, 20.00 due back
    then the payment corrected            → the refund clears these 20.00 of the bill too

    bill 75.95 written off, 20.00 paid after all; its goods refunded → 55.95 cleared, 20.00 due back
    then the payment corrected → 75.95 cleared, and nothing is written off any more

Source: H-correct, R-G9, §2 Money
"""

from collections.abc import Iterable

from domain.bills.bill import Bill, in_turn
from domain.bills.bill_events import BillShare
from domain.orders.order import Placed


def phantom_funds(after: Placed) -> int:
    """What of the order's funds never came; `after` is the order once corrected."""
    return after.funds() - min(after.funds(), max(0, after.account.money_here))


def cleared_of_phantoms(after: Placed, bills: Iterable[Bill]) -> tuple[BillShare, ...]:
    """What of those bills clears with a correction, as far as funds would remain that never came."""
    return in_turn(bills, phantom_funds(after))


def cleared_of_write_offs(after: Placed, written_off: Iterable[BillShare]) -> tuple[BillShare, ...]:
    """What of that, written off again, clears instead, as far as funds that never came still remain."""
    phantom, shares = phantom_funds(after), list[BillShare]()
    for share in written_off:
        if (amount := min(phantom, share.amount)) > 0:
            shares.append(BillShare(share.bill, amount))
            phantom -= amount
    return tuple(shares)


def without_number(state: Placed) -> tuple[Bill, ...]:
    """What is owed without a number."""
    return tuple([bill for bill in state.bills.values() if not bill.is_numbered])
