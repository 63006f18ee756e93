"""Writers, followers and rebuilds at once, killed at random points: no entry is skipped, none counts twice,
and whoever reads meanwhile sees whole tables.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event, Thread

import psycopg
import pytest

from domain.book.register import OpenBook
from ledger.composition import Ledger
from ledger.database import Database
from ledger.projecting.follow import Follower
from ledger.projecting.rebuild import rebuild
from ledger.projecting.verify import verify
from projections.catalogue import PROJECTIONS
from projections.customer_balance import CustomerBalance
from projections.customer_statement import CustomerStatement
from projections.journal import Journal
from projections.orders import Orders
from projections.projection import LinesPerEntry
from tests.campaigns.process import MASTER

ROOT = Path(__file__).parents[2]
ROLES = ("write", "write", "follow", "step", "step", "rebuild", "rebuild")
LISTS = [projection.table for projection in PROJECTIONS if isinstance(projection, LinesPerEntry)]
BALANCE, STATEMENT = CustomerBalance().table, CustomerStatement().table
JOURNAL, ORDERS = Journal().table, Orders().table

_paused = Event()


class Troop:
    """One process for each role, each begun anew when it dies."""

    def __init__(self, conninfo: str, book: str, chance: Random) -> None:
        self._conninfo, self._book, self._chance = conninfo, book, chance
        self._processes = [self._started(role) for role in ROLES]
        self.killed = 0

    def kill_one(self) -> None:
        """Kill a process, or the database's end of a connection, and begin anew what died."""
        if self._chance.random() < 0.3:
            with psycopg.connect(self._conninfo) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = 'makegood projections'"
                    " ORDER BY random() LIMIT 1"
                )
        else:
            number = self._chance.randrange(len(ROLES))
            self.expect_all_alive()
            _end(self._processes[number])
            self._processes[number] = self._started(ROLES[number])
        self.killed += 1

    def expect_all_alive(self) -> None:
        """No process may end by itself, whatever the others do."""
        assert [process.args for process in self._processes if process.poll() is not None] == []

    def end(self) -> None:
        """Kill all."""
        for process in self._processes:
            _end(process)

    def _started(self, role: str) -> "subprocess.Popen[bytes]":
        arguments = (role, self._conninfo, self._book, str(self._chance.random()))
        return subprocess.Popen([sys.executable, "-m", "tests.campaigns.process", *arguments], cwd=ROOT)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


@contextmanager
def at_work(conninfo: str, book: str, chance: Random) -> Iterator[Troop]:
    """A troop, gone afterwards."""
    troop = Troop(conninfo, book, chance)
    try:
        yield troop
        troop.expect_all_alive()
    finally:
        troop.end()


class Reader:
    """Looks at the rows all the time, each time in one statement."""

    def __init__(self, conninfo: str, book: str) -> None:
        self._conninfo, self._book = conninfo, book
        self._over, self._failures = Event(), list[BaseException]()
        self.looks = 0

    @contextmanager
    def reading(self) -> Iterator[None]:
        thread = Thread(target=self._read)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()
        if self._failures:
            raise self._failures[0]

    def _read(self) -> None:
        try:
            self._look_again_and_again()
        except BaseException as failure:  # noqa: BLE001  (told to the test, whose thread it is not)
            self._failures.append(failure)

    def _look_again_and_again(self) -> None:
        tables = (*LISTS, ORDERS)
        counts = ", ".join(f"(SELECT count(*) FROM {table} WHERE book = %(book)s)" for table in tables)
        query = f"""
            SELECT (SELECT count(DISTINCT position) FROM cursors WHERE book = %(book)s),
                   (SELECT coalesce(sum(amount), 0) FROM {JOURNAL} WHERE book = %(book)s),
                   (SELECT coalesce(sum(plus - minus), 0) FROM {STATEMENT} WHERE book = %(book)s)
                   - (SELECT coalesce(sum(balance), 0) FROM {BALANCE} WHERE book = %(book)s), {counts}"""
        before = [0] * len(tables)
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            while not self._over.wait(0.05):
                row = connection.execute(query, {"book": self._book}).fetchone()
                assert row is not None
                cursors, journal, difference, *now = row
                assert cursors == 1, "all read models stand at one entry"
                assert journal == 0, "debits and credits"
                assert difference == 0, "balances are what the statements say"
                assert all(new >= old for new, old in zip(now, before, strict=True)), (tables, before, now)
                before, self.looks = now, self.looks + 1


def under_fire(conninfo: str, book: str, entries: int, kills: int) -> None:
    """Until the book holds so many entries and so many kills were survived; then everything is counted."""
    asyncio.run(opened(conninfo, book))
    rebuild(conninfo, book, PROJECTIONS)
    chance, reader = Random(20), Reader(conninfo, book)
    with reader.reading(), at_work(conninfo, book, chance) as troop:
        while head(conninfo, book) < entries or troop.killed < kills:
            _paused.wait(chance.uniform(0.2, 2.0))
            troop.kill_one()
    assert reader.looks
    follower = Follower(conninfo, book, PROJECTIONS, "last")
    while not follower.catch_up().caught_up:
        _paused.wait(0.5)  # until the lease of whoever was killed has run out
    follower.close()
    expect_every_entry_once(conninfo, book)


async def opened(conninfo: str, book: str) -> None:
    ledger = await Ledger.open(conninfo, MASTER)
    await ledger.open_book(book, OpenBook(zone="UTC", country="DE"))
    await ledger.close()


def head(conninfo: str, book: str) -> int:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("SELECT position FROM heads WHERE book = %s", (book,)).fetchone()
    assert row is not None
    return row[0]


def expect_every_entry_once(conninfo: str, book: str) -> None:
    """By a fresh fold, and by sums over the entries that no fold has anything to do with."""
    last = head(conninfo, book)
    for verdict in verify(conninfo, book, PROJECTIONS):
        assert (verdict.sound, verdict.position) == (True, last), verdict
    with psycopg.connect(conninfo) as connection:
        found = connection.execute(
            f"""
            WITH told AS (SELECT type, data::jsonb AS data FROM entries WHERE book = %(book)s)
            SELECT (SELECT count(*) FROM entries WHERE book = %(book)s),
                   (SELECT sum((data ->> 'amount')::bigint) FROM told WHERE type = 'payment.captured'),
                   (SELECT sum(received) FROM {BALANCE} WHERE book = %(book)s),
                   (SELECT sum((data ->> 'charge')::bigint) FROM told WHERE type = 'order.shipped'),
                   (SELECT sum(plus) FROM {STATEMENT} WHERE book = %(book)s),
                   (SELECT count(*) FROM told WHERE type = 'order.placed'),
                   (SELECT count(*) FROM {ORDERS} WHERE book = %(book)s)""",
            {"book": book},
        ).fetchone()
    assert found is not None
    count, captured, received, shipped, charged, placed, orders = found
    assert (count, received, charged, orders) == (last, captured, shipped, placed)


def test_entries_are_followed_once_whoever_is_killed(database: Database, book_name: str):
    under_fire(database.app_conninfo, book_name, entries=800, kills=5)


@pytest.mark.long
def test_fifty_thousand_entries_are_followed_once_whoever_is_killed(database: Database, book_name: str):
    under_fire(database.app_conninfo, book_name, entries=50_000, kills=60)
