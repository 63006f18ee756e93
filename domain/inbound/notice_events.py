"""What a payment processor told us: one stream per notice, `inbound/<processor>/<its id>`."""

from typing import Final, Literal

from domain.entry import Event, Sealed
from domain.moments import Moment
from domain.orders.order_events import Deadline

TOLD: Final = "provider"
"""The origin of what a payment processor tells."""

NoticeResult = Literal["recorded", "known", "unmatched", "refused", "kept", "not_understood"]
"""What became of a notice.

recorded: it is recorded as what it tells. known: that was recorded before. unmatched: its money waits for
somebody to say what it was for. refused: it moved no money and broke a rule, is about money that has no
place, or says otherwise than the book. kept: nothing here is told by notices of its kind. not_understood: it
tells of money in a currency in which nothing can be counted, or its object is not of the shape that its kind
promises; somebody looks at the processor's record.
"""


WITHOUT_CONSEQUENCE: Final[tuple[NoticeResult, ...]] = ("refused", "not_understood")
"""What somebody looks at: a notice that tells something from which nothing follows."""


class NoticeReceived(Event, frozen=True, kw_only=True):
    """A processor told us something, signed as its own; the same notice is kept once."""

    processor: str
    notice: str
    """The processor's own id of it."""
    kind: str
    """What it calls it: `charge.succeeded`, …"""
    happened_at: Moment
    """When it says that it happened."""
    body: Sealed
    """All of it, as it came."""
    result: NoticeResult
    customer: str | None
    order: str | None
    """The order it is about, where it is about one."""
    why: str | None
    """The refusal, where there was one; or why nothing could be made of it."""
    deadlines: tuple[Deadline, ...] = ()
    """Looking at it, where it was refused or not understood: nothing else asks anybody to."""


class NoticeClosed(Event, frozen=True, kw_only=True):
    """Somebody compared a notice that nothing follows from with the processor's record: no more is to do."""

    processor: str
    notice: str
    customer: str | None
    note: Sealed | None
    """What they found."""
