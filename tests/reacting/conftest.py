"""What the tests of reacting share: a book, orders in it, and rules made for the tests."""

from collections.abc import AsyncIterator

import pytest

from domain.book.register import OpenBook
from domain.customers.registering import RegisterCustomer
from domain.entry import Entry
from domain.orders.contacting import RecordContact
from domain.orders.order_events import CustomerContactMade, OrderPlaced
from domain.orders.placing import PlaceOrder
from domain.orders.pricing import AskedLine
from domain.reactions import Reaction
from ledger.book import Book
from ledger.composition import Ledger
from ledger.database import Database
from ledger.identity import mint
from ledger.reacting.reactor import Reactor
from ledger.record.submission import Submission
from tests.ticking.conftest import MASTER, submission


class Acknowledge(Reaction[OrderPlaced]):
    """Whoever orders is told that we have the order."""

    rule = "acknowledge"
    handles = (OrderPlaced,)

    def follows(self, it: OrderPlaced, entry: Entry) -> RecordContact:
        return RecordContact(order=it.order, kind="acknowledgement", channel="email", by=None)


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
    return await ledger.open_book(book_name, OpenBook(zone="Europe/Berlin", country="DE"))


@pytest.fixture
async def reactor(book: Book) -> Reactor:
    return Reactor(book, [Acknowledge()], {})


async def ordered(book: Book, asked: Submission | None = None, quantity: int = 1) -> str:
    """A new order of one dress, unless more are wanted."""
    order, customer = mint("ord"), mint("cus")
    place = PlaceOrder(
        order=order,
        customer=customer,
        register=RegisterCustomer(customer=customer, channel="shop"),
        channel="shop",
        currency="EUR",
        lines=(AskedLine(sku="DRESS", description="A dress", quantity=quantity, unit_price=3_400),),
    )
    await book.execute(place, asked or submission())
    return order


async def contacts(book: Book, order: str) -> list[Entry]:
    """The contacts recorded of an order."""
    return [entry for entry in await book.entries(order) if isinstance(entry.event, CustomerContactMade)]


async def head_of(book: Book) -> int:
    """The book's last position."""
    (reached,) = await book.reactions.reached(["acknowledge"], 0)
    return reached.head
