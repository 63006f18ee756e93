"""References under which money came or left, so that the same money never counts twice.

    at a processor         unique there, whatever the money was for
    on a cheque, with a    unique among that customer's: two people's cheques share a number, and two people
    transfer               write "order" with theirs
    on what we send        unique in the book, whoever is paid: a cheque of ours pays one customer

The first payment under a reference claims it for good. Where that payment was corrected, the next one claims
what the correction set free, and so on. Money that comes again after a reversal has a name of its own at a
processor, in the same space, and claims it; a cheque or transfer comes again under its own. Money that left
has a space of its own (`payout_references.py`), and so has what a bank took back of a processor's payment; a
cheque that bounced has the number it came with. Source: I12
"""

from typing import Final

import msgspec

from domain.decision import Claim
from domain.orders.order import Placed
from domain.payments.payment import Payment
from domain.payments.payment_events import PaymentCaptured, PaymentReinstated

NAMED_BY_PAYER: Final = frozenset(
    {"bank_transfer", "cash", "check", "cheque", "money_order", "postal_order", "transfer"}
)
"""Ways whose references are what the customer wrote, or the paper they sent bears."""
NAMED_BY_NOBODY: Final = frozenset({"card", "credit_card", "debit_card"})
"""Ways that do not say whose name it is: the processor tells the same card payment again, as its own."""
PAYOUT_REF: Final = "payout_ref"
"""Claimed by the one fact that used a reference under which money left us."""
PROCESSOR_REF: Final = "processor_ref"
"""Claimed by money under what its processor calls it: `<processor>/<reference>`."""


class MoneyReference(msgspec.Struct, frozen=True):
    """What a processor, a bank or a customer calls some money."""

    way: str
    """The processor, or how it came."""
    reference: str
    customer: str
    """Who paid, or was paid."""

    @property
    def is_payers_own(self) -> bool:
        """Whether whoever sent the money named it, and not a processor."""
        return self.way in NAMED_BY_PAYER

    @property
    def value(self) -> str:
        """What is claimed: its space of names, and its name there."""
        value = f"{self.way}/{self.reference}"
        return f"{self.customer}/{value}" if self.is_payers_own else value

    def claim(self, corrected: int | None) -> Claim:
        """What the next payment under it claims; `corrected`: where the last one was taken back."""
        kind, value = "bill_payment_ref" if self.is_payers_own else PROCESSOR_REF, self.value
        return Claim(kind, value) if corrected is None else Claim(f"{kind}_again", f"{value}/{corrected}")

    def payout_claim(self, returned: int | None = None) -> Claim:
        """What money that left under it claims; `returned`: where the last that did came back to us.

        Whoever is paid: the cheques we write, and the transfers we make, are numbered by us or by our bank.
        """
        value = f"{self.way}/{self.reference}"
        if returned is None:
            return Claim(PAYOUT_REF, value)
        return Claim(f"{PAYOUT_REF}_again", f"{value}/{returned}")

    def claims_again(self) -> tuple[Claim, ...]:
        """What money under it claims that comes to us again."""
        return () if self.is_payers_own else (self.claim(None),)

    def claims_taken_back(self) -> tuple[Claim, ...]:
        """What money under it claims that a bank took back: it left us."""
        return () if self.is_payers_own else (self.payout_claim(),)

    def last_in(self, state: Placed) -> Payment | None:
        """The last payment of the order that claimed it."""
        for known in reversed(list(state.payments.values())):
            if named_by(known) == (self.way, self.reference):
                return known
        return None

    def next_claim(self, there: Placed | None) -> Claim:
        """What a payment claims; `there`: the order where the last one may have been corrected."""
        last = None if there is None else self.last_in(there)
        return self.claim(None if last is None else last.corrected)


def recorded_under(state: Placed, way: str, reference: str | None) -> Payment | None:
    """The payment of the order under that reference, whatever it was for, that was not corrected since."""
    if reference is None:
        return None
    for known in reversed(list(state.payments.values())):
        if known.corrected is None and named_by(known) == (way, reference):
            return known
    return None


def reinstated_under(
    state: Placed, reversal: str, way: str, reference: str
) -> tuple[PaymentReinstated, int] | None:
    """What came again under that reference, and the position that says so; of a cheque, of that reversal."""
    for known in state.reversals.values():
        if known.it.reversal != reversal and way in NAMED_BY_PAYER:
            continue
        if way_of(state.payments[known.it.payment]) != way:
            continue
        for it, position in known.reinstatements:
            if it.reference == reference:
                return it, position
    return None


def way_of(known: Payment) -> str:
    """The processor it came through, or how it came: whose references are one space."""
    it = known.received
    return it.processor if isinstance(it, PaymentCaptured) else it.method


def named_by(known: Payment) -> tuple[str, str | None]:
    """The processor it came through, or how it came, and what it is called there."""
    return way_of(known), known.received.reference
