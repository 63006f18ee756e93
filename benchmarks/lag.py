"""Lag: how long after an entry was recorded the rows of every read model hold it.

Commands come at a steady rate whatever is answered, as callers do; the book is followed in the same process,
as `serve` does it. Then another process writes now and then to a book that was idle.
"""

import asyncio
import multiprocessing
import os
import random
import time
from bisect import bisect_left
from collections.abc import Sequence

import msgspec
import psycopg
import uvloop

from benchmarks.ground import Ground
from benchmarks.report import Section
from domain.book.register import OpenBook
from domain.customers.registering import RegisterCustomer
from domain.decision import Actor
from domain.moments import Moment
from domain.orders.placing import PlaceOrder
from domain.orders.pricing import AskedLine
from domain.payments.capturing import CapturePayment
from ledger.book import Book, machine_now
from ledger.composition import Ledger
from ledger.database import prepared
from ledger.identity import mint
from ledger.projecting.apart import Apart
from ledger.projecting.following import following
from ledger.projecting.readers import Readers
from ledger.record.submission import Submission
from projections.catalogue import PROJECTIONS

DATABASE, OWN, OTHERS = "bench_lag", "written-here", "written-elsewhere"
RATE, SECONDS = 500, 30
"""Commands per second, and for how long."""
MOST_UNDER_WAY = 200
"""Callers that wait at once: where the machine does not keep up, the rate falls, and is told."""
VISITS, QUIET = 15, (2.5, 4.0)
"""How often another process writes, and the seconds between; after two a book counts as idle."""
LINES = (
    AskedLine(sku="DRESS-38-BLUE", description="Summer dress, blue, size 38", quantity=2, unit_price=3400),
)
ANN = Actor(person=mint("per"), role="agent")
TOTAL = 2 * 3400


class Watched(Readers):
    """Notes when the rows were told to be how far."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, Moment]] = []

    async def reached(self, position: int) -> None:
        if position > self.position:
            self.seen.append((position, machine_now()))
        await super().reached(position)


class Lags(msgspec.Struct, frozen=True):
    """Milliseconds from recording to rows, over entries."""

    entries: int
    p50: float
    p99: float
    longest: float
    rate: float
    """Commands per second that were really recorded."""


class Written(msgspec.Struct):
    """How many milliseconds after `recorded_at` each command was acknowledged: the commit, on this disk."""

    waits: list[float] = []


def measure(ground: Ground) -> list[Section]:
    """Both. Raises: psycopg.Error."""
    conninfo, master = prepared(ground.server, DATABASE).app_conninfo, os.urandom(32)
    return [_section(*uvloop.run(_measured(conninfo, master)))]


async def _measured(conninfo: str, master: bytes) -> tuple[Lags, Lags, Lags]:
    ledger = await Ledger.open(conninfo, master)
    failures: list[Exception] = []
    watched: dict[str, Watched] = {}
    for name in (OWN, OTHERS):
        book = await ledger.open_book(name, OpenBook(zone="UTC", country="DE"))
        book.read_models.readers = watched[name] = Watched()
    apart = Apart()
    async with following(ledger, lambda _, failure: failures.append(failure), apart):
        for name, readers in watched.items():
            assert await readers.wait_for((await ledger.book(name)).position, 60)
        book = await ledger.book(OWN)
        first, began = book.position, time.perf_counter()
        written = Written()
        await _commands(book, written)
        rate = RATE * SECONDS / (time.perf_counter() - began)
        assert await watched[OWN].wait_for(book.position, 60)
        own = _lags(conninfo, OWN, first, watched[OWN], rate)
        await asyncio.to_thread(_visited, conninfo, master)
        await asyncio.sleep(QUIET[0])
        others = _lags(conninfo, OTHERS, 2, watched[OTHERS], 0)
    apart.close()
    await ledger.close()
    assert not failures, failures
    return _of(written.waits, rate), own, others


async def _commands(book: Book, written: Written) -> None:
    """Orders and their payments in turn, each at its own time."""
    loop = asyncio.get_running_loop()
    began, under_way = loop.time(), set[asyncio.Task[object]]()
    for number in range(RATE * SECONDS // 2):
        due = began + 2 * number / RATE
        if (early := due - loop.time()) > 0:
            await asyncio.sleep(early)
        if len(under_way) >= MOST_UNDER_WAY:
            await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(_bought(book, number, written))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)


async def _bought(book: Book, number: int, written: Written) -> None:
    order = mint("ord")
    for command, key in ((_order(order, number), "place"), (_payment(order), "pay")):
        outcome = await book.execute(command, _submission(f"{key}-{number}"))
        written.waits.append((machine_now() - outcome.entries[-1].recorded_at) / 1000)


def _order(order: str, number: int) -> PlaceOrder:
    customer = mint("cus")
    return PlaceOrder(
        order=order,
        customer=customer,
        register=RegisterCustomer(customer=customer, channel="web", external_ref=f"C-{number}"),
        channel="web",
        external_ref=f"W-{number}",
        currency="EUR",
        lines=LINES,
    )


def _payment(order: str) -> CapturePayment:
    payment = mint("pay")
    return CapturePayment(
        order=order, payment=payment, amount=TOTAL, currency="EUR", processor="acme", reference=payment
    )


def _submission(key: str) -> Submission:
    return Submission(actor=ANN, origin="api", key=key, request_hash=bytes(32))


def _visited(conninfo: str, master: bytes) -> None:
    """Let another process write to an idle book, again and again."""
    with multiprocessing.get_context("spawn").Pool(1) as process:
        process.apply(_visit, (conninfo, master))


def _visit(conninfo: str, master: bytes) -> None:
    async def writes() -> None:
        ledger = await Ledger.open(conninfo, master)
        book = await ledger.book(OTHERS)
        for number in range(VISITS):
            await asyncio.sleep(random.uniform(*QUIET))
            await book.execute(_order(mint("ord"), number), _submission(f"place-{number}"))
        await ledger.close()

    uvloop.run(writes())


def _lags(conninfo: str, book: str, after: int, watched: Watched, rate: float) -> Lags:
    with psycopg.connect(conninfo) as connection:
        recorded = connection.execute(
            "SELECT position, recorded_at FROM entries WHERE book = %s AND position > %s", (book, after)
        ).fetchall()
    positions = [position for position, _ in watched.seen]
    return _of(
        [(watched.seen[bisect_left(positions, position)][1] - at) / 1000 for position, at in recorded], rate
    )


def _of(milliseconds: Sequence[float], rate: float) -> Lags:
    lags = sorted(milliseconds)
    return Lags(len(lags), _at(lags, 50), _at(lags, 99), lags[-1], rate)


def _at(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def _section(written: Lags, own: Lags, others: Lags) -> Section:
    def row(what: str, lags: Lags, allowed: str) -> tuple[str, ...]:
        return (
            what,
            f"{lags.entries:,}",
            f"{lags.p50:,.0f}",
            f"{lags.p99:,.0f}",
            f"{lags.longest:,.0f}",
            allowed,
        )

    return Section(
        title=f"Lag of all {len(PROJECTIONS)} read models in milliseconds",
        headings=("", "entries or commands", "p50", "p99", "longest", "allowed"),
        rows=(
            row(f"{own.rate:,.0f} commands/s of this process for {SECONDS} s", own, "p99 100"),
            row("of that, until they were acknowledged", written, ""),
            row("an idle book written by another process", others, "longest 1,100"),
        ),
        remark="From `recorded_at`, before the commit, until the follower says that the rows hold it.",
    )
