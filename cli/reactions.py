"""`makegood reactions`: what the book does by itself, how far it has come, and what it could not do."""

from typing import Annotated

import typer

from api.render import rfc3339
from cli.options import BookName, Data, Dsn, Json, settings, with_book
from cli.output import Row, counted, show, tell
from ledger.book import Book, machine_now
from ledger.reacting.catalogue import REACTIONS
from ledger.reacting.rows import ReactionFailure

app = typer.Typer(help="What the book does by itself once something is recorded.")

Rule = Annotated[
    str | None, typer.Argument(metavar="[RULE]", help="See them: makegood reactions status; left out, all.")
]
After = Annotated[
    int | None, typer.Option("--after", min=1, metavar="POSITION", help="Only what follows that entry.")
]


@app.command("status")
def status(book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """Every reaction, what it does, how far it has read its book, and how much it could not do."""

    async def reached(book: Book) -> list[Row]:
        found = await book.reactions.reached([each.rule for each in REACTIONS], machine_now())
        return [
            {
                "reaction": each.rule,
                "position": each.position,
                "head": each.head,
                "lag_entries": each.lag,
                "lag_seconds": round(each.seconds, 3),
                "failures": each.failures,
                "meaning": reaction.meaning,
            }
            for reaction, each in zip(REACTIONS, found, strict=True)
        ]

    show(with_book(settings(data, dsn), book, reached), as_json)


@app.command("failed")
def failed(book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """What a reaction asked for and was not done, and why; gone once it is done."""

    async def failures(book: Book) -> list[ReactionFailure]:
        return await book.reactions.failures()

    found = with_book(settings(data, dsn), book, failures)
    _show(found, as_json)
    if not found:
        tell("Everything that follows by rule was done.")


@app.command("retry")
def retry(
    rule: Rule = None,
    after: After = None,
    book: BookName = None,
    data: Data = None,
    dsn: Dsn = None,
    as_json: Json = False,
) -> None:
    """Have what was not done tried again by the running service or worker."""

    async def again(book: Book) -> list[ReactionFailure]:
        return await book.reactions.try_again(machine_now(), rule, after)

    found = with_book(settings(data, dsn), book, again)
    _show(found, as_json)
    if found:
        tell(f"{counted(len(found), 'thing is', 'things are')} tried again by the running service or worker.")
    else:
        tell("There is nothing of that kind to try again.")


def _show(failures: list[ReactionFailure], as_json: bool) -> None:
    show(
        [
            {
                "reaction": failure.rule,
                "after": failure.position,
                "stream": failure.stream,
                "cause": failure.cause,
                "tries": failure.tries,
                "failed_at": rfc3339(failure.failed_at),
                "again_at": None if failure.again_at is None else rfc3339(failure.again_at),
            }
            for failure in failures
        ],
        as_json,
    )
