"""What the tests of ticking share: books with unpaid bills, and a clock that stands where it is put."""

from collections.abc import AsyncIterator

import pytest

from domain.bills.billing import NewBill
from domain.book.register import OpenBook
from domain.customers.registering import RegisterCustomer
from domain.decision import Actor
from domain.moments import Moment
from domain.numbers import year_of_recording
from domain.orders.order_events import Part
from domain.orders.placing import PlaceOrder
from domain.orders.pricing import AskedLine
from domain.orders.shipping import ShipOrder
from ledger.book import Book
from ledger.composition import Ledger
from ledger.database import Database
from ledger.identity import mint
from ledger.record.submission import Submission

MASTER = bytes(range(32))
ANN = Actor(person="per_01h455vb4pex5vsknk084sn02q", role="agent")
ZONE = "Europe/Berlin"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def ledger(database: Database) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(database.app_conninfo, MASTER)
    yield ledger
    await ledger.close()


@pytest.fixture
async def other_ledger(database: Database) -> AsyncIterator[Ledger]:
    """What another process would have."""
    ledger = await Ledger.open(database.app_conninfo, MASTER)
    yield ledger
    await ledger.close()


@pytest.fixture
async def book(ledger: Ledger, book_name: str) -> Book:
    return await ledger.open_book(book_name, OpenBook(zone=ZONE, country="DE"))


@pytest.fixture
async def demo(ledger: Ledger, book_name: str) -> Book:
    return await ledger.open_book(book_name, OpenBook(zone=ZONE, country="DE", demo=True))


def at(book: Book, now: Moment) -> None:
    """Let the book's clock stand there."""
    book.clock = lambda: now


def submission(key: str | None = None, **rest: object) -> Submission:
    """How Ann's command arrives."""
    return Submission(actor=ANN, origin="api", key=key, request_hash=b"same", **rest)


async def billed(book: Book, order: str | None = None) -> str:
    """An order of 34.00 that shipped now, on bill."""
    order, customer = order or mint("ord"), mint("cus")
    place = PlaceOrder(
        order=order,
        customer=customer,
        register=RegisterCustomer(customer=customer, channel="shop"),
        channel="shop",
        currency="EUR",
        terms="bill_after",
        lines=(AskedLine(sku="DRESS", description="A dress", quantity=1, unit_price=3_400),),
    )
    ship = ShipOrder(
        order=order,
        shipment=mint("shp"),
        parts=(Part(1, 1),),
        method="parcel",
        tracking="1Z",
        description="sealed",
        bill=NewBill(mint("bil"), year_of_recording(book.clock(), ZONE)),
    )
    for command in (place, ship):
        await book.execute(command, submission())
    return order
