"""Group commit: one task takes every append that waits and stores them in one transaction.

    foreseen    judge each append on what it took the record to be; if it is so: insert, move the head

    otherwise   begin, lock the head, look up versions, keys, claims, histories; judge each append on them
                insert, move the head, commit

Most batches take one round trip: nobody else has written since our last one, and no append is mistaken.

The head row orders all writers of a book, whatever process they live in. An append that loses (its key is
known, something it read has moved on, a claim is taken) is set aside and answered; it never fails the others.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import psycopg
from psycopg.pq import TransactionStatus

from ledger.connection import LOST, PATIENCE, RETRY_AFTER, Connection, connect
from ledger.errors import LedgerError, QueueFull, Unavailable, Unrecordable
from ledger.record.append import Append, Recorded, Verdict, size_of
from ledger.record.batch import Expected, Head, Staged, expected_by, judge
from ledger.record.transaction import is_stored, look_up, store, store_foreseen

MOST_WAITING = 4_096
"""Appends that may wait; one more is answered `QueueFull`."""

MOST_BYTES_WAITING = 64 << 20
"""Bytes of entries that may wait, likewise."""

MOST_TOGETHER = 4 << 20
"""Bytes of entries in one transaction, unless a single append is larger."""

ENOUGH = 16
"""Appends that share a transaction's fixed cost well: more of them would only let the database wait."""

LONG_IDLE = 0.004
"""Seconds that this thread may have nothing to do while a batch is stored. Where it is longer, half of those
who wait go next: while they are stored the others are served, which is worth what another transaction costs.
"""

ROUNDS = 3
"""Turns of the loop in which a request on its way shows itself: read, decided, appended."""

RESTS_AFTER = 60.0
"""Seconds without an append after which a writer gives its connection back: a server has only so many, and
most books of many rest."""

_UNHOLDABLE = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)
"""What the database raises when an append, not the connection, is the trouble."""

Remember = Callable[[Recorded, int], None]


class _Waiting(NamedTuple):
    append: Append
    size: int
    remember: Remember | None
    until: float
    """The loop's time at which its caller is told that the database does not answer."""
    answer: asyncio.Future[Verdict]


