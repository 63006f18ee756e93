"""`makegood persons`: who may act in a book."""

from typing import Annotated

import typer

from api.permissions import Permission
from api.render import ERASED
from cli.acting import NAME, OPERATOR, AsPerson, acting, free_text
from cli.options import BookName, Data, Dsn, Json, settings, with_book
from cli.output import show
from domain.book.register import Person, PersonRegistered, Register, RegisterPerson, Role
from domain.decision import Actor
from ledger.book import Book
from ledger.identity import mint
from ledger.record.submission import Submission

app = typer.Typer(help="Persons and services that may act in a book.")

Name = Annotated[str, typer.Argument(help="As colleagues call them; kept sealed.")]
RoleOption = Annotated[Role, typer.Option("--role", help="What they may decide.")]


@app.command("add")
def add(
    name: Name,
    role: RoleOption,
    person: AsPerson = None,
    book: BookName = None,
    data: Data = None,
    dsn: Dsn = None,
    as_json: Json = False,
) -> None:
    """Let a person act in the book; prints their id, which `keys create` asks for."""

    async def added(book: Book) -> dict[str, object]:
        actor = await acting(book, person, Permission.KEEP_PERSONS)
        new = await register(book, free_text("name", name, NAME), role, actor)
        return {"person": new, "name": name, "role": role}

    show([with_book(settings(data, dsn), book, added)], as_json)


@app.command("list")
def persons(book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """Everybody who may act in the book."""
    show(with_book(settings(data, dsn), book, _persons), as_json)


async def register(book: Book, name: str, role: Role, actor: Actor = OPERATOR, key: str | None = None) -> str:
    """Registers a person, whose name is sealed under a key of their own; the same key finds them again.

    Raises: Refusal, LedgerError.
    """
    person = mint("per")
    subject = book.sealer.new_subject(person)
    outcome = await book.execute(
        RegisterPerson(person=person, name=subject.seal("name", name), role=role),
        Submission(actor=actor, origin="cli", key=key, subject_keys=(subject.row,)),
    )
    registered = outcome.entries[-1].event
    assert isinstance(registered, PersonRegistered)
    return registered.person


async def persons_of(book: Book) -> list[Person]:
    """Everybody who may act in the book, in the order in which they were registered."""
    state = await book.state("book")
    assert isinstance(state, Register)
    return list(state.persons.values())


async def _persons(book: Book) -> list[dict[str, object]]:
    found = await persons_of(book)
    names = await book.sealer.open_all([person.name for person in found])
    return [{"person": it.person, "name": names[it.name] or ERASED, "role": it.role} for it in found]
