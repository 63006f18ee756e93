"""Keeping the read models of every book up to date, as long as a service runs.

Each book has two tasks of its own: one follows what is built, the other builds what never was, which is then
followed too. Folding happens in threads; what stops either is told, seen in `/readyz`, and tried again.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing, suppress
from threading import Event
from uuid import uuid4

import psycopg

from ledger.book import Book
from ledger.composition import Ledger
from ledger.connection import LOST
from ledger.each_book import Told, ToldOnce, for_each_book
from ledger.errors import LedgerError, RebuildStoodStill, RebuildUnderWay
from ledger.projecting import cursors
from ledger.projecting.apart import Apart
from ledger.projecting.entries import connect
from ledger.projecting.follow import Follower, Stepping, follow
from ledger.projecting.rebuilding import rebuild_alone
from projections.catalogue import PROJECTIONS
from projections.projection import AnyProjection

LOOK_EVERY = 1.0
"""Seconds between two looks for a build that another process makes."""
AGAIN_AFTER = 10.0
"""Seconds until a stopped follower tries again: a rebuild or a newer release may have mended the cause."""


class Following:
    """Follows the books of a ledger, on its event loop."""

    def __init__(self, ledger: Ledger, told: Told, apart: Apart | None = None) -> None:
        self._ledger, self._told = ledger, told
        self._apart = apart
        """The process that folds; None: this one."""
        self._holder = f"{os.getpid()}-{uuid4().hex}"
        self._building = asyncio.Semaphore(1)

    async def run(self) -> None:
        """Follow every book there is, and every new one, until cancelled."""
        await for_each_book(self._ledger, self.follow, self._told)

    async def follow(self, book: Book) -> None:
        """Keep one book's read models up to date until cancelled; what is new is built beside the others."""
        models = book.read_models
        models.is_followed = True
        both = [asyncio.create_task(self._build(book)), asyncio.create_task(self._keep(book))]
        try:
            ended, _ = await asyncio.wait(both, return_when=asyncio.FIRST_EXCEPTION)
            for task in ended:
                task.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            models.is_followed = False

    async def _keep(self, book: Book) -> None:
        models, last = book.read_models, ToldOnce(self._told, book.name)
        while True:
            try:
                await follow(self._follower(book), book.wait_beyond, models.readers)
            except LOST:
                await asyncio.sleep(LOOK_EVERY)
            except (LedgerError, psycopg.Error) as failure:
                models.stands_at = models.readers.position
                last.failure(failure)
                await asyncio.sleep(AGAIN_AFTER)

    def _follower(self, book: Book) -> Stepping:
        if self._apart is None:
            return Follower(book.conninfo, book.name, PROJECTIONS, self._holder)
        return self._apart.follower(book.conninfo, book.name, self._holder)

    async def _build(self, book: Book) -> None:
        """Fold what was never folded, while everything else is followed."""
        models, last = book.read_models, ToldOnce(self._told, book.name)
        while True:
            try:
                async with self._building:
                    await self._build_missing(book)
            except (*LOST, RebuildUnderWay, RebuildStoodStill):
                await asyncio.sleep(LOOK_EVERY)
            except (LedgerError, psycopg.Error) as failure:
                models.cannot_build = True
                last.failure(failure)
                await asyncio.sleep(AGAIN_AFTER)
            else:
                models.cannot_build = False
                return

    async def _build_missing(self, book: Book) -> None:
        """Raises: RebuildUnderWay, RebuildStoodStill, Undecodable, psycopg.Error."""
        missing = await asyncio.to_thread(_unbuilt, book)
        if not missing:
            return
        models, stop = book.read_models, Event()

        def progress(done: int, of: int) -> None:
            models.building = (done, of)

        models.building = (0, book.position)
        work = asyncio.ensure_future(
            asyncio.to_thread(rebuild_alone, book.conninfo, book.name, missing, progress, stop)
        )
        try:
            await asyncio.shield(work)
        finally:
            stop.set()
            await asyncio.gather(work, return_exceptions=True)  # a thread cannot be cancelled
            models.building = None


@asynccontextmanager
async def following(ledger: Ledger, told: Told, apart: Apart | None = None) -> AsyncGenerator[Following]:
    """The books of a ledger, followed inside the block."""
    it = Following(ledger, told, apart)
    task = asyncio.create_task(it.run())
    try:
        yield it
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _unbuilt(book: Book) -> list[AnyProjection]:
    with closing(connect(book.conninfo)) as connection:
        return cursors.unbuilt(connection, book.name, PROJECTIONS)
