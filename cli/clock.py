"""`makegood clock`: the now of a demo book, which may be moved."""

from typing import Annotated

import typer

from api.render import rfc3339
from cli.moments import span_in
from cli.options import BookName, Data, Dsn, Json, settings, with_book
from cli.output import show
from cli.tick import decided
from domain.moments import SECOND
from ledger import ticking
from ledger.book import Book
from ledger.clocks import DemoClock, demo_clock

app = typer.Typer(help="The clock of a demo book, which may be moved; every other runs by the machine's.")

By = Annotated[str, typer.Argument(metavar="SPAN", help="How far: 30m, 6h, 14d, 2w.")]


@app.command("show")
def now(book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """The book's now, and how far it is ahead of the machine's."""

    async def shown(book: Book) -> dict[str, object]:
        ahead = book.clock.ahead if isinstance(book.clock, DemoClock) else 0
        return {"now": rfc3339(book.clock()), "seconds_ahead": ahead // SECOND}

    show([with_book(settings(data, dsn), book, shown)], as_json)


@app.command("advance")
def advance(by: By, book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """Move a demo book's now forward, and record what time has decided by then."""
    span = span_in(by)

    async def moved(book: Book) -> list[dict[str, object]]:
        await demo_clock(book).advance(span)
        return decided(await ticking.tick(book))

    show(with_book(settings(data, dsn), book, moved), as_json)
