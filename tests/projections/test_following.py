"""Following: rows and cursors move together, once for each entry, whoever else follows."""

import asyncio
from contextlib import closing
from threading import Event
from typing import Any

import psycopg
import pytest

from domain.entry import Entry
from domain.payments.payment_events import PaymentCaptured
from ledger.connection import LOST
from ledger.database import Database
from ledger.errors import Undecodable
from ledger.projecting import ahead, cursors
from ledger.projecting.ahead import Page, PagesAhead
from ledger.projecting.entries import BOUNDED, connect
from ledger.projecting.follow import GATHER, GATHER_MANY, MANY, Follower, Step, follow, gathering, lease_of
from ledger.projecting.readers import Readers
from ledger.projecting.rebuild import rebuild
from ledger.projecting.tables import create_tables, drop_detached
from ledger.projecting.verify import verify
from projections.catalogue import PROJECTIONS
from projections.customer_balance import Balance, CustomerBalance
from tests.projections.conftest import LiveRows, MakeBook, MakeFollower, named
from tests.projections.histories import StoredBook

BALANCE = named("customer_balance")


def sound(conninfo: str, book: str) -> bool:
    return all(verdict.sound for verdict in verify(conninfo, book, PROJECTIONS))


def built_when_empty(conninfo: str, book: StoredBook) -> StoredBook:
    rebuild(conninfo, book.name, PROJECTIONS)
    return book


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_followed_rows_equal_a_fresh_fold_whatever_the_steps(
    conninfo: str, make_book: MakeBook, entries: list[Entry], follower: MakeFollower, limit: int
) -> None:
    """Read a page twice, or leave one out → this fails."""
    book = built_when_empty(conninfo, make_book([]))
    book.store(entries[:150])
    following = follower(book.name)
    while following.step(limit).entries:
        continue
    assert sound(conninfo, book.name)


def test_a_projection_that_was_never_built_is_not_followed(
    conninfo: str, book: StoredBook, follower: MakeFollower, live_rows: LiveRows
) -> None:
    step = follower(book.name).step()
    assert step == Step(position=0, head=book.position)
    assert live_rows(book.name, BALANCE) == []
    with connect(conninfo) as connection:
        assert cursors.lags_of(connection, book.name, [BALANCE])[0].position is None


def test_projections_at_different_positions_each_read_what_they_lack(
    conninfo: str, make_book: MakeBook, entries: list[Entry], follower: MakeFollower
) -> None:
    """Fold by the lowest cursor alone → entries count twice in the projection that was ahead, this fails."""
    book = make_book(entries[:100])
    rebuild(conninfo, book.name, PROJECTIONS[:2])
    book.store(entries[100:200])
    rebuild(conninfo, book.name, PROJECTIONS[2:])
    book.store(entries[200:])
    follower(book.name).catch_up()
    assert sound(conninfo, book.name)


