"""Ticking a book: rows nominate, the decision reads again; once, in order, whoever else ticks."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import time
from typing import Any

import psycopg
import pytest

from cli.failures import HELD, exit_code_of, explanation
from domain.bills.bill_events import BillBecameOverdue
from domain.book.register import OpenBook
from domain.command import Command
from domain.decisions import EffectiveInFuture
from domain.entry import Entry
from domain.moments import HOUR, Moment, moment_at
from domain.orders.order import Placed
from domain.payments.capturing import CaptureExceedsPrice, CapturePayment
from domain.ticking import Tick
from ledger import ticking
from ledger.book import Book, machine_now
from ledger.books import SYSTEM
from ledger.clocks import demo_clock
from ledger.composition import Ledger
from ledger.database import Database
from ledger.errors import (
    ClockNotMovable,
    NominatedAtEveryTick,
    ProjectionBuilding,
    RebuildSwitching,
    RowsBehind,
    StreamsNotTicked,
)
from ledger.identity import mint
from ledger.projecting import cursors, follow
from ledger.projecting.rebuilding import HOLD
from ledger.record.submission import Outcome, Submission
from ledger.ticking import Ticker, tick
from projections.folding import Parked
from tests.ticking.conftest import ZONE, at, billed, submission

pytestmark = pytest.mark.anyio

DAY = 24 * HOUR
SHIPPED_AT = moment_at("2026-01-10", time(12), ZONE)
OVERDUE_AT = moment_at("2026-02-10", time(0), ZONE)
A_YEAR_LATER = SHIPPED_AT + 365 * DAY


def pay(order: str, amount: int = 3_400) -> CapturePayment:
    payment = mint("pay")
    return CapturePayment(
        order=order, payment=payment, amount=amount, currency="EUR", processor="bank", reference=payment
    )


def told(entries: list[Entry]) -> list[tuple[str, Moment]]:
    assert all(isinstance(entry.event, BillBecameOverdue) for entry in entries)
    return [(entry.stream, entry.effective_at) for entry in entries]


async def test_a_tick_records_what_is_due_at_its_own_moment_and_only_once(book: Book) -> None:
    at(book, SHIPPED_AT)
    order = await billed(book)
    at(book, OVERDUE_AT - 1)
    assert await tick(book) == []
    at(book, A_YEAR_LATER)
    (entry,) = await tick(book)
    assert (entry.stream, entry.effective_at) == (order, OVERDUE_AT)
    assert (entry.meta.person, entry.meta.role, entry.meta.origin) == ("system", "system", "tick")
    assert (entry.meta.edition, entry.meta.key) == (1, None)
    assert await book.entry(entry.position) == entry
    assert await tick(book) == []


async def test_a_tick_may_be_asked_up_to_a_moment_and_never_beyond_now(book: Book) -> None:
    at(book, SHIPPED_AT)
    await billed(book)
    at(book, A_YEAR_LATER)
    assert await tick(book, OVERDUE_AT - 1) == []
    assert len(await tick(book, OVERDUE_AT)) == 1
    with pytest.raises(EffectiveInFuture):
        await tick(book, A_YEAR_LATER + 1)


async def test_deadlines_are_decided_in_the_order_of_their_moments_then_by_stream(book: Book) -> None:
    later, first, same = sorted(mint("ord") for _ in range(3))
    for order, day in ((later, "2026-01-12"), (same, "2026-01-11"), (first, "2026-01-11")):
        at(book, moment_at(day, time(12), ZONE))
        await billed(book, order)
    at(book, A_YEAR_LATER)
    assert told(await tick(book)) == [
        (first, OVERDUE_AT + DAY),
        (same, OVERDUE_AT + DAY),
        (later, OVERDUE_AT + 2 * DAY),
    ]


async def test_what_comes_due_by_what_a_tick_decided_is_decided_by_the_same_tick(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ask the rows only once → the book ticked once a year lacks what a daily one has, and this fails.
    at(book, SHIPPED_AT)
    orders = {await billed(book) for _ in range(3)}
    every_nominated = ticking.nominated
    monkeypatch.setattr(ticking, "nominated", lambda *asked, **how: every_nominated(*asked, **how)[:1])
    at(book, A_YEAR_LATER)
    assert {entry.stream for entry in await tick(book)} == orders


async def test_a_row_that_nominates_in_vain_does_not_keep_a_tick(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(book, SHIPPED_AT)
    order = await billed(book)
    monkeypatch.setattr(ticking, "nominated", lambda *_, **_how: [(SHIPPED_AT, order)])
    assert await tick(book) == []


async def test_a_command_brings_what_was_due_and_its_receipt_leaves_it_out(book: Book) -> None:
    # Leave `before` out of the append → the repeated request gets the tick's entry too, and this fails.
    at(book, SHIPPED_AT)
    order = await billed(book)
    at(book, A_YEAR_LATER)
    command = pay(order, 1_000)
    outcome = await book.execute(command, submission("key-1"))
    assert [type(entry.event).__name__ for entry in outcome.entries] == ["PaymentCaptured"]
    again = await book.execute(command, submission("key-1"))
    assert (again.entries, again.replayed) == (outcome.entries, True)

    *_, overdue, paid = await book.entries(order)
    assert (overdue.effective_at, overdue.meta.origin) == (OVERDUE_AT, "tick")
    assert (overdue.position + 1, overdue.recorded_at) == (paid.position, paid.recorded_at)
    assert (paid.meta.origin, paid.effective_at) == ("api", A_YEAR_LATER)
    assert await tick(book) == []
    state = await book.state(order)
    assert isinstance(state, Placed)
    assert [bill.overdue_since for bill in state.bills.values()] == [OVERDUE_AT]


async def test_what_is_refused_or_only_tried_brings_nothing(book: Book) -> None:
    at(book, SHIPPED_AT)
    order = await billed(book)
    at(book, A_YEAR_LATER)
    head = book.position
    with pytest.raises(CaptureExceedsPrice):
        await book.execute(pay(order, 9_999), submission())
    tried = await book.execute(pay(order), submission(dry_run=True))
    assert [type(entry.event).__name__ for entry in tried.entries] == ["PaymentCaptured"]
    assert tried.entries[0].position == head + 2
    assert book.position == head
    (would_be,) = (await book.execute(Tick(stream=order), _at(A_YEAR_LATER, dry_run=True))).entries
    assert isinstance(would_be.event, BillBecameOverdue)
    assert book.position == head


async def test_the_version_a_caller_saw_still_matches_when_only_time_has_passed(book: Book) -> None:
    at(book, SHIPPED_AT)
    order = await billed(book)
    version = (await book.folded(order)).version
    at(book, A_YEAR_LATER)
    outcome = await book.execute(pay(order), submission(expected=(order, frozenset({version}))))
    assert outcome.entries[-1].version == version + 2


async def test_two_processes_tick_at_once_and_nothing_is_decided_twice(
    book: Book, other_ledger: Ledger
) -> None:
    at(book, SHIPPED_AT)
    orders = [await billed(book) for _ in range(5)]
    other = await other_ledger.book(book.name)
    for each in (book, other):
        at(each, A_YEAR_LATER)
    both = await asyncio.gather(tick(book), tick(other), tick(book))
    assert sorted(stream for ticked in both for stream, _ in told(ticked)) == sorted(orders)


async def test_a_row_that_is_behind_only_nominates(book: Book) -> None:
    # Decide on the row instead of the stream → a paid bill becomes overdue, and this fails.
    at(book, SHIPPED_AT)
    order = await billed(book)
    await book.execute(pay(order), submission())
    at(book, A_YEAR_LATER)
    outcome = await book.execute(Tick(stream=order), _at(OVERDUE_AT))
    assert (outcome.entries, outcome.already) == ((), True)


async def test_ticking_daily_or_once_a_year_gives_the_same_events(ledger: Ledger, book_name: str) -> None:
    told_of: list[list[Any]] = []
    for every in (1, 73, 365):
        book = await ledger.open_book(f"{book_name[:40]}-{every}", _open())
        order = mint("ord")
        for day in range(366):
            at(book, SHIPPED_AT + day * DAY)
            if day == 0:
                await billed(book, order)
            if day in (20, 40, 80):
                await book.execute(pay(order, 1_000 + day), submission())
            if day and day % every == 0 and (day < 90 or day == 365):
                await tick(book)
        entries = await book.entries(order)
        told_of.append([(e.version, e.effective_at, e.meta.origin, _kind(e)) for e in entries])
    assert told_of[0] == told_of[1] == told_of[2]
    assert [kind for *_, origin, kind in told_of[0] if origin == "tick"] == ["BillBecameOverdue"]


async def test_a_demo_books_clock_moves_its_now_and_never_recorded_at(
    demo: Book, other_ledger: Ledger
) -> None:
    # Let the writer ask `book.clock` for recorded_at → this fails.
    order = await billed(demo)
    await demo_clock(demo).advance(45 * DAY)
    (entry,) = await tick(demo)
    assert entry.stream == order
    assert machine_now() - entry.recorded_at < DAY
    paid = (await demo.execute(pay(order), submission())).entries[0]
    assert paid.effective_at - machine_now() > 44 * DAY
    assert machine_now() - paid.recorded_at < DAY
    elsewhere = await other_ledger.book(demo.name)
    assert abs(elsewhere.clock() - demo.clock()) < DAY
    await demo_clock(demo).advance(DAY)
    assert await demo_clock(elsewhere).look()
    assert not await demo_clock(elsewhere).look()
    assert demo_clock(elsewhere).ahead == 46 * DAY


async def test_whoever_asks_for_a_demo_book_has_its_clock_as_it_was_moved_elsewhere(
    ledger: Ledger, demo: Book, other_ledger: Ledger
) -> None:
    # Leave looking to the ticker → a request just after the move still runs by the old clock.
    await demo_clock(await other_ledger.book(demo.name)).advance(45 * DAY)
    assert demo_clock(await ledger.book(demo.name)).ahead == 45 * DAY


async def test_no_other_clock_moves_and_none_goes_back(book: Book, other_ledger: Ledger) -> None:
    with pytest.raises(ClockNotMovable, match="live record"):
        demo_clock(book)
    demo = await other_ledger.open_book(f"{book.name[:40]}-demo", _open(demo=True))
    for by in (0, -1, 10**18):
        with pytest.raises(ClockNotMovable, match="forward"):
            await demo_clock(demo).advance(by)


async def test_a_ticker_ticks_the_book_whose_clock_was_moved_elsewhere(
    ledger: Ledger, demo: Book, other_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def only() -> list[str]:
        return [demo.name]

    monkeypatch.setattr(ledger, "books", only)  # the database holds the books of other tests too
    failures: list[object] = []
    order = await billed(demo)
    running = asyncio.create_task(Ticker(ledger, lambda *told: failures.append(told)).run())
    elsewhere = await other_ledger.book(demo.name)
    await demo_clock(elsewhere).advance(45 * DAY)
    head = demo.position
    assert await demo.wait_beyond(head, 60) > head
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert isinstance((await demo.entries(order))[-1].event, BillBecameOverdue)
    assert not failures


async def test_a_book_nobody_can_read_is_told_and_the_others_are_ticked_all_the_same(
    ledger: Ledger, demo: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the first failure end the round → this fails."""

    book = await ledger.open_book(f"a-{demo.name[:40]}", _open())

    async def both() -> list[str]:
        return [book.name, demo.name]

    monkeypatch.setattr(ledger, "books", both)
    at(book, SHIPPED_AT)
    await billed(book)
    order = await billed(demo)
    with psycopg.connect(database.app_conninfo) as connection:
        connection.execute(
            "INSERT INTO entries SELECT book, position + 1000, stream || 'x', version, type,"
            " schema_version + 1, customer, effective_at, recorded_at, meta, data, hash"
            " FROM entries WHERE book = %s AND type = 'bill.issued'",
            (book.name,),
        )
        connection.execute("UPDATE heads SET position = position + 1000 WHERE book = %s", (book.name,))
    failures: list[tuple[str, str]] = []
    ticker = Ticker(ledger, lambda name, failure: failures.append((name, type(failure).__name__)))
    await demo_clock(demo).advance(45 * DAY)
    running = asyncio.create_task(ticker.run())
    head = demo.position
    assert await demo.wait_beyond(head, 60) > head
    assert not running.done()
    assert failures == [(book.name, "Undecodable")]
    assert ledger.not_ticked == {book.name}
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert isinstance((await demo.entries(order))[-1].event, BillBecameOverdue)


