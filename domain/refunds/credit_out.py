"""Credit leaves as money: only the customer's own, and no more of it than money backs.

What no money backs any more takes of what is left as credit first, and then of what was granted and is still
to be paid. Asked as of the decision's moment and with all that is recorded by now. Source: R-G8, R-B9, I15
"""

from domain.customers.credit import Credit
from domain.customers.registering import Customer
from domain.decision import Given
from domain.refunds.refund import Refund


def may_be_asked_back(state: Customer, currency: str, given: Given) -> int:
    """What of the customer's credit may be granted as money. Source: I15"""
    return max(0, _own(state, currency) - _unbacked(currency, given, if_lost=False))


def may_leave(
    state: Customer, refund: Refund, given: Given, *, if_lost: bool = False, by_now: bool = True
) -> int:
    """What of credit granted as money may leave now; `if_lost`: whatever becomes of open disputes. Without
    `by_now`: what might at the deciding moment, whatever was taken back later.
    """
    currency = refund.granted.currency
    granted = [
        each.left
        for each in state.refunds.values()
        if each.granted.basis == "credit" and each.granted.currency == currency and each.corrected is None
    ]
    short = max(0, _unbacked(currency, given, if_lost=if_lost, by_now=by_now) - _own(state, currency))
    return max(0, min(refund.left, sum(granted) - short))


def _own(state: Customer, currency: str) -> int:
    return state.credit.get(currency, Credit()).payable


def _unbacked(currency: str, given: Given, *, if_lost: bool, by_now: bool = True) -> int:
    """What of that credit no money backs: as of then, or by now, where that is more."""
    most = 0
    for facts in (given.customer, given.customer_by_now if by_now else None):
        money = () if facts is None else [it for it in facts.money.values() if it.currency == currency]
        most = max(most, sum([it.unbacked_if_lost if if_lost else it.unbacked for it in money]))
    return most