def test_two_followers_never_fold_an_entry_twice(
    conninfo: str,
    make_book: MakeBook,
    entries: list[Entry],
    follower: MakeFollower,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One reads its page, the other overtakes it, the first goes on to write; both hold the same lease.

    Move the cursor blindly, or write although it was moved → entries count twice, this fails.
    """
    book = built_when_empty(conninfo, make_book([]))
    book.store(entries)
    one, other = follower(book.name), follower(book.name)
    read = PagesAhead.page

    def overtaken(pages: PagesAhead, after: int, head: int, limit: int) -> Page:
        found = read(pages, after, head, limit)
        if limit == 20:
            other.step(30)
        return found

    monkeypatch.setattr(PagesAhead, "page", overtaken)
    assert one.step(20).entries == 0
    while one.step(20).position < len(entries):
        continue
    assert sound(conninfo, book.name)


def test_what_is_written_after_a_page_was_read_ahead_is_not_skipped(
    conninfo: str,
    make_book: MakeBook,
    entries: list[Entry],
    follower: MakeFollower,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The page read ahead ends where the book ended then. Take it for a page of the present → this fails."""
    book = built_when_empty(conninfo, make_book([]))
    book.store(entries[:50])
    read, read_ahead = ahead.page, Event()

    def told(connection: psycopg.Connection, of: str, after: int, *rest: Any) -> list[Entry]:
        found = read(connection, of, after, *rest)
        if after == 40:
            read_ahead.set()
        return found

    monkeypatch.setattr(ahead, "page", told)
    following = follower(book.name)
    assert following.step(20).position == 20
    assert following.step(20).position == 40
    assert read_ahead.wait(10)
    book.store(entries[50:])
    while following.step(20).entries:
        continue
    assert sound(conninfo, book.name)


def test_a_cursor_is_moved_only_from_where_it_was_seen(conninfo: str, book: StoredBook) -> None:
    rebuild(conninfo, book.name, [BALANCE])
    with connect(conninfo) as connection:
        assert not cursors.move(connection, book.name, {BALANCE: (book.position - 1, book.position + 5)})
        assert cursors.move(connection, book.name, {BALANCE: (book.position, book.position + 5)})


def test_a_follower_frozen_inside_its_transaction_loses_what_it_holds(
    conninfo: str, book: StoredBook
) -> None:
    """Bound only how long it is idle → it keeps the cursor after a pipeline, and the next gives up."""
    book = built_when_empty(conninfo, book)
    at = {BALANCE: (book.position, book.position)}
    shortly = BOUNDED.replace("60s", "300ms")
    with closing(connect(conninfo, shortly)) as frozen, closing(connect(conninfo, BOUNDED)) as next_one:
        frozen.execute("BEGIN")
        assert cursors.move(frozen, book.name, at)
        assert cursors.move(next_one, book.name, at)
        with pytest.raises(LOST):
            frozen.execute("COMMIT")


def test_only_the_holder_of_the_lease_follows(
    conninfo: str, make_book: MakeBook, entries: list[Entry], follower: MakeFollower
) -> None:
    book = built_when_empty(conninfo, make_book([]))
    book.store(entries)
    mine, theirs = follower(book.name, holder="me"), follower(book.name, holder="them")
    assert mine.step(10).entries == 10
    assert theirs.step(10).entries == 0
    mine.close()
    assert theirs.step(10).entries == 10, "a lease given back is free at once"


class BalanceNextVersion(CustomerBalance):
    """Who owes whom what, by a newer release?"""

    version = BALANCE.version + 1


def test_two_releases_each_follow_their_own_version_at_once(
    tables: Database, make_book: MakeBook, entries: list[Entry], follower: MakeFollower
) -> None:
    """An old process that goes on during an upgrade has a lease of its own; what both keep is kept once.

    Let one lease hold for every release → the new rows wait until the last old process ends, this fails.
    """
    conninfo, newer = tables.app_conninfo, BalanceNextVersion()
    assert tables.owner_conninfo is not None
    with psycopg.connect(tables.owner_conninfo) as owner:
        create_tables(owner, [newer])
    book = built_when_empty(conninfo, make_book([]))
    rebuild(conninfo, book.name, [newer])
    release = [newer, *(each for each in PROJECTIONS if each is not BALANCE)]
    old, new = follower(book.name), follower(book.name, release, holder="them")
    for start in range(0, 300, 100):
        book.store(entries[start : start + 100])
        assert old.step().position == start + 100
        assert new.step().position == start + 100
    assert sound(conninfo, book.name)
    assert verify(conninfo, book.name, [newer])[0].sound
    with psycopg.connect(tables.owner_conninfo) as owner:
        drop_detached(owner, PROJECTIONS)


def test_a_lease_that_ran_out_is_taken_over(conninfo: str, book: StoredBook) -> None:
    lease = lease_of(PROJECTIONS)
    with connect(conninfo) as connection:
        assert cursors.hold_lease(connection, book.name, lease, "gone", 0.0)
        assert cursors.hold_lease(connection, book.name, lease, "next", 60.0)
        assert not cursors.hold_lease(connection, book.name, lease, "gone", 60.0)


def test_lag_counts_entries_and_time_since_the_first_unread_one(
    conninfo: str, make_book: MakeBook, entries: list[Entry]
) -> None:
    book = make_book(entries[:50])
    rebuild(conninfo, book.name, [BALANCE])
    with connect(conninfo) as connection:
        (caught_up,) = cursors.lags_of(connection, book.name, [BALANCE])
        assert (caught_up.entries, caught_up.seconds) == (0, 0.0)
        book.store(entries[50:60])
        (behind,) = cursors.lags_of(connection, book.name, [BALANCE])
    assert behind.entries == 10
    assert behind.seconds > 60, "the history of the tests lies in the past"


class Choking(CustomerBalance):
    """Which balance is followed although one entry cannot be understood?"""

    name = "choking_balance"
    poison: tuple[str, ...] = ()

    def change(self, row: Balance, it: object, entry: Entry) -> None:
        super().change(row, it, entry)
        if isinstance(it, PaymentCaptured) and it.payment in self.poison:
            raise LookupError(it.payment)


@pytest.fixture
def choking(tables: object, database: object) -> Choking:
    projection = Choking()
    with psycopg.connect(database.owner_conninfo) as owner:
        create_tables(owner, [projection])
    return projection


def test_a_poison_entry_parks_its_group_and_a_rebuild_brings_it_back(
    conninfo: str,
    make_book: MakeBook,
    entries: list[Entry],
    follower: MakeFollower,
    live_rows: LiveRows,
    choking: Choking,
) -> None:
    """Follow on with a parked group → its rows miss the poison entry but have later ones, this fails."""
    book = make_book([])
    rebuild(conninfo, book.name, [choking])
    poison = next(
        entry
        for entry in entries[120:]
        if isinstance(entry.event, PaymentCaptured) and later_captures(entries, entry)
    )
    assert isinstance(poison.event, PaymentCaptured)
    choking.poison = (poison.event.payment,)
    book.store(entries)
    following = follower(book.name, [choking])
    while following.step(40).entries:
        continue

    with connect(conninfo) as connection:
        (parked,) = cursors.parked_of(connection, book.name, choking)
        assert cursors.lags_of(connection, book.name, [choking])[0].parked == 1
    assert (parked.position, parked.stream, parked.customer) == (
        poison.position,
        poison.stream,
        poison.customer,
    )
    assert parked.group[2] == poison.event.order
    (row,) = [row for row in live_rows(book.name, choking) if row[2] == poison.event.order]
    assert row[-1] < poison.position
    (verdict,) = verify(conninfo, book.name, [choking])
    assert not verdict.sound
    assert not verdict.differences

    choking.poison = ()
    (receipt,) = rebuild(conninfo, book.name, [choking])
    assert receipt.parked == 0
    assert receipt.differences.changed == 1
    assert verify(conninfo, book.name, [choking])[0].sound


def later_captures(entries: list[Entry], entry: Entry) -> bool:
    same = [
        each for each in entries if each.stream == entry.stream and isinstance(each.event, PaymentCaptured)
    ]
    return same[0].position < entry.position < same[-1].position


@pytest.mark.parametrize(
    ("type_", "schema_version"),
    [("payment.captured", 2), ("loyalty_point.given", 1)],
    ids=["a newer schema version", "a type this release does not know"],
)
def test_an_entry_that_cannot_be_decoded_stops_the_follower_before_it(
    conninfo: str,
    make_book: MakeBook,
    entries: list[Entry],
    follower: MakeFollower,
    type_: str,
    schema_version: int,
) -> None:
    """An entry of a newer release is not skipped: the cursor stands still and the lag shows it.

    Read only the types that are handled → the second passes unseen, and this fails.
    """
    book = built_when_empty(conninfo, make_book([]))
    book.store(entries[:150])
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO entries SELECT book, position + 1000, stream || 'x', version, %s, %s,"
            " customer, effective_at, recorded_at, meta, data, hash"
            " FROM entries WHERE book = %s AND position = 100",
            (type_, schema_version, book.name),
        )
        connection.execute("UPDATE heads SET position = 2000 WHERE book = %s", (book.name,))
    with pytest.raises(Undecodable) as stopped:
        follower(book.name).step()
    assert stopped.value.position == 1100
    with pytest.raises(Undecodable):
        rebuild(conninfo, book.name, PROJECTIONS[:1])


