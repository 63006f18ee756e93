"""The stream `book`: what the book is, and the persons who act in it.

Here are what happened, the state it folds to, and the commands; the decisions are in `domain.book.opening`.
"""

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

from domain.command import LONGEST_SEALED, Command, expect_text
from domain.entry import Entry, Event, Sealed
from domain.ids import expect_id
from domain.moments import Day, plus_days, zone_of

STREAM = "book"

Role = Literal["agent", "supervisor", "owner", "auditor", "service"]
ROLES: tuple[Role, ...] = get_args(Role)


class BookOpened(Event, frozen=True, kw_only=True):
    """A book began: always the entry at position 1."""

    zone: str
    """IANA time zone; every day in this book is a day there."""
    country: str
    """ISO 3166 code of two letters; its holidays bound business days."""
    cut_over: Day | None = None
    """First day this book is the merchant's live record; imports of earlier days start nothing."""
    demo: bool = False


class PersonRegistered(Event, frozen=True, kw_only=True):
    """A person may act in this book."""

    person: str
    name: Sealed
    role: Role


class PeriodClosed(Event, frozen=True, kw_only=True):
    """The books of a month are closed, with all months before: what is entered later about them counts in
    the first month still open, and listed as late. Source: §2 Money
    """

    month: str
    """YYYY-MM."""
    through: Day
    """Its last day."""


class Closing(msgspec.Struct, frozen=True):
    """A month closed, and the position that says so."""

    it: PeriodClosed
    position: int


class Person(msgspec.Struct, frozen=True):
    """A person who may act, and the position that says so."""

    person: str
    name: Sealed
    role: Role
    position: int


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the stream `book`. `Register()` is the book before it is opened."""

    zone: str = "UTC"
    country: str = ""
    cut_over: Day | None = None
    demo: bool = False
    persons: Mapping[str, Person] = {}
    closings: tuple[Closing, ...] = ()
    """Months closed, each later than the one before."""
    opened: int | None = None
    """Position of BookOpened; None before."""


def evolve_register(state: Register | None, entry: Entry) -> Register:
    """The book after one more entry of its stream `book`.

    Raises: TypeError for an event of another stream.
    """
    state = state or Register()
    match entry.event:
        case BookOpened() as it:
            return Register(
                zone=it.zone,
                country=it.country,
                cut_over=it.cut_over,
                demo=it.demo,
                persons=state.persons,
                opened=entry.position,
            )
        case PersonRegistered() as it:
            person = Person(it.person, it.name, it.role, entry.position)
            return msgspec.structs.replace(state, persons={**state.persons, it.person: person})
        case PeriodClosed() as it:
            closed = Closing(it, entry.position)
            return msgspec.structs.replace(state, closings=(*state.closings, closed))
        case other:
            raise TypeError(f"{type(other).__name__} does not belong to the stream {STREAM}")


class OpenBook(Command, frozen=True, kw_only=True):
    """Open a book: its zone, country and cut-over day; the default policy edition is recorded with it."""

    zone: str
    country: str
    cut_over: Day | None = None
    demo: bool = False

    def __post_init__(self) -> None:
        try:
            zone_of(self.zone)
        except (KeyError, ValueError) as unknown:  # ZoneInfoNotFoundError is a KeyError
            raise ValueError("zone must be an IANA time zone") from unknown
        if len(self.country) != 2 or not self.country.isascii() or not self.country.isupper():
            raise ValueError("country must be an ISO 3166 code of two capital letters")
        # Days are compared as text, so the one form counts that sorts as days do.
        if self.cut_over is not None and plus_days(self.cut_over, 0) != self.cut_over:
            raise ValueError("cut_over must be a day, YYYY-MM-DD")

    def writes(self) -> tuple[str, ...]:
        return (STREAM, "policy")


class RegisterPerson(Command, frozen=True, kw_only=True):
    """Let a person act in this book, in one role."""

    person: str
    name: Sealed
    role: Role

    def __post_init__(self) -> None:
        expect_id("per", self.person)
        expect_text("name", self.name, LONGEST_SEALED)
        if self.role not in ROLES:
            raise ValueError(f"role must be one of {', '.join(ROLES)}")

    def writes(self) -> tuple[str, ...]:
        return (STREAM,)
