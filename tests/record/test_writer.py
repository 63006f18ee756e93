"""Group commit against a real server: order, conflicts, lost connections, refusals to record."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import psycopg
import pytest

from ledger.connection import Connection, connect
from ledger.database import Database
from ledger.errors import QueueFull, Unavailable, UnknownBook, Unrecordable
from ledger.record import writer as writer_module
from ledger.record.append import (
    Append,
    CommandKey,
    NewClaim,
    NewEntry,
    Recorded,
    Repeated,
    Stale,
    Taken,
    size_of,
)
from ledger.record.batch import Staged
from ledger.record.chain import verify
from ledger.record.submission import Lookup, SubjectKey
from ledger.record.transaction import store
from ledger.record.writer import ENOUGH, Writer
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


def committed_by(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many appends each commit of the writer from now on holds."""
    commits: list[int] = []
    finish = writer._finish

    def counted(batch: Sequence[Any], staged: Staged) -> None:
        commits.append(len(batch))
        finish(batch, staged)

    monkeypatch.setattr(writer, "_finish", counted)
    return commits


async def test_appends_of_many_callers_share_commits_and_leave_no_gap(
    writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = committed_by(writer, monkeypatch)
    verdicts = await asyncio.gather(*[writer.append(append(new_entry(f"s{n}"))) for n in range(200)])
    assert sorted(verdict.first for verdict in verdicts if isinstance(verdict, Recorded)) == list(
        range(1, 201)
    )
    assert sum(commits) == 200
    assert len(commits) < 10
    check_whole(rows, bare_book, 200)


@pytest.mark.parametrize(
    ("long", "batches"), [(0.0, [1, 2 * ENOUGH, ENOUGH, ENOUGH]), (60.0, [1, 4 * ENOUGH])]
)
async def test_where_storing_takes_long_half_of_those_who_wait_go_and_the_others_are_served(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, long: float, batches: list[int]
) -> None:
    """Fails when all who wait go together: then service and database take turns."""
    monkeypatch.setattr(writer_module, "LONG_IDLE", long)
    commits = committed_by(writer, monkeypatch)
    await writer.append(append(new_entry("first")))
    await asyncio.gather(*[writer.append(append(new_entry(f"s{n}"))) for n in range(4 * ENOUGH)])
    assert commits == batches


async def test_a_writer_that_rests_gives_its_connection_back_and_gets_another(
    writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Keep the connection for ever → a server runs out of connections with some hundred books.
    made: list[Connection] = []
    closed = asyncio.Event()

    async def connected(conninfo: str) -> Connection:
        connection = await connect(conninfo)
        made.append(connection)
        close = connection.close

        async def closing() -> None:
            await close()
            closed.set()

        monkeypatch.setattr(connection, "close", closing)
        return connection

    monkeypatch.setattr(writer_module, "connect", connected)
    for version in range(1, 11):
        await writer.append(append(new_entry("busy", version)))
    assert (len(made), closed.is_set()) == (1, False)

    monkeypatch.setattr(writer_module, "RESTS_AFTER", 0.0)
    await writer.append(append(new_entry("busy", 11)))
    await asyncio.wait_for(closed.wait(), 10)
    assert isinstance(await writer.append(append(new_entry("busy", 12))), Recorded)
    assert len(made) == 2
    check_whole(rows, bare_book, 12)


async def test_a_transaction_takes_so_many_bytes_or_a_single_larger_append(
    writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = committed_by(writer, monkeypatch)
    small, large = new_entry("small", text="x" * 100), new_entry("large", text="x" * 1_000)
    size = size_of(append(small))
    monkeypatch.setattr(writer_module, "MOST_TOGETHER", 3 * size)
    entries = [small._replace(stream=f"s{n}") for n in range(4)]
    await asyncio.gather(*[writer.append(append(entry)) for entry in (*entries, large, new_entry("last"))])
    assert commits == [3, 1, 1, 1]
    check_whole(rows, bare_book, 6)


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
    again = claim._replace(stream="prd_2")
    assert await writer.append(append(new_entry("prd_2"), claims=(again,))) == Taken("sku", "DRESS", "prd_1")
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


async def test_what_another_writer_stored_at_the_same_position_is_not_taken_for_the_lost_batch(
    writer: Writer, other_writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Look for the position alone and not for its hash → the lost batch counts as stored, and this fails."""
    lost: list[int] = []

    async def overtaken(connection: Connection, book: str, staged: Staged) -> None:
        if not lost:
            lost.append(staged.head.position)
            await connection.close()
            await other_writer.append(append(new_entry("theirs")))
            raise psycopg.OperationalError("gone before the commit")
        await store(connection, book, staged)

    monkeypatch.setattr(writer_module, "store", overtaken)
    assert isinstance(await writer.append(append(new_entry("ours"))), Recorded)
    assert lost == [1]
    assert [row.stream for row in rows(bare_book)] == ["theirs", "ours"]
    check_whole(rows, bare_book, 2)


async def test_what_a_lost_connection_was_still_to_carry_out_is_never_carried_out(
    writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Do not end the server's process in `is_stored` → it holds the head, and nobody gets on.
    left_behind: list[tuple[Connection, Staged]] = []

    async def overtaken(connection: Connection, book: str, staged: Staged) -> None:
        """The client gives up while the server holds the head and has the rest of the batch to come."""
        if not left_behind:
            left_behind.append((connection, staged))
            writer._connection = None
            raise psycopg.OperationalError("gave up")
        await store(connection, book, staged)

    monkeypatch.setattr(writer_module, "store", overtaken)
    assert isinstance(await writer.append(append(new_entry("a"))), Recorded)
    connection, staged = left_behind[0]
    with pytest.raises(psycopg.OperationalError):
        await store(connection, bare_book, staged)
    await connection.close()
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


async def test_a_queue_of_too_many_bytes_is_full_too_and_empties_again(
    writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = append(new_entry("large", text="x" * 1_000))
    monkeypatch.setattr(writer_module, "MOST_BYTES_WAITING", size_of(large))
    for version in (1, 2):
        entry = large.entries[0]._replace(version=version)
        waiting = asyncio.create_task(writer.append(Append(entries=(entry,))))
        refused = asyncio.create_task(writer.append(append(new_entry("too-much"))))
        with pytest.raises(QueueFull):
            await refused
        assert isinstance(await waiting, Recorded)
    check_whole(rows, bare_book, 2)


BAD_ENTRIES = {
    "NUL in data": new_entry("a")._replace(data='{"a":"\0"}'),
    "lone surrogate in meta": new_entry("a")._replace(meta='{"a":"\ud800"}'),
    "line break in data": new_entry("a")._replace(data='{\n"a":1}'),
    "blank in the stream": new_entry("a b"),
    "blank in the customer": new_entry("a", customer="cus 1"),
    "stream too long": new_entry("a" * 201),
    "empty stream": new_entry(""),
    "empty customer": new_entry("a", customer=""),
    "the customer that is hashed for none": new_entry("a", customer="-"),
    "schema version beyond 32 bits": new_entry("a")._replace(schema_version=2**31),
    "schema version nought": new_entry("a")._replace(schema_version=0),
    "version beyond 64 bits": new_entry("a", 2**63),
    "effective_at after year 2999": new_entry("a")._replace(effective_at=2**62),
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


BAD_READS = {
    "surrogate in a stream read": append(new_entry("a"), reads={"\ud800": 0}),
    "version read beyond 64 bits": append(new_entry("a"), reads={"policy": 2**63}),
    "surrogate in a customer read": append(new_entry("a"), facts=("\ud800", 0)),
    "history beyond 64 bits": append(new_entry("a"), facts=("cus_1", 2**63)),
}


@pytest.mark.parametrize("bad", BAD_READS.values(), ids=BAD_READS.keys())
async def test_what_cannot_even_be_asked_fails_alone(writer: Writer, bad: Append) -> None:
    # Unchecked, it failed the whole batch and the queue behind it as "the database does not answer".
    verdicts = await asyncio.gather(
        writer.append(append(new_entry("good"))), writer.append(bad), return_exceptions=True
    )
    assert [type(verdict) for verdict in verdicts] == [Recorded, Unrecordable]


async def test_the_longest_values_fit_their_indexes(writer: Writer) -> None:
    digits = random.Random(1)
    text = "".join(chr(digits.randrange(0x10000, 0x1FFFF)) for _ in range(150))
    longest = Append(
        entries=(new_entry("a" * 200),),
        command=CommandKey(text, text, b""),
        claims=(NewClaim(text, text, "a" * 200),),
        lookups=(Lookup(text, bytes(32), text),),
        subject_keys=(SubjectKey(text, b""),),
    )
    assert isinstance(await writer.append(longest), Recorded)


@pytest.mark.parametrize("key", ["nul\0", "\ud800", "", "x" * 601, "\U0001f600" * 151])
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
    writer: Writer, other_writer: Writer, bare_book: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hang up only before the next batch of the same writer → the other one waits, and this fails."""

    def broken(*_: object) -> Staged:
        raise ArithmeticError

    monkeypatch.setattr(writer_module, "judge", broken)
    with pytest.raises(Unavailable):
        await writer.append(append(new_entry("a")))
    assert writer._draining is not None
    assert isinstance(writer._draining.exception(), ArithmeticError)
    monkeypatch.undo()
    async with asyncio.timeout(5):
        assert isinstance(await other_writer.append(append(new_entry("b"))), Recorded)
    assert isinstance(await writer.append(append(new_entry("c"))), Recorded)
    check_whole(rows, bare_book, 2)


async def test_a_database_that_may_only_be_read_is_unavailable(database: Database, bare_book: str) -> None:
    read_only = psycopg.conninfo.make_conninfo(
        database.app_conninfo, options="-c default_transaction_read_only=on"
    )
    writer = Writer(bare_book, read_only)
    with pytest.raises(Unavailable):
        await writer.append(append(new_entry("a")))
    await writer.close()


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


async def test_an_append_that_came_later_is_waited_for_longer(
    writer: Writer, bare_book: str, rows: Rows, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fail all who wait once the first has waited long enough → the second is told too early, this fails."""
    monkeypatch.setattr(writer_module, "PATIENCE", 0.3)
    async with await psycopg.AsyncConnection.connect(database.app_conninfo) as holder:
        await holder.execute("SELECT 1 FROM heads WHERE book = %s FOR UPDATE", (bare_book,))
        early = asyncio.create_task(writer.append(append(new_entry("early"))))
        await asyncio.sleep(0)
        monkeypatch.setattr(writer_module, "PATIENCE", 10.0)
        late = asyncio.create_task(writer.append(append(new_entry("late"))))
        with pytest.raises(Unavailable):
            await early
        assert not late.done()
    assert isinstance(await late, Recorded)
    check_whole(rows, bare_book, 2)


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
