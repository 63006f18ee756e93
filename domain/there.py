"""What is there of each thing, and since when: so that nothing is taken of it before it was there.

A *thing* is whatever no more can be taken of than there is: what is open on a bill, the units of a line still
to ship, a customer's credit. Each change is kept with the moment at which it took effect, so that what a
correction, or money that comes again, gives back counts from then on and no earlier.

    a bill of 75.95, paid on the 12th, that payment corrected on the 20th
    → open: 75.95 from the 10th, 0 from the 12th, 75.95 from the 20th; so it is paid again from the 20th on

Source: H-time
"""

from collections.abc import Iterable, Mapping

import msgspec

from domain.moments import EARLIEST, Moment

Thing = tuple[str, ...]
"""What kind of thing, and whose."""
Changes = tuple[tuple[Moment, int], ...]
"""When it changed, and by how much, in the order in which that was recorded."""


class There(msgspec.Struct, frozen=True):
    """How all things of one stream changed."""

    changes: Mapping[Thing, Changes] = {}
    until: Moment = EARLIEST
    """The last moment at which any did: from then on all is there that is there now."""

    def after(self, changed: Iterable[tuple[Thing, int]], at: Moment) -> "There":
        """The same after each of those things changed by so much, at that moment."""
        more = {thing: (*self.changes.get(thing, ()), (at, by)) for thing, by in changed if by}
        return There({**self.changes, **more}, max(self.until, at)) if more else self

    def since(self, thing: Thing, amount: int) -> Moment:
        """Since when so much of a thing is there, and still is with all that was taken of it since.

        `amount` is there now.
        """
        return covered_from(self.changes.get(thing, ()), amount)

    def by(self, thing: Thing, at: Moment) -> int:
        """How much of a thing was there at that moment."""
        return sum([change for when, change in self.changes.get(thing, ()) if when <= at])


NOTHING = There()
"""Of a stream in which no thing is."""


def covered_from(moves: Iterable[tuple[Moment, int]], amount: int) -> Moment:
    """Since when the sum of these moves was so much, and stayed so.

    `amount` is at most their sum; it has always been there where that is nothing.
    """
    changes: dict[Moment, int] = {}
    for at, by in moves:
        changes[at] = changes.get(at, 0) + by
    held, since = sum(changes.values()), EARLIEST
    for at in sorted(changes, reverse=True):
        if held < amount:
            break
        since, held = at, held - changes[at]
    return since
