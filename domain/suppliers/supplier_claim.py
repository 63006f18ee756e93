"""A claim on the supplier of refunded goods: its state, in the stream of the order. Source: R-G2"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from domain.moments import Moment
from domain.refusal import Refusal
from domain.suppliers.supplier_events import (
    ClaimedFromSupplier,
    SupplierClaimFiled,
    SupplierClaimRefused,
    SupplierClaimSettled,
    SupplierClaimWaived,
)

SUPPLIER_CLAIM = "supplier_claim"
"""The kind of claim by which the stream of a claim on a supplier is found, and which keeps its id to one."""

ClaimStatus = Literal["filed", "part_settled", "settled", "refused", "waived"]
ClaimAnswer = SupplierClaimSettled | SupplierClaimRefused | SupplierClaimWaived


class SupplierClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A claim as it began, when, and what came of it."""

    begun: SupplierClaimFiled | SupplierClaimWaived
    """Waived before it was filed, or filed."""
    at: Moment
    position: int
    answers: tuple[tuple[ClaimAnswer, int], ...] = ()
    """What came of it and the positions that say so: a supplier may pay in parts, and what they refused."""

    @property
    def units(self) -> tuple[ClaimedFromSupplier, ...]:
        """What it is about."""
        return self.begun.units

    @property
    def claimed(self) -> int:
        """What we asked for: nothing where it was waived before it was filed."""
        return self.begun.amount if isinstance(self.begun, SupplierClaimFiled) else 0

    @property
    def recovered(self) -> int:
        """What the supplier paid, in minor units."""
        return sum([paid.amount for paid, _ in self.recoveries])

    @property
    def left(self) -> int:
        """What of the claim they did not pay."""
        return max(0, self.claimed - self.recovered)

    @property
    def recoveries(self) -> tuple[tuple[SupplierClaimSettled, int], ...]:
        """Each part they paid, and the position that says so."""
        return tuple([(it, where) for it, where in self.answers if isinstance(it, SupplierClaimSettled)])

    @property
    def status(self) -> ClaimStatus:
        """Where it stands: the last answer counts."""
        match self.answers[-1][0] if self.answers else self.begun:
            case SupplierClaimFiled():
                return "filed"
            case SupplierClaimSettled():
                return "part_settled" if self.left else "settled"
            case SupplierClaimRefused():
                return "refused"
            case SupplierClaimWaived():
                return "waived"

    def answered(
        self, kind: type[SupplierClaimRefused] | type[SupplierClaimWaived]
    ) -> tuple[ClaimAnswer, int] | None:
        """The answer of that kind, and the position that says so."""
        for answer, position in self.answers:
            if isinstance(answer, kind):
                return answer, position
        return None


SupplierClaims = Mapping[str, SupplierClaim]
"""By the id of the claim."""


@dataclass(unsafe_hash=True)
class SupplierClaimUnknown(Refusal):
    """No claim on a supplier has this id."""

    rule = "H-known"
    way_out = "Find the claim in the list of claims, or file it beside the refund."

    claim: str
