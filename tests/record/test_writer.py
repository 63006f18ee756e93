"""Group commit against a real server: order, conflicts, lost connections, refusals to record."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
import pytest

from ledger import writer as writer_module
from ledger.append import Append, NewClaim, NewEntry, Recorded, Repeated, Stale, Taken
from ledger.batch import Staged
from ledger.chain import verify
from ledger.connection import Connection
from ledger.database import Database
from ledger.errors import QueueFull, Unavailable, UnknownBook, Unrecordable
from ledger.submission import Lookup
from ledger.transaction import store
from ledger.writer import Writer
from tests.record.conftest import Rows, append, new_entry

pytestmark = pytest.mark.anyio

Store = Callable[[Connection, str, Staged], Awaitable[None]]


@pytest.fixture
async def other_writer(database: Database, bare_book: str) -> AsyncIterator[Writer]:
    """As another process would have."""
    writer = Writer(bare_book, database.app_conninfo)
    yield writer
    await writer.close()


def check_whole(rows: Rows, book: str, entries: int) -> None:
    """No gap, no duplicate, the chain intact, every stream's versions in line."""
    stored = rows(book)
    assert verify(stored)[0] == len(stored) == entries
    versions: dict[str, int] = {}
    for row in stored:
        assert row.version == versions.get(row.stream, 0) + 1
        versions[row.stream] = row.version


