"""Placing an order and capturing its payment over HTTP: Makegood beside the plain library, in one run.

Both get the same bodies over the same number of connections, in short rounds that take turns, so that a noisy
machine is noisy for both.
"""

import itertools
import json
import re
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from statistics import median

import msgspec
from psycopg.conninfo import conninfo_to_dict

from benchmarks import load
from benchmarks.ground import MAKEGOOD, Ground, free_port, serving
from benchmarks.load import Figures
from benchmarks.report import Section
from ledger.roles import OWNER, provide

MUST = 8.0
"""How many times the library's rate Makegood must reach, on either path."""
WARM_UP = 1.0
"""Seconds of the round that is not counted."""
DATABASE = "bench_library"
BOOK = "bench"
NUMBER = b"000000000000"
"""Stands in a prepared request where the number of the order goes; both have the same length."""
ORDER = b"(order)"
"""Stands in a prepared request where the order's id goes."""

GOODS = {
    "channel": "web",
    "external_ref": f"W-{NUMBER.decode()}",
    "customer": {
        "external_ref": f"C-{NUMBER.decode()}",
        "name": "Ada Lovelace",
        "contact_points": [{"kind": "email", "value": f"ada-{NUMBER.decode()}@example.com"}],
    },
    "lines": [
        {
            "sku": "DRESS-38-BLUE",
            "description": "Summer dress, blue, size 38",
            "quantity": 2,
            "unit_price": {"amount": 3400, "currency": "EUR"},
        },
        {
            "sku": "SHIRT-M",
            "description": "T-shirt, size M",
            "quantity": 1,
            "unit_price": {"amount": 900, "currency": "EUR"},
            "discount": {"amount": 100, "currency": "EUR"},
        },
    ],
}
PAYMENT = {
    "amount": {"amount": 7600, "currency": "EUR"},
    "processor": "cardhouse",
    "reference": f"ch_{NUMBER.decode()}",
}


class Side(msgspec.Struct, frozen=True):
    """A server under load, the requests it gets, and where its answers name the order."""

    port: int
    order: bytes
    payment: bytes
    order_id: re.Pattern[bytes]


class Turn(msgspec.Struct, frozen=True):
    """One turn of one server: as many orders as it could place in its seconds, then their payments."""

    place: Figures
    capture: Figures


def measure(ground: Ground, rounds: int, seconds: float) -> Section:
    """Both servers side by side, taking turns. Raises: DidNotStart, Unanswered, CalledProcessError."""
    numbers = itertools.count(1)
    with library(ground) as theirs, makegood(ground) as ours:
        for side in (theirs, ours):
            take_turn(side, numbers, WARM_UP)
        turns = [
            (take_turn(theirs, numbers, seconds), take_turn(ours, numbers, seconds)) for _ in range(rounds)
        ]
    return Section(
        title=f"REST path at {load.CONNECTIONS} connections, {rounds} turns of {seconds:g} s",
        headings=(
            "",
            "library rps",
            "p50 ms",
            "p99 ms",
            "Makegood rps",
            "p50 ms",
            "p99 ms",
            "ratio",
            "lowest",
        ),
        rows=(
            _row("place an order", [(theirs.place, ours.place) for theirs, ours in turns]),
            _row("capture its payment", [(theirs.capture, ours.capture) for theirs, ours in turns]),
        ),
        remark=f"Medians of the turns; the ratio must be at least {MUST:g}.",
    )


def take_turn(side: Side, numbers: Iterator[int], seconds: float) -> Turn:
    """Place orders for so long, then capture each of them once, for as long at most. Raises: Unanswered."""
    orders = (side.order.replace(NUMBER, b"%012d" % number) for number in numbers)
    placed, answers = load.run(side.port, orders, seconds)
    payments = [
        side.payment.replace(ORDER, found[1]).replace(NUMBER, b"%012d" % number)
        for number, answer in zip(numbers, answers, strict=False)
        if (found := side.order_id.search(answer))
    ]
    captured, _ = load.run(side.port, iter(payments), seconds)
    return Turn(placed, captured)


@contextmanager
def library(ground: Ground) -> Generator[Side]:
    """The baseline, served in a database of its own of the same server. Raises: DidNotStart."""
    provide(ground.server.superuser_conninfo, DATABASE)
    where = conninfo_to_dict(ground.server.conninfo(OWNER, DATABASE))
    environment = ground.environment(
        POSTGRES_DBNAME=DATABASE,
        POSTGRES_HOST=str(where["host"]),
        POSTGRES_PORT=str(where.get("port", 5432)),
        POSTGRES_USER=OWNER,
        POSTGRES_PASSWORD="",  # none: the socket knows its peer
    )
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "benchmarks.baseline.app:create",
        f"--port={port}",
    ]
    with serving([*command, "--loop=uvloop", "--http=httptools", "--log-level=warning"], port, environment):
        yield _side(port, None, rb'"id": ?"([^"]+)"')


@contextmanager
def makegood(ground: Ground) -> Generator[Side]:
    """Makegood with a book and a key of its own. Raises: DidNotStart, CalledProcessError."""
    ground.makegood("books", "create", BOOK, "--zone", "Europe/Berlin", "--country", "DE")
    clerk = json.loads(
        ground.makegood("persons", "add", "Clerk", "--role", "agent", "--book", BOOK, "--json")
    )
    key = json.loads(ground.makegood("keys", "create", clerk["person"], "--book", BOOK, "--json"))
    port = free_port()
    with serving([*MAKEGOOD, "serve", f"--port={port}"], port, ground.environment()):
        yield _side(port, key["text"], rb'"subject": ?"([^"]+)"')


def _side(port: int, token: str | None, order_id: bytes) -> Side:
    def prepared(path: str, body: object, key: str) -> bytes:
        return load.request(path, msgspec.json.encode(body), key=f"{key}-{NUMBER.decode()}", token=token)

    return Side(
        port=port,
        order=prepared("/v1/orders", GOODS, "place"),
        payment=prepared(f"/v1/orders/{ORDER.decode()}/payments", PAYMENT, "capture"),
        order_id=re.compile(order_id),
    )


def _row(name: str, turns: list[tuple[Figures, Figures]]) -> tuple[str, ...]:
    ratios = [ours.rps / theirs.rps for theirs, ours in turns]
    cells: list[str] = []
    for figures in zip(*turns, strict=True):
        cells.append(f"{median(one.rps for one in figures):,.0f}")
        cells.append(f"{median(one.p50 for one in figures):.1f}")
        cells.append(f"{median(one.p99 for one in figures):.1f}")
    return (name, *cells, f"{median(ratios):.1f} ×", f"{min(ratios):.1f} ×")
