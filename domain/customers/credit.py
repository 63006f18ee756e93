"""A customer's credit in one currency: money of theirs that we keep, and money we gave them to spend.

    available = granted + set aside − used − paid out, never below 0
    gifts     = granted + what of the set aside is a gift − what of the used was one
    payable   = available − gifts; as money, no more of it than money backs (`customers.backing`)

Gifts are spent first, so that as much as may be of the customer's own money can be asked back. Each use says
how much of it was a gift, and a refund of what it bought gives that back as a gift.
Source: I15, R-S8, §2 Money
"""

from collections.abc import Iterator, Mapping

import msgspec

from domain.corrections.correction_events import PaymentCorrected, RefundCorrected
from domain.entry import Entry
from domain.payments.payment_events import (
    CreditSetAside,
    CreditUsed,
    StoreCreditEscalated,
    StoreCreditGranted,
    StoreCreditRequested,
    StoreCreditWithdrawn,
)
from domain.refunds.refund_events import RefundGranted
from domain.requests import Request
from domain.there import Thing

ChangesCredit = (
    StoreCreditGranted | CreditSetAside | CreditUsed | RefundGranted | RefundCorrected | PaymentCorrected
)


class CreditChange(msgspec.Struct, frozen=True):
    """Credit granted, set aside or used, and the position that says so."""

    it: StoreCreditGranted | CreditSetAside | CreditUsed
    position: int


CreditRequest = Request[StoreCreditRequested, StoreCreditEscalated]
"""New credit that was above a limit; escalated, but between the two entries of one append."""
CreditRequests = Mapping[str, CreditRequest]
"""By the id of the credit; what was given at once was never requested."""


class Credit(msgspec.Struct, frozen=True):
    """What became of a customer's credit, in minor units of one currency."""

    granted: int = 0
    """New money from us."""
    set_aside: int = 0
    """Money of theirs: refunds settled as credit, and excess payments."""
    used: int = 0
    paid_out: int = 0
    """Asked back as money; it no longer can be used from the grant on, wherever the payout stands."""
    gifts: int = 0
    """What of the available is a gift: it is spent, not paid out."""

    @property
    def available(self) -> int:
        """What may still be used."""
        return self.granted + self.set_aside - self.used - self.paid_out

    @property
    def payable(self) -> int:
        """What of it may be asked back as money: the customer's own. Source: I15"""
        return max(0, self.available - self.gifts)


Credits = Mapping[str, Credit]
"""By currency."""


def credit_after(credits: Credits, it: ChangesCredit) -> Credits:
    """The credit after one more event of the customer's stream; a refund of goods leaves it as it is."""
    known = credits.get(it.currency, Credit())
    match it:
        case StoreCreditGranted():
            granted, gifts = known.granted + it.amount, known.gifts + it.amount
            known = msgspec.structs.replace(known, granted=granted, gifts=gifts)
        case CreditSetAside():
            set_aside, gifts = known.set_aside + it.amount, known.gifts + it.gift
            known = msgspec.structs.replace(known, set_aside=set_aside, gifts=gifts)
        case CreditUsed():
            used, gifts = known.used + it.amount, known.gifts - it.gift
            known = msgspec.structs.replace(known, used=used, gifts=gifts)
        case RefundGranted():
            if it.basis != "credit":
                return credits
            known = msgspec.structs.replace(known, paid_out=known.paid_out + it.granted)
        case RefundCorrected():
            if it.basis != "credit":
                return credits
            known = msgspec.structs.replace(known, paid_out=known.paid_out - it.granted)
        case PaymentCorrected():
            known = msgspec.structs.replace(known, set_aside=known.set_aside - it.set_aside)
    return {**credits, it.currency: known}


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
