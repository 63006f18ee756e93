"""Rebuilding as one of several processes: one at a time for a book, and stopped from another thread."""

import os
from collections.abc import Sequence
from contextlib import closing, suppress
from threading import Event
from time import monotonic
from uuid import uuid4

from ledger.connection import LOST
from ledger.errors import RebuildUnderWay
from ledger.projecting import cursors
from ledger.projecting.entries import connect
from ledger.projecting.rebuild import Progress, Receipt, rebuild
from projections.projection import AnyProjection

LEASE = "rebuild"
LEASE_SECONDS = 60.0
"""After so long without a sign of life another process may begin; the switch gives none."""
RENEW_EVERY = 5.0


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

    Raises: RebuildUnderWay, Stopped, UnknownBook, Undecodable, psycopg.Error.
    """
    holder = f"{os.getpid()}-{uuid4().hex}"
    with closing(connect(conninfo)) as connection:
        if not cursors.hold_lease(connection, book, LEASE, holder, LEASE_SECONDS):
            raise RebuildUnderWay(book)
        renewed = monotonic()

        def alive(done: int, of: int) -> None:
            nonlocal renewed
            if stop is not None and stop.is_set():
                raise Stopped(book)
            if monotonic() - renewed > RENEW_EVERY:
                cursors.hold_lease(connection, book, LEASE, holder, LEASE_SECONDS)
                renewed = monotonic()
            progress(done, of)

        try:
            return rebuild(conninfo, book, projections, alive)
        finally:
            with suppress(*LOST):  # it runs out by itself
                cursors.release_lease(connection, book, LEASE, holder)
