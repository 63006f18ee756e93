"""The port to a processor of payments: how a card on file is charged and how money goes back the way it came.

Who serves a processor implements it.

A charge is named by its payment's id and a payout by its own, which the processor takes as idempotency keys:
asking for the same again, whatever the amount, tells what became of it, and never moves money twice. What it
was never asked for it does then: what is not wanted any more is only asked about.
"""

from typing import Protocol

import msgspec

from domain.declines.decline_codes import NetworkAdvice
from domain.refunds.paying_out import SendBack


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """A card on file and what it is to pay, in whole minor units."""

    payment: str
    """Names the charge."""
    token: str
    amount: int
    currency: str


class Charged(msgspec.Struct, frozen=True, kw_only=True):
    """The card paid."""

    reference: str
    """The processor's own name for the charge."""


class ChargeDeclined(msgspec.Struct, frozen=True, kw_only=True):
    """The customer's bank refused."""

    reference: str
    decline_code: str
    advice: NetworkAdvice | None = None


class SentBack(msgspec.Struct, frozen=True, kw_only=True):
    """The money is on its way."""

    amount: int
    """What left, in minor units of the payment's currency: of an earlier asking, if there was one."""
    reference: str
    """The processor's own name for the payout."""


class NotSentBack(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing left, and nothing will."""

    why: str
    """A code: `card_closed`, `expired`, …"""


class Gateway(Protocol):
    """A processor of payments."""

    @property
    def processor(self) -> str:
        """Its name, within which its references are unique."""
        ...

    async def charge(self, charge: Charge) -> Charged | ChargeDeclined:
        """Charge a card, or say what became of that charge. Raises: OutOfReach."""
        ...

    async def became_of_charge(self, charge: Charge) -> Charged | ChargeDeclined | None:
        """What became of a charge, charging nothing; None if it was never asked for. Raises: OutOfReach."""
        ...

    async def send_back(self, asked: SendBack) -> SentBack | NotSentBack:
        """Send money back against a payment, or say what became of that payout. Raises: OutOfReach."""
        ...

    async def became_of_payout(self, asked: SendBack) -> SentBack | NotSentBack | None:
        """What became of a payout, sending nothing; None if it was never asked for. Raises: OutOfReach."""
        ...
