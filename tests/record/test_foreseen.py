"""Batches judged before the record is asked, stored in one statement if it is as they took it to be."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from ledger.connection import Connection, connect
from ledger.database import Database
from ledger.record import writer as writer_module
from ledger.record.append import Append, NewClaim, Recorded, Repeated, Stale, Taken, Verdict
from ledger.record.batch import expected_by, judge
from ledger.record.transaction import look_up, store, store_foreseen
from ledger.record.writer import Writer
from tests.record.conftest import Rows, append, new_entry
from tests.record.test_writer import check_whole

pytestmark = pytest.mark.anyio


@pytest.fixture
async def alone(writer: Writer) -> Writer:
    """A writer that has found twice that nobody else writes: two entries."""
    await writer.append(append(new_entry("first")))
    await writer.append(append(new_entry("second")))
    return writer


@pytest.fixture
def looked_up(alone: Writer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The book's name for each batch from now on that has to be looked up."""
    books: list[str] = []

    async def noted(connection: Connection, book: str, *rest: Any) -> Any:
        books.append(book)
        return await look_up(connection, book, *rest)

    monkeypatch.setattr(writer_module, "look_up", noted)
    return books


@pytest.fixture
async def elsewhere(database: Database) -> AsyncIterator[Connection]:
    """A connection of another process."""
    connection = await connect(database.app_conninfo)
    yield connection
    await connection.close()


async def test_a_batch_that_takes_the_record_for_what_it_is_asks_nothing(
    alone: Writer, looked_up: list[str], bare_book: str, rows: Rows
) -> None:
    claim = NewClaim("sku", "DRESS", "s1")
    verdicts = await asyncio.gather(
        alone.append(append(new_entry("s1", customer="cus_1"), claims=(claim,), key="k")),
        alone.append(append(new_entry("first", 2), reads={"second": 1, "never": 0}, facts=("cus_2", 0))),
    )
    assert [type(verdict) for verdict in verdicts] == [Recorded, Recorded]
    assert looked_up == []
    check_whole(rows, bare_book, 4)


@pytest.mark.parametrize(
    ("mistaken", "verdict"),
    [
        (append(new_entry("first")), Stale("first")),
        (append(new_entry("x"), reads={"known": 0}), Stale("known")),
        (append(new_entry("x"), reads={"never": 1}), Stale("never")),
        (append(new_entry("x"), facts=("cus_1", 0)), Stale("cus_1")),
        (append(new_entry("x"), facts=("cus_2", 3)), Stale("cus_2")),
        (append(new_entry("x"), key="k"), Repeated(3, 3, b"same")),
        (append(new_entry("x"), claims=(NewClaim("sku", "DRESS", "x"),)), Taken("sku", "DRESS", "known")),
    ],
)
async def test_one_that_is_mistaken_is_set_aside_and_those_beside_it_are_stored(
    alone: Writer, looked_up: list[str], bare_book: str, rows: Rows, mistaken: Append, verdict: Verdict
) -> None:
    # Leave any of the four questions out of the statement → its case fails.
    claim = NewClaim("sku", "DRESS", "known")
    await alone.append(append(new_entry("known", customer="cus_1"), claims=(claim,), key="k"))
    verdicts = await asyncio.gather(alone.append(mistaken), alone.append(append(new_entry("other"))))
    assert verdicts[0] == verdict
    assert isinstance(verdicts[1], Recorded)
    assert looked_up == [bare_book]
    check_whole(rows, bare_book, 4)


async def test_two_that_take_a_stream_for_different_things_are_looked_up(
    alone: Writer, looked_up: list[str], bare_book: str, rows: Rows
) -> None:
    verdicts = await asyncio.gather(
        alone.append(append(new_entry("first", 2))), alone.append(append(new_entry("first", 3)))
    )
    assert [type(verdict) for verdict in verdicts] == [Recorded, Recorded]
    assert looked_up == [bare_book]
    check_whole(rows, bare_book, 4)


async def test_what_another_stored_in_between_is_looked_up_until_it_is_quiet_again(
    alone: Writer, looked_up: list[str], bare_book: str, rows: Rows, database: Database
) -> None:
    other = Writer(bare_book, database.app_conninfo)
    await other.append(append(new_entry("first", 2)))
    await other.close()
    strangers = alone.strangers
    assert await alone.append(append(new_entry("first", 2))) == Stale("first")
    assert alone.strangers == strangers + 1
    for version in (3, 4, 5):
        assert isinstance(await alone.append(append(new_entry("first", version))), Recorded)
    assert len(looked_up) == 3  # the other's, and two of ours
    check_whole(rows, bare_book, 6)


@pytest.mark.parametrize(
    ("theirs", "verdict"), [("first", Stale("first")), ("another", Recorded(4, 0))], ids=["mine", "another"]
)
async def test_what_another_stores_while_the_statement_waits_is_seen(
    alone: Writer, elsewhere: Connection, bare_book: str, rows: Rows, theirs: str, verdict: Verdict
) -> None:
    """Insert whatever the head turned out to be → both take one position, and this fails."""
    version = 2 if theirs == "first" else 1
    expected = expected_by([append(new_entry(theirs, version))])
    head, found = await look_up(elsewhere, bare_book, expected)
    ours = asyncio.create_task(alone.append(append(new_entry("first", 2))))
    blocked = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
    while not await (await elsewhere.execute(blocked, (elsewhere.info.backend_pid,))).fetchone():
        pass
    await store(elsewhere, bare_book, judge([append(new_entry(theirs, version))], head, found, 0))
    told = await ours
    assert (Recorded(told.first, 0) if isinstance(told, Recorded) else told) == verdict
    check_whole(rows, bare_book, 4 if isinstance(verdict, Recorded) else 3)


async def test_a_reply_lost_after_the_statement_is_found_again_and_stored_once(
    alone: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Forget what was sent → they would be told that their own entries are in their way.
    lost: list[bool] = []

    async def replyless(connection: Connection, *rest: Any) -> bool:
        stored = await store_foreseen(connection, *rest)
        if not lost:
            lost.append(stored)
            await connection.close()
            raise psycopg.OperationalError("the reply never came")
        return stored

    monkeypatch.setattr(writer_module, "store_foreseen", replyless)
    verdicts = await asyncio.gather(
        *[alone.append(append(new_entry(f"s{n}"), key=f"k{n}")) for n in range(5)]
    )
    assert [type(verdict) for verdict in verdicts] == [Recorded] * 5
    assert lost == [True]
    check_whole(rows, bare_book, 7)


async def test_a_statement_still_to_begin_on_a_lost_connection_never_begins(
    alone: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Do not end the server's process in `is_stored` → the statement is carried out after all.
    left_behind: list[tuple[Connection, Any]] = []

    async def overtaken(connection: Connection, *rest: Any) -> bool:
        if not left_behind:
            left_behind.append((connection, rest))
            alone._connection = None
            raise psycopg.OperationalError("gave up")
        return await store_foreseen(connection, *rest)

    monkeypatch.setattr(writer_module, "store_foreseen", overtaken)
    assert isinstance(await alone.append(append(new_entry("a"))), Recorded)
    connection, rest = left_behind[0]
    with pytest.raises(psycopg.OperationalError):
        await store_foreseen(connection, *rest)
    await connection.close()
    check_whole(rows, bare_book, 3)
