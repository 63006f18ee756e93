"""How a command arrives at a book, and what comes back."""

import msgspec

from domain.decision import Actor
from domain.entry import Entry
from domain.moments import Moment


class Lookup(msgspec.Struct, frozen=True):
    """A row of the blind index: a keyed digest by which a customer can be found."""

    kind: str
    digest: bytes
    customer: str


class SubjectKey(msgspec.Struct, frozen=True):
    """The wrapped key under which one subject's personal data is sealed."""

    subject: str
    wrapped: bytes


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, from where, why and how often it may count."""

    actor: Actor
    origin: str
    reason: str | None = None
    """Sealed."""
    correlation: str | None = None
    causation: str | None = None
    key: str | None = None
    """The idempotency key; it counts within `principal`, which is the actor's person unless given."""
    principal: str | None = None
    request_hash: bytes | None = None
    effective_at: Moment | None = None
    """None: the book's now."""
    dry_run: bool = False
    expected: tuple[str, frozenset[int]] | None = None
    """A stream and the versions of it on which the caller would have it decided."""
    lookups: tuple[Lookup, ...] = ()
    """Stored with the append, and only then."""
    subject_keys: tuple[SubjectKey, ...] = ()
    """Stored with the append, and only then."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded, or, without recording, what already says it or what would be recorded."""

    entries: tuple[Entry, ...]
    replayed: bool = False
    """The key was used before; these are the entries it recorded."""
    already: bool = False
    """The command decided nothing new; these are the entries that already say it."""
    dry_run: bool = False
    """Nothing was recorded; positions count on from the head as it was last known."""
