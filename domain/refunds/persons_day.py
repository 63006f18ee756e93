"""A person's day: what they granted under a limit on one local day, so that its sum holds exactly.

The stream `day/<person>/<date>` is written in the append of each grant; the day is that of the book's now in
its zone, whenever the refund takes effect. Source: R-G11, R-G12, §2 Streams
"""

from collections.abc import Mapping

import msgspec

from domain.entry import Entry
from domain.moments import Day
from domain.refunds.refund_events import RefundAllowanceUsed


class PersonsDay(msgspec.Struct, frozen=True):
    """What a person granted on one day."""

    used: Mapping[str, int] = {}
    """Minor units by currency."""
    just_under: tuple[str, ...] = ()
    """Refunds that came close under the limit per refund, in the order of their grants."""


def day_stream(person: str, day: Day) -> str:
    """The stream that adds up what that person granted on that day."""
    return f"day/{person}/{day}"


def evolve_day(state: PersonsDay | None, entry: Entry) -> PersonsDay:
    """The day after one more grant. Raises: TypeError for an event of another stream."""
    it = entry.event
    if not isinstance(it, RefundAllowanceUsed):
        raise TypeError(f"{type(it).__name__} does not belong to {entry.stream}")
    state = state or PersonsDay()
    used = {**state.used, it.currency: state.used.get(it.currency, 0) + it.amount}
    close = (*state.just_under, it.refund) if it.just_under else state.just_under
    return PersonsDay(used, close)
