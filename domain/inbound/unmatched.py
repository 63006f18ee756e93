"""Unmatched money: what came or left without a place, and what became of it. Source: I12"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from domain.decision import Claim, Given
from domain.entry import Entry
from domain.ids import is_id
from domain.inbound.notice_events import TOLD
from domain.inbound.unmatched_events import (
    Direction,
    UnmatchedPayout,
    UnmatchedPayoutAssigned,
    UnmatchedPayoutReturned,
    UnmatchedReceipt,
    UnmatchedReceiptAssigned,
    UnmatchedReceiptCameAgain,
    UnmatchedReceiptReopened,
    UnmatchedReceiptReturned,
)
from domain.moments import Moment
from domain.money import Money
from domain.payments.references import MoneyReference
from domain.refusal import Refusal
from domain.there import NOTHING, There

UNMATCHED_REF = "unmatched_ref"
"""Claimed by unmatched money, so that two notices of the same money keep it once: see `unmatched_ref`."""

Settled = (
    UnmatchedReceiptAssigned | UnmatchedReceiptReturned | UnmatchedPayoutAssigned | UnmatchedPayoutReturned
)

Returned = UnmatchedReceiptReturned | UnmatchedPayoutReturned


class Settlement(msgspec.Struct, frozen=True):
    """What became of some of it, when, and the position that says so."""

    it: Settled
    at: Moment
    position: int
    reopened: int | None = None
    """Position of the entry that says it was none after all, or is here again."""
    failed: bool = False
    """Whether the processor through which it went back says itself that it did not arrive."""

    @property
    def taken_back(self) -> int | None:
        """Position of the entry in which a person says that it is here; None where nobody or its processor
        does.
        """
        return None if self.failed else self.reopened


class UnmatchedMoney(msgspec.Struct, frozen=True):
    """Money without a place, when it moved, the position that says so, and what became of it."""

    it: UnmatchedReceipt | UnmatchedPayout
    at: Moment
    position: int
    settlements: Mapping[str, Settlement] = {}
    """By the payment, payout, reversal or return they are recorded as."""
    there: There = NOTHING
    """What is left of it, and since when."""

    @property
    def is_receipt(self) -> bool:
        """Whether it came to us; else it left us."""
        return isinstance(self.it, UnmatchedReceipt)

    @property
    def left(self) -> int:
        """Minor units of which nobody has said what they are."""
        return self.it.amount - sum([settled.it.amount for settled in self.standing])

    @property
    def standing(self) -> tuple[Settlement, ...]:
        """What of it is settled still."""
        return tuple([settled for settled in self.settlements.values() if settled.reopened is None])

    @property
    def next_reference(self) -> str:
        """What some of it is called: each payment or payout has a name of its own, where the money was for
        several orders, bills or refunds.
        """
        part = len(self.settlements) + 1
        return self.it.reference if not self.standing else f"{self.it.reference}/{part}"

    def said_as(self, name: str) -> Settlement | None:
        """What was said of it under that name: of what it is recorded as, or of what it was to be."""
        for subject, known in self.settlements.items():
            asked_as = known.it.asked_as if isinstance(known.it, UnmatchedReceiptAssigned) else None
            if name in (subject, asked_as):
                return known
        return None

    def returned_under(self, reference: str | None) -> Settlement | None:
        """What of it went back, or came back, under that reference; None also where a person took that back,
        so that it may be said anew.
        """
        known = self._last_returned_under(reference)
        return None if known is None or known.taken_back is not None else known

    def freed(self, reference: str) -> int | None:
        """Position of the entry by which a person took back what went back last under that reference."""
        known = self._last_returned_under(reference)
        return None if known is None else known.taken_back

    def _last_returned_under(self, reference: str | None) -> Settlement | None:
        if reference is None:
            return None
        for known in reversed(list(self.settlements.values())):
            if isinstance(known.it, Returned) and known.it.reference == reference:
                return known
        return None

    def became(self, payment: str) -> bool:
        """Whether that payment is some of it, still."""
        known = self.settlements.get(payment)
        return known is not None and known.reopened is None


@dataclass(unsafe_hash=True)
class UnmatchedUnknown(Refusal):
    """No unmatched money of that id is recorded in this book."""

    rule = "H-known"
    way_out = "Look at the list of unmatched money and name one of it."

    unmatched: str


@dataclass(unsafe_hash=True)
class UnmatchedExceeded(Refusal):
    """More is said about this money than is left of it."""

    rule = "I12"
    way_out = "Say at most what is left; the list of unmatched money names it."
    spoken = "Of this money {left} are left, and this says what {amount} were."

    unmatched: str
    amount: Money
    left: Money


@dataclass(unsafe_hash=True)
class UnmatchedSettled(Refusal):
    """Nothing is left of this money: somebody has said what all of it was, or that it went back."""

    rule = "I12"
    way_out = (
        "Look at the money: it names what it was recorded as. A payment that was recorded by mistake is"
        " corrected, and its money waits again."
    )

    unmatched: str


@dataclass(unsafe_hash=True)
class UnmatchedCurrencyDiffers(Refusal):
    """The money moved in another currency than the order is in."""

    rule = "I1"
    way_out = "Return it, or assign it to an order in its own currency."

    unmatched: str
    unmatched_currency: str
    currency: str


def unmatched_stream(unmatched: str) -> str:
    """The stream of that unmatched money. Raises: ValueError."""
    if not is_id("unm", unmatched):
        raise ValueError("expected the id of unmatched money (unm_…)")
    return f"unmatched/{unmatched}"


def unmatched_ref(direction: Direction, processor: str, reference: str) -> str:
    """What unmatched money claims, by which a second notice of it finds it."""
    return f"{direction}/{processor}/{reference}"


def claims_of_unmatched(
    it: UnmatchedReceipt | UnmatchedPayout, *, reference_used: bool = False
) -> tuple[Claim, ...]:
    """What unmatched money claims: to be kept once, and of what left, that nothing else left under its
    reference; unless other money is on record under that already.
    """
    stream = unmatched_stream(it.unmatched)
    direction = "receipt" if isinstance(it, UnmatchedReceipt) else "payout"
    once = Claim(UNMATCHED_REF, unmatched_ref(direction, it.processor, it.reference), stream)
    if direction == "receipt" or reference_used:
        return (once,)
    named = MoneyReference(it.processor, it.reference, it.customer or "")
    freed = it.freed if isinstance(it, UnmatchedPayout) else None
    return once, msgspec.structs.replace(named.payout_claim(freed), stream=stream)


def kept_in(holder: str) -> str | None:
    """The unmatched money whose stream that is; None for any other stream."""
    place, _, name = holder.partition("/")
    return name if place == "unmatched" else None


def is_kept(given: Given, unmatched: str) -> bool:
    """Whether money is kept under that name already: its stream says so."""
    return given.state(unmatched_stream(unmatched), UnmatchedMoney) is not None


def unmatched_money(given: Given, unmatched: str) -> UnmatchedMoney:
    """The state of that money. Raises: UnmatchedUnknown."""
    state = given.state(unmatched_stream(unmatched), UnmatchedMoney)
    if state is None:
        raise UnmatchedUnknown(unmatched)
    return state


def expect_left(state: UnmatchedMoney, amount: Money) -> None:
    """So much of it waits, in its currency.

    Raises: UnmatchedCurrencyDiffers, UnmatchedSettled, UnmatchedExceeded.
    """
    it = state.it
    if amount.currency != it.currency:
        raise UnmatchedCurrencyDiffers(it.unmatched, it.currency, amount.currency)
    if state.left == 0:
        raise UnmatchedSettled(it.unmatched)
    if amount.minor > state.left:
        raise UnmatchedExceeded(it.unmatched, amount, Money(state.left, it.currency))


def evolve_unmatched(state: UnmatchedMoney | None, entry: Entry) -> UnmatchedMoney:
    """The money after one more entry of its stream. Raises: TypeError for an event of another stream."""
    after = _evolved(state, entry)
    was, known = (0, NOTHING) if state is None else (state.left, state.there)
    there = known.after([(("left",), after.left - was)], entry.effective_at)
    return msgspec.structs.replace(after, there=there)


def _evolved(state: UnmatchedMoney | None, entry: Entry) -> UnmatchedMoney:
    match entry.event, state:
        case (UnmatchedReceipt() | UnmatchedPayout()) as it, None:
            return UnmatchedMoney(it, entry.effective_at, entry.position)
        case (UnmatchedReceiptAssigned() | UnmatchedPayoutAssigned()) as it, UnmatchedMoney():
            return _settled(state, it.subject, it, entry)
        case (UnmatchedReceiptReturned() | UnmatchedPayoutReturned()) as it, UnmatchedMoney():
            return _settled(state, it.settlement, it, entry)
        case UnmatchedReceiptReopened() as it, UnmatchedMoney():
            return _reopened(state, it.subject, entry)
        case UnmatchedReceiptCameAgain() as it, UnmatchedMoney():
            return _reopened(state, it.settlement, entry, failed=entry.meta.origin == TOLD)
        case event, _:
            raise TypeError(f"{type(event).__name__} does not belong at {entry.stream} {entry.version}")


def _settled(state: UnmatchedMoney, name: str, it: Settled, entry: Entry) -> UnmatchedMoney:
    settlement = Settlement(it, entry.effective_at, entry.position)
    return msgspec.structs.replace(state, settlements={**state.settlements, name: settlement})


def _reopened(state: UnmatchedMoney, name: str, entry: Entry, *, failed: bool = False) -> UnmatchedMoney:
    none = msgspec.structs.replace(state.settlements[name], reopened=entry.position, failed=failed)
    return msgspec.structs.replace(state, settlements={**state.settlements, name: none})
