"""What every command takes: where the data lives, which book, how to print; and the ledger that follows."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import psycopg
import typer
import uvloop
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from cli.failures import Misused
from cli.hints import remembered
from ledger.book import Book
from ledger.composition import Ledger
from ledger.database import Database, open_database
from ledger.sealing.erasures import Erasures
from ledger.sealing.master_key import master_key
from ledger.settings import Settings

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="MAKEGOOD_DATA",
        callback=remembered,
        help="Data folder of the embedded server.",
    ),
]
Dsn = Annotated[
    str | None,
    typer.Option(
        "--dsn",
        envvar="MAKEGOOD_DSN",
        callback=remembered,
        help="Use this PostgreSQL server instead of the embedded one.",
    ),
]
BookName = Annotated[
    str | None,
    typer.Option(
        "--book",
        metavar="NAME",
        envvar="MAKEGOOD_BOOK",
        callback=remembered,
        help="Default: the only book there is.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one value per line.")]

BEGIN = "makegood books create NAME --zone ZONE --country CODE"

Result = TypeVar("Result")


def settings(data: Path | None, dsn: str | None, *, makes: bool = False) -> Settings:
    """The settings, the command line having the last word.

    `makes`: the command may begin a data folder; every other one needs it to be there. Raises: Misused.
    """
    given = {"data": data and data.expanduser(), "dsn": None if dsn is None else SecretStr(dsn)}
    given = {name: value for name, value in given.items() if value is not None}
    found = Settings().model_copy(update=given)
    _expect_conninfo("--dsn (or MAKEGOOD_DSN)", found.dsn)
    _expect_conninfo("MAKEGOOD_OWNER_DSN", found.owner_dsn)
    embedded = found.dsn is None and found.owner_dsn is None
    if embedded and not makes and not (found.data / "cluster").exists():
        raise Misused(f"No book here: {found.data}. Say where with --data DIR, or begin one: {BEGIN}")
    return found


def _expect_conninfo(name: str, text: SecretStr | None) -> None:
    try:
        conninfo_to_dict("" if text is None else text.get_secret_value())
    except psycopg.ProgrammingError:
        raise Misused(  # without what was said, which may hold a password
            f"{name} is no connection string, as: host=db.example dbname=makegood user=makegood_app"
        ) from None


@asynccontextmanager
async def opened_ledger(chosen: Settings, database: Database) -> AsyncGenerator[Ledger]:
    """The ledger of an open database, everything erased that ever was: a restored backup brings keys back.

    Raises: MasterKeyRefused, Unavailable, psycopg.Error.
    """
    ledger = await Ledger.open(database.app_conninfo, _master_key(chosen, database))
    try:
        await Erasures(chosen.data, ledger.reader).apply()
        yield ledger
    finally:
        await ledger.close()


def _master_key(chosen: Settings, database: Database) -> bytes:
    key = chosen.master_key
    return master_key(chosen.data, None if key is None else key.get_secret_value(), database.app_conninfo)


def with_ledger(chosen: Settings, work: Callable[[Ledger], Awaitable[Result]]) -> Result:
    """Does the work on the ledger the settings name, and leaves nothing open.

    Raises: what the work raises; ServerTrouble, SchemaRefused, GateRefused, MasterKeyRefused, Unavailable.
    """

    async def on_ledger(database: Database) -> Result:
        async with opened_ledger(chosen, database) as ledger:
            return await work(ledger)

    with open_database(chosen) as database:
        return uvloop.run(on_ledger(database))


def with_book(chosen: Settings, name: str | None, work: Callable[[Book], Awaitable[Result]]) -> Result:
    """The same on one book: the named one, or the only one there is. Raises: UnknownBook, Misused."""

    async def on_book(ledger: Ledger) -> Result:
        return await work(await ledger.book(await book_name(ledger, name)))

    return with_ledger(chosen, on_book)


async def book_name(ledger: Ledger, name: str | None) -> str:
    """The name given, or of the only book. Raises: Misused if there are several or none."""
    if name is not None:
        return name
    match await ledger.books():
        case [only]:
            return only
        case []:
            raise Misused(f"There is no book yet. Make one: {BEGIN}")
        case several:
            raise Misused(f"Say which book with --book: {', '.join(several)}")
