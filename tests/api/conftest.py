"""What the API's tests share: the application over this worker's database, and fresh books behind it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import pytest
from fastapi import FastAPI

from api.app import create_app
from ledger.book import Book
from ledger.composition import Ledger
from ledger.database import Database
from ledger.projecting.following import Following
from tests.api.house import House, opened_house

MASTER = bytes(range(32))


@asynccontextmanager
async def followed(ledger: Ledger, book: Book) -> AsyncGenerator[None]:
    """A book whose read models are kept inside the block, as a service keeps them."""
    failures: list[Exception] = []
    task = asyncio.create_task(Following(ledger, lambda _, failure: failures.append(failure)).follow(book))
    try:
        assert await book.read_models.readers.wait_for(book.position, 20)
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert not failures


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
async def ledger(database: Database, anyio_backend: object) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(database.app_conninfo, MASTER)
    yield ledger
    await ledger.close()


@pytest.fixture(scope="session")
def app(ledger: Ledger) -> FastAPI:
    return create_app(ledger)


@pytest.fixture(scope="session")
async def house(ledger: Ledger, app: FastAPI) -> AsyncIterator[House]:
    """One book for all tests of a worker: every test brings its own customers, orders and keys."""
    house = await opened_house(ledger, app, f"book-{uuid4().hex}")
    async with followed(ledger, house.book):
        yield house


@pytest.fixture(scope="session")
async def other_house(ledger: Ledger, app: FastAPI) -> AsyncIterator[House]:
    """Another merchant's book behind the same application."""
    house = await opened_house(ledger, app, f"book-{uuid4().hex}")
    async with followed(ledger, house.book):
        yield house


@pytest.fixture
async def fresh_house(ledger: Ledger, app: FastAPI, book_name: str) -> House:
    """A book with nothing in it but its people."""
    return await opened_house(ledger, app, book_name)


@pytest.fixture
async def kept(ledger: Ledger, fresh_house: House) -> AsyncIterator[House]:
    """A book of this test alone, whose read models are kept."""
    async with followed(ledger, fresh_house.book):
        yield fresh_house
