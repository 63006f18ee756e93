"""The port to a processor of payments: how a card on file is charged. Who serves a processor implements it.

A charge is named by its payment's id, which the processor takes as idempotency key: asking for the same
charge again tells what became of it, and never charges twice.
"""

from typing import Protocol

import msgspec

from domain.decline_codes import NetworkAdvice


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


class Gateway(Protocol):
    """A processor of payments."""

    @property
    def processor(self) -> str:
        """Its name, within which its references are unique."""
        ...

    async def charge(self, charge: Charge) -> Charged | ChargeDeclined:
        """Charge a card, or say what became of that charge. Raises: OutOfReach."""
        ...
