"""What was asked for and not given at once: who sent it on to the next role, and whether it is wanted still.

    asked for ─ escalated, once or more ─ given, or withdrawn

A refund and new credit wait alike. Source: R-G3, R-G11
"""

from typing import Generic, Protocol, Self, TypeVar

import msgspec

from domain.entry import Entry
from domain.moments import Moment


class SendsOn(Protocol):
    """An escalation: somebody of the next role decides."""

    @property
    def sent_on_by(self) -> str | None: ...


Asked = TypeVar("Asked")
Escalated = TypeVar("Escalated", bound=SendsOn)


class Request(msgspec.Struct, Generic[Asked, Escalated], frozen=True):
    """Something asked for that waits for a decision, when, and the positions that say so."""

    requested: Asked
    at: Moment
    positions: tuple[int, ...]
    """Of the request and its escalations."""
    escalated: Escalated | None = None
    """The last escalation."""
    sent_on_by: tuple[str, ...] = ()
    """Persons whose approval it was above the limit of."""
    withdrawn: int | None = None
    """Position that says so."""

    def after_escalation(self, it: Escalated, entry: Entry) -> Self:
        """The request, which waits for another role."""
        return msgspec.structs.replace(
            self,
            positions=(*self.positions, entry.position),
            escalated=it,
            sent_on_by=self.sent_on_by if it.sent_on_by is None else (*self.sent_on_by, it.sent_on_by),
        )

    def after_withdrawal(self, entry: Entry) -> Self:
        """The request, which is no longer wanted."""
        return msgspec.structs.replace(self, withdrawn=entry.position)
