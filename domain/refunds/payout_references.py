"""References under which money of refunds left us: each is that of one fact in the whole book.

A payout of a refund uses its reference, or money that left and waits without a place does; what becomes of
that money later uses no other. Where what we sent ourselves came back, its number is free for what is sent
again: a cheque is posted once more. What went to another card went through the processor that is connected.
Source: I12
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from domain.customers.registering import Customer
from domain.decision import Claim
from domain.money import Money
from domain.orders.order import Placed
from domain.payments.references import NAMED_BY_PAYER, MoneyReference, named_by, way_of
from domain.refunds.refund import Payout
from domain.refunds.refund_events import PayoutMethod, RefundPaid
from domain.refusal import EntryOnRecord, OnRecord, Refusal

OURS: Final[Mapping[str, str]] = {"check": "cheque", "transfer": "bank_transfer"}
"""How we call what we send back the way it came, where whoever paid called that otherwise: one space each."""
ALWAYS_NAMED: Final = NAMED_BY_PAYER - {"cash"}
"""What leaves on these ways bears a number, or a bank's name, from the first; and no processor tells us of it
later.
"""
CARD = "card"
"""Where no processor is connected, what went to a card is unique among what went to cards."""


@dataclass(unsafe_hash=True)
class ReferencePaidOutOtherwise(Refusal):
    """Money that left under this reference is already recorded, for another refund or of another amount."""

    rule = "I12"
    way_out = (
        "Look at the payout shown: money that left never counts twice. What pays several refunds at once is"
        " named for each with a part of its own, as in 815/1 and 815/2."
    )
    spoken = "Under this reference {recorded} have left, and these would be {amount}."

    payout: OnRecord
    position: EntryOnRecord
    recorded: Money
    amount: Money


@dataclass(unsafe_hash=True)
class ReferenceMissing(Refusal):
    """Money would be recorded as gone, and nobody says under which reference it left us."""

    rule = "R-G8"
    way_out = (
        "Name the reference it left under: the number of the cheque, what the bank calls the transfer, what"
        " the processor calls the refund. If nothing has left yet, there is nothing to record."
    )

    subject: str
    """The refund, or the money without a place."""


def may_be_named_later(state: Placed | Customer, method: PayoutMethod, payment: str | None) -> bool:
    """Whether money leaves so whose reference we may not know yet: its processor tells it. Cash has none.

    Source: R-G8
    """
    if method != "original_method":
        return method not in ALWAYS_NAMED
    assert isinstance(state, Placed)
    assert payment is not None
    return way_of(state.payments[payment]) not in ALWAYS_NAMED


def expect_unused(state: Placed | Customer, it: RefundPaid, processor: str | None) -> None:
    """No other payout of the same order, or customer, has its reference. `processor`: the one connected.

    Raises: ReferencePaidOutOtherwise.
    """
    for known in _under(state, _named(state, it, processor), processor):
        if not known.did_not_arrive:
            recorded = Money(known.tried.amount, known.tried.currency)
            raise ReferencePaidOutOtherwise(
                known.tried.payout, known.position, recorded, Money(it.amount, it.currency)
            )


def payout_claims(state: Placed | Customer, it: RefundPaid, processor: str | None) -> tuple[Claim, ...]:
    """What a payout claims; nothing without a reference. `processor`: the one connected."""
    named = _named(state, it, processor)
    return () if named is None else (named.payout_claim(freed_at(state, named)),)


def freed_at(state: Placed | Customer, named: MoneyReference) -> int | None:
    """Position that says that the last payout of the same order, or customer, under it came back to us, where
    we wrote it ourselves: it is free for what is sent again.
    """
    if not named.is_payers_own:
        return None
    # No card's payout is under what we write ourselves, whoever is connected.
    returned = [known.returned_position for known in _under(state, named, None)]
    return max([position for position in returned if position is not None], default=None)


def _under(state: Placed | Customer, named: MoneyReference | None, processor: str | None) -> Iterator[Payout]:
    if named is None:
        return
    for refund in state.refunds.values():
        for known in refund.payouts.values():
            if isinstance(known.tried, RefundPaid) and _named(state, known.tried, processor) == named:
                yield known


def _named(state: Placed | Customer, it: RefundPaid, processor: str | None) -> MoneyReference | None:
    if it.reference is None:
        return None
    return MoneyReference(_way(state, it, processor), it.reference, it.customer)


def _way(state: Placed | Customer, it: RefundPaid, processor: str | None) -> str:
    match it.method:
        case "cheque":
            return "cheque"
        case "other_card":
            return processor or CARD
        case "original_method":
            assert isinstance(state, Placed)
            assert it.payment is not None
            way = named_by(state.payments[it.payment])[0]
            return OURS.get(way, way)
