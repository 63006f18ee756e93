"""A customer's credit in one currency: money of theirs that we keep, and money we gave them to spend.

    available = gifts + own                      = granted + set aside − used − paid out, never below 0
    gifts     = granted + what of the set aside is a gift − what of the used was one
    own       = what is left of each credit that was set aside, by its id
    payable   = own; as money, no more of it than money backs (`customers.backing`)

Gifts are spent first, so that as much as may be of the customer's own money can be asked back; then each
credit of their own, in the order in which they became credit. Each use says how much of it was a gift, and
what of it of which credit; a refund of what it bought gives that back as the gift or the credit it was.
Source: I15, R-S8, §2 Money
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from domain.corrections.correction_events import PaymentCorrected
from domain.entry import Entry
from domain.payments.payment_events import (
    CreditSetAside,
    CreditShare,
    CreditUsed,
    StoreCreditEscalated,
    StoreCreditGranted,
    StoreCreditRequested,
    StoreCreditWithdrawn,
)
from domain.refunds.refund_events import RefundGranted
from domain.requests import Request
from domain.there import Thing

ChangesCredit = StoreCreditGranted | CreditSetAside | CreditUsed | RefundGranted | PaymentCorrected


class CreditChange(msgspec.Struct, frozen=True):
    """Credit granted, set aside or used, and the position that says so."""

    it: StoreCreditGranted | CreditSetAside | CreditUsed
    position: int


CreditRequest = Request[StoreCreditRequested, StoreCreditEscalated]
"""New credit that was above a limit; escalated, but between the two entries of one append."""
CreditRequests = Mapping[str, CreditRequest]
"""By the id of the credit; what was given at once was never requested."""


CreditLeft = Mapping[str, int]
"""What is left of credit of the customer's own, by its id, in the order in which they became credit."""


class Credit(msgspec.Struct, frozen=True):
    """What of a customer's credit may still be used, in minor units of one currency."""

    gifts: int = 0
    """What of it is a gift: it is spent, not paid out."""
    own: CreditLeft = {}
    """Money of theirs: refunds settled as credit, and excess payments. What was asked back as money can no
    longer be used from the grant on, wherever the payout stands.
    """

    @property
    def available(self) -> int:
        """What may still be used."""
        return self.gifts + self.payable

    @property
    def payable(self) -> int:
        """What of it may be asked back as money: the customer's own. Source: I15"""
        return sum(self.own.values())


Credits = Mapping[str, Credit]
"""By currency."""


def drawn(left: CreditLeft, amount: int) -> tuple[CreditShare, ...]:
    """So much of that credit, the first first; all of it where it is less."""
    shares: list[CreditShare] = []
    for credit, there in left.items():
        if share := min(amount, there):
            shares.append(CreditShare(credit, share))
            amount -= share
    return tuple(shares)


def with_more(left: CreditLeft, shares: Iterable[CreditShare]) -> CreditLeft:
    """That credit, and so much more of it; what is used up is no credit any more."""
    return _with(left, [(share.credit, share.amount) for share in shares])


def with_less(left: CreditLeft, shares: Iterable[CreditShare]) -> CreditLeft:
    """That credit, and so much less of it."""
    return _with(left, [(share.credit, -share.amount) for share in shares])


def _with(left: CreditLeft, changes: Iterable[tuple[str, int]]) -> CreditLeft:
    after = dict(left)
    for credit, by in changes:
        after[credit] = after.get(credit, 0) + by
        if after[credit] == 0:
            del after[credit]
    return after


def set_aside_anew(it: CreditSetAside) -> CreditShare:
    """What of it is new credit of the customer's own, under its own id."""
    return CreditShare(it.credit, it.amount - it.gift - sum([share.amount for share in it.again]))


def credit_after(credits: Credits, it: ChangesCredit) -> Credits:
    """The credit after one more event of the customer's stream; a refund of goods leaves it as it is."""
    known = credits.get(it.currency, Credit())
    gifts, own = known.gifts, known.own
    match it:
        case StoreCreditGranted():
            gifts += it.amount
        case CreditSetAside():
            gifts, own = gifts + it.gift, with_more(own, (*it.again, set_aside_anew(it)))
        case CreditUsed():
            gifts, own = gifts - it.gift, with_less(own, it.own)
        case RefundGranted():
            if not it.credits:
                return credits
            own = with_less(own, it.credits)
        case PaymentCorrected():
            own = own if it.credit is None else with_less(own, [CreditShare(it.credit, it.set_aside)])
    return {**credits, it.currency: Credit(gifts, own)}


def not_asked_back(credits: Credits, granted: RefundGranted) -> Credits:
    """The credit as if it had not been asked back by that grant."""
    if not granted.credits:
        return credits
    known = credits[granted.currency]
    return {**credits, granted.currency: Credit(known.gifts, with_more(known.own, granted.credits))}


def credit_changed(before: Credits, after: Credits) -> Iterator[tuple[Thing, int]]:
    """What is more, or less, available in each currency than it was before."""
    for currency, credit in after.items():
        yield ("credit", currency), credit.available - before.get(currency, Credit()).available


def with_credit_requested(requests: CreditRequests, it: StoreCreditRequested, entry: Entry) -> CreditRequests:
    """The requests and one more."""
    return {**requests, it.credit: CreditRequest(it, entry.effective_at, (entry.position,))}


def with_credit_escalated(requests: CreditRequests, it: StoreCreditEscalated, entry: Entry) -> CreditRequests:
    """The requests, of which one waits for another role."""
    return {**requests, it.credit: requests[it.credit].after_escalation(it, entry)}


def with_credit_withdrawn(requests: CreditRequests, it: StoreCreditWithdrawn, entry: Entry) -> CreditRequests:
    """The requests, of which one is over."""
    return {**requests, it.credit: requests[it.credit].after_withdrawal(entry)}
