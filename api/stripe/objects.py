"""The shapes of Stripe's objects, as far as they are read: its public fixtures, and old versions of them too.

Amounts are in Stripe's own smallest units; for three currencies those are not ISO's minor units.
"""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from api.grammars import KIND_TOLD
from domain.moments import SECOND, Moment
from domain.money import exponent_of

DIGITS_OF_ITS_OWN: Final[Mapping[str, int]] = {"ISK": 2, "UGX": 2, "MGA": 0}
"""Currencies that Stripe counts otherwise than ISO does, each with the digits it counts.

Source: Stripe's list of currencies, its zero-decimal and special cases.
"""

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_]{1,80}$")]
Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{1,60}$")]
Kind = Annotated[str, msgspec.Meta(pattern=KIND_TOLD)]
MOST_UNITS: Final = 2**53 // 100
"""In ISO's minor units the largest amount that is kept, in whatever currency; Stripe moves less at once."""
Units = Annotated[int, msgspec.Meta(ge=0, le=MOST_UNITS)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
Metadata = Mapping[str, str]


class EventData(msgspec.Struct):
    """What a notice is about."""

    object: msgspec.Raw


class StripeEvent(msgspec.Struct):
    """A notice of Stripe; the object it is about is read by its type."""

    id: Id
    type: Kind
    created: Seconds
    data: EventData

    @property
    def happened_at(self) -> Moment:
        """When it says that it happened."""
        return self.created * SECOND


class Outcome(msgspec.Struct):
    """Why a bank or the processor took or refused a charge."""

    type: Code | None = None
    """`blocked`: refused by Stripe itself, and never sent to a bank."""
    reason: Code | None = None
    advice_code: str | None = None


class StripeRefund(msgspec.Struct):
    """Money on its way back."""

    id: Id
    amount: Units
    currency: str
    charge: Id | None = None
    payment_intent: Id | None = None
    status: str | None = None
    reason: Code | None = None
    failure_reason: Code | None = None
    metadata: Metadata | None = None


class StripeRefunds(msgspec.Struct):
    """The refunds of a charge, newest first; newer versions of the interface leave them out."""

    data: list[StripeRefund] = []


class StripeCharge(msgspec.Struct):
    """A card charged, or not."""

    id: Id
    amount: Units
    currency: str
    amount_captured: Units | None = None
    amount_refunded: Units = 0
    """Versions before 2025-03-31 count what was only reserved and let go, and tell of a refund of it."""
    captured: bool = False
    payment_intent: Id | None = None
    payment_method: Id | None = None
    failure_code: Code | None = None
    outcome: Outcome | None = None
    metadata: Metadata | None = None
    refunds: StripeRefunds | None = None

    @property
    def taken(self) -> int:
        """What of it was captured, in Stripe's units; old versions say only whether."""
        return (self.amount_captured or self.amount) if self.captured else 0


class PaymentError(msgspec.Struct):
    """Why the last try to charge failed."""

    code: Code | None = None
    decline_code: Code | None = None
    advice_code: str | None = None
    charge: Id | None = None


class IntentCharge(msgspec.Struct):
    """A charge of an intent, as far as it is named."""

    id: Id


class IntentCharges(msgspec.Struct):
    """The charges of an intent, newest first; newer versions of the interface name the latest alone."""

    data: list[IntentCharge] = []


class StripeIntent(msgspec.Struct):
    """A payment the shop asked for, however often it was tried."""

    id: Id
    amount: Units
    currency: str
    amount_received: Units = 0
    latest_charge: Id | None = None
    charges: IntentCharges | None = None
    payment_method: Id | None = None
    last_payment_error: PaymentError | None = None
    metadata: Metadata | None = None

    @property
    def charge(self) -> str | None:
        """The charge it was paid with, or last tried with."""
        if self.latest_charge is None and self.charges is not None and self.charges.data:
            return self.charges.data[0].id
        return self.latest_charge


class BalanceTransaction(msgspec.Struct):
    """Money that a dispute took, below 0, or gave back."""

    amount: Annotated[int, msgspec.Meta(ge=-MOST_UNITS, le=MOST_UNITS)]
    currency: str


class StripeDispute(msgspec.Struct):
    """A bank asks about a charge."""

    id: Id
    amount: Units
    currency: str
    charge: Id | None = None
    payment_intent: Id | None = None
    reason: Code = "general"
    status: str = ""
    balance_transactions: list[BalanceTransaction] = []


def minor_units(amount: int, currency: str) -> int:
    """The amount in ISO's minor units; `currency` in capital letters."""
    if currency not in DIGITS_OF_ITS_OWN:
        return amount
    more = exponent_of(currency) - DIGITS_OF_ITS_OWN[currency]
    return amount * 10**more if more > 0 else amount // 10**-more
