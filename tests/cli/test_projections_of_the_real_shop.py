"""Every read model of a real shop: followed while it is imported, rebuilt, and cut at positions."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from threading import Event, Thread

import psycopg
import pytest
from msgspec.structs import astuple

from domain.stored_types import TYPE_NAMES
from ledger.database import Database
from ledger.errors import UnknownBook
from ledger.projecting.as_of import Position, rows_as_of
from ledger.projecting.decoding import decoder_of, passed_over
from ledger.projecting.entries import connect, head_of, pages
from ledger.projecting.follow import Follower
from ledger.projecting.rebuild import rebuild
from ledger.projecting.sides import Differences
from projections.catalogue import PROJECTIONS
from projections.projection import AnyProjection
from tests.cli.commandline import Makegood
from tests.cli.test_import_orders import SLICE, WHOLE
from tests.projections.histories import StoredBook, history, random_steps

NOTHING = Differences(missing=0, surplus=0, changed=0)


@contextmanager
def followed_from_the_start(conninfo: str, book: str) -> Iterator[None]:
    """The book, built as soon as it is there and followed in steps of any size, caught up in the end."""
    over, steps = Event(), Random(7)
    failures: list[Exception] = []

    def follow() -> None:
        try:
            while not is_built(conninfo, book):
                if over.wait(0.01):
                    return
            with closing(Follower(conninfo, book, PROJECTIONS, "shop")) as follower:
                while not over.is_set():
                    if not follower.step(steps.randint(1, 3_000)).entries:
                        over.wait(0.01)
                follower.catch_up()
        except Exception as failure:  # noqa: BLE001  (told to the test, whose thread it is not)
            failures.append(failure)

    thread = Thread(target=follow)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failures


def is_built(conninfo: str, book: str) -> bool:
    try:
        rebuild(conninfo, book, PROJECTIONS)
    except UnknownBook:
        return False
    return True


def live_rows(conninfo: str, projection: AnyProjection, book: str) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo) as connection:
        names = ", ".join(f'"{name}"' for name in projection.row.__struct_fields__)
        found = connection.execute(f"SELECT {names} FROM {projection.table} WHERE book = %s", (book,))
        return sorted(found, key=repr)


def cut(conninfo: str, book: str, position: int) -> str:
    """A book that holds the entries up to a position, and nothing of what came later."""
    shorter = f"{book[:40]}-cut-{position}"
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO entries (book, position, stream, version, type, schema_version, customer,"
            " effective_at, recorded_at, meta, data, hash) SELECT %s, position, stream, version, type,"
            " schema_version, customer, effective_at, recorded_at, meta, data, hash"
            " FROM entries WHERE book = %s AND position <= %s",
            (shorter, book, position),
        )
        connection.execute(
            "INSERT INTO heads (book, position, hash, recorded_at) SELECT book, position, hash, recorded_at"
            " FROM entries WHERE book = %s AND position = %s",
            (shorter, position),
        )
    return shorter


def live_on(conninfo: str, book: str) -> None:
    """What no file of orders tells: after the import the shop's customers order on account, their cards are
    declined, its orders are refunded, goods come back, entries are corrected, money has no place.
    """
    with connect(conninfo) as reader:
        head, every = head_of(reader, book).position, set(TYPE_NAMES)
        read = pages(reader, book, 0, head, passed_over(every), decoder_of(every))
        told = [entry for _, page in read for entry in page]
    story = history(random_steps(7, 400), told)
    stored = StoredBook(conninfo, book)
    for start in range(head, len(story.entries), 40):
        stored.store(story.entries[start : start + 40])


def holds(makegood: Makegood, conninfo: str, book: str, file: Path, cuts: int) -> None:
    """Leave an entry out of a step, fold one twice, or let as-of read one entry more → this fails."""
    with followed_from_the_start(conninfo, book):
        assert makegood("import", "orders", file, "--book", book).code == 0
        live_on(conninfo, book)
    receipts = rebuild(conninfo, book, PROJECTIONS)
    head = receipts[0].until
    for receipt in receipts:
        assert (receipt.was_at, receipt.parked) == (head, 0), receipt.projection
        assert receipt.differences == NOTHING, receipt.projection
        assert receipt.rows > 0, receipt.projection

    positions = [head // cuts * number + number for number in range(1, cuts)] + [head]
    for position in positions:
        shorter = cut(conninfo, book, position)
        rebuild(conninfo, shorter, PROJECTIONS)
        for projection in PROJECTIONS:
            then = rows_as_of(conninfo, book, projection, Position(position))
            assert (then.position, then.parked) == (position, ())
            rows = sorted(map(astuple, then.rows), key=repr)
            assert rows == live_rows(conninfo, projection, shorter), (projection.name, position)


def test_a_slice_of_the_real_shop_is_followed_rebuilt_and_cut_alike(
    makegood: Makegood, database: Database, book_name: str
):
    holds(makegood, database.app_conninfo, book_name, SLICE, cuts=2)


@pytest.mark.long
@pytest.mark.skipif(not WHOLE.exists(), reason="the whole file lies in ../shared, which a clone has not")
def test_the_whole_real_shop_is_followed_rebuilt_and_cut_alike(
    makegood: Makegood, database: Database, book_name: str
):
    holds(makegood, database.app_conninfo, book_name, WHOLE, cuts=4)
