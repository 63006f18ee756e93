"""`makegood books`: begin a book, list the books."""

from datetime import datetime
from typing import Annotated

import typer

from cli.failures import Misused
from cli.options import Data, Dsn, Json, settings, with_ledger
from cli.output import show
from domain.book.register import OpenBook, Register
from ledger.composition import Ledger

app = typer.Typer(help="Books: each is a record of its own, with its own order, chain and persons.")

Name = Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")]
Zone = Annotated[str, typer.Option(help="IANA time zone in which the book's days are counted.")]
Country = Annotated[str, typer.Option(help="ISO 3166 code of two letters.")]
CutOver = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="First day that is recorded live; what is imported lies before it."
    ),
]


@app.command("create")
def create(
    name: Name,
    zone: Zone,
    country: Country,
    cut_over: CutOver = None,
    data: Data = None,
    dsn: Dsn = None,
    as_json: Json = False,
) -> None:
    """Begin a book; its first entries are its opening and the default policy edition."""
    day = None if cut_over is None else cut_over.date().isoformat()

    async def begun(ledger: Ledger) -> dict[str, object]:
        try:
            book = await ledger.open_book(name, OpenBook(zone=zone, country=country, cut_over=day))
        except ValueError as impossible:
            raise Misused(str(impossible)) from impossible
        return {"book": name, "position": book.position}

    show([with_ledger(settings(data, dsn, makes=True), begun)], as_json)


@app.command("list")
def names(data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """Every book, how far it goes, and how its days are counted."""
    show(with_ledger(settings(data, dsn), _books), as_json)


async def _books(ledger: Ledger) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for name in await ledger.books():
        book = await ledger.book(name)
        register = await book.state("book")
        assert isinstance(register, Register)
        found.append(
            {
                "book": name,
                "entries": book.position,
                "zone": register.zone,
                "country": register.country,
                "cut_over": register.cut_over,
                "demo": register.demo,
            }
        )
    return found
