"""What the tests of sealing share: a reader of the migrated database, and a Sealer for a fresh book."""

from collections.abc import AsyncIterator

import pytest

from ledger.connection import Reader
from ledger.database import Database
from ledger.sealing.sealer import NewSubject, Sealer

MASTER = bytes(range(32))


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def reader(database: Database) -> AsyncIterator[Reader]:
    reader = Reader(database.app_conninfo)
    await reader.open()
    yield reader
    await reader.close()


@pytest.fixture
def sealer(book_name: str, reader: Reader, clock: Clock) -> Sealer:
    return Sealer(book_name, MASTER, reader, clock=clock)


async def store(reader: Reader, book: str, *subjects: NewSubject) -> None:
    """What an append does with the keys of new subjects."""
    for new in subjects:
        await reader.rows(
            "INSERT INTO subject_keys (book, subject, wrapped) VALUES (%s, %s, %s) RETURNING subject",
            (book, new.row.subject, new.row.wrapped),
        )