async def test_a_stream_that_fails_is_named_and_the_others_are_ticked_all_the_same(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the first failure end the tick → one wrong order keeps a book from ticking for good."""
    at(book, SHIPPED_AT)
    wrong, right = await billed(book), await billed(book)
    at(book, OVERDUE_AT)
    execute = book.execute

    async def failing(command: Command, submission: Submission) -> Outcome:
        if command.writes() == (wrong,):
            raise KeyError("bil_…")
        return await execute(command, submission)

    monkeypatch.setattr(book, "execute", failing)
    with pytest.raises(StreamsNotTicked, match=wrong) as failure:
        await tick(book)
    assert [type(each) for each in failure.value.failures.values()] == [KeyError]
    assert isinstance((await book.entries(right))[-1].event, BillBecameOverdue)
    assert not isinstance((await book.entries(wrong))[-1].event, BillBecameOverdue)


async def test_a_stream_whose_rows_stand_still_is_ticked_all_the_same_and_told_once(
    ledger: Ledger, book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ask the rows alone → time decides nothing in that stream any more, and nobody is told."""
    at(book, SHIPPED_AT)
    order = await billed(book)
    assert await tick(book) == []
    with psycopg.connect(database.app_conninfo) as connection:
        connection.execute(f"DELETE FROM {ticking.DEADLINES.table} WHERE book = %s", (book.name,))
        still = Parked((order,), book.position, order, None, "LookupError: x")
        cursors.park(connection, book.name, ticking.DEADLINES, [still])
    at(book, A_YEAR_LATER)

    async def only() -> list[str]:
        return [book.name]

    monkeypatch.setattr(ledger, "books", only)
    monkeypatch.setattr(ticking, "EVERY", 0.01)
    monkeypatch.setattr(ticking, "LOOK_EVERY", 0.01)
    failures: list[Exception] = []
    heard = asyncio.Event()

    def told(_: str, failure: Exception) -> None:
        failures.append(failure)
        heard.set()

    running = asyncio.create_task(Ticker(ledger, told).run())
    head = book.position
    assert await book.wait_beyond(head, 60) > head
    assert (await ledger.book(book.name)) is book
    entry = (await book.entries(order))[-1]
    assert (type(entry.event), entry.effective_at) == (BillBecameOverdue, OVERDUE_AT)
    await asyncio.wait_for(heard.wait(), 20)
    assert await tick(book) == []
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert [str(each) for each in failures] == [str(NominatedAtEveryTick([order]))]


async def test_rows_that_another_process_builds_are_waited_for_and_not_built_beside_it(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebuild without holding the right to → this fails."""
    monkeypatch.setattr(ticking, "PATIENCE", 0.1)
    with psycopg.connect(database.app_conninfo, autocommit=True) as other:
        other.execute(HOLD, (book.name,))
        with pytest.raises(ProjectionBuilding, match="deadlines is being built"):
            await tick(book)
    book.read_models.is_followed = True
    with pytest.raises(ProjectionBuilding, match="deadlines is being built"):
        await tick(book)
    book.read_models.is_followed = False
    assert await tick(book) == []


@contextmanager
def switching(database: Database, book: Book, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A rebuild of the rows of deadlines is in its last step, for longer than anybody waits."""
    monkeypatch.setattr(follow, "BOUNDED", "-c lock_timeout=1ms")
    with psycopg.connect(database.app_conninfo) as rebuild:
        cursors.lock(rebuild, book.name, [ticking.DEADLINES])
        yield


async def test_a_rebuild_that_switches_is_told_as_what_it_is(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tell it as a database that does not answer → whoever is told looks for what is not broken."""
    at(book, SHIPPED_AT)
    assert await tick(book) == []
    order = await billed(book)
    at(book, OVERDUE_AT)
    with switching(database, book, monkeypatch), pytest.raises(RebuildSwitching) as told:
        await tick(book)
    assert explanation(told.value) == "A rebuild of deadlines is switching; try again in a moment."
    assert exit_code_of(told.value) == HELD
    assert [entry.stream for entry in await tick(book)] == [order]


async def test_rows_that_another_process_follows_slowly_are_told_as_behind(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(book, SHIPPED_AT)
    assert await tick(book) == []
    stands = book.position
    await billed(book)
    monkeypatch.setattr(ticking, "PATIENCE", 0.1)
    with psycopg.connect(database.app_conninfo, autocommit=True) as other:
        assert cursors.hold_lease(other, book.name, follow.lease_of([ticking.DEADLINES]), "other", 60.0)
    with pytest.raises(RowsBehind) as behind:
        await tick(book)
    assert behind.value.position == stands


def _at(moment: Moment, **rest: Any) -> Submission:
    return Submission(actor=SYSTEM, origin="tick", effective_at=moment, **rest)


def _open(**rest: Any) -> OpenBook:
    return OpenBook(zone=ZONE, country="DE", **rest)


def _kind(entry: Entry) -> str:
    return type(entry.event).__name__
