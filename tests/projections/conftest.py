"""What the tests of projections share: their tables in the worker's database, and books with a history."""

from collections.abc import Callable, Iterator, Sequence
from uuid import uuid4

import psycopg
import pytest

from domain.entry import Entry
from ledger.database import Database
from ledger.projecting.follow import Follower
from ledger.projecting.tables import create_tables
from projections.catalogue import PROJECTIONS
from projections.projection import AnyProjection
from tests.projections.histories import StoredBook, history, random_steps


def named(name: str) -> AnyProjection:
    """The projection of the catalogue with that name."""
    (found,) = [projection for projection in PROJECTIONS if projection.name == name]
    return found


@pytest.fixture(scope="session")
def tables(database: Database) -> Database:
    """The worker's database, with the tables of all projections."""
    assert database.owner_conninfo is not None
    with psycopg.connect(database.owner_conninfo) as owner:
        create_tables(owner, PROJECTIONS)
    return database


@pytest.fixture
def conninfo(tables: Database) -> str:
    """How the application connects."""
    return tables.app_conninfo


@pytest.fixture(scope="session")
def entries() -> list[Entry]:
    """Some hundred entries: carts, orders on card and on bill, captures, part shipments, cancellations."""
    return history(random_steps(7, 400)).entries


MakeBook = Callable[[Sequence[Entry]], StoredBook]


@pytest.fixture
def make_book(conninfo: str) -> MakeBook:
    """Makes a fresh book that holds the given entries."""

    def make(entries: Sequence[Entry]) -> StoredBook:
        book = StoredBook(conninfo, f"book-{uuid4().hex}")
        book.store(entries)
        return book

    return make


@pytest.fixture
def book(make_book: MakeBook, entries: list[Entry]) -> StoredBook:
    """A book with the whole history, projected by nobody yet."""
    return make_book(entries)


MakeFollower = Callable[..., Follower]


@pytest.fixture
def follower(conninfo: str) -> Iterator[MakeFollower]:
    """Makes followers, and closes them."""
    made: list[Follower] = []

    def make(book: str, projections: Sequence[AnyProjection] = PROJECTIONS, holder: str = "me") -> Follower:
        made.append(Follower(conninfo, book, projections, holder))
        return made[-1]

    yield make
    for each in made:
        each.close()


LiveRows = Callable[[str, AnyProjection], list[tuple[object, ...]]]


@pytest.fixture
def live_rows(conninfo: str) -> LiveRows:
    """Reads a projection's live rows of one book, sorted."""

    def read(book: str, projection: AnyProjection) -> list[tuple[object, ...]]:
        with psycopg.connect(conninfo) as connection:
            found = connection.execute(
                f"SELECT * FROM {projection.table} WHERE book = %s",
                (book,),
            ).fetchall()
        return sorted((row[1:] for row in found), key=repr)

    return read
