"""The shape every decision shares: a command and what is given, in; a `Decision` or a `Refusal`, out.

    decide(command, given) -> Decision        rules live here, and only here
    evolve(state, entry)   -> state           never refuses: history must stay loadable when a rule changes

The first rule of every decision is the retry rule: same id and same content decides nothing new (`already`);
same id and other content is refused; only then come the other checks, in the order the docstring lists.
"""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from domain.book.policy import Edition, Policy
from domain.book.register import Register
from domain.customers.standing import CustomerFacts
from domain.entry import Event, Sealed
from domain.moments import Moment

State = TypeVar("State")


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The person (or `system`) that acts, in which role, and for whom."""

    person: str
    role: str
    on_behalf_of: str | None = None

    @property
    def who(self) -> str:
        """The person at the counter, whoever's key it is. Source: R-G11"""
        return self.on_behalf_of or self.person


class Claim(msgspec.Struct, frozen=True):
    """A value that one append of the book may ever claim: an external reference, a processor reference."""

    kind: str
    value: str
    stream: str | None = None
    """The stream that claims it, one of those the decision appends to; None: that of its first event."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """All a decision may know. Every state is folded from entries; `at` and `now` are moments, no clock."""

    at: Moment
    """The deciding moment: the command's effective_at."""
    now: Moment
    """The book's now; `at` is never later."""
    actor: Actor
    origin: str
    reason: Sealed | None = None
    """Why, in the words of whoever asks."""
    book: Register
    """The state of the stream `book`: zone, country, cut-over, persons."""
    policy: Policy
    """Every edition adopted so far."""
    states: Mapping[str, object | None]
    """The folded state of each stream the command names; None where nothing is recorded yet."""
    customer: CustomerFacts | None = None
    """Facts of the customer `facts_of` names, as of `at`; None where nothing was asked."""
    customer_by_now: CustomerFacts | None = None
    """The same with all that is recorded, whenever it takes effect."""
    customer_then: CustomerFacts | None = None
    """Facts of the customer of an order written, as of the moment `facts_due` names; None for nothing due."""

    @property
    def edition(self) -> Edition:
        """The policy edition in force at the deciding moment."""
        return self.policy.in_force(self.at)

    def state(self, stream: str, kind: type[State]) -> State | None:
        """The state of that stream if it is of that kind; None if the stream is empty or of another kind."""
        found = self.states[stream]
        return found if isinstance(found, kind) else None


class Due(msgspec.Struct, frozen=True):
    """What time decided in a stream by itself: an event and the moment its last condition became true."""

    at: Moment
    stream: str
    event: Event
    customer: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What will be recorded in one append, in this order; or, if nothing is new, what already says it."""

    events: tuple[tuple[str, Event], ...] = ()
    """(stream, event) pairs."""
    claims: tuple[Claim, ...] = ()
    customer: str | None = None
    """The customer these entries belong to."""
    already: tuple[int, ...] = ()
    """Positions of the entries that already say what was asked, where `events` is empty."""
    due: tuple[Due, ...] = ()
    """What time had decided before, in the streams written: recorded first, in the same append."""
    at: Moment | None = None
    """When `events` take effect; None: at the deciding moment."""
    later: Mapping[int, Moment] = {}
    """By place among `events`: when that one takes effect, where it rests on what began after the rest."""

    def effects(self, at: Moment) -> tuple[tuple[str, Event, Moment], ...]:
        """(stream, event, moment it takes effect), of what is decided at that moment."""
        rest = at if self.at is None else self.at
        return tuple(
            [
                (stream, event, self.later.get(place, rest))
                for place, (stream, event) in enumerate(self.events)
            ]
        )

    @property
    def named_claims(self) -> tuple[Claim, ...]:
        """The claims, each with the stream that claims it, for a decision that becomes part of another."""
        first = self.events[0][0] if self.events else None
        return tuple([Claim(claim.kind, claim.value, claim.stream or first) for claim in self.claims])
