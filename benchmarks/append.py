"""The bare record: what one book stores per second beside pgbench (one INSERT and commit)."""

import asyncio
import itertools
import os
import re
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from time import perf_counter

import msgspec
import psycopg
import uvloop
from psycopg.conninfo import conninfo_to_dict

from benchmarks.ground import Ground
from benchmarks.report import Section
from domain.book.register import OpenBook
from domain.customers.registering import RegisterCustomer
from domain.decision import Actor
from domain.orders.placing import PlaceOrder
from domain.orders.pricing import AskedLine
from ledger.composition import Ledger
from ledger.database import prepared
from ledger.embedded import EmbeddedServer
from ledger.embedded.binaries import wheel_programs
from ledger.identity import mint
from ledger.record.append import Append, CommandKey, NewEntry
from ledger.record.submission import Submission
from ledger.record.writer import Writer
from ledger.roles import OWNER

CALLERS = (1, 8, 32)
DATABASE = "bench_append"
BARE_BOOK, BOOK = "bare", "bench"
META = msgspec.json.encode({"person": "per_bench", "role": "agent", "origin": "api", "edition": 1}).decode()
DATA = msgspec.json.encode({"text": "x" * 500}).decode()
"""With META and the hash, a row of about 600 bytes."""
LINES = (
    AskedLine(sku="DRESS-38-BLUE", description="Summer dress, blue, size 38", quantity=2, unit_price=3400),
    AskedLine(sku="SHIRT-M", description="T-shirt, size M", quantity=1, unit_price=900, discount=100),
)

Store = Callable[[int], Awaitable[object]]
"""Records what has this number, and nobody else's."""


class Rates(msgspec.Struct, frozen=True):
    """Per second, at one number of callers."""

    callers: int
    pgbench: float
    """Commits of one INSERT each: the yardstick."""
    single: float
    """Appends of one entry, without a key."""
    triple: float
    """Appends of three entries with an idempotency key; three times as many entries."""
    orders: float
    """Commands decided and recorded: an order placed with its new customer, two entries and a key."""


def measure(ground: Ground, seconds: float) -> Section:
    """Yardstick and record in turn, at each number of callers. Raises: psycopg.Error, CalledProcessError."""
    conninfo = prepared(ground.server, DATABASE).app_conninfo
    with psycopg.connect(ground.server.conninfo(OWNER, DATABASE)) as owner:
        owner.execute(
            "CREATE TABLE yardstick (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, data text)"
        )
        owner.execute("INSERT INTO heads VALUES (%s, 0, decode(repeat('00', 32), 'hex'), 0)", (BARE_BOOK,))
    rates: list[Rates] = []
    for callers in CALLERS:
        yardstick = _pgbench(ground.server, callers, seconds)
        rates.append(Rates(callers, yardstick, *uvloop.run(_record(conninfo, callers, seconds))))
    return _section(rates)


def _pgbench(server: EmbeddedServer, callers: int, seconds: float) -> float:
    where = conninfo_to_dict(server.conninfo(OWNER, DATABASE))
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write("INSERT INTO yardstick (data) VALUES (:data);\n")
        script.flush()
        said = subprocess.run(
            [
                str(wheel_programs() / "pgbench"),
                "--no-vacuum",
                "--protocol=prepared",
                f"--file={script.name}",
                f"--define=data={DATA + META}",
                f"--client={callers}",
                f"--jobs={min(callers, 2)}",
                f"--time={max(1, round(seconds))}",
                f"--host={where['host']}",
                f"--username={where['user']}",
                str(where["dbname"]),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    found = re.search(r"tps = ([\d.]+)", said)
    assert found is not None, said
    return float(found[1])


async def _record(conninfo: str, callers: int, seconds: float) -> tuple[float, float, float]:
    """One entry, three entries, orders: appends per second of each."""
    run = mint("run")
    writer = Writer(BARE_BOOK, conninfo)

    def single(number: int) -> Awaitable[object]:
        return writer.append(Append(entries=_entries(f"{run}-1-{number}", 1)))

    def triple(number: int) -> Awaitable[object]:
        name = f"{run}-3-{number}"
        return writer.append(
            Append(entries=_entries(name, 3), command=CommandKey("per_bench", name, bytes(32)))
        )

    bare = [await _rate(store, callers, seconds) for store in (single, triple)]
    await writer.close()
    return bare[0], bare[1], await _orders(conninfo, callers, seconds)


async def _orders(conninfo: str, callers: int, seconds: float) -> float:
    ledger = await Ledger.open(conninfo, os.urandom(32))
    name = f"{BOOK}-{callers}"
    book = await ledger.open_book(name, OpenBook(zone="UTC", country="DE"))
    actor = Actor(person=mint("per"), role="agent")

    def place(number: int) -> Awaitable[object]:
        customer = mint("cus")
        command = PlaceOrder(
            order=mint("ord"),
            customer=customer,
            register=RegisterCustomer(customer=customer, channel="web", external_ref=f"C-{number}"),
            channel="web",
            external_ref=f"W-{number}",
            currency="EUR",
            lines=LINES,
        )
        return book.execute(
            command, Submission(actor=actor, origin="api", key=f"place-{number}", request_hash=bytes(32))
        )

    rate = await _rate(place, callers, seconds)
    await ledger.close()
    return rate


def _entries(stream: str, count: int) -> tuple[NewEntry, ...]:
    return tuple(
        NewEntry(stream, version, "bench.recorded", 1, None, 0, META, DATA) for version in range(1, count + 1)
    )


async def _rate(store: Store, callers: int, seconds: float) -> float:
    """How many the callers store per second, each one after the other."""
    numbers = itertools.count()
    await store(next(numbers))  # connects, prepares, reads what is always read

    async def call(until: float) -> int:
        done = 0
        while perf_counter() < until:
            await store(next(numbers))
            done += 1
        return done

    start = perf_counter()
    done = await asyncio.gather(*(call(start + seconds) for _ in range(callers)))
    return sum(done) / (perf_counter() - start)


def _section(rates: list[Rates]) -> Section:
    def beside(rate: float, pgbench: float) -> str:
        return f"{rate:,.0f} ({rate / pgbench:.2f} ×)"

    return Section(
        title="The bare record, per second (and beside pgbench)",
        headings=("callers", "pgbench", "one entry", "three entries + key", "its entries", "orders placed"),
        rows=tuple(
            (
                str(rate.callers),
                f"{rate.pgbench:,.0f}",
                beside(rate.single, rate.pgbench),
                beside(rate.triple, rate.pgbench),
                beside(rate.triple * 3, rate.pgbench),
                beside(rate.orders, rate.pgbench),
            )
            for rate in rates
        ),
        remark="An order placed is a whole command with its new customer: two entries, claims, a key.",
    )
