"""What the tests of the frame share: a book with a bare head row, and entries to record in it."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from domain.entry import Event, Meta
from ledger.database import Database
from ledger.record.frame import FramedEntry
from ledger.record.recorder import BookRecorder


def bare_book(conninfo: str, book: str) -> str:
    """A book of which only the head row exists; no entry, not even BookOpened."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO heads (book, position, hash, recorded_at) VALUES (%s, 0, %s, 0)", (book, bytes(32))
        )
    return book


def framed(stream: str, version: int, event: Event, customer: str | None = None) -> FramedEntry:
    """An entry not yet recorded."""
    return FramedEntry(
        position=0,
        stream=stream,
        version=version,
        event=event,
        customer=customer,
        effective_at=1_000_000 + version,
        recorded_at=0,
        meta=Meta(person="per_ann", role="owner", origin="cli", key="k"),
    )


@pytest.fixture
def book(database: Database, book_name: str) -> str:
    return bare_book(database.app_conninfo, book_name)


@pytest.fixture
def recorder(database: Database, book: str) -> Iterator[BookRecorder]:
    recorder = BookRecorder.open(database.app_conninfo, book)
    yield recorder
    recorder.close()


Rows = Callable[[], list[dict[str, object]]]


@pytest.fixture
def rows(database: Database, book: str) -> Rows:
    """Every row of the book's entries, as the database holds them."""

    def read() -> list[dict[str, object]]:
        with psycopg.connect(database.app_conninfo, row_factory=psycopg.rows.dict_row) as connection:
            return connection.execute(
                "SELECT * FROM entries WHERE book = %s ORDER BY position", (book,)
            ).fetchall()

    return read
