"""Placing an order and capturing its payment over HTTP: Makegood beside the plain library, in one run.

The library twice: keeping the same contract to its caller, and bare. All get the same bodies over the same
number of connections, in short rounds that take turns, so that a noisy machine is noisy for all.
"""

import itertools
import json
import re
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

import msgspec
from psycopg.conninfo import conninfo_to_dict

from benchmarks import load
from benchmarks.baseline.contract import API_KEY
from benchmarks.ground import MAKEGOOD, Ground, free_port, serving
from benchmarks.load import Figures
from benchmarks.report import Section
from ledger.embedded import EmbeddedServer
from ledger.roles import OWNER, provide

MUST = 8.0
"""How many times the rate of the library keeping the same contract Makegood must reach, on either path."""
BARE, CONTRACT = "bare", "contract"
"""The two yardsticks: modules of `benchmarks.baseline`."""
NAMES = ("bare library", "same-contract library", "Makegood")
WARM_UP = 1.0
"""Seconds of the round that is not counted."""
TOKEN = "bench-key"
"""The API key of the library's side."""
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
    """All three servers side by side, taking turns. Raises: DidNotStart, Unanswered, CalledProcessError."""
    numbers = itertools.count(1)
    with ExitStack() as stack:
        sides = [
            stack.enter_context(started)
            for started in (library(ground, BARE), library(ground, CONTRACT), makegood(ground))
        ]
        for side in sides:
            take_turn(side, numbers, WARM_UP)
        rounds_taken = [[take_turn(side, numbers, seconds) for side in sides] for _ in range(rounds)]
    return Section(
        title=f"REST path at {load.CONNECTIONS} connections, {rounds} turns of {seconds:g} s",
        headings=("", "rps", "p50 ms", "p99 ms", "Makegood is", "lowest"),
        rows=(
            *_rows("place an order", [[turn.place for turn in turns] for turns in rounds_taken]),
            *_rows("capture its payment", [[turn.capture for turn in turns] for turns in rounds_taken]),
        ),
        remark=f"Medians of the turns. Required is {MUST:g} × the same-contract library, which keeps to its "
        "caller what Makegood keeps: keys, callers, unique references. The bare library keeps none of it; "
        "its ratio is shown for honesty.",
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
def library(ground: Ground, name: str) -> Generator[Side]:
    """A yardstick, served from a database of its own of the same server. Raises: DidNotStart."""
    environment = ground.environment(**library_environment(ground.server, f"bench_{name}"))
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        f"benchmarks.baseline.{name}:create",
        f"--port={port}",
    ]
    with serving([*command, "--loop=uvloop", "--http=httptools", "--log-level=warning"], port, environment):
        yield _side(port, TOKEN, rb'"id": ?"([^"]+)"')


def library_environment(server: EmbeddedServer, database: str) -> dict[str, str]:
    """What a yardstick reads from its environment; the database is made here. Raises: psycopg.Error."""
    provide(server.superuser_conninfo, database)
    where = conninfo_to_dict(server.conninfo(OWNER, database))
    return {
        "POSTGRES_DBNAME": database,
        "POSTGRES_HOST": str(where["host"]),
        "POSTGRES_PORT": str(where.get("port", 5432)),
        "POSTGRES_USER": OWNER,
        "POSTGRES_PASSWORD": "",  # none: the socket knows its peer
        API_KEY: TOKEN,
    }


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


def _side(port: int, token: str, order_id: bytes) -> Side:
    def prepared(path: str, body: object, key: str) -> bytes:
        return load.request(path, msgspec.json.encode(body), key=f"{key}-{NUMBER.decode()}", token=token)

    return Side(
        port=port,
        order=prepared("/v1/orders", GOODS, "place"),
        payment=prepared(f"/v1/orders/{ORDER.decode()}/payments", PAYMENT, "capture"),
        order_id=re.compile(order_id),
    )


def _rows(path: str, rounds: list[list[Figures]]) -> Iterator[tuple[str, ...]]:
    """A row for each server, whose figures come in the same order in every round, ours last."""
    for name, figures in zip(NAMES, zip(*rounds, strict=True), strict=True):
        ratios = [of_all[-1].rps / one.rps for of_all, one in zip(rounds, figures, strict=True)]
        yield (
            f"{path}: {name}",
            f"{median(one.rps for one in figures):,.0f}",
            f"{median(one.p50 for one in figures):.1f}",
            f"{median(one.p99 for one in figures):.1f}",
            *((f"{median(ratios):.1f} ×", f"{min(ratios):.1f} ×") if name != NAMES[-1] else ("", "")),
        )