class Writer:
    """The appends of one book from one process, on one event loop."""

    def __init__(self, book: str, conninfo: str) -> None:
        self.book = book
        self.strangers = 0
        """How often entries came that nobody here remembers: what is known of the book may have gaps."""
        self._conninfo = conninfo
        self._connection: Connection | None = None
        self._queue: deque[_Waiting] = deque()
        self._queued = 0
        """Bytes in the queue."""
        self._batch: list[_Waiting] = []
        self._stood_idle = 0.0
        """Seconds without anything to do while the last batch was stored."""
        self._draining: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        """With work to do: until patience is lost. Without: until the connection is given back."""
        self._leaving: asyncio.Task[None] | None = None
        self._closed = False
        self._head: Head | None = None
        """The head as our last batch left it."""
        self._is_alone = False
        """Whether nobody else wrote between our last two batches."""

    async def append(self, append: Append, remember: Remember | None = None) -> Verdict:
        """Store the append, or say why not.

        `remember` is called when it is stored, in the order of positions, even if the caller has gone since:
        cancelling the caller does not take the append back.
        Raises: Unrecordable, QueueFull, Unavailable, UnknownBook.
        """
        size = size_of(append)
        if self._closed:
            raise Unavailable("the book is being closed")
        if len(self._queue) >= MOST_WAITING or self._queued + size > MOST_BYTES_WAITING:
            raise QueueFull(f"{len(self._queue)} appends wait already")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Verdict] = loop.create_future()
        self._queue.append(_Waiting(append, size, remember, loop.time() + PATIENCE, answer))
        self._queued += size
        if self._draining is None or self._draining.done():
            self._draining = loop.create_task(self._drain(), name=f"writer of {self.book}")
        return await answer

    async def close(self) -> None:
        """Take no more appends, store those that wait, leave."""
        self._closed = True
        if self._draining is not None:
            _, hanging = await asyncio.wait([self._draining], timeout=2 * PATIENCE)
            for task in hanging:
                task.cancel()
        await self._disconnect()
        if self._leaving is not None:
            await self._leaving
        self._cancel_timer()

    async def _drain(self) -> None:
        try:
            while self._queue:
                await self._gather()
                self._batch = self._take()
                self._at(self._batch[0].until, self._lose_patience)
                began, worked = time.monotonic(), time.thread_time()
                await self._store(self._batch)
                self._stood_idle = time.monotonic() - began - (time.thread_time() - worked)
        finally:
            self._at(asyncio.get_running_loop().time() + RESTS_AFTER, self._rest)
            # Nobody is left without an answer, whatever went wrong.
            _fail((*self._batch, *self._queue), Unavailable("the database does not answer"))
            self._queue.clear()
            self._queued = 0

    async def _gather(self) -> None:
        """Let whoever is about to append do so first: fuller batches cost less per append."""
        waiting = 0
        while waiting < len(self._queue) < ENOUGH:
            waiting = len(self._queue)
            for _ in range(ROUNDS):
                await asyncio.sleep(0)

    def _take(self) -> list[_Waiting]:
        half = max(ENOUGH, len(self._queue) // 2)
        most = half if self._stood_idle > LONG_IDLE else MOST_WAITING
        batch = [self._next()]
        size = batch[0].size
        while self._queue and len(batch) < most and (size := size + self._queue[0].size) <= MOST_TOGETHER:
            batch.append(self._next())
        return batch

    def _next(self) -> _Waiting:
        waiting = self._queue.popleft()
        self._queued -= waiting.size
        return waiting

    async def _store(self, batch: Sequence[_Waiting]) -> None:
        """Store a batch and answer it; what the database cannot hold fails alone."""
        try:
            await self._commit(batch)
        except _UNHOLDABLE as error:
            if len(batch) == 1:
                _fail(batch, Unrecordable(type(error).__name__))
                return
            for waiting in batch:
                await self._store([waiting])
        except LedgerError as error:
            _fail(batch, error)
        except psycopg.Error as error:
            _fail(batch, Unavailable(f"the database does not record: {type(error).__name__}"))

    async def _commit(self, batch: Sequence[_Waiting]) -> None:
        """Store a batch through lost connections and restarts, while somebody waits for it."""
        appends = [waiting.append for waiting in batch]
        expected = expected_by(appends)
        unsure: Staged | None = None
        sent_to = 0
        while any(not waiting.answer.done() for waiting in batch):
            try:
                connection = await self._connected()
                if unsure is None or not await is_stored(connection, self.book, unsure.head, sent_to):
                    sent_to = connection.info.backend_pid
                    head, unsure = self._head, self._foreseen(appends, expected)
                    if (
                        head is None
                        or unsure is None
                        or not await store_foreseen(connection, self.book, head, expected, unsure)
                    ):
                        unsure = None
                        unsure = await self._judged(connection, appends, expected)
                        await store(connection, self.book, unsure)
                self._finish(batch, unsure)
                return
            except _UNHOLDABLE:
                raise  # one of them counts as an OperationalError too
            except LOST:
                await asyncio.sleep(RETRY_AFTER)
            finally:
                await self._let_go()

    def _foreseen(self, appends: Sequence[Append], expected: Expected) -> Staged | None:
        """The batch judged on what its appends took the record to be, if nobody else seems to write."""
        if self._head is None or not self._is_alone or not expected.is_certain:
            return None
        staged = judge(appends, self._head, expected.found(), time.time_ns() // 1_000)
        return staged if staged.entries else None

    async def _judged(self, connection: Connection, appends: Sequence[Append], expected: Expected) -> Staged:
        head, found = await look_up(connection, self.book, expected)
        self._is_alone = self._head is not None and head.position == self._head.position
        if not self._is_alone:
            self.strangers += 1
        return judge(appends, head, found, time.time_ns() // 1_000)

    def _finish(self, batch: Sequence[_Waiting], staged: Staged) -> None:
        self._head = staged.head
        loop = asyncio.get_running_loop()
        for waiting, verdict in zip(batch, staged.verdicts, strict=True):
            if isinstance(verdict, Recorded) and waiting.remember is not None:
                # On the loop, before the caller wakes: what fails in there does not fail the writer.
                loop.call_soon(waiting.remember, verdict, self.strangers)
            if not waiting.answer.done():
                waiting.answer.set_result(verdict)

    def _at(self, moment: float, then: Callable[[], None]) -> None:
        self._cancel_timer()
        self._timer = asyncio.get_running_loop().call_at(moment, then)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lose_patience(self) -> None:
        """Nobody waits longer than PATIENCE, even where the database neither answers nor hangs up."""
        now = asyncio.get_running_loop().time()
        late = [waiting for waiting in self._batch if waiting.until <= now]
        while self._queue and self._queue[0].until <= now:
            late.append(self._next())
        _fail(late, Unavailable("the database does not answer"))
        in_time = [waiting.until for waiting in (*self._batch, *self._queue) if waiting.until > now]
        self._at(min(in_time, default=now + PATIENCE), self._lose_patience)

    def _rest(self) -> None:
        """Give the connection back; the next append, which may be waiting already, gets a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._leaving = asyncio.get_running_loop().create_task(connection.close())

    async def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = await connect(self._conninfo)
        return self._connection

    async def _let_go(self) -> None:
        """Hang up unless all is done: a transaction broken off, in whatever way, would hold the head."""
        if (
            self._connection is not None
            and self._connection.info.transaction_status != TransactionStatus.IDLE
        ):
            await self._disconnect()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _fail(waiting: Iterable[_Waiting], error: Exception) -> None:
    for one in waiting:
        if not one.answer.done():
            one.answer.set_exception(error)
