"""What payment processors told us: one row per notice, and what became of it."""

from collections.abc import Iterable

from domain.entry import Entry
from domain.inbound.notice_events import NoticeReceived
from domain.moments import Moment
from projections.projection import LinesPerEntry, Place, Row, events_of


class NoticeLine(Row):
    """A notice as a list shows it; its body is in its entry."""

    position: Place
    processor: str
    notice: str
    kind: str
    happened_at: Moment
    result: str
    """`recorded`, `known`, `unmatched`, `refused`, `kept` or `not_understood`."""
    customer: str | None
    order: str | None
    why: str | None
    size: int
    """Characters of its body as it is kept, sealed."""


class Notices(LinesPerEntry[NoticeLine, NoticeReceived]):
    """What did payment processors tell us, and what became of it?"""

    name = "notices"
    version = 1
    row = NoticeLine
    handles = events_of(NoticeReceived)
    key = ("position",)
    group_key = key
    indexes = (("kind", "position"), ("result", "position"), ("order", "position"))

    def lines(self, it: NoticeReceived, entry: Entry) -> Iterable[NoticeLine]:
        yield NoticeLine(
            entry.position,
            it.processor,
            it.notice,
            it.kind,
            it.happened_at,
            it.result,
            it.customer,
            it.order,
            it.why,
            len(it.body),
        )


LISTED = """
SELECT position, processor, notice, kind, happened_at, result, customer, "order", why, size FROM held"""
"""Every notice, over the rows `held`."""
