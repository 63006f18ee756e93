"""The switch of a rebuild, stopped between any two of its statements: all of it happens, or nothing."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from domain.entry import Entry
from ledger.connection import LOST
from ledger.errors import RebuildStoodStill
from ledger.projecting import cursors
from ledger.projecting import rebuild as rebuilding
from ledger.projecting.entries import BOUNDED, Head, connect, head_of
from ledger.projecting.rebuild import rebuild
from ledger.projecting.sides import Digest, SideTable
from ledger.projecting.verify import verify
from projections.folding import Parked
from tests.projections.conftest import LiveRows, MakeBook, MakeFollower, named
from tests.projections.histories import StoredBook
from tests.projections.test_rebuilding import tampering

BALANCE, STATEMENT = named("customer_balance"), named("customer_statement")
REBUILT = [BALANCE, STATEMENT]
LEFT = 60
"""Entries that are folded only while the cursors are held."""

Hook = Callable[[psycopg.Connection, str], None]
"""Hears each statement of the switch once it is done."""


class Watched(psycopg.Cursor[Any]):
    """A cursor that tells of what it does inside a transaction."""

    hook: Hook

    def execute(self, query: Any, *rest: Any, **named: Any) -> Any:
        done = super().execute(query, *rest, **named)
        self._tell(query)
        return done

    def executemany(self, query: Any, *rest: Any, **named: Any) -> None:
        super().executemany(query, *rest, **named)
        self._tell(query)

    def stream(self, query: Any, *rest: Any, **named: Any) -> Iterator[Any]:
        self._expect_no_end_that_is_open()
        yield from super().stream(query, *rest, **named)

    @contextmanager
    def copy(self, *rest: Any, **named: Any) -> Iterator[psycopg.Copy]:
        self._expect_no_end_that_is_open()
        with super().copy(*rest, **named) as copy:
            yield copy

    def _expect_no_end_that_is_open(self) -> None:
        """What a frozen process leaves half-way is ended by no limit of the server's."""
        assert self.connection.info.transaction_status == TransactionStatus.IDLE

    def _tell(self, query: Any) -> None:
        if self.connection.info.transaction_status == TransactionStatus.INTRANS:
            text = query if isinstance(query, str) else query.as_string()
            type(self).hook(self.connection, text)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[[Hook], None]:
    """Has a hook hear the statements of every switch from now on, which has entries left to fold."""

    def watch(hook: Hook) -> None:
        class Hooked(Watched):
            pass

        Hooked.hook = staticmethod(hook)

        def connected(*arguments: Any, **named: Any) -> psycopg.Connection:
            connection = connect(*arguments, **named)
            connection.cursor_factory = Hooked
            return connection

        asked: list[str] = []

        def earlier(reader: psycopg.Connection, book: str) -> Head:
            head = head_of(reader, book)
            asked.append(book)
            return Head(head.position - LEFT, head.hash) if len(asked) <= 2 else head

        monkeypatch.setattr(rebuilding, "connect", connected)
        monkeypatch.setattr(rebuilding, "head_of", earlier)

    return watch


@pytest.fixture
def spoiled(conninfo: str, book: StoredBook, live_rows: LiveRows) -> StoredBook:
    """A book whose rows are wrong, missing, too many and parked."""
    rebuild(conninfo, book.name, REBUILT)
    with psycopg.connect(conninfo) as connection:
        for statement in tampering(live_rows(book.name, BALANCE)):
            connection.execute(statement, (book.name,))
        connection.execute(f"DELETE FROM {STATEMENT.table} WHERE book = %s AND position < 50", (book.name,))
        still = Parked((7,), 7, "ord_x", None, "LookupError: x")
        cursors.park(connection, book.name, BALANCE, [still])
    return book


def held(conninfo: str, book: str, live_rows: LiveRows) -> object:
    """Everything a switch writes."""
    with connect(conninfo) as connection:
        return (
            [live_rows(book, projection) for projection in REBUILT],
            cursors.positions(connection, book),
            cursors.all_parked(connection, book),
        )


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


def interrupt(_: psycopg.Connection) -> None:
    raise Interrupted


def cut_off(connection: psycopg.Connection) -> None:
    """Kill the database's end, as happens where the process is killed."""
    with psycopg.connect(connection.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (connection.info.backend_pid,))


