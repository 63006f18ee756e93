"""Connections: settings that hold on every one, and reads that outlive a lost connection."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import psycopg
import pytest

from ledger import connection as connection_module
from ledger.book import Book
from ledger.clocks import DemoClock
from ledger.connection import LOST, Connection, InTime, Reader, connect
from ledger.database import Database
from ledger.errors import Unavailable
from ledger.record.batch import Expected
from ledger.record.transaction import look_up

pytestmark = pytest.mark.anyio


async def test_every_connection_bounds_how_long_a_frozen_process_may_hold_a_head(
    database: Database, reader: Reader
) -> None:
    question = "SELECT current_setting('idle_in_transaction_session_timeout')"
    assert await reader.rows(question) == [("10s",)]
    writing = await connect(database.app_conninfo)
    assert await (await writing.execute(question)).fetchone() == ("10s",)
    await writing.close()


async def test_a_writer_frozen_between_its_two_round_trips_loses_the_head(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bound only how long it is idle, which is not kept after a pipeline → the other gives up, this fails."""
    monkeypatch.setattr(connection_module, "_BOUNDED", "-c transaction_timeout=300ms")
    frozen = await connect(database.app_conninfo)
    monkeypatch.setattr(connection_module, "_BOUNDED", "-c lock_timeout=8s")
    other = await connect(database.app_conninfo)
    nothing = Expected({}, {}, set(), set(), is_certain=False)
    await look_up(frozen, book.name, nothing)
    head, _ = await look_up(other, book.name, nothing)
    assert head.position == book.position
    with pytest.raises(LOST):
        await frozen.execute("COMMIT")
    await other.close()


async def test_options_of_the_connection_string_are_kept(database: Database) -> None:
    conninfo = psycopg.conninfo.make_conninfo(database.app_conninfo, options="-c work_mem=5MB")
    asked = await connect(conninfo)
    assert await (await asked.execute("SHOW work_mem")).fetchone() == ("5MB",)
    await asked.close()


async def test_a_read_whose_connection_is_lost_is_made_again(database: Database, reader: Reader) -> None:
    ((backend,),) = await reader.rows("SELECT pg_backend_pid()")
    async with await psycopg.AsyncConnection.connect(database.app_conninfo, autocommit=True) as killer:
        await killer.execute("SELECT pg_terminate_backend(%s)", (backend,))
    answers = await asyncio.gather(*[reader.rows("SELECT pg_backend_pid()") for _ in range(8)])
    assert all(answer != [(backend,)] for answer in answers)


async def test_a_database_that_is_away_is_unavailable_after_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_module, "PATIENCE", 0.1)
    reader = Reader("host=/nonexistent dbname=any")
    with pytest.raises(Unavailable):
        await reader.open()


async def test_a_read_that_hangs_ends_after_a_bounded_time(
    database: Database, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "PATIENCE", 0.2)
    assert database.owner_conninfo is not None
    async with await psycopg.AsyncConnection.connect(database.owner_conninfo) as holder:
        await holder.execute("LOCK TABLE claims IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable):
                await reader.rows("SELECT 1 FROM claims LIMIT 1")
    assert await reader.rows("SELECT 1 FROM claims LIMIT 0") == []


async def test_a_reader_that_was_closed_says_so_at_once(database: Database) -> None:
    reader = Reader(database.app_conninfo)
    await reader.open()
    await reader.close()
    async with asyncio.timeout(1):
        with pytest.raises(Unavailable):
            await reader.rows("SELECT 1")


@pytest.fixture
def statements(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the statements sent; the answer to number 2 is lost, after it was carried out."""
    real: Callable[[], AbstractAsyncContextManager[Connection]] = reader._pool.connection
    sent: list[int] = []

    @asynccontextmanager
    async def cut() -> AsyncIterator[Connection]:
        async with real() as connection:
            yield connection
            sent.append(len(sent) + 1)
            if len(sent) == 2:
                raise psycopg.OperationalError("the reply was lost after the commit")

    monkeypatch.setattr(reader._pool, "connection", cut)
    return sent


async def test_a_change_whose_reply_is_lost_is_not_sent_again(
    reader: Reader, statements: list[int], book_name: str
) -> None:
    await reader.rows("SELECT 1")
    with pytest.raises(Unavailable):
        await reader.change("INSERT INTO clocks VALUES (%b, 1) RETURNING ahead", (book_name,))
    assert statements == [1, 2]
    assert await reader.rows("SELECT ahead FROM clocks WHERE book = %b", (book_name,)) == [(1,)]


async def test_a_change_finds_a_connection_that_died_while_it_rested(
    database: Database, reader: Reader, book_name: str
) -> None:
    ((backend,),) = await reader.rows("SELECT pg_backend_pid()")
    async with await psycopg.AsyncConnection.connect(database.app_conninfo, autocommit=True) as killer:
        await killer.execute("SELECT pg_terminate_backend(%s)", (backend,))
    # Without the question before it, the change would be sent into the dead connection and given up.
    assert await reader.change("INSERT INTO clocks VALUES (%b, 7) RETURNING ahead", (book_name,)) == [(7,)]


async def test_a_clock_moved_by_a_statement_whose_reply_is_lost_moves_once(
    reader: Reader, statements: list[int], book_name: str
) -> None:
    """Add to the clock instead of setting it → the statement sent again moves it twice, and this fails."""
    clock = DemoClock(book_name, reader)
    await clock.advance(1_000)
    assert statements == [1, 2, 3]
    assert clock.ahead == 1_000


async def test_of_many_who_wait_each_is_told_in_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # Look only when the one who came first is due → the second is not told, and this never ends.
    go_on = asyncio.Event()

    async def waits(patience: float) -> None:
        monkeypatch.setattr(connection_module, "PATIENCE", patience)
        with InTime():
            await go_on.wait()

    patient = asyncio.create_task(waits(60.0))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await waits(0.01)
    with pytest.raises(Unavailable):
        await waits(0.01)  # the timer was set for the patient one again
    go_on.set()
    await patient


async def test_what_does_not_wait_for_the_database_takes_none_of_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Let the time go on meanwhile → it is over, as the second one's is.
    monkeypatch.setattr(connection_module, "PATIENCE", 0.0)
    over = asyncio.Event()

    async def waits_in_vain() -> None:
        with pytest.raises(Unavailable), InTime():
            await asyncio.Event().wait()
        over.set()

    with InTime() as mine, mine.stopped():
        other = asyncio.create_task(waits_in_vain())
        await over.wait()
    await other
