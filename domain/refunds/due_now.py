"""What of a refund is to leave now, as money and as credit, and whether a bank still asks about it.

    of an order            what is due back, computed anew
    credit given as money  what money backs of it; the rest stays the customer's credit
    any other              what is left

A payout and one that failed are about the same. Source: R-B9, R-G8, I13, I15
"""

from dataclasses import dataclass

from domain.customers.registering import Customer
from domain.decision import Given
from domain.orders.order import Placed
from domain.orders.things import DUE_BACK
from domain.refunds.cleared import cleared
from domain.refunds.credit_out import may_be_lost, stays_credit
from domain.refunds.owed import Owed, owed
from domain.refunds.refund import Refund
from domain.refunds.taken_since import taken_since
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class NothingDueBack(Refusal):
    """Nothing of this refund is due back: it was paid out, cleared bills, or covers what is still to ship."""

    rule = "I13"
    way_out = "Look at the order's account: it says what is due back and what the money is for."

    refund: str


@dataclass(unsafe_hash=True)
class NothingLeftOfRefund(Refusal):
    """Nothing of this refund is left to pay out: all of it has left, or is the customer's credit."""

    rule = "I13"
    way_out = "Look at the refund: it says what of it left, when and how."

    refund: str


@dataclass(unsafe_hash=True)
class PayoutDuringDispute(Refusal):
    """A bank still asks about a payment that this money came with: the refund stands, its payout waits."""

    rule = "R-B9"
    way_out = "Contest or accept the dispute. Once it is closed, what is due back is computed anew."

    refund: str


def due_now(state: Placed | Customer, refund: Refund, given: Given) -> Owed:
    """What of a refund is to leave now, whatever a bank asks about."""
    due = owed(state, refund)
    if isinstance(state, Placed):
        return due
    stays = sum([share.amount for share in stays_credit(state, refund, given)])
    return Owed(due.total - stays, stays)


def due_then(state: Placed | Customer, refund: Refund, given: Given) -> Owed:
    """What of a refund was to leave at the deciding moment, of what has not left since: also what a bank took
    back later.
    """
    due = due_now(state, refund, given)
    if isinstance(state, Placed):
        since = sum(taken_since(state, given.at).values())
        of_it = refund.claim - cleared(state)[refund.granted.refund] - due.credit
        most = min(of_it, state.there.by(DUE_BACK, given.at))
        return Owed(max(due.cash, min(due.cash + since, most)), due.credit)
    if not _is_credit(refund):
        return due
    stays = sum([share.amount for share in stays_credit(state, refund, given, by_now=False)])
    return Owed(due.total - stays, stays)


def none_due(state: Placed | Customer, refund: Refund) -> NothingDueBack | NothingLeftOfRefund:
    """The refusal where nothing of a refund is to leave: only an order has an account to look at."""
    kind = NothingDueBack if isinstance(state, Placed) else NothingLeftOfRefund
    return kind(refund.granted.refund)


def expect_undisputed(state: Placed | Customer, refund: Refund, given: Given, *, by_now: bool) -> None:
    """No bank asks about what it came with; `by_now`: nor began to after the deciding moment, which does not
    bring back what had left. Credit given as money is kept again only where none of it may leave: then nobody
    asks about any. Raises: PayoutDuringDispute.
    """
    if isinstance(state, Placed):
        opened = [dispute.at for dispute in state.disputes.values() if dispute.outcome is None]
        waits = any(by_now or at <= given.at for at in opened)
    else:
        waits = _is_credit(refund) and may_be_lost(state, refund, given)
    if waits:
        raise PayoutDuringDispute(refund.granted.refund)


def _is_credit(refund: Refund) -> bool:
    """Whether it is the customer's credit, given as money."""
    return refund.granted.basis == "credit"
