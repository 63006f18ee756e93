"""`makegood keys`: the API keys of a book."""

from functools import partial
from typing import Annotated

import typer

from cli.failures import Misused
from cli.issued import Issued
from cli.options import BookName, Data, Dsn, Json, book_name, settings, with_ledger
from cli.output import show
from cli.persons import persons_of
from ledger.book import machine_now
from ledger.composition import Ledger

KEYS = Issued("key", "person", lambda ledger: ledger.api_keys)

app = typer.Typer(help="API keys: each belongs to one person or service of one book.")

PersonId = Annotated[str, typer.Argument(metavar="PERSON", help="Id of a person, per_…; see `persons list`.")]
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="Id of a key, key_…; see `keys list`.")]


@app.command("create")
def create(
    person: PersonId, book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False
) -> None:
    """Make a key for a person. It is printed once and cannot be had again."""

    async def created(ledger: Ledger) -> dict[str, object]:
        name = await book_name(ledger, book)
        known = await persons_of(await ledger.book(name))
        if person not in {it.person for it in known}:
            raise Misused(f"No person of {name} is called {person}. See them: makegood persons list")
        issued = await ledger.api_keys.issue(name, person, machine_now())
        return {"key": issued.id, "person": person, "text": issued.text}

    show([with_ledger(settings(data, dsn), created)], as_json)


@app.command("list")
def keys(book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """Every key the book ever issued; never their texts."""
    show(with_ledger(settings(data, dsn), partial(KEYS.listed, book=book)), as_json)


@app.command("revoke")
def revoke(
    key: KeyId, book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False
) -> None:
    """End a key; every running process notices within seconds."""
    ended = partial(KEYS.revoked, book=book, name=key)
    show([with_ledger(settings(data, dsn), ended)], as_json)
