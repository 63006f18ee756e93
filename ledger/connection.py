"""Connections to the database: the one a writer holds, and the pool that reads.

Both run in autocommit with statements prepared at first use. A server that is restarting (the embedded one
is started again by `serve`) is waited for, and one that hangs is given up, after `PATIENCE`.
"""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, ClassVar, LiteralString, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import Composed
from psycopg.types.numeric import Int8BinaryDumper
from psycopg_pool import AsyncConnectionPool, PoolClosed

from ledger.errors import Unavailable
from ledger.record import arrays, whole_numbers

PATIENCE = 10.0
"""Seconds a caller waits for a database that does not answer before it is told `Unavailable`."""

RETRY_AFTER = 0.05
"""Seconds between two attempts to reach a database that does not answer."""

LOST = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.TransactionTimeout,
)
"""What psycopg raises when a connection, or the server behind it, is gone."""

Row = tuple[Any, ...]
Connection = psycopg.AsyncConnection[Row]

# A plan is made while the tables may still be empty and is kept for the session, hence no sequential scans. A
# process that is frozen between the two round trips of an append must not hold the head of its book for ever;
# after a pipeline only the transaction's limit is kept, which leaves the writer more than its `PATIENCE`.
_SESSION = "-c enable_seqscan=off -c jit=off -c idle_in_transaction_session_timeout=10s"
_BOUNDED = "-c transaction_timeout=15s"

_CONNECT: dict[str, Any] = {"autocommit": True, "prepare_threshold": 0}


def _session(conninfo: str, settings: str = "") -> str:
    given = conninfo_to_dict(conninfo).get("options") or ""
    return make_conninfo(
        conninfo,
        application_name="makegood",
        connect_timeout=5,
        tcp_user_timeout=int(PATIENCE * 1000),
        options=f"{given} {_SESSION} {settings}".strip(),
    )


async def _prepare(connection: Connection) -> None:
    # One width for every integer: otherwise each magnitude would be another statement to prepare.
    connection.adapters.register_dumper(int, Int8BinaryDumper)
    arrays.register(connection)
    whole_numbers.register(connection)


async def connect(conninfo: str) -> Connection:
    """A connection for a writer. Raises: one of `LOST`."""
    connection = await psycopg.AsyncConnection.connect(_session(conninfo, _BOUNDED), **_CONNECT)
    await _prepare(connection)
    return connection


class _Watch:
    """Everybody on one event loop who waits in time.

    One timer for all: to set and cancel one for each costs more than to wait; hardly anybody waits long.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiting: set[InTime] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, one: "InTime") -> None:
        self._waiting.add(one)
        if self._timer is None or one.until < self._timer.when():
            self._look_at(one.until)

    def discard(self, one: "InTime") -> None:
        self._waiting.discard(one)

    def _look_at(self, moment: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(moment, self._look)

    def _look(self) -> None:
        self._timer, now = None, self.loop.time()
        for one in [one for one in self._waiting if one.until <= now]:
            self._waiting.discard(one)
            one.end()
        if self._waiting:
            self._look_at(min(one.until for one in self._waiting))


class InTime:
    """For `with`: what has not ended `PATIENCE` after this was made ends as `Unavailable`.

    Made once per caller and entered around everything it waits for, so that waits do not add up. It does what
    `asyncio.timeout` does in a tenth of the time: every command passes here.
    """

    _watch: ClassVar[_Watch | None] = None
    """Of the loop that ran last in this process: there is hardly ever another."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        watch = InTime._watch
        if watch is None or watch.loop is not loop:
            watch = InTime._watch = _Watch(loop)
        self._watch_over_me = watch
        self.until = loop.time() + PATIENCE
        self._is_over = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self._watch_over_me.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch_over_me.discard(self)
        if self._is_over:
            self._is_over = False
            # Somebody else may have cancelled the task too; then that is what ended it.
            if self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
                raise Unavailable("the database does not answer") from error

    @contextmanager
    def stopped(self) -> Generator[None]:
        """For `with`, within its own: what is waited for inside does not count."""
        watch = self._watch_over_me
        watch.discard(self)
        began = watch.loop.time()
        try:
            yield
        finally:
            self.until += watch.loop.time() - began
            watch.add(self)

    def end(self) -> None:
        """Its time is over."""
        self._is_over = True
        self._task.cancel()


class Reader:
    """Reads through a small pool; the answer is always of one statement, so it is consistent in itself."""

    def __init__(self, conninfo: str, size: int = 4) -> None:
        self._pool = AsyncConnectionPool(
            _session(conninfo),
            kwargs=_CONNECT,
            configure=_prepare,
            min_size=1,
            max_size=size,
            timeout=PATIENCE,
            open=False,
        )

    async def open(self) -> None:
        """Connect. Raises: Unavailable."""
        try:
            await self._pool.open(wait=True, timeout=PATIENCE)
        except LOST as error:
            await self._pool.close()
            raise Unavailable("the database does not answer") from error

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    async def rows(self, query: LiteralString | Composed, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a query; a read cut off by a lost connection is made again. Raises: Unavailable."""
        return await self._answer(query, parameters, repeatable=True)

    async def change(
        self, query: LiteralString, parameters: Sequence[object] = (), *, repeatable: bool = False
    ) -> list[Row]:
        """What a statement that writes returns. It is not sent again, unless that does no harm.

        Raises: Unavailable; then nobody knows whether it was carried out.
        """
        return await self._answer(query, parameters, repeatable=repeatable)

    async def _answer(
        self, query: LiteralString | Composed, parameters: Sequence[object], *, repeatable: bool
    ) -> list[Row]:
        with InTime():
            while True:
                sent = False
                try:
                    async with self._pool.connection() as connection:
                        if not repeatable:
                            await connection.execute("SELECT")  # it may have died unnoticed
                        sent = True
                        cursor = connection.cursor(binary=True)
                        await cursor.execute(query, parameters, prepare=True)
                        return await cursor.fetchall()
                except PoolClosed as closed:
                    raise Unavailable("the connections are closed") from closed
                except LOST as error:
                    if sent and not repeatable:
                        raise Unavailable("the database does not answer") from error
                    await asyncio.sleep(RETRY_AFTER)
