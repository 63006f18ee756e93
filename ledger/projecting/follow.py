"""Keeping the rows of a book up to date: one reader for all its projections.

    step        read a page, decode it once, fold the touched groups, write rows and cursors together
    Follower    steps, under a lease, synchronously: in a thread of the service, in a tool, in a test
    follow      steps for ever, woken by local writers, by readers who wait, and by polling

The rows and the cursor are written in one transaction, so a crash costs nothing but folding again what was
lost; hence no wait for the disk at commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple, Protocol

import msgspec
import psycopg

from domain.entry import Entry
from ledger.connection import LOST
from ledger.errors import Unavailable
from ledger.projecting import cursors
from ledger.projecting.ahead import Page, PagesAhead
from ledger.projecting.checked import unless_beyond
from ledger.projecting.decoding import decoder_of, passed_over
from ledger.projecting.entries import BOUNDED, FEW_ROWS, connect, head_of
from ledger.projecting.readers import Readers
from ledger.projecting.rows import RowTable
from projections.folding import GroupFolding, LineFolding, folding_of
from projections.projection import AnyProjection, Key, Row

BATCH = 10_000
"""Positions read in one step."""
FEW_LINES = 500
"""Lines of a list that are written by a statement; more of them are copied."""
LEASE_SECONDS = 10.0
"""After so long without a step another process takes over."""
BUSY_POLL, IDLE_POLL = 0.05, 1.0
"""Seconds between looks at the head: soon after an entry, and later."""
BUSY_LOOKS = 40
"""Looks without a new entry until a book counts as idle."""

GATHER = 0.05
"""Seconds in which entries gather before the next step, unless a reader asks or the book was quiet: a step
costs some thirty statements, whether it folds one entry or a hundred. With the step itself it has to stay
below the 100 ms that rows may lag (`python -m benchmarks lag`)."""
MANY, GATHER_MANY = 1_500, 0.5
"""From so many entries per second on they gather longer: what steps cost would be missing where it is needed,
by the callers who write. Who reads with `min_position` waits no longer for it."""


class Step(msgspec.Struct, frozen=True):
    """What one step did."""

    position: int
    """Up to which every built projection has now read; 0 while none is built."""
    head: int
    entries: int = 0
    """Positions this step read; 0 too when another process follows this book."""

    @property
    def caught_up(self) -> bool:
        """Whether nothing was left to read."""
        return self.position >= self.head


class Follower:
    """Follows one book with every projection that is built for it. Use it from one thread at a time."""

    def __init__(self, conninfo: str, book: str, projections: Sequence[AnyProjection], holder: str) -> None:
        self.book, self.holder = book, holder
        self._conninfo = conninfo
        self._tables = {projection: RowTable(book, projection) for projection in projections}
        self._lease = lease_of(projections)
        events = {event for projection in projections for event in projection.handles}
        self._pages = PagesAhead(conninfo, book, passed_over(events), decoder_of(events))
        self._connection: psycopg.Connection | None = None
        self._seen: dict[AnyProjection, int] = {}

    def close(self) -> None:
        """Give the lease back and disconnect."""
        if self._connection is not None and not self._connection.closed:
            with suppress(*LOST):  # it runs out by itself
                cursors.release_lease(self._connection, self.book, self._lease, self.holder)
            self._connection.close()
        self._connection = None
        self._pages.close()

    def step(self, limit: int = BATCH) -> Step:
        """Read on by at most `limit` positions.

        Raises: UnknownBook; Undecodable, and then reads no further; psycopg.Error, and then connects anew at
        the next step.
        """
        try:
            return unless_beyond(lambda checked: self._step(self._connected(), limit, checked=checked))
        except LOST:
            if self._connection is not None:
                self._connection.close()
            raise

    def catch_up(self) -> Step:
        """Step until nothing is left to read, or another process follows this book."""
        while (step := self.step()).entries:
            continue
        return step

    def _connected(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._conninfo, f"{FEW_ROWS} {BOUNDED} -c synchronous_commit=off")
        return self._connection

    def _step(self, connection: psycopg.Connection, limit: int, *, checked: bool) -> Step:
        built = cursors.positions(connection, self.book)
        self._seen = {
            projection: position
            for projection in self._tables
            if (position := built.get((projection.name, projection.version))) is not None
        }
        head = head_of(connection, self.book).position
        after = min(self._seen.values(), default=0)
        if (
            not self._seen
            or after >= head
            or not cursors.hold_lease(connection, self.book, self._lease, self.holder, LEASE_SECONDS)
        ):
            return Step(after, head)
        page = self._pages.page(after, head, limit)
        moved = self._write(connection, page, checked=checked)
        return Step(page.until, head, page.until - after) if moved else Step(after, head)

    def _write(self, connection: psycopg.Connection, page: Page, *, checked: bool) -> bool:
        """Fold and write a page in one transaction; false, and nothing written, if a cursor was moved."""
        to = page.until
        behind = {projection: (seen, to) for projection, seen in self._seen.items() if seen < to}
        with connection.transaction() as transaction:
            if not cursors.move(connection, self.book, behind):
                raise psycopg.Rollback(transaction)
            fresh = [
                (self._tables[projection], entries)
                for projection, (seen, _) in behind.items()
                if (entries := _handled(projection, page.entries, seen))
            ]
            write_folded(connection, self.book, fresh, checked=checked)
            return True
        return False


def lease_of(projections: Iterable[AnyProjection]) -> str:
    """What only one process of a release holds.

    During an upgrade two releases follow a book, each its own versions; what they share is written by whom
    the cursors let.
    """
    tables = " ".join(sorted(projection.table for projection in projections))
    return f"follow {sha256(tables.encode()).hexdigest()[:16]}"


def _handled(projection: AnyProjection, entries: Iterable[Entry], after: int) -> list[Entry]:
    kinds = set(projection.handles)
    return [each for each in entries if each.position > after and type(each.event) in kinds]


def write_folded(
    connection: psycopg.Connection,
    book: str,
    fresh: Sequence[tuple[RowTable, list[Entry]]],
    *,
    checked: bool,
) -> None:
    """Fold entries into the live rows of several projections, and park the groups they poison.

    What is asked travels together, and so does what is written: a step waits for the database a handful of
    times, however many projections there are.
    """
    with connection.pipeline():
        found = [table.ask(connection, _groups_of(table.projection, entries)) for table, entries in fresh]
        still = cursors.all_parked(connection, book)
    folded: list[_Folded] = []
    for (table, entries), rows in zip(fresh, found, strict=True):
        projection = table.projection
        before = table.loaded(rows)
        parked = still.get((projection.name, projection.version), ())
        folding = folding_of(projection, parked, checked=checked)
        if isinstance(folding, GroupFolding):
            folding.hold(before)
            folding.watch()
        for entry in entries:
            folding.feed(entry)
        folded.append(_Folded(table, folding, before))
    _write(connection, folded)


class _Folded(NamedTuple):
    table: RowTable
    folding: GroupFolding | LineFolding
    before: dict[Key, dict[Key, Row]]


def _groups_of(projection: AnyProjection, entries: Iterable[Entry]) -> set[Key]:
    folding = folding_of(projection)
    return folding.groups_of(entries) if isinstance(folding, GroupFolding) else set()


def _write(connection: psycopg.Connection, folded: Iterable[_Folded]) -> None:
    many: list[tuple[RowTable, list[Row]]] = []
    with connection.pipeline():
        for table, folding, before in folded:
            if isinstance(folding, GroupFolding):
                _write_groups(connection, table, folding, before)
            elif len(folding) > FEW_LINES:
                many.append((table, folding.take()))
            else:
                table.insert(connection, folding.take())
            if folding.parked:
                cursors.park(connection, table.book, table.projection, folding.parked.values())
    for table, lines in many:
        table.insert_many(connection, lines)


def _write_groups(
    connection: psycopg.Connection, table: RowTable, folding: GroupFolding, before: dict[Key, dict[Key, Row]]
) -> None:
    new: list[Row] = []
    changed: list[Row] = []
    gone: list[Key] = []
    for group in folding.touched or ():
        was, rows = before.get(group, {}), folding.rows_of(group)
        new.extend([row for key, row in rows.items() if key not in was])
        changed.extend([row for key, row in rows.items() if key in was and row != was[key]])
        gone.extend([key for key in was if key not in rows])
    table.remove(connection, gone)
    table.insert(connection, new)  # nobody else writes here while the cursor is held
    table.put(connection, changed)


async def _news(head: Awaitable[int], known: int, gather: float) -> None:
    """Wait until there are entries beyond `known`, and so many seconds for more to come."""
    if await head > known:
        await asyncio.sleep(gather)


def gathering(entries: int, seconds: float) -> float:
    """Seconds in which entries gather after a step that read so many, so long after the one before."""
    if not entries:
        return 0.0
    return GATHER if entries < MANY * seconds else GATHER_MANY


class Stepping(Protocol):
    """What follows one book: a `Follower`, here or in another process."""

    def step(self) -> Step: ...
    def close(self) -> None: ...


async def follow(
    follower: Stepping,
    wait_beyond: Callable[[int, float], Awaitable[int]],
    readers: Readers,
) -> None:
    """Follow until cancelled, and tell `readers` how far the rows are.

    `wait_beyond(position, seconds)` returns when the book's head passes the position, or the time is up:
    `Book.wait_beyond`, which local writers wake. Entries of other processes are found by polling, and at once
    when a reader asks. A database that does not answer is waited for. Raises: Undecodable, UnknownBook.
    """
    quiet = 0
    stepping: asyncio.Future[Step] | None = None
    clock = asyncio.get_running_loop().time
    stepped_at = clock()
    try:
        while True:
            before, stepped_at = stepped_at, clock()
            stepping = asyncio.ensure_future(asyncio.to_thread(follower.step))
            try:
                step = await asyncio.shield(stepping)
                readers.entries_read += step.entries
                await readers.reached(step.position)
                quiet = 0 if step.entries else quiet + 1
                if step.caught_up or not step.entries:
                    is_busy = quiet < BUSY_LOOKS or readers.are_waiting
                    poll = BUSY_POLL if is_busy else IDLE_POLL
                    gather = gathering(step.entries, stepped_at - before)
                    await readers.asked_or(_news(wait_beyond(step.head, poll), step.head, gather))
            except (*LOST, Unavailable):
                await asyncio.sleep(IDLE_POLL)
    finally:
        if stepping is not None:
            await asyncio.wait(
                [stepping]
            )  # a thread cannot be cancelled, and the connection is its own until it ends
        await asyncio.to_thread(follower.close)
