"""Rebuilding: equal to the live rows, beside them, while others write and read; safe to interrupt."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import psycopg
import pytest

from domain.entry import Entry
from ledger.database import Database
from ledger.errors import UnknownBook
from ledger.projecting import cursors
from ledger.projecting.entries import connect, head_of
from ledger.projecting.rebuild import rebuild
from ledger.projecting.sides import Differences
from ledger.projecting.tables import MARK, ShapeChanged, create_tables, detached, drop_detached
from ledger.projecting.verify import verify
from projections.catalogue import GENERATION, PROJECTIONS
from projections.customer_balance import Balance, CustomerBalance
from projections.projection import Row
from tests.projections.conftest import LiveRows, MakeBook, MakeFollower, named
from tests.projections.histories import StoredBook, history, random_steps

BALANCE = named("customer_balance")
STATEMENT, ORDERS = named("customer_statement"), named("orders")
OTHERS = [each for each in PROJECTIONS if each is not BALANCE]
NOTHING = Differences(missing=0, surplus=0, changed=0)


def test_a_rebuild_of_rows_that_were_followed_changes_nothing(
    conninfo: str, make_book: MakeBook, entries: list[Entry], follower: MakeFollower
) -> None:
    book = make_book([])
    rebuild(conninfo, book.name, PROJECTIONS)
    for start in range(0, len(entries), 50):
        book.store(entries[start : start + 50])
        follower(book.name).catch_up()
    for receipt in rebuild(conninfo, book.name, PROJECTIONS):
        assert receipt.differences == NOTHING
        assert receipt.was_at == receipt.until == book.position
        assert receipt.rows > 0


def test_the_receipt_says_what_was_folded_and_what_differed(
    conninfo: str, book: StoredBook, live_rows: LiveRows
) -> None:
    first = rebuild(conninfo, book.name, PROJECTIONS)
    with connect(conninfo) as connection:
        head = head_of(connection, book.name)
    for projection, receipt in zip(PROJECTIONS, first, strict=True):
        rows = live_rows(book.name, projection)
        assert (receipt.projection, receipt.was_at, receipt.until) == (projection.name, 0, book.position)
        assert receipt.head_hash == head.hash
        assert receipt.rows == len(rows) == receipt.differences.missing
        assert len(receipt.differences.keys) == min(10, len(rows))
    again = rebuild(conninfo, book.name, PROJECTIONS)
    assert [receipt.digest for receipt in again] == [receipt.digest for receipt in first]


def test_a_rebuild_mends_rows_that_are_wrong_missing_or_too_many(
    conninfo: str, book: StoredBook, live_rows: LiveRows
) -> None:
    rebuild(conninfo, book.name, PROJECTIONS)
    right = live_rows(book.name, BALANCE)
    with psycopg.connect(conninfo) as connection:
        for statement in tampering(right):
            connection.execute(statement, (book.name,))
    (verdict,) = verify(conninfo, book.name, [BALANCE])
    (receipt,) = rebuild(conninfo, book.name, [BALANCE])
    assert (receipt.differences.missing, receipt.differences.surplus) == (1, 1)
    assert receipt.differences.changed == 1
    # Name only what was too many → this fails.
    assert len(receipt.differences.keys) == 3
    assert receipt.differences == verdict.differences
    assert live_rows(book.name, BALANCE) == right


def tampering(rows: list[tuple[object, ...]]) -> Iterator[str]:
    orders = [row[2] for row in rows if row[2]]
    yield f"UPDATE {BALANCE.table} SET balance = balance + 1 WHERE book = %s AND \"order\" = '{orders[0]}'"
    yield f"DELETE FROM {BALANCE.table} WHERE book = %s AND \"order\" = '{orders[1]}'"
    figures = ", ".join("0" * (len(BALANCE.row.__struct_fields__) - len(BALANCE.key)))
    yield (
        f"INSERT INTO {BALANCE.table} SELECT book, customer, currency, 'ord_never', {figures}"
        f" FROM {BALANCE.table} WHERE book = %s LIMIT 1"
    )


def test_a_book_of_many_pages_is_folded_once_and_whole(conninfo: str, make_book: MakeBook) -> None:
    """More entries than a page of the stream holds; drop the last page, or repeat one → this fails."""
    story = history(random_steps(11, 2_200, orders=400))
    assert len(story.entries) > 2_000
    book = make_book(story.entries)
    rebuild(conninfo, book.name, PROJECTIONS)
    assert all(verdict.sound for verdict in verify(conninfo, book.name, PROJECTIONS))
    with psycopg.connect(conninfo) as connection:
        counted = connection.execute(
            "SELECT (SELECT count(*) FROM entries WHERE book = %(book)s"
            " AND type IN ('payment.captured', 'bill.payment_received')),"
            f"(SELECT count(*) FROM {STATEMENT.table} WHERE book = %(book)s AND event = 'paid')",
            {"book": book.name},
        ).fetchone()
    assert counted is not None
    assert counted[0] == counted[1] > 0


def test_an_unknown_book_is_not_built(conninfo: str) -> None:
    with pytest.raises(UnknownBook):
        rebuild(conninfo, "nobody", PROJECTIONS)


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


def test_an_interrupted_rebuild_leaves_the_live_rows_as_they_were(
    conninfo: str, book: StoredBook, live_rows: LiveRows
) -> None:
    rebuild(conninfo, book.name, PROJECTIONS)
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            f"DELETE FROM {BALANCE.table} WHERE book = %s",
            (book.name,),
        )

    def interrupt(_done: int, _of: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        rebuild(conninfo, book.name, PROJECTIONS, interrupt)
    assert live_rows(book.name, BALANCE) == []
    (receipt,) = rebuild(conninfo, book.name, [BALANCE])
    assert receipt.differences.missing == receipt.rows > 0


@contextmanager
def in_thread(work: Thread) -> Iterator[None]:
    work.start()
    try:
        yield
    finally:
        work.join()


def test_rebuilding_while_others_write_follow_and_read(
    conninfo: str, make_book: MakeBook, follower: MakeFollower
) -> None:
    """Readers see all orders all the time, and at the end not one entry is lost or counted twice.

    Swap a fresh table in, or delete and insert outside one transaction → readers see gaps, this fails. Move
    the cursor without holding it while the rest is folded → entries are lost, this fails.
    """
    story = history(random_steps(5, 3_000, orders=300))
    placed = 302  # opened, policy, two customers; then every order is placed before anything else happens
    book = make_book(story.entries[:placed])
    rebuild(conninfo, book.name, PROJECTIONS)
    done, seen = Event(), list[int]()

    def write() -> None:
        for start in range(placed, len(story.entries), 25):
            book.store(story.entries[start : start + 25])
        done.set()

    def follow() -> None:
        following = follower(book.name)
        while not done.is_set():
            following.step(60)

    def read() -> None:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            while not done.is_set():
                row = connection.execute(
                    f"SELECT count(*) FROM {ORDERS.table} WHERE book = %s AND status <> 'cart'",
                    (book.name,),
                ).fetchone()
                assert row is not None
                seen.append(row[0])

    with in_thread(Thread(target=write)), in_thread(Thread(target=follow)), in_thread(Thread(target=read)):
        rebuilt = 0
        while not done.is_set() or not rebuilt:
            rebuild(conninfo, book.name, PROJECTIONS)
            rebuilt += 1
    follower(book.name).catch_up()
    assert seen
    assert min(seen) >= orders_placed(story.entries[:placed])
    assert seen == sorted(seen), "no reader ever saw fewer orders than before"
    for verdict in verify(conninfo, book.name, PROJECTIONS):
        assert verdict.sound
        assert verdict.position == len(story.entries)


def orders_placed(entries: list[Entry]) -> int:
    return sum(type(entry.event).__name__ == "OrderPlaced" for entry in entries)


class BalanceNextVersion(CustomerBalance):
    """Who owes whom what, by a newer release?"""

    version = BALANCE.version + 9  # other tests leave tables of the next one


def test_a_new_version_is_built_beside_the_old_one_and_the_old_one_is_dropped_only_on_request(
    tables: Database, conninfo: str, book: StoredBook, live_rows: LiveRows, follower: MakeFollower
) -> None:
    assert tables.owner_conninfo is not None
    newer = BalanceNextVersion()
    rebuild(conninfo, book.name, [BALANCE])
    with psycopg.connect(tables.owner_conninfo) as owner:
        assert create_tables(owner, [newer]) == [newer.table]
        assert create_tables(owner, [newer]) == []
    old_rows = live_rows(book.name, BALANCE)
    rebuild(conninfo, book.name, [newer])
    assert live_rows(book.name, newer) == live_rows(book.name, BALANCE) == old_rows
    with connect(conninfo) as connection:
        assert cursors.positions(connection, book.name) == {
            ("customer_balance", BALANCE.version): book.position,
            ("customer_balance", newer.version): book.position,
        }
    with psycopg.connect(tables.owner_conninfo) as owner:
        # Other tests leave tables of their own, which are detached here too.
        assert newer.table not in detached(owner, PROJECTIONS), "the old release leaves it alone"
        assert BALANCE.table in detached(owner, [*OTHERS, newer])
        with owner.transaction(force_rollback=True):  # other tests need what it drops
            assert BALANCE.table in drop_detached(owner, [*OTHERS, newer])
            assert cursors.positions(owner, book.name) == {("customer_balance", newer.version): book.position}
        owner.execute(f"DROP TABLE {newer.table}")
        owner.execute(
            "DELETE FROM cursors WHERE version = %s AND projection = %s", (newer.version, newer.name)
        )


def test_an_older_release_leaves_the_projections_of_newer_ones_alone(tables: Database) -> None:
    """Detach whatever is not known here → an older process drops what a newer one has just built, and this
    fails.
    """
    ours, newer = f"{MARK}, generation {GENERATION}", f"{MARK}, generation {GENERATION + 1}"
    with psycopg.connect(tables.owner_conninfo) as owner, owner.transaction(force_rollback=True):
        for table, comment in (("bygone_v1", MARK), ("given_up_v1", ours), ("loyalty_v1", newer)):
            owner.execute(f"CREATE TABLE {table} (book text)")
            owner.execute(f"COMMENT ON TABLE {table} IS '{comment}'")
        left = detached(owner, PROJECTIONS)
        assert {"bygone_v1", "given_up_v1"} <= set(left)
        assert "loyalty_v1" not in left
        assert "loyalty_v1" not in drop_detached(owner, PROJECTIONS)


class Forgotten(CustomerBalance):
    """What did a release before this one ask?"""

    name = "forgotten"


class BalanceWithMore(Balance):
    surprise: int = 0


class ChangedWithoutVersion(CustomerBalance):
    """Did somebody change a row and forget the version?"""

    row: type[Row] = BalanceWithMore


class BalanceFoundByMore(CustomerBalance):
    """Can rows be found in one more way?"""

    indexes = (*CustomerBalance.indexes, ("order", "currency"))


def test_an_index_is_made_for_a_table_that_is_there_already(tables: Database) -> None:
    """Make indexes with the table alone → this fails."""
    assert tables.owner_conninfo is not None
    with psycopg.connect(tables.owner_conninfo) as owner:
        assert create_tables(owner, [BalanceFoundByMore()]) == []
        made = owner.execute(
            "SELECT count(*) FROM pg_indexes WHERE tablename = %s AND indexname = %s",
            (BALANCE.table, f"{BALANCE.table}_by_order_currency"),
        ).fetchone()
        assert made == (1,)
        owner.rollback()


class BalanceOrNull(Balance):
    balance: int | None = None  # pyright: ignore[reportIncompatibleVariableOverride]


class NullableWithoutVersion(CustomerBalance):
    """Did somebody let a column be null and forget the version?"""

    row: type[Row] = BalanceOrNull


def test_a_column_that_may_be_null_needs_a_new_version(tables: Database) -> None:
    assert tables.owner_conninfo is not None
    with psycopg.connect(tables.owner_conninfo) as owner, pytest.raises(ShapeChanged):
        create_tables(owner, [NullableWithoutVersion()])


def test_a_changed_row_needs_a_new_version(tables: Database) -> None:
    assert tables.owner_conninfo is not None
    with psycopg.connect(tables.owner_conninfo) as owner, pytest.raises(ShapeChanged):
        create_tables(owner, [ChangedWithoutVersion()])


def test_a_table_is_dropped_after_whoever_still_writes_it_and_never_in_a_deadlock(
    tables: Database, conninfo: str, book: StoredBook
) -> None:
    """An old process has moved its cursor and not written its rows yet. Drop the table first → this fails."""
    assert tables.owner_conninfo is not None
    left = Forgotten()
    with psycopg.connect(tables.owner_conninfo) as owner:
        create_tables(owner, [left])
    rebuild(conninfo, book.name, [left])
    dropped: list[str] = []

    def drop(pid: list[int], begun: Event) -> None:
        with psycopg.connect(str(tables.owner_conninfo)) as owner:
            pid.append(owner.info.backend_pid)
            begun.set()
            dropped.extend(drop_detached(owner, PROJECTIONS))

    pid, begun = list[int](), Event()
    with psycopg.connect(conninfo) as old, psycopg.connect(conninfo, autocommit=True) as looking:
        assert cursors.move(old, book.name, {left: (book.position, book.position)})
        thread = Thread(target=drop, args=(pid, begun))
        with in_thread(thread):
            assert begun.wait(60)
            blocked = "SELECT pg_blocking_pids(%s) <> '{}'"
            while looking.execute(blocked, (pid[0],)).fetchone() != (True,):
                assert thread.is_alive()
            old.execute("SET lock_timeout = '5s'")
            old.execute(f"DELETE FROM {left.table} WHERE book = %s", (book.name,))
            old.commit()
    assert left.table in dropped
