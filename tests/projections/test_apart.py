"""Following in a process of its own: the same steps, and a child that never outlives who asked for it."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress

import psycopg
import pytest

from domain.entry import Entry
from ledger.errors import Undecodable, UnknownBook
from ledger.projecting import cursors
from ledger.projecting.apart import Apart, Ended
from ledger.projecting.entries import connect
from ledger.projecting.rebuild import rebuild
from ledger.projecting.verify import verify
from projections.catalogue import PROJECTIONS
from tests.projections.conftest import MakeBook


@pytest.fixture
def apart() -> Iterator[Apart]:
    with closing(Apart()) as apart:
        yield apart


def test_rows_followed_apart_equal_a_fresh_fold(
    conninfo: str, make_book: MakeBook, entries: list[Entry], apart: Apart
) -> None:
    book = make_book([])
    rebuild(conninfo, book.name, PROJECTIONS)
    book.store(entries[:100])
    follower = apart.follower(conninfo, book.name, "one")
    step = follower.step()
    assert (step.position, step.head, step.entries) == (100, 100, 100)
    assert all(verdict.sound for verdict in verify(conninfo, book.name, PROJECTIONS))
    follower.close()
    other = apart.follower(conninfo, book.name, "other")
    book.store(entries[100:101])
    assert other.step().entries == 1, "closing gives the lease back"


def test_a_child_that_ended_is_told_and_the_next_step_begins_another(
    conninfo: str, make_book: MakeBook, entries: list[Entry], apart: Apart
) -> None:
    """Keep the pipe of a child that is gone → every later step ends like this one, this fails."""
    book = make_book(entries[:10])
    follower = apart.follower(conninfo, book.name, "one")
    follower.step()
    assert apart.process is not None
    os.kill(apart.process, signal.SIGKILL)
    with suppress(Ended):  # unless the end was noticed before the step was asked for
        follower.step()
    assert follower.step().head == 10


def test_a_frozen_child_is_killed_and_the_next_step_begins_another(
    conninfo: str, make_book: MakeBook, entries: list[Entry], apart: Apart
) -> None:
    """Wait for the answer without a limit → this hangs."""
    book = make_book(entries[:10])
    follower = apart.follower(conninfo, book.name, "one")
    follower.step()
    frozen, usual = apart.process, apart.ask_after
    assert frozen is not None
    os.kill(frozen, signal.SIGSTOP)
    apart.ask_after = 0.1
    with pytest.raises(Ended):
        follower.step()
    apart.ask_after = usual
    assert follower.step().head == 10
    assert apart.process != frozen


def test_a_child_whose_step_takes_long_lives(
    conninfo: str, make_book: MakeBook, entries: list[Entry], apart: Apart
) -> None:
    """Kill whatever has not answered in time → this fails: the step waits for a cursor that is held."""
    book = make_book([])
    rebuild(conninfo, book.name, PROJECTIONS)
    follower = apart.follower(conninfo, book.name, "one")
    follower.step()
    child = apart.process
    book.store(entries[:10])
    apart.ask_after = 0.5
    with closing(connect(conninfo)) as other, ThreadPoolExecutor(1) as thread:
        other.execute("BEGIN")
        cursors.lock(other, book.name, PROJECTIONS)
        step = thread.submit(follower.step)
        assert not wait([step], 5 * apart.ask_after).done
        other.execute("COMMIT")
        assert step.result().entries == 10
    assert apart.process == child


def test_what_is_asked_of_one_that_was_closed_has_ended(conninfo: str, make_book: MakeBook) -> None:
    """Begin another child for it → it outlives the service, this fails."""
    apart = Apart()
    follower = apart.follower(conninfo, make_book([]).name, "one")
    apart.close()
    with pytest.raises(Ended):
        follower.step()
    follower.close()
    assert apart.process is None


def test_failures_arrive_as_they_were(
    conninfo: str, make_book: MakeBook, entries: list[Entry], apart: Apart
) -> None:
    with pytest.raises(UnknownBook):
        apart.follower(conninfo, "no-such-book", "one").step()
    with pytest.raises(psycopg.OperationalError):
        apart.follower("host=/nonexistent dbname=any", "book", "one").step()
    book = make_book([])
    rebuild(conninfo, book.name, PROJECTIONS)
    book.store(entries[:1])
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO entries SELECT book, 2, stream || 'x', version, 'order.placed', 99, customer,"
            " effective_at, recorded_at, meta, data, hash FROM entries WHERE book = %s",
            (book.name,),
        )
        connection.execute("UPDATE heads SET position = 2 WHERE book = %s", (book.name,))
    with pytest.raises(Undecodable, match="entry 2: ") as unreadable:
        apart.follower(conninfo, book.name, "one").step()
    assert unreadable.value.position == 2


def test_the_child_ends_with_its_pipe(conninfo: str, make_book: MakeBook) -> None:
    apart = Apart()
    apart.follower(conninfo, make_book([]).name, "one").step()
    process = apart.process
    assert process is not None
    apart.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
