"""Ticking a book: rows nominate streams, the domain decides, in the order of the moments, then by stream.

Each nominated stream is read and decided anew, and appended only if nothing came in between. So a tick may be
repeated, and two processes may tick at once, without deciding anything twice. Source: §3
"""

import asyncio
import os
import time
from contextlib import closing, suppress
from uuid import uuid4

import psycopg

from domain.decisions import EffectiveInFuture
from domain.entry import Entry
from domain.moments import Moment
from domain.refusal import Refusal
from domain.ticking import TICK, Tick
from ledger.book import Book
from ledger.books import SYSTEM
from ledger.clocks import DemoClock
from ledger.composition import Ledger
from ledger.connection import LOST, PATIENCE
from ledger.each_book import Told
from ledger.errors import (
    LedgerError,
    NominatedAtEveryTick,
    ProjectionBuilding,
    RebuildStoodStill,
    RebuildSwitching,
    RebuildUnderWay,
    RowsBehind,
    StreamsNotTicked,
    Unavailable,
)
from ledger.projecting import cursors
from ledger.projecting.answers import of_live
from ledger.projecting.entries import connect
from ledger.projecting.follow import Follower
from ledger.projecting.rebuilding import rebuild_alone
from ledger.record.submission import Outcome, Submission
from projections.deadlines import NOMINATED, Deadlines
from projections.folding import POISON

EVERY = 60.0
"""Seconds between two ticks of a book."""
LOOK_EVERY = 1.0
"""Seconds between two looks at the clocks of demo books, which may be moved by another process."""
LEASE = TICK
LEASE_SECONDS = 2.5 * EVERY
"""After so long without a tick another process takes over."""
POLL = 0.02

DEADLINES = Deadlines()

Nominated = tuple[Moment, str]
"""When, and in which stream."""


async def tick(book: Book, now: Moment | None = None) -> list[Entry]:
    """Decide what time has decided by `now` (None: the book's now), and return what was recorded.

    A stream that fails keeps no other from being ticked; it is named at the end.
    Raises: EffectiveInFuture, Unavailable, ProjectionBuilding, RowsBehind, StreamBusy, QueueFull,
    StreamsNotTicked.
    """
    until = book.clock() if now is None else now
    if until > book.clock():
        raise EffectiveInFuture(until, book.clock(), field="now")
    decided: list[Entry] = []
    failures: dict[str, Exception] = {}
    while due := await asyncio.to_thread(
        nominated, book.conninfo, book.name, until, builds=not book.read_models.is_followed
    ):
        before = len(decided)
        for moment, stream in due:
            if stream in failures:
                continue
            outcome = await _ticked(book, stream, moment)
            if isinstance(outcome, Exception):
                failures[stream] = outcome
            else:
                decided.extend(outcome.entries)
        if len(decided) == before:
            break  # what is nominated still was nominated in vain
    if failures:
        raise StreamsNotTicked(failures) from next(iter(failures.values()))
    return decided


async def _ticked(book: Book, stream: str, moment: Moment) -> Outcome | Exception:
    """What came of ticking one stream, or what is wrong with it: it was refused, or cannot be decided on.

    Raises: LedgerError, which is about the book.
    """
    submission = Submission(actor=SYSTEM, origin=TICK, effective_at=moment)
    try:
        return await book.execute(Tick(stream=stream), submission)
    except (Refusal, *POISON) as failure:
        return failure


def nominated(conninfo: str, book: str, until: Moment, *, builds: bool = True) -> list[Nominated]:
    """The moments up to `until` at which something is due, from rows that hold the whole book. Blocks.

    What rows that stand still cannot say: their streams are nominated whenever somebody asks.

    `builds`: whether rows that were never built are built here, or waited for, since this process builds them
    anyway. Raises: ProjectionBuilding, RowsBehind, Unavailable, UnknownBook, Undecodable, psycopg.Error.
    """
    try:
        _bring_up_to_date(conninfo, book, builds=builds)
        query = of_live(book, DEADLINES, NOMINATED)
        with closing(connect(conninfo)) as connection:
            due: list[Nominated] = connection.execute(query.text, (*query.parameters, until)).fetchall()
            still = {each.stream for each in cursors.parked_of(connection, book, DEADLINES)}
        return [*due, *((until, stream) for stream in sorted(still))]
    except psycopg.errors.LockNotAvailable as held:
        raise RebuildSwitching(DEADLINES.name) from held
    except LOST as error:
        raise Unavailable("the database does not answer") from error


