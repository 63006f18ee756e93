"""A reaction: what follows an entry by rule, once it is recorded. Pure.

    entry -> Command    the book decides it, as it would for a person
          -> Errand     somebody outside has to be asked first, and the answer is recorded
          -> None       nothing follows

It says what to ask for and reads no state: what holds by the time it is carried out, the decision finds out.
That it is carried out exactly once is up to `ledger.reacting.reactor`. It is never asked by a rebuild, a
replay, a verification or a what-if: they fold what happened, and here something is made to happen. Source: §3
"""

from abc import ABC, abstractmethod
from hashlib import sha256
from typing import Any, Generic, TypeVar

import msgspec

from domain.book.register import Register
from domain.command import Command
from domain.deadlines import is_before_cut_over
from domain.entry import Entry, Event
from domain.ids import type_id

REACTION = "reaction"
"""The origin of what follows by rule."""

EventT = TypeVar("EventT", bound=Event)


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody outside the book is asked for before there is a command to decide."""


class Reaction(ABC, Generic[EventT]):
    """One rule: what follows these events. The docstring of the subclass says it in one sentence."""

    rule: str
    """Its name, part of what makes it happen once: never changed, never reused."""
    handles: tuple[type[Event], ...]
    """The classes of `EventT`."""

    @property
    def meaning(self) -> str:
        """What follows what, in one sentence."""
        return (type(self).__doc__ or "").strip().partition("\n")[0]

    @abstractmethod
    def follows(self, it: EventT, entry: Entry) -> Command | Errand | None:
        """What follows that entry; by the entry alone. `it` is the entry's event."""


AnyReaction = Reaction[Any]
"""A reaction whose events are not of interest."""


def asked_by(reaction: AnyReaction, entry: Entry, book: Register) -> Command | Errand | None:
    """What the reaction asks for after that entry; nothing after history from before the book went live."""
    if is_before_cut_over(book, entry.meta.origin, entry.effective_at):
        return None
    return reaction.follows(entry.event, entry)


def key_of(rule: str, position: int) -> str:
    """The idempotency key of what a rule asks for after the entry at that position."""
    return f"{REACTION}/{rule}/{position}"


def derived_id(prefix: str, entry: Entry, *names: str) -> str:
    """The id of something that follows an entry, always the same; `names` tell apart what follows one entry.

    A UUIDv7 of the moment the entry was recorded, as if it had been minted then.
    """
    name = "/".join((entry.stream, str(entry.version), *names))
    chance = int.from_bytes(sha256(name.encode()).digest()[:10])
    uuid = entry.recorded_at // 1_000 << 80 | chance
    return type_id(prefix, uuid & ~_MARKS | _VERSION_7)


_MARKS, _VERSION_7 = 0xF << 76 | 0x3 << 62, 0x7 << 76 | 0x2 << 62
"""The bits of a UUID that name its version and variant, and what they say for version 7."""
