"""Who acts when a command records something: a registered person, or the system before there is one."""

from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from api.faults import said_of
from api.grammars import FreeText, ShortText
from api.permissions import GRANTED, Permission
from cli.failures import Misused
from domain.book.register import Register
from domain.decision import Actor
from ledger.book import Book

AsPerson = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="PERSON",
        envvar="MAKEGOOD_PERSON",
        help="Who records it: the id of a person of the book, per_…; see `persons list`.",
    ),
]

OPERATOR = Actor(person="system", role="owner")
"""Whoever can reach the data folder or the database, while the book has nobody who may act instead."""


FREE: TypeAdapter[str] = TypeAdapter(FreeText)
NAME: TypeAdapter[str] = TypeAdapter(ShortText)
"""What a person is called."""


async def acting(book: Book, person: str | None, permission: Permission) -> Actor:
    """The person named, whose role must allow it; the system, until somebody registered may do it.

    Raises: Misused.
    """
    register = await book.state("book")
    assert isinstance(register, Register)
    if person is None:
        if any(permission in GRANTED[it.role] for it in register.persons.values()):
            raise Misused(
                "Say who you are with --as PERSON, or set MAKEGOOD_PERSON. See them: makegood persons list"
            )
        return OPERATOR
    known = register.persons.get(person)
    if known is None:
        raise Misused(f"No person of {book.name} is called {person}. See them: makegood persons list")
    if permission not in GRANTED[known.role]:
        raise Misused(f"This needs somebody who may {permission.replace('_', ' ')}; {known.role} may not.")
    return Actor(person=known.person, role=known.role)


def free_text(what: str, text: str, kind: TypeAdapter[str] = FREE) -> str:
    """The text itself, if it may be recorded: what the API takes is taken here. Raises: Misused."""
    try:
        return kind.validate_python(text)
    except ValidationError as wrong:
        raise Misused(f"The {what} is not recorded: {said_of(wrong)}.") from None
