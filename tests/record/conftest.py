"""What the tests of the record share: a bare book to append to, an open book to command, and stored rows."""

import json
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import psycopg
import pytest

from domain.book.register import OpenBook
from domain.customers.registering import RegisterCustomer
from domain.decision import Actor
from domain.orders.placing import PlaceOrder
from domain.orders.pricing import AskedLine
from domain.payments.capturing import CapturePayment
from ledger.book import Book
from ledger.books import bare_head
from ledger.composition import Ledger
from ledger.connection import Reader
from ledger.database import Database
from ledger.identity import mint
from ledger.record.append import Append, CommandKey, NewClaim, NewEntry
from ledger.record.chain import COLUMNS, StoredRow
from ledger.record.submission import Submission
from ledger.record.writer import Writer

MASTER = bytes(range(32))
ANN = Actor(person="per_01h455vb4pex5vsknk084sn02q", role="agent")

Rows = Callable[[str], list[StoredRow]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def reader(database: Database) -> AsyncIterator[Reader]:
    reader = Reader(database.app_conninfo)
    await reader.open()
    yield reader
    await reader.close()


@pytest.fixture
async def bare_book(reader: Reader, book_name: str) -> str:
    """A book of which only the head exists."""
    await bare_head(reader, book_name)
    return book_name


@pytest.fixture
async def writer(database: Database, bare_book: str) -> AsyncIterator[Writer]:
    writer = Writer(bare_book, database.app_conninfo)
    yield writer
    await writer.close()


@pytest.fixture
async def ledger(database: Database) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(database.app_conninfo, MASTER)
    yield ledger
    await ledger.close()


@pytest.fixture
async def other_ledger(database: Database) -> AsyncIterator[Ledger]:
    """What another process would have: connections, caches and queues of its own."""
    ledger = await Ledger.open(database.app_conninfo, MASTER)
    yield ledger
    await ledger.close()


@pytest.fixture
async def book(ledger: Ledger, book_name: str) -> Book:
    """A book that is open: two entries."""
    return await ledger.open_book(book_name, OpenBook(zone="Europe/Berlin", country="DE"))


@pytest.fixture
def rows(database: Database) -> Rows:
    """A book's entries exactly as they are stored."""

    def stored(book: str) -> list[StoredRow]:
        with psycopg.connect(database.app_conninfo) as connection:
            found = connection.execute(
                f"SELECT {COLUMNS} FROM entries WHERE book = %s ORDER BY position", (book,)
            ).fetchall()
        return [StoredRow(*row) for row in found]

    return stored


def new_entry(stream: str, version: int = 1, customer: str | None = None, **data: object) -> NewEntry:
    """An entry to append, of no type the domain knows: the writer asks no rule."""
    return NewEntry(
        stream, version, "thing.happened", 1, customer, 1_000, '{"person":"system"}', json.dumps(data)
    )


def append(
    *entries: NewEntry,
    reads: dict[str, int] | None = None,
    facts: tuple[str, int] | None = None,
    claims: tuple[NewClaim, ...] = (),
    key: str | None = None,
    request_hash: bytes = b"same",
) -> Append:
    """An append of these entries, under a key of the principal `ann` if one is given."""
    command = None if key is None else CommandKey("ann", key, request_hash)
    return Append(entries=entries, reads=reads or {}, facts=facts, claims=claims, command=command)


def submission(key: str | None = None, request_hash: bytes = b"same", **rest: object) -> Submission:
    """How Ann's command arrives."""
    return Submission(actor=ANN, origin="api", key=key, request_hash=request_hash, **rest)


def place(
    order: str | None = None, customer: str | None = None, external_ref: str | None = None
) -> PlaceOrder:
    """One dress at 34.00 for a new customer, or for the one named."""
    known = customer is not None
    customer = customer or mint("cus")
    return PlaceOrder(
        order=order or mint("ord"),
        customer=customer,
        register=None if known else RegisterCustomer(customer=customer, channel="shop"),
        channel="shop",
        external_ref=external_ref,
        currency="EUR",
        lines=(AskedLine(sku="DRESS", description="A dress", quantity=3, unit_price=3_400),),
    )


def capture(order: str, amount: int = 100, reference: str | None = None) -> CapturePayment:
    """Money for an order, under a reference of its own unless one is given."""
    return CapturePayment(
        order=order,
        payment=mint("pay"),
        amount=amount,
        currency="EUR",
        processor="bank",
        reference=reference or uuid4().hex,
    )
