"""A refund's state: what was granted, and what of it left us as money or was kept as credit.

Source: R-G8, R-G9, I13
"""

from collections.abc import Mapping

import msgspec

from domain.entry import Entry
from domain.moments import Moment
from domain.refund_events import RefundGranted


class Refund(msgspec.Struct, frozen=True):
    """A refund granted, when, and the position that says so."""

    granted: RefundGranted
    at: Moment
    position: int
    paid: int = 0
    """Minor units that left us, less what came back."""
    set_aside: int = 0
    """Minor units kept as the customer's credit."""


Refunds = Mapping[str, Refund]
"""By refund id."""


def with_granted(refunds: Refunds, it: RefundGranted, entry: Entry) -> Refunds:
    """The refunds and one more."""
    return {**refunds, it.refund: Refund(it, entry.effective_at, entry.position)}


def with_settled(refunds: Refunds, refund: str, *, paid: int = 0, set_aside: int = 0) -> Refunds:
    """The refunds, of which one has so much more paid or kept as credit; less where money came back."""
    known = refunds[refund]
    settled = msgspec.structs.replace(known, paid=known.paid + paid, set_aside=known.set_aside + set_aside)
    return {**refunds, refund: settled}
