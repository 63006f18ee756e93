"""The pages of a book, the next one being read while the caller still writes the last."""

from concurrent.futures import Future, ThreadPoolExecutor

import msgspec
import psycopg

from domain.entry import Entry
from ledger.projecting.decoding import Decode
from ledger.projecting.entries import connect, page


class Page(msgspec.Struct, frozen=True):
    """Everything a book holds between two positions."""

    after: int
    until: int
    """A position the book had reached before the page was read: nothing below it is still to come."""
    entries: list[Entry]


class PagesAhead:
    """Reads page after page on a connection and, where there is more to come, in a thread of its own."""

    def __init__(self, conninfo: str, book: str, over: list[str], decode: Decode) -> None:
        self._conninfo, self._book, self._over, self._decode = conninfo, book, over, decode
        self._connection: psycopg.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pages-ahead")
        self._next: Future[Page] | None = None

    def page(self, after: int, head: int, limit: int) -> Page:
        """The page after `after`, of at most `limit` positions and not beyond `head`.

        What was read ahead ends where the book ended then. Where `head` lies beyond it, the next is read.

        Raises: UnknownBook, Undecodable, psycopg.Error.
        """
        found = self._foreseen(after, limit) or self._read(after, min(after + limit, head))
        if found.until < head:
            beyond = min(found.until + limit, head)
            self._next = self._thread.submit(self._read, found.until, beyond)
        return found

    def close(self) -> None:
        """Wait for the thread and disconnect."""
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    def _foreseen(self, after: int, limit: int) -> Page | None:
        """What was read ahead, if it is what is asked for; what failed is asked again."""
        foreseen, self._next = self._next, None
        if (
            foreseen is None or foreseen.exception() is not None
        ):  # waits: till then the thread has the connection
            return None
        found = foreseen.result()
        return found if found.after == after and found.until - after <= limit else None

    def _read(self, after: int, until: int) -> Page:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._conninfo)
        return Page(after, until, page(self._connection, self._book, after, until, self._over, self._decode))
