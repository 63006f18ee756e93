"""An entry: one event plus who recorded it, when and why. A book is a list of entries."""

from typing import Annotated

import msgspec

from domain.moments import Moment

Minor = Annotated[int, msgspec.Meta(extra={"mark": "money"})]
"""An amount in whole minor units of the event's one `currency`."""

Sealed = Annotated[str, msgspec.Meta(extra={"mark": "sealed"})]
"""Personal or free text, sealed at the edge (`ledger.sealing.sealer`); the domain only ever holds the sealed
form.
"""


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happened, as decided: a noun and a past participle. Stored for ever; loading it asks no rule."""


class Meta(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who recorded an entry and why. Exactly these nine fields are stored and hashed."""

    person: str
    """Person id, or `system` where no person acted (opening a book, a tick)."""
    role: str
    on_behalf_of: str | None = None
    """The registered person a service acts for."""
    origin: str
    """`api`, `cli`, `import`, `reaction`, `tick` or `provider`."""
    reason: Sealed | None = None
    correlation: str | None = None
    causation: str | None = None
    """Position of the entry that caused this one, as text."""
    edition: int | None = None
    """The policy edition in force when it was decided: its version in the `policy` stream."""
    key: str | None = None
    """The idempotency key of the command."""

    @property
    def who(self) -> str:
        """The person at the counter, whoever's key it was."""
        return self.on_behalf_of or self.person


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An event in its place in the book."""

    position: int
    """1, 2, 3, … without gaps over the whole book."""
    stream: str
    version: int
    """1, 2, 3, … without gaps within the stream."""
    event: Event
    customer: str | None = None
    effective_at: Moment
    """Business time: when it took effect."""
    recorded_at: Moment
    """The ledger's own time: when it was written down; never earlier than the entry before."""
    meta: Meta


def foreseen_entry(stream: str, event: Event, customer: str | None, *, at: Moment, now: Moment) -> Entry:
    """An event as it will be recorded, but for its position, which is not known before the append."""
    return Entry(
        position=0,
        stream=stream,
        version=0,
        event=event,
        customer=customer,
        effective_at=at,
        recorded_at=now,
        meta=NOBODYS,
    )


NOBODYS = Meta(person="", role="", origin="")
"""Of what is only foreseen."""
