"""The pages of a book, the next one being read while the caller still writes the last."""

from concurrent.futures import Future, ThreadPoolExecutor

import psycopg

from domain.entry import Entry
from ledger.projecting.decoding import Decode
from ledger.projecting.entries import connect, page


class PagesAhead:
    """Reads page after page on a connection and, where there is more to come, in a thread of its own."""

    def __init__(self, conninfo: str, book: str, types: list[str], decode: Decode) -> None:
        self._conninfo, self._book, self._types, self._decode = conninfo, book, types, decode
        self._connection: psycopg.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pages-ahead")
        self._next: tuple[tuple[int, int], Future[list[Entry]]] | None = None

    def page(self, after: int, limit: int, more: bool) -> list[Entry]:
        """The entries in the `limit` positions after `after`; with `more`, the next ones are read meanwhile.

        Raises: UnknownBook, Undecodable, psycopg.Error.
        """
        foreseen, self._next = self._next, None
        if foreseen is not None and foreseen[0] == (after, limit):
            entries = foreseen[1].result()
        else:
            if foreseen is not None:
                foreseen[1].exception()  # the connection is the thread's until it is done
            entries = self._read(after, limit)
        if more:
            beyond = after + limit
            self._next = (beyond, limit), self._thread.submit(self._read, beyond, limit)
        return entries

    def close(self) -> None:
        """Wait for the thread and disconnect."""
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    def _read(self, after: int, limit: int) -> list[Entry]:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._conninfo)
        return page(self._connection, self._book, after, limit, self._types, self._decode)
