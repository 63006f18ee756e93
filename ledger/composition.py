"""The composition root: here, and only here, the parts of the ledger are put together."""

import asyncio
import zoneinfo

from domain.book.register import OpenBook
from ledger import books
from ledger.api_keys import ApiKeys
from ledger.book import Book
from ledger.clocks import DemoClock, set_clock
from ledger.connection import InTime, Reader
from ledger.countries import is_country
from ledger.errors import UnknownBook
from ledger.processors.endpoints import Endpoints
from ledger.processors.trial_cards import TrialCards
from ledger.sealing.sealer import Sealer

# The zones of the pinned tzdata, not of the machine: on what day a moment falls must not depend on where
# it is asked.
zoneinfo.reset_tzpath(())


class Ledger:
    """The ledger of one process, on one event loop: its connections and the books it has opened."""

    def __init__(self, conninfo: str, master: bytes) -> None:
        self.reader = Reader(conninfo)
        self.api_keys = ApiKeys(self.reader)
        self.endpoints = Endpoints(self.reader, master)
        self._conninfo = conninfo
        self._master = master
        self.not_ticked: set[str] = set()
        """The books whose last tick in this process failed."""
        self._books: dict[str, Book] = {}
        self._opening = asyncio.Lock()

    @classmethod
    async def open(cls, app_conninfo: str, master: bytes) -> "Ledger":
        """Connect as the role that serves; `master` is the 32-byte master key. Raises: Unavailable."""
        ledger = cls(app_conninfo, master)
        await ledger.reader.open()
        return ledger

    async def close(self) -> None:
        """Store what waits to be stored, and disconnect."""
        async with self._opening:  # a book being opened now is closed too
            for book in self._books.values():
                await book.close()
            await self.reader.close()

    async def books(self) -> list[str]:
        """The names of all books there are."""
        return await books.names(self.reader)

    def opened(self) -> list[Book]:
        """The books opened here."""
        return list(self._books.values())

    def demo_books(self) -> list[str]:
        """The names of the demo books opened here, whose clocks may be moved."""
        return [name for name, book in self._books.items() if isinstance(book.clock, DemoClock)]

    async def book(self, name: str) -> Book:
        """A book, the same object every time. Raises: UnknownBook, WrongMasterKey, Unavailable."""
        book = self._books.get(name)
        if book is None:
            with InTime():
                async with self._opening:
                    book = self._books.get(name) or await self._opened(name)
        elif isinstance(book.clock, DemoClock):
            await book.clock.look()  # another process may have moved it
        return book

    async def open_book(self, name: str, command: OpenBook, origin: str = "cli") -> Book:
        """Begin a new book.

        Raises: ValueError for an impossible name or country, BookExists, Refusal, Unavailable.
        """
        if not is_country(command.country):
            raise ValueError("country must be an ISO 3166 code of two letters, as DE")
        await books.bare_head(self.reader, name)
        book = self._composed(name)
        try:
            await book.open()
            await books.begin(book, command, origin)
        finally:
            await book.close()
        return await self.book(name)

    async def _opened(self, name: str) -> Book:
        book = self._composed(name)
        await book.open()
        if book.position == 0:
            raise UnknownBook(name)
        await book.sealer.check_master_key()
        await set_clock(book, self.reader)
        if isinstance(book.clock, DemoClock):
            book.gateway = TrialCards()
        self._books[name] = book
        return book

    def _composed(self, name: str) -> Book:
        return Book(name, self._conninfo, self.reader, Sealer(name, self._master, self.reader))
