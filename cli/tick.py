"""`makegood tick`: decide what time has decided."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from api.render import rfc3339
from cli.failures import explanation
from cli.moments import moment_in
from cli.options import BookName, Data, Dsn, Json, settings, with_book
from cli.output import counted, show, tell
from domain.entry import Entry
from domain.stored_types import TYPE_NAMES
from ledger import ticking
from ledger.book import Book

Now = Annotated[
    str | None,
    typer.Option("--now", metavar="MOMENT", help="Only what was due by then; default: the book's now."),
]


def tick(
    now: Now = None, book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False
) -> None:
    """Record what time has decided, as bills that became overdue; again, it decides nothing new."""
    until = None if now is None else moment_in(now)

    async def ticked(book: Book) -> list[Entry]:
        return await ticking.tick(book, until)

    entries = with_book(settings(data, dsn), book, ticked)
    show(decided(entries), as_json)
    tell(by_time(entries))


def decided(entries: Iterable[Entry]) -> list[dict[str, object]]:
    """What time decided, a row for each entry."""
    return [
        {
            "position": entry.position,
            "effective_at": rfc3339(entry.effective_at),
            "type": TYPE_NAMES[type(entry.event)],
            "stream": entry.stream,
        }
        for entry in entries
    ]


def by_time(entries: Sequence[Entry]) -> str:
    """What came of a tick, in one line."""
    if not entries:
        return "Nothing was due."
    return f"Time has decided {counted(len(entries), 'entry', 'entries')}."


def told(book: str, failure: Exception) -> None:
    """Says on stderr that a book could not be ticked; the next minute tries again."""
    typer.echo(f"Could not tick {book or 'any book'}: {explanation(failure)}", err=True)
