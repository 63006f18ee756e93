"""Rebuilding as one of several processes: one at a time for a book, and stopped from another thread."""

from collections.abc import Sequence
from contextlib import closing
from threading import Event
from typing import LiteralString

import psycopg

from ledger.errors import RebuildUnderWay
from ledger.projecting.entries import connect
from ledger.projecting.rebuild import Progress, Receipt, rebuild
from projections.projection import AnyProjection

# An advisory lock is the session's: it ends with the process that held it, however that ended. The wait is
# for a predecessor that was killed just now.
_ALONE = "-c lock_timeout=1s"

HOLD: LiteralString = "SELECT pg_advisory_lock(hashtextextended('rebuild ' || %s, 0))"
"""Holds the right to rebuild a book for as long as the session lives: the book."""


class Stopped(Exception):
    """The rebuild was told to stop; nothing was written."""


def rebuild_alone(
    conninfo: str,
    book: str,
    projections: Sequence[AnyProjection],
    progress: Progress = lambda _done, _of: None,
    stop: Event | None = None,
) -> list[Receipt]:
    """`rebuild`, unless another process is at it. Blocks; setting `stop` ends it before it writes.

    Raises: RebuildUnderWay, RebuildStoodStill, Stopped, UnknownBook, Undecodable, psycopg.Error.
    """

    def go_on(done: int, of: int) -> None:
        if stop is not None and stop.is_set():
            raise Stopped(book)
        progress(done, of)

    with closing(connect(conninfo, _ALONE)) as session:
        try:
            session.execute(HOLD, (book,))
        except psycopg.errors.LockNotAvailable as error:
            raise RebuildUnderWay(book) from error
        return rebuild(conninfo, book, projections, go_on)
