"""A projection: one question, and the fold that answers it.

    Projection          rows of a group, before → after
    ├── RowPerGroup     exactly one row per group: a customer, an order
    └── LinesPerEntry   an append-only list: each entry adds its own lines and changes none

A projection says which events it handles, which group an entry touches, and how the group's rows change. That
one definition is followed, rebuilt, folded as of a moment, explained and verified (`ledger.projecting`). It
is deterministic: it reads no clock, no other projection and no random number, and it never rejects a fact.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, Self, TypeVar, cast, get_args

import msgspec

from domain.entry import Entry, Event
from domain.moments import Moment

Place = Annotated[int, msgspec.Meta(extra={"mark": "position"})]
"""The position of an entry in a row: no figure, and so nothing to explain."""

Key = tuple[str | int, ...]
"""The values that name a group or a row, in the order of the columns."""


class Row(msgspec.Struct, gc=False):
    """A row: plain values, the key's fields first, all others with their value before anything happened."""

    if TYPE_CHECKING:

        def __copy__(self) -> Self: ...


RowT = TypeVar("RowT", bound=Row)
EventT = TypeVar("EventT", bound=Event)


class Projection(ABC, Generic[RowT, EventT]):
    """One question about a book; the docstring of the subclass is the question.

    The attributes say what the table is; change `version` with anything that changes a row, and the new
    version is built beside the old one.
    """

    name: str
    version: int
    row: type[RowT]
    handles: tuple[type[Event], ...]
    """The classes of `EventT`, by `events_of(…)`."""
    key: tuple[str, ...]
    """The columns that name a row: the first fields of `row`."""
    group_key: tuple[str, ...]
    """The columns that name a group of rows: the first of `key`."""
    own_id: str | None = None
    """The column of the key whose value, an id, names the row without what comes before it: lists show it."""
    found_by: Literal["customer", "stream"] | None = None
    """What of every entry equals the first column of its group, so that one group is found quickly."""
    indexes: tuple[tuple[str, ...], ...] = ()
    """More ways to find rows, each a list of columns."""

    @property
    def table(self) -> str:
        """The table that holds the rows of all books."""
        return f"{self.name}_v{self.version}"

    @property
    def question(self) -> str:
        """What it answers, in one sentence."""
        return (type(self).__doc__ or "").strip().partition("\n")[0]

    @abstractmethod
    def group(self, it: EventT, entry: Entry) -> Key | None:
        """The group that an entry touches, by the entry alone; None for none. `it` is the entry's event."""

    @abstractmethod
    def fold(self, rows: dict[Key, RowT], group: Key, it: EventT, entry: Entry) -> None:
        """Change the group's rows, by key, from before the entry to after it; they are the fold's own."""


class RowPerGroup(Projection[RowT, EventT]):
    """A projection with exactly one row per group, there from the first entry that touches it."""

    @abstractmethod
    def change(self, row: RowT, it: EventT, entry: Entry) -> None:
        """Change the group's row from before the entry to after it."""

    def fold(self, rows: dict[Key, RowT], group: Key, it: EventT, entry: Entry) -> None:
        row = rows.get(group)
        if row is None:
            row = rows[group] = self.row(*group)
        self.change(row, it, entry)


class LinesPerEntry(Projection[RowT, EventT]):
    """An append-only list: an entry's lines depend on the entry alone; the key names its `position`."""

    @abstractmethod
    def lines(self, it: EventT, entry: Entry) -> Iterable[RowT]:
        """The lines an entry adds."""

    def group(self, it: EventT, entry: Entry) -> Key | None:
        return (entry.position,)

    def fold(self, rows: dict[Key, RowT], group: Key, it: EventT, entry: Entry) -> None:
        width = len(self.key)
        for row in self.lines(it, entry):
            rows[msgspec.structs.astuple(row)[:width]] = row


def events_of(union: object) -> tuple[type[Event], ...]:
    """The classes of a union of events, or of a single one."""
    return get_args(union) or cast(tuple[type[Event]], (union,))


def is_last(known: Moment | None, entry: Entry) -> bool:
    """Whether nothing of its kind that is known was later: what is told late turns no row back."""
    return known is None or known <= entry.effective_at


AnyProjection = Projection[Any, Any]
"""A projection whose row and events are not of interest."""
