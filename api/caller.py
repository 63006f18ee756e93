"""Who is calling: an API key decides the book and the person; a service acts for a registered person."""

from collections.abc import Mapping

import msgspec

from api.permissions import GRANTED, READING, Permission
from api.problems import NobodyActedFor, NotPermitted, Unauthenticated
from domain.book.register import Register
from domain.decision import Actor
from ledger.book import Book
from ledger.composition import Ledger
from ledger.errors import UnknownBook

_CHALLENGE = {"WWW-Authenticate": "Bearer"}


class Caller(msgspec.Struct, frozen=True):
    """A person at the edge of one book, and what they may do there."""

    book: Book
    actor: Actor
    granted: frozenset[Permission]

    def require(self, permission: Permission) -> None:
        """Raises: NobodyActedFor, NotPermitted."""
        if permission not in self.granted:
            if self.actor.role == "service" and permission not in READING:
                raise NobodyActedFor
            raise NotPermitted(_who_may(permission))


def _who_may(permission: Permission) -> str | None:
    """Which roles have that permission, for whoever has to ask one of them."""
    roles = [role for role, granted in GRANTED.items() if permission in granted]
    return f"This takes the role {' or '.join(roles)}." if roles else None


async def identify(ledger: Ledger, headers: Mapping[bytes, bytes]) -> Caller:
    """The caller these headers name. Raises: Unauthenticated, NobodyActedFor."""
    holder = await ledger.api_keys.authenticate(_bearer(headers))
    if holder is None:
        raise Unauthenticated(headers=_CHALLENGE)
    try:
        book = await ledger.book(holder.book)
    except UnknownBook:
        raise Unauthenticated(headers=_CHALLENGE) from None
    register = await book.state("book")
    person = register.persons.get(holder.person) if isinstance(register, Register) else None
    if not isinstance(register, Register) or person is None:
        raise Unauthenticated(headers=_CHALLENGE)
    acted_for = headers.get(b"on-behalf-of")
    if acted_for is None:
        return Caller(book, Actor(person=person.person, role=person.role), GRANTED[person.role])
    return _acting(book, register, person.person, person.role, acted_for.decode("latin-1"))


def _bearer(headers: Mapping[bytes, bytes]) -> str:
    scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated(headers=_CHALLENGE)
    return key.strip()


def _acting(book: Book, register: Register, service: str, role: str, acted_for: str) -> Caller:
    """A service in the shoes of a person: that person's role and permissions, the service's own id."""
    person = register.persons.get(acted_for)
    if role != "service" or person is None or person.role == "service":
        raise NobodyActedFor
    actor = Actor(person=service, role=person.role, on_behalf_of=person.person)
    return Caller(book, actor, GRANTED[person.role])
