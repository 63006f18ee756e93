"""Phantom funds: what would look like a customer's money after a correction, and never came.

An order's funds are money that came and is still here. Where a correction takes back a charge that had used
money since taken back itself, the charge was owed without a number; with the charge gone, so is the debt.

    charge 75.95, its payment corrected   → 75.95 owed without a number
    then the shipment corrected too       → nothing is charged, nothing is owed

Source: H-correct, §2 Money
"""

from dataclasses import dataclass

from domain.bills.bill import in_turn
from domain.bills.bill_events import BillShare
from domain.money import Money
from domain.orders.order import Placed
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class ChargeGivenUp(Refusal):
    """The charge of this shipment was credited or written off since: taken back, it would be given twice."""

    rule = "H-correct"
    way_out = "Leave the shipment as it is: nothing is owed for it any more."
    spoken = "Of the charge {given_up} were credited or written off since."

    order: str
    given_up: Money


def cleared_of_phantoms(after: Placed) -> tuple[BillShare, ...]:
    """What is owed without a number and clears with a correction; `after` is the order once corrected.

    Raises: ChargeGivenUp, where funds would remain that never came.
    """
    phantom = after.funds() - min(after.funds(), max(0, after.account.money_here))
    cleared = in_turn([bill for bill in after.bills.values() if not bill.is_numbered], phantom)
    left = phantom - sum([share.amount for share in cleared])
    if left:
        raise ChargeGivenUp(after.placed.order, after.money(left))
    return cleared
