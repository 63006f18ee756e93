"""What happened to this order, and when?"""

from collections.abc import Iterable
from typing import Final

from domain.entry import Entry
from projections.timeline.bills import TOLD_OF_BILLS
from projections.timeline.corrections import TOLD_OF_CORRECTIONS
from projections.timeline.declines import TOLD_OF_DECLINES
from projections.timeline.milestone import Milestone, Told
from projections.timeline.orders import TOLD_OF_ORDERS
from projections.timeline.payments import TOLD_OF_PAYMENTS
from projections.timeline.refunds import TOLD_OF_REFUNDS
from projections.timeline.returns import TOLD_OF_RETURNS

TOLD: Final[Told] = {
    **TOLD_OF_ORDERS,
    **TOLD_OF_PAYMENTS,
    **TOLD_OF_DECLINES,
    **TOLD_OF_BILLS,
    **TOLD_OF_REFUNDS,
    **TOLD_OF_RETURNS,
    **TOLD_OF_CORRECTIONS,
}
"""How each event of an order is told."""


def timeline_of(entries: Iterable[Entry]) -> tuple[Milestone, ...]:
    """The milestones in one order's entries, in the book's order."""
    told = [(TOLD.get(type(entry.event)), entry) for entry in entries]
    return tuple([tell(entry, entry.event) for tell, entry in told if tell is not None])
