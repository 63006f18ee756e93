"""Opening a book and letting persons act in it. Source: §2 Streams"""

from dataclasses import dataclass

from domain.book import policy, register
from domain.book.default_edition import DEFAULT_ADOPTED
from domain.book.register import BookOpened, OpenBook, PersonRegistered, RegisterPerson
from domain.decision import Decision, Given
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


@dataclass(unsafe_hash=True)
class BookOpenedOtherwise(Refusal):
    """This book is already open, with another zone, country, cut-over day or purpose."""

    rule = "H-retry"
    way_out = "Use the book as it is, or open another book under another name."

    zone: str
    country: str


@dataclass(unsafe_hash=True)
class BookNotOpened(Refusal):
    """Nothing can be recorded in a book before it is opened."""

    rule = "H-known"
    way_out = "Open the book first, with its zone and country."


def open_book(command: OpenBook, given: Given) -> Decision:
    """Opens a book, always at position 1, and records the default policy edition. Checks: retry."""
    event = BookOpened(
        zone=command.zone, country=command.country, cut_over=command.cut_over, demo=command.demo
    )
    book = given.book
    if book.opened is not None:
        if BookOpened(zone=book.zone, country=book.country, cut_over=book.cut_over, demo=book.demo) != event:
            raise BookOpenedOtherwise(book.zone, book.country)
        return Decision(already=(book.opened,))
    return Decision(events=((register.STREAM, event), (policy.STREAM, DEFAULT_ADOPTED)))


def register_person(command: RegisterPerson, given: Given) -> Decision:
    """Registers a person who may act. Checks: retry."""
    known = given.book.persons.get(command.person)
    if known is not None:
        if (known.name, known.role) != (command.name, command.role):
            raise AlreadyRecordedOtherwise(command.person)
        return Decision(already=(known.position,))
    event = PersonRegistered(person=command.person, name=command.name, role=command.role)
    return Decision(events=((register.STREAM, event),))