async def test_appends_of_many_callers_share_commits_and_leave_no_gap(
    writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []

    async def counted(connection: Connection, book: str, staged: Staged) -> None:
        commits.append(len(staged.verdicts))
        await store(connection, book, staged)

    monkeypatch.setattr(writer_module, "store", counted)
    verdicts = await asyncio.gather(*[writer.append(append(new_entry(f"s{n}"))) for n in range(200)])
    assert sorted(verdict.first for verdict in verdicts if isinstance(verdict, Recorded)) == list(
        range(1, 201)
    )
    assert sum(commits) == 200
    assert len(commits) < 10
    check_whole(rows, bare_book, 200)


async def test_the_head_row_is_the_last_entry(
    writer: Writer, bare_book: str, rows: Rows, database: Database
) -> None:
    await writer.append(append(new_entry("a"), new_entry("a", 2)))
    with psycopg.connect(database.app_conninfo) as connection:
        head = connection.execute(
            "SELECT position, hash, recorded_at FROM heads WHERE book = %s", (bare_book,)
        ).fetchone()
    last = rows(bare_book)[-1]
    assert head == (last.position, last.hash, last.recorded_at) == (2, last.hash, last.recorded_at)


async def test_a_conflict_answers_its_own_caller_and_nobody_else(
    writer: Writer, bare_book: str, rows: Rows
) -> None:
    await writer.append(append(new_entry("a")))
    stale, *others = await asyncio.gather(
        writer.append(append(new_entry("a"))), *[writer.append(append(new_entry(f"s{n}"))) for n in range(20)]
    )
    assert stale == Stale("a")
    assert all(isinstance(verdict, Recorded) for verdict in others)
    check_whole(rows, bare_book, 21)


async def test_keys_claims_reads_and_facts_are_checked_against_what_is_stored(
    writer: Writer, bare_book: str, rows: Rows
) -> None:
    claim = NewClaim("sku", "DRESS", "prd_1")
    first = append(new_entry("prd_1", customer="cus_1"), claims=(claim,), key="k")
    assert isinstance(await writer.append(first), Recorded)
    assert await writer.append(first) == Repeated(1, 1, b"same")
    assert await writer.append(append(new_entry("prd_2"), claims=(claim,))) == Taken("sku", "DRESS", "prd_1")
    assert await writer.append(append(new_entry("x"), reads={"prd_1": 0})) == Stale("prd_1")
    assert await writer.append(append(new_entry("x"), facts=("cus_1", 0))) == Stale("cus_1")
    allowed = append(new_entry("x"), reads={"prd_1": 1, "never": 0}, facts=("cus_1", 1))
    assert isinstance(await writer.append(allowed), Recorded)
    check_whole(rows, bare_book, 2)


async def test_two_writers_of_one_book_leave_no_gap_and_no_duplicate(
    writer: Writer, other_writer: Writer, bare_book: str, rows: Rows
) -> None:
    async def race(mine: Writer) -> int:
        won = 0
        for version in range(1, 31):
            verdicts = await asyncio.gather(
                mine.append(append(new_entry("contested", version))),
                *[mine.append(append(new_entry(f"s{id(mine)}-{version}-{n}"))) for n in range(5)],
            )
            won += isinstance(verdicts[0], Recorded)
        return won

    # Without FOR UPDATE on the head, both would take the same positions.
    wins = await asyncio.gather(race(writer), race(other_writer))
    assert sum(wins) == max(row.version for row in rows(bare_book) if row.stream == "contested")
    check_whole(rows, bare_book, 2 * 30 * 5 + sum(wins))
    assert writer.strangers > 1


async def test_a_reply_lost_after_the_commit_is_found_again_and_stored_once(
    writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[int] = []

    async def replyless(connection: Connection, book: str, staged: Staged) -> None:
        await store(connection, book, staged)
        if not lost:
            lost.append(staged.head.position)
            await connection.close()
            raise psycopg.OperationalError("the reply never came")

    monkeypatch.setattr(writer_module, "store", replyless)
    # Judged again instead of looked for, they would be told that their own entries are in their way.
    verdicts = await asyncio.gather(
        *[writer.append(append(new_entry(f"s{n}"), key=f"k{n}")) for n in range(5)]
    )
    assert [type(verdict) for verdict in verdicts] == [Recorded] * 5
    assert lost == [5]
    check_whole(rows, bare_book, 5)


async def test_a_connection_lost_before_the_commit_sends_the_batch_again(
    writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[int] = []

    async def cut(connection: Connection, book: str, staged: Staged) -> None:
        if not lost:
            lost.append(staged.head.position)
            await connection.execute("INSERT INTO claims VALUES (%s, 'half', 'done', 1)", (book,))
            await connection.close()
            raise psycopg.OperationalError("gone")
        await store(connection, book, staged)

    monkeypatch.setattr(writer_module, "store", cut)
    assert await writer.append(append(new_entry("a"))) == Recorded(1, rows(bare_book)[0].recorded_at)
    assert lost == [1]
    check_whole(rows, bare_book, 1)


async def test_a_commit_still_under_way_on_the_lost_connection_is_waited_for(
    writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind: list[asyncio.Task[None]] = []

    async def overtaken(connection: Connection, book: str, staged: Staged) -> None:
        """The client gives up while the server has the batch, which commits once the head is waited for."""

        async def commit() -> None:
            async with await psycopg.AsyncConnection.connect(writer._conninfo, autocommit=True) as watcher:
                blocked = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
                pid = connection.info.backend_pid
                while not await (await watcher.execute(blocked, (pid,))).fetchone():
                    pass
            await store(connection, book, staged)
            await connection.close()

        if not left_behind:
            left_behind.append(asyncio.create_task(commit()))
            writer._connection = None
            raise psycopg.OperationalError("gave up")
        await store(connection, book, staged)

    monkeypatch.setattr(writer_module, "store", overtaken)
    assert isinstance(await writer.append(append(new_entry("a"))), Recorded)
    await left_behind[0]
    # Without the lock in `is_stored`, the look comes before the commit and the batch is judged stale.
    check_whole(rows, bare_book, 1)


async def test_backends_killed_under_load_lose_no_acknowledged_append_and_double_none(
    writer: Writer, bare_book: str, rows: Rows, database: Database
) -> None:
    acknowledged: set[str] = set()
    killer = await psycopg.AsyncConnection.connect(database.app_conninfo, autocommit=True)

    async def caller(number: int) -> None:
        for turn in range(40):
            stream = f"s{number}-{turn}"
            if isinstance(await writer.append(append(new_entry(stream))), Recorded):
                acknowledged.add(stream)
            connection = writer._connection
            if len(acknowledged) % 40 == 0 and connection is not None and not connection.closed:
                await killer.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))

    await asyncio.gather(*[caller(number) for number in range(8)])
    await killer.close()
    assert acknowledged == {row.stream for row in rows(bare_book)}
    check_whole(rows, bare_book, 8 * 40)


async def test_a_cancelled_caller_takes_neither_its_own_append_back_nor_anybody_elses(
    writer: Writer, bare_book: str, rows: Rows
) -> None:
    remembered: list[int] = []
    leaving = asyncio.create_task(
        writer.append(append(new_entry("left")), lambda recorded, _: remembered.append(recorded.first))
    )
    staying = asyncio.create_task(writer.append(append(new_entry("stayed"))))
    await asyncio.sleep(0)
    leaving.cancel()
    assert isinstance(await staying, Recorded)
    assert leaving.cancelled()
    assert remembered == [1]
    check_whole(rows, bare_book, 2)


async def test_a_full_queue_is_said_so_and_forgets_nobody_who_waits(
    writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "MOST_WAITING", 3)
    waiting = [asyncio.create_task(writer.append(append(new_entry(f"s{n}")))) for n in range(3)]
    refused = asyncio.create_task(writer.append(append(new_entry("too-many"))))
    with pytest.raises(QueueFull):
        await refused
    assert [type(verdict) for verdict in await asyncio.gather(*waiting)] == [Recorded] * 3
    check_whole(rows, bare_book, 3)


BAD_ENTRIES = {
    "NUL in data": new_entry("a")._replace(data='{"a":"\0"}'),
    "lone surrogate in meta": new_entry("a")._replace(meta='{"a":"\ud800"}'),
    "line break in data": new_entry("a")._replace(data='{\n"a":1}'),
    "blank in the stream": new_entry("a b"),
    "blank in the customer": new_entry("a", customer="cus 1"),
    "stream too long": new_entry("a" * 201),
    "empty stream": new_entry(""),
    "effective_at after year 9999": new_entry("a")._replace(effective_at=2**62),
    "effective_at beyond 64 bits": new_entry("a")._replace(effective_at=-(2**80)),
}


@pytest.mark.parametrize("entry", BAD_ENTRIES.values(), ids=BAD_ENTRIES.keys())
async def test_what_the_record_cannot_hold_is_refused_before_it_joins_a_batch(
    writer: Writer, bare_book: str, rows: Rows, entry: NewEntry
) -> None:
    good = asyncio.create_task(writer.append(append(new_entry("good"))))
    with pytest.raises(Unrecordable):
        await writer.append(Append(entries=(entry,)))
    assert isinstance(await good, Recorded)
    check_whole(rows, bare_book, 1)


@pytest.mark.parametrize("key", ["nul\0", "\ud800", "", "x" * 601])
async def test_a_key_the_record_cannot_hold_is_refused(writer: Writer, key: str) -> None:
    with pytest.raises(Unrecordable):
        await writer.append(append(new_entry("a"), key=key))
    with pytest.raises(Unrecordable):
        await writer.append(append(new_entry("a"), claims=(NewClaim("sku", key, "a"),)))


async def test_what_only_the_database_finds_unholdable_fails_alone(
    writer: Writer, bare_book: str, rows: Rows
) -> None:
    # Too large for a row of an index, which nobody checks beforehand: digests have a fixed length.
    digest = b"".join(number.to_bytes(4) for number in range(4_000))
    bad = Append(entries=(new_entry("bad"),), lookups=(Lookup("email", digest, "cus_1"),))
    verdicts = await asyncio.gather(
        writer.append(append(new_entry("before"))),
        writer.append(bad),
        writer.append(append(new_entry("after"))),
        return_exceptions=True,
    )
    assert [type(verdict) for verdict in verdicts] == [Recorded, Unrecordable, Recorded]
    check_whole(rows, bare_book, 2)


async def test_a_batch_that_breaks_off_unforeseen_is_answered_and_lets_go_of_the_head(
    writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Staged:
        raise ArithmeticError

    monkeypatch.setattr(writer_module, "judge", broken)
    with pytest.raises(Unavailable):
        await writer.append(append(new_entry("a")))
    assert writer._draining is not None
    assert isinstance(writer._draining.exception(), ArithmeticError)
    monkeypatch.undo()
    assert isinstance(await writer.append(append(new_entry("b"))), Recorded)
    check_whole(rows, bare_book, 1)


async def test_a_book_without_a_head_is_unknown(database: Database, book_name: str) -> None:
    writer = Writer(book_name, database.app_conninfo)
    with pytest.raises(UnknownBook):
        await writer.append(append(new_entry("a")))
    await writer.close()


async def test_a_database_that_is_away_is_told_after_a_bounded_time_to_everybody_who_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer_module, "PATIENCE", 0.1)
    writer = Writer("any", "host=/nonexistent dbname=any")
    answers = await asyncio.gather(
        *[writer.append(append(new_entry(f"s{n}"))) for n in range(3)], return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [Unavailable] * 3
    await writer.close()


async def test_a_database_that_hangs_is_told_too_and_what_it_stores_later_is_kept(
    writer: Writer, bare_book: str, rows: Rows, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "PATIENCE", 0.1)
    async with await psycopg.AsyncConnection.connect(database.app_conninfo) as holder:
        await holder.execute("SELECT 1 FROM heads WHERE book = %s FOR UPDATE", (bare_book,))
        with pytest.raises(Unavailable):
            await writer.append(append(new_entry("a")))
        with pytest.raises(Unavailable):
            await writer.append(append(new_entry("b")))
    monkeypatch.undo()
    assert isinstance(await writer.append(append(new_entry("c"))), Recorded)
    assert [row.stream for row in rows(bare_book)] == ["a", "c"]


async def test_closing_stores_what_waits_and_takes_no_more(
    database: Database, bare_book: str, rows: Rows
) -> None:
    writer = Writer(bare_book, database.app_conninfo)
    waiting = [asyncio.create_task(writer.append(append(new_entry(f"s{n}")))) for n in range(50)]
    await asyncio.sleep(0)
    await writer.close()
    assert [type(verdict) for verdict in await asyncio.gather(*waiting)] == [Recorded] * 50
    with pytest.raises(Unavailable):
        await writer.append(append(new_entry("late")))
    check_whole(rows, bare_book, 50)
