"""An open database and one book in it, for commands that read for long and need no event loop."""

from collections.abc import Generator
from contextlib import contextmanager

import msgspec
import uvloop

from cli.failures import Misused
from cli.options import book_name, opened_ledger
from ledger.database import Database, open_database
from ledger.projecting.as_of import AsOf, Position
from ledger.projecting.entries import connect, head_of
from ledger.settings import Settings


class Opened(msgspec.Struct, frozen=True):
    """An open database and the book a command is about."""

    database: Database
    book: str

    @property
    def conninfo(self) -> str:
        """How the role that serves connects."""
        return self.database.app_conninfo

    def expect_reached(self, past: AsOf | None) -> None:
        """The book has the entry as of which it is asked about. Raises: Misused."""
        if isinstance(past, Position):
            with connect(self.conninfo) as reader:
                last = head_of(reader, self.book).position
            if past.position > last:
                raise Misused(f"{self.book} has no entry {past.position}; its last is {last}.")


@contextmanager
def opened_book(chosen: Settings, name: str | None) -> Generator[Opened]:
    """The named book, or the only one there is.

    Raises: UnknownBook, Misused; ServerTrouble, SchemaRefused, GateRefused, MasterKeyRefused, Unavailable.
    """

    async def named(database: Database) -> str:
        async with opened_ledger(chosen, database) as ledger:
            return (await ledger.book(await book_name(ledger, name))).name

    with open_database(chosen) as database:
        yield Opened(database, uvloop.run(named(database)))