def _bring_up_to_date(conninfo: str, book: str, *, builds: bool) -> None:
    """Follow the book as far as it goes, or wait for who builds or follows it."""
    until = time.monotonic() + PATIENCE
    with closing(Follower(conninfo, book, [DEADLINES], f"tick-{os.getpid()}-{uuid4().hex}")) as follower:
        with closing(connect(conninfo)) as connection:
            while cursors.unbuilt(connection, book, [DEADLINES]):
                if builds:
                    with suppress(RebuildUnderWay, RebuildStoodStill):
                        rebuild_alone(conninfo, book, [DEADLINES])
                        break
                if time.monotonic() >= until:
                    (lag,) = cursors.lags_of(connection, book, [DEADLINES])
                    raise ProjectionBuilding(DEADLINES.name, lag.position or 0, lag.head)
                time.sleep(POLL)
        while not (step := follower.catch_up()).caught_up:
            if time.monotonic() >= until:
                raise RowsBehind(step.position)  # another process follows them, slowly
            time.sleep(POLL)


class Ticker:
    """Ticks every book of a ledger, as long as it holds the book's lease.

    A book that cannot be ticked is told, noted in the ledger, and tried again a minute later.
    """

    def __init__(self, ledger: Ledger, told: Told) -> None:
        self._ledger, self._told = ledger, told
        self._holder = f"{os.getpid()}-{uuid4().hex}"
        self._held: dict[str, Book] = {}
        self._ahead: dict[str, int] = {}
        """How far each demo book's clock was ahead when it was last looked at here."""
        self._parked: dict[str, frozenset[str]] = {}
        """Streams whose rows stand still, as far as that was told."""

    async def run(self) -> None:
        """Tick every book every minute, and a demo book as soon as its clock was moved, until cancelled."""
        loop = asyncio.get_running_loop()
        next_round = loop.time()
        try:
            while True:
                everywhere = loop.time() >= next_round
                if everywhere:
                    next_round = loop.time() + EVERY
                await self._each(everywhere=everywhere)
                await asyncio.sleep(LOOK_EVERY)
        finally:
            with suppress(*LOST):
                await asyncio.to_thread(self._release)

    async def _each(self, *, everywhere: bool) -> None:
        books = await self._books(everywhere=everywhere)
        for name in books:
            # A task of its own: whatever ends it is told, and the other books are ticked all the same.
            (failure,) = await asyncio.gather(self._one(name, everywhere=everywhere), return_exceptions=True)
            if isinstance(failure, Exception):
                self._ledger.not_ticked.add(name)
                self._told(name, failure)

    async def _one(self, name: str, *, everywhere: bool) -> None:
        book = await self._ledger.book(name)
        moved = isinstance(book.clock, DemoClock) and self._has_moved(name, book.clock.ahead)
        if everywhere or moved:
            if await asyncio.to_thread(self._holds, book):
                await tick(book)
                await self._tell_of_parked(book)
            self._ledger.not_ticked.discard(name)

    def _has_moved(self, name: str, ahead: int) -> bool:
        """Whether a clock was moved since it was last ticked by: whoever asks for its book looks it up."""
        before, self._ahead[name] = self._ahead.get(name), ahead
        return before != ahead

    async def _tell_of_parked(self, book: Book) -> None:
        """Say, once, which streams are looked at only because their rows stand still."""
        still = {each.stream for each in await book.read_models.parked(DEADLINES)}
        if still - self._parked.get(book.name, frozenset()):
            self._told(book.name, NominatedAtEveryTick(still))
        self._parked[book.name] = frozenset(still)

    async def _books(self, *, everywhere: bool) -> list[str]:
        if not everywhere:
            return self._ledger.demo_books()
        try:
            return await self._ledger.books()
        except LedgerError as failure:
            self._told("", failure)
            return []

    def _holds(self, book: Book) -> bool:
        with closing(connect(book.conninfo)) as connection:
            held = cursors.hold_lease(connection, book.name, LEASE, self._holder, LEASE_SECONDS)
        if held:
            self._held[book.name] = book
        return held

    def _release(self) -> None:
        """Give the leases back, so that whoever starts next need not wait for their end."""
        for name, book in self._held.items():
            with closing(connect(book.conninfo)) as connection:
                cursors.release_lease(connection, name, LEASE, self._holder)
