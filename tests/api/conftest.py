"""What the API's tests share: the application over this worker's database, and fresh books behind it."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from fastapi import FastAPI

from api.app import create_app
from ledger.composition import Ledger
from ledger.database import Database
from tests.api.house import House, opened_house

MASTER = bytes(range(32))


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
async def house(ledger: Ledger, app: FastAPI) -> House:
    """One book for all tests of a worker: every test brings its own customers, orders and keys."""
    return await opened_house(ledger, app, f"book-{uuid4().hex}")


@pytest.fixture(scope="session")
async def other_house(ledger: Ledger, app: FastAPI) -> House:
    """Another merchant's book behind the same application."""
    return await opened_house(ledger, app, f"book-{uuid4().hex}")


@pytest.fixture
async def fresh_house(ledger: Ledger, app: FastAPI, book_name: str) -> House:
    """A book with nothing in it but its people."""
    return await opened_house(ledger, app, book_name)
