"""`makegood clock`: the now of a demo book, which may be moved."""

from typing import Annotated

import typer

from api.render import rfc3339
from cli.moments import span_in
from cli.options import BookName, Data, Dsn, Json, settings, with_book
from cli.output import show, tell
from cli.tick import by_time, decided
from domain.entry import Entry
from domain.moments import SECOND, Moment
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

    async def moved(book: Book) -> tuple[Moment, list[Entry]]:
        await demo_clock(book).advance(span)
        entries = await ticking.tick(book)
        return book.clock(), entries

    now, entries = with_book(settings(data, dsn), book, moved)
    show(decided(entries), as_json)
    tell(f"The book's now is {rfc3339(now)}. {by_time(entries)}")
