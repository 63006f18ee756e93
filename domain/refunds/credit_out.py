"""Credit leaves as money: only the customer's own, and of each order's no more than money backs.

What lacks its money takes of what is left of that order's credit first, and then of what of it was granted
and is still to be paid. Asked as of the decision's moment and with all that is recorded by now.
Source: R-G8, R-B9, I15
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial

from domain.customers.backing import Of, lacking
from domain.customers.credit import Credit, CreditLeft, drawn, with_less, with_more
from domain.customers.registering import Customer
from domain.decision import Given
from domain.payments.payment_events import CreditSetAside, CreditShare
from domain.refunds.refund import Refund


def may_be_asked_back(state: Customer, currency: str, given: Given) -> CreditLeft:
    """What of the customer's credit may be granted as money, by credit. Source: I15"""
    left = _left(state, currency)
    return with_less(left, _taken(state, _lacks(state, currency, given, if_lost=False), _all_of(left)))


def stays_credit(
    state: Customer, refund: Refund, given: Given, *, by_now: bool = True
) -> tuple[CreditShare, ...]:
    """What of credit granted as money may not leave now: no money backs it any more. Without `by_now`: what
    might not at the deciding moment, whatever was taken back later.
    """
    return _stays(state, refund, given, if_lost=False, by_now=by_now)


def may_be_lost(state: Customer, refund: Refund, given: Given) -> bool:
    """Whether less of it might leave at the deciding moment, if every bank that asked by then takes what it
    asks for. Source: R-B9
    """
    lost = _stays(state, refund, given, if_lost=True, by_now=False)
    return lost != _stays(state, refund, given, if_lost=False, by_now=False)


def credit_again(state: Customer, refund: Refund, amount: int, given: Given) -> tuple[CreditShare, ...]:
    """Of which credit it is, where so much of credit granted as money becomes credit again: what may not
    leave, or all of it.
    """
    if amount == refund.claim:
        return _all_of(refund.credits)
    return stays_credit(state, refund, given, by_now=False)


def credit_that_leaves(state: Customer, refund: Refund, amount: int, given: Given) -> tuple[CreditShare, ...]:
    """Of which credit it is, where so much of credit granted as money has left: first what backs it for
    certain, then what a bank asks about, what it took since, and at last what may not leave; among these what
    became credit first.
    """
    if not refund.credits:
        return ()
    stays: CreditLeft = {}
    rest = refund.claim - amount
    for share in (
        *stays_credit(state, refund, given, by_now=False),
        *stays_credit(state, refund, given),
        *_stays(state, refund, given, if_lost=True, by_now=True),
        *reversed(_all_of(refund.credits)),
    ):
        more = min(share.amount - stays.get(share.credit, 0), rest)
        if more > 0:
            stays, rest = with_more(stays, [CreditShare(share.credit, more)]), rest - more
    return _all_of(with_less(refund.credits, _all_of(stays)))


def _stays(
    state: Customer, refund: Refund, given: Given, *, if_lost: bool, by_now: bool
) -> tuple[CreditShare, ...]:
    currency = refund.granted.currency
    left = _by_order(state, _all_of(_left(state, currency)))
    granted = _by_order(state, _granted(state, currency))
    short = Counter(_lacks(state, currency, given, if_lost=if_lost, by_now=by_now)) - left
    # Another refund of the same order's credit lacks its money first, as long as it is to be paid too.
    own = _all_of(refund.credits)
    others = granted - _by_order(state, own)
    return _taken(state, short - others, own)


def _lacks(
    state: Customer, currency: str, given: Given, *, if_lost: bool, by_now: bool = True
) -> Mapping[Of, int]:
    """What of the credit left, and of what of it was granted, lacks its money, by order: as of then, or by
    now, where that is more.
    """
    kept = _by_order(state, (*_all_of(_left(state, currency)), *_granted(state, currency)))
    lacks = Counter[Of]()
    for facts in (given.customer, given.customer_by_now if by_now else None):
        if facts is not None:
            money = {order: it for order, it in facts.money.items() if it.currency == currency}
            lacks |= Counter(lacking(money, kept, partial(_order_of, state), if_lost=if_lost))
    return lacks


def _left(state: Customer, currency: str) -> CreditLeft:
    return state.credit.get(currency, Credit()).own


def _all_of(left: CreditLeft) -> tuple[CreditShare, ...]:
    return drawn(left, sum(left.values()))


def _granted(state: Customer, currency: str) -> list[CreditShare]:
    """What was asked back as money and is still to be paid."""
    return [
        share
        for refund in state.refunds.values()
        if refund.granted.currency == currency
        for share in _all_of(refund.credits)
    ]


def _order_of(state: Customer, credit: str) -> Of:
    it = state.credits[credit].it
    return it.order if isinstance(it, CreditSetAside) else None


def _by_order(state: Customer, shares: Iterable[CreditShare]) -> Counter[Of]:
    amounts = Counter[Of]()
    for share in shares:
        amounts[_order_of(state, share.credit)] += share.amount
    return amounts


def _taken(
    state: Customer, lacks: Mapping[Of, int], shares: Iterable[CreditShare]
) -> tuple[CreditShare, ...]:
    """What those amounts, by order, take of these shares, the first first."""
    still, taken = Counter(lacks), list[CreditShare]()
    for share in shares:
        order = _order_of(state, share.credit)
        if amount := min(share.amount, still[order]):
            taken.append(CreditShare(share.credit, amount))
            still[order] -= amount
    return tuple(taken)
