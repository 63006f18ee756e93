"""What of a refund is due back now: computed anew from the order's account whenever it is asked.

Source: R-G8, R-G9, I13
"""

import msgspec

from domain.customers.registering import Customer
from domain.orders.account import cash_of
from domain.orders.order import Placed
from domain.refunds.cleared import cleared
from domain.refunds.refund import Refund


class Owed(msgspec.Struct, frozen=True):
    """What of a refund is due back now: money, and what is kept as the customer's credit."""

    cash: int
    credit: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.cash + self.credit


def owed(state: Placed | Customer, refund: Refund) -> Owed:
    """What of a refund is due back now. Source: R-G8, R-G9, §2 Money

    What is due back of an order goes to the refunds that still have something to give, but for what of them
    cleared a bill (`domain.refunds.cleared`).
    """
    if isinstance(state, Customer):
        return Owed(refund.claim, 0)
    amount = min(state.purse().due_back, refund.claim - cleared(state).get(refund.granted.refund, 0))
    cash = cash_of(state.account, amount, state.gift)
    return Owed(cash, amount - cash)


def due_of_no_refund(state: Placed) -> int:
    """What is due back of an order and was never granted: a bank gave it back too late."""
    return max(0, state.purse().due_back - sum([refund.claim for refund in state.refunds.values()]))
