"""What can happen to a claim on the supplier of refunded goods: events in the stream of the order.

Amounts are whole minor units of the event's one `currency`. Source: R-G2
"""

import msgspec

from domain.entry import Event, Minor, Sealed
from domain.moments import Day


class ClaimedFromSupplier(msgspec.Struct, frozen=True, kw_only=True):
    """Refunded units of one line and window that the supplier answers for."""

    line: int
    sku: str
    quantity: int
    shipment: str | None
    delivery: str | None
    """The delivery whose window they use; None where they were refunded before they arrived."""
    until: Day
    """Last day the supplier takes them back."""


class SupplierClaimFiled(Event, frozen=True, kw_only=True):
    """The supplier was asked to make refunded goods good, inside their window. Source: R-G2"""

    claim: str
    refund: str
    order: str
    customer: str
    supplier: str | None
    currency: str
    amount: Minor
    """What we ask for."""
    filed_on: Day
    units: tuple[ClaimedFromSupplier, ...]
    all_recoverable: bool
    """Whether everything recoverable was asked for."""
    units_left: int
    """Units of the refund still to be claimed or given up, of those the supplier took back at its grant."""
    sends_goods: bool
    """Whether the goods go to the supplier with it: then they are no longer on hand."""


class SupplierClaimSettled(Event, frozen=True, kw_only=True):
    """The supplier paid, all of it or a part. Source: R-G2, §2 Money"""

    recovery: str
    """Names what they paid."""
    claim: str
    refund: str
    order: str
    customer: str
    currency: str
    amount: Minor
    reference: str | None
    """What the bank calls it."""
    in_full: bool
    """Whether all that was claimed is paid with it, and was not before."""


class SupplierClaimRefused(Event, frozen=True, kw_only=True):
    """The supplier does not pay. Source: R-G2"""

    claim: str
    refund: str
    order: str
    customer: str
    note: Sealed | None
    """What they said."""


class SupplierClaimWaived(Event, frozen=True, kw_only=True):
    """We do not ask the supplier, or no longer; the entry says why. Source: R-G2"""

    claim: str
    """The claim that was filed; or names what is given up before it was."""
    refund: str
    order: str
    customer: str
    units: tuple[ClaimedFromSupplier, ...]
    """What was never claimed; empty where the claim says it."""
    all_recoverable: bool
    """Whether everything not yet claimed was given up; true where the claim says it."""
    units_left: int
    """Units of the refund still to be claimed or given up, of those the supplier took back at its grant."""