@pytest.mark.parametrize("stop", [interrupt, cut_off])
def test_a_switch_stopped_between_any_two_statements_leaves_everything_as_it_was(
    conninfo: str,
    spoiled: StoredBook,
    live_rows: LiveRows,
    watched: Callable[[Hook], None],
    stop: Callable[[psycopg.Connection], None],
) -> None:
    """Commit the differences of a projection by themselves, or move its cursor after → this fails."""
    before = held(conninfo, spoiled.name, live_rows)
    heard: list[str] = []

    def stop_after(number: int) -> Hook:
        def heard_one(connection: psycopg.Connection, text: str) -> None:
            heard.append(text)
            if len(heard) == number:
                stop(connection)

        return heard_one

    number = 1
    while True:
        heard.clear()
        watched(stop_after(number))
        try:
            rebuild(conninfo, spoiled.name, REBUILT)
        except (Interrupted, *LOST):
            assert held(conninfo, spoiled.name, live_rows) == before, heard[-1]
            number += 1
        else:
            break
    assert len(heard) == number - 1
    told = " ".join(heard)
    for each in ("FOR UPDATE", 'INSERT INTO "side_', "DELETE FROM parked", "UPDATE cursors"):
        assert told.count(each), each


def test_a_rebuild_cut_off_after_its_commit_has_done_everything(
    conninfo: str, spoiled: StoredBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = SideTable.digest

    def cut_off_before(side: SideTable, connection: psycopg.Connection) -> Digest:
        cut_off(connection)
        return digest(side, connection)

    monkeypatch.setattr(SideTable, "digest", cut_off_before)
    with pytest.raises(LOST):
        rebuild(conninfo, spoiled.name, REBUILT)
    monkeypatch.undo()
    for receipt in rebuild(conninfo, spoiled.name, REBUILT):
        assert (receipt.was_at, receipt.parked) == (spoiled.position, 0)
        assert not receipt.differences


SHORTLY = 0.2
"""Seconds."""


def test_a_rebuild_frozen_between_any_two_statements_of_its_switch_loses_what_it_holds(
    conninfo: str, spoiled: StoredBook, live_rows: LiveRows, watched: Callable[[Hook], None]
) -> None:
    """Whoever waits for a cursor gets it while the rebuild stands still, which hears of it afterwards.

    Leave the session without a limit → the one who waits gives up, this fails; so it does where the switch
    copies or uses a pipeline, which the server ends not always or not at all.
    """
    before = held(conninfo, spoiled.name, live_rows)
    at = dict.fromkeys(REBUILT, (spoiled.position, spoiled.position))
    heard: list[str] = []
    with closing(connect(conninfo, BOUNDED)) as other:

        def frozen_after(number: int) -> Hook:
            def heard_one(_: psycopg.Connection, text: str) -> None:
                heard.append(text)
                if len(heard) == number:
                    assert cursors.move(other, spoiled.name, at)

            return heard_one

        number = 2  # by then a cursor is held
        while True:
            heard.clear()
            watched(frozen_after(number))
            try:
                rebuild(conninfo, spoiled.name, REBUILT, frozen_after=SHORTLY)
            except RebuildStoodStill:
                assert held(conninfo, spoiled.name, live_rows) == before, heard[-1]
                number += 1
            else:
                break
    assert len(heard) == number - 1


def test_a_follower_goes_on_after_a_rebuild_that_is_frozen(
    conninfo: str,
    make_book: MakeBook,
    entries: list[Entry],
    follower: MakeFollower,
    watched: Callable[[Hook], None],
) -> None:
    book = make_book(entries[:-1])
    rebuild(conninfo, book.name, REBUILT)
    following, read = follower(book.name, REBUILT), list[int]()

    def frozen(_: psycopg.Connection, text: str) -> None:
        if "UPDATE cursors" in text:
            book.store(entries[-1:])
            read.append(following.step().entries)

    watched(frozen)
    with pytest.raises(RebuildStoodStill):
        rebuild(conninfo, book.name, REBUILT, frozen_after=SHORTLY)
    assert read == [1]
    assert all(verdict.sound for verdict in verify(conninfo, book.name, REBUILT))
