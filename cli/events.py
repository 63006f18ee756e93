"""`makegood events`: what happened, entry by entry."""

import sys
from collections.abc import AsyncGenerator
from typing import Annotated

import msgspec
import typer

from api.render import Reading, rfc3339
from cli.failures import Misused
from cli.options import BookName, Data, Dsn, Json, settings, with_book
from cli.output import show_json, show_line
from domain.entry import Entry
from domain.stored_types import STORED_TYPES, TYPE_NAMES
from ledger.book import Book

app = typer.Typer(help="Events: every entry of the book, in its order.")

PAGE = 500
LOOK = 60.0
"""Seconds to wait for a new entry before asking again; entries of any process arrive much sooner."""

Last = Annotated[int, typer.Option("--last", "-n", min=0, help="Begin this many entries before the end.")]
After = Annotated[
    int | None, typer.Option("--after", min=0, help="Begin after this position instead.", show_default=False)
]
Follow = Annotated[
    bool, typer.Option("--follow", "-f", help="Go on with every new entry, until interrupted.")
]
Type = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only this stored type, e.g. order.placed; may be repeated."),
]
Position = Annotated[int, typer.Argument(min=1)]


@app.command("tail")
def tail(
    last: Last = 20,
    after: After = None,
    follow: Follow = False,
    only: Type = None,
    book: BookName = None,
    data: Data = None,
    dsn: Dsn = None,
    as_json: Json = False,
) -> None:
    """The newest entries, one a line: position, when it took effect, type, stream."""
    types = _types(only)
    line = _aligned if sys.stdout.isatty() else show_line
    if not as_json and line is show_line:
        show_line(("position", "effective_at", "type", "stream"))

    async def printed(book: Book) -> None:
        start = await book.before_last(last, types) if after is None else after
        reading = Reading(book.sealer, personal=True)
        async for entries in _pages(book, start, types, follow=follow):
            for entry in entries:
                if as_json:
                    show_json((await reading.entries([entry]))[0])
                else:
                    line(_cells(entry))

    with_book(settings(data, dsn), book, printed)


@app.command("show")
def show_entry(
    position: Position, book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False
) -> None:
    """One entry, whole, with what is sealed opened."""

    async def found(book: Book) -> dict[str, object]:
        entry = await book.entry(position)
        if entry is None:
            raise Misused(f"{book.name} has no entry {position}; its last is {book.position}.")
        return (await Reading(book.sealer, personal=True).entries([entry]))[0]

    shown = with_book(settings(data, dsn), book, found)
    if as_json:
        show_json(shown)
    else:
        typer.echo(msgspec.json.format(msgspec.json.encode(shown), indent=2).decode())


async def _pages(
    book: Book, after: int, types: frozenset[str] | None, *, follow: bool
) -> AsyncGenerator[list[Entry]]:
    """Entries after a position up to the end, or without end."""
    while True:
        head = book.position
        while entries := await book.page(after, PAGE, types=types):
            yield entries
            after = entries[-1].position
        after = max(after, head)  # what lies between is of other types
        if not follow:
            return
        await book.wait_beyond(after, LOOK)


def _cells(entry: Entry) -> tuple[int, str, str, str]:
    return entry.position, rfc3339(entry.effective_at), TYPE_NAMES[type(entry.event)], entry.stream


def _aligned(cells: tuple[int, str, str, str]) -> None:
    """One line for a reader, who sees entries as they come: no width is known beforehand."""
    position, effective_at, kind, stream = cells
    typer.echo(f"{position:>8}  {effective_at:<27}  {kind:<26}  {stream}")


def _types(asked: list[str] | None) -> frozenset[str] | None:
    if not asked:
        return None
    if unknown := sorted(set(asked) - set(STORED_TYPES)):
        raise Misused(f"No stored type is called {', '.join(unknown)}. There are: {', '.join(STORED_TYPES)}")
    return frozenset(asked)
