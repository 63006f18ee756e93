"""What a process keeps folded of a book: the states of recent streams and the facts of recent customers.

Everything kept is immutable, and a beginning without gaps: it may lack the newest entries, never one in
between. That suffices, since an append checks that nothing came after, and what is not recorded is decided
again on what was just read. A gap in a stream shows by its versions. A customer's history has none, so facts
are kept only once an append has proven them complete, and only as long as nobody else writes.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

import msgspec

from domain.customers.standing import CustomerFacts, fold_customer
from domain.entry import Entry
from domain.moments import Moment
from domain.stored_types import evolve_of

MOST_KEPT = 30_000
"""Customers' facts a process keeps per book."""
MOST_WEIGHT = 400_000
"""How much the states a process keeps of a book weigh together, about 100 MB: those of 40,000 orders of one
line, or of 400 of a thousand lines.
"""

Key = TypeVar("Key")
Value = TypeVar("Value")


class Folded(msgspec.Struct, frozen=True):
    """The state of a stream up to a version; `Folded()` is the stream before its first entry."""

    state: object | None = None
    version: int = 0
    weight: int = 0
    """One for each entry, and one for each line and part they name."""

    def after(self, entries: Iterable[Entry]) -> "Folded":
        """This state and the entries that follow it."""
        state, version, weight = self.state, self.version, self.weight
        for entry in entries:
            state, version = evolve_of(entry.stream)(state, entry), entry.version
            weight += _weight(entry)
        return Folded(state, version, weight)


class FoldedFacts(msgspec.Struct, frozen=True):
    """The facts of a customer up to a position, and the newest business time among them."""

    facts: CustomerFacts = CustomerFacts()
    position: int = 0
    newest: Moment | None = None
    strangers: int = 0
    """The writer's count of strangers when this was proven; once that has grown, one entry may be missing."""

    def after(self, entries: Iterable[Entry]) -> "FoldedFacts":
        """These facts and the entries that follow them."""
        facts, position, newest = self.facts, self.position, self.newest
        for entry in entries:
            facts, position = fold_customer(facts, entry), entry.position
            newest = entry.effective_at if newest is None else max(newest, entry.effective_at)
        return FoldedFacts(facts, position, newest, self.strangers)


def _one(_: object) -> int:
    return 1


class Recent(Generic[Key, Value]):
    """The values last used, as many as together weigh at most `most`; without `weigh`, that many."""

    def __init__(self, most: int = MOST_KEPT, weigh: Callable[[Value], int] = _one) -> None:
        self._most, self._weigh = most, weigh
        self._kept: OrderedDict[Key, Value] = OrderedDict()
        self._weight = 0

    def get(self, key: Key) -> Value | None:
        """The value, now the one last used; None if it is not kept."""
        value = self._kept.get(key)
        if value is not None:
            self._kept.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> None:
        """Keep the value, at the cost of those used longest ago."""
        self.take(key)
        self._kept[key] = value
        self._weight += self._weigh(value)
        while self._weight > self._most and len(self._kept) > 1:
            self.take(next(iter(self._kept)))

    def take(self, key: Key) -> Value | None:
        """The value, which is no longer kept; None if it was not."""
        value = self._kept.pop(key, None)
        if value is not None:
            self._weight -= self._weigh(value)
        return value


class _Unfolded(NamedTuple):
    """A state as it was folded last, and the entries that have come since."""

    before: Folded
    entries: tuple[Entry, ...]


def _weight(entry: Entry) -> int:
    """What an entry adds to the weight of its stream's state."""
    event = entry.event
    return 1 + len(getattr(event, "lines", ())) + len(getattr(event, "parts", ()))


def _weight_of(kept: Folded | _Unfolded) -> int:
    if isinstance(kept, Folded):
        return kept.weight
    return kept.before.weight + sum(map(_weight, kept.entries))


class Folds:
    """The states and facts one process keeps of one book.

    What is recorded is folded when it is asked for: most customers are not, for a while.
    """

    def __init__(self) -> None:
        self.facts: Recent[str, FoldedFacts] = Recent()
        self._states: Recent[str, Folded | _Unfolded] = Recent(MOST_WEIGHT, _weight_of)

    def state(self, stream: str) -> Folded | None:
        """The state of a stream; None if it is not kept."""
        kept = self._states.get(stream)
        if isinstance(kept, _Unfolded):
            self._states.take(stream)  # if a fold fails, nothing that lacks an entry stays behind
            kept = kept.before.after(kept.entries)
            self._states.put(stream, kept)
        return kept

    def keep(self, stream: str, state: Folded) -> None:
        """Keep a state that was read, unless a later one is kept."""
        known = self.state(stream)
        if known is None or known.version < state.version:
            self._states.put(stream, state)

    def remember(
        self, entries: Sequence[Entry], proven: tuple[str, FoldedFacts] | None, strangers: int
    ) -> None:
        """Take in entries just recorded here, append by append in the order of positions.

        `proven` are a customer's facts which this very append found to be complete. `strangers` counts how
        often somebody else was found to have written: facts kept from before may lack an entry in between.
        """
        if proven is not None:
            customer, facts = proven
            self.facts.put(customer, msgspec.structs.replace(facts, strangers=strangers))
        for entry in entries:
            self._remember_state(entry)
        for customer in {entry.customer: None for entry in entries if entry.customer is not None}:
            kept = self.facts.take(customer)
            if kept is not None and kept.strangers == strangers:
                own = [entry for entry in entries if entry.customer == customer]
                self.facts.put(customer, kept.after(own))

    def _remember_state(self, entry: Entry) -> None:
        stream, version = entry.stream, entry.version
        match self._states.get(stream):
            case None:
                before, entries, known = Folded(), (), 0
            case _Unfolded(before, entries):
                known = entries[-1].version
            case Folded() as before:
                entries, known = (), before.version
        if known == version - 1:
            self._states.put(stream, _Unfolded(before, (*entries, entry)))
        elif known < version:
            self._states.take(stream)