def test_more_gathers_where_much_is_written_and_nothing_where_nothing_is() -> None:
    # Gather long at any rate → `python -m benchmarks lag` finds rows more than 100 ms behind.
    assert gathering(0, 0.1) == 0
    assert gathering(MANY // 10 - 1, 0.1) == GATHER
    assert gathering(MANY // 10, 0.1) == GATHER_MANY


def test_following_is_woken_and_ends_when_cancelled(
    conninfo: str, make_book: MakeBook, entries: list[Entry], follower: MakeFollower
) -> None:
    book = built_when_empty(conninfo, make_book([]))
    asyncio.run(follow_and_cancel(book, follower(book.name), entries))
    assert sound(conninfo, book.name)


async def follow_and_cancel(book: StoredBook, following: Follower, entries: list[Entry]) -> None:
    woken, readers = asyncio.Event(), Readers()

    async def wait_beyond(position: int, seconds: float) -> int:
        assert seconds in (0.05, 1.0)
        await woken.wait()
        woken.clear()
        return position

    task = asyncio.create_task(follow(following, wait_beyond, readers))
    for start in range(0, 300, 100):
        assert not await readers.wait_for(start + 100, 0.0), "nobody reads what is not written"
        await asyncio.to_thread(book.store, entries[start : start + 100])
        if start == 100:
            woken.set()  # otherwise it is the reader's question that wakes it
        assert await readers.wait_for(start + 100, 10.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_rows_of_one_book_leave_other_books_alone(
    conninfo: str, make_book: MakeBook, entries: list[Entry], live_rows: LiveRows
) -> None:
    """Forget `book = …` in a statement of `rows` → this fails."""
    one, other = make_book(entries), make_book(entries[:80])
    rebuild(conninfo, one.name, PROJECTIONS)
    before = {projection.name: live_rows(one.name, projection) for projection in PROJECTIONS}
    rebuild(conninfo, other.name, PROJECTIONS)
    for projection in PROJECTIONS:
        assert live_rows(one.name, projection) == before[projection.name]
    assert sound(conninfo, one.name)
    assert sound(conninfo, other.name)
