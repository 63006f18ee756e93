"""Folding anew in bounded memory: what is set aside and taken back comes to the same rows."""

from collections.abc import Sequence

import pytest

from domain.entry import Entry
from domain.orders.order_events import OrderPlaced, OrderShipped, ShipmentDelivered
from domain.payments.payment_events import PaymentCaptured
from ledger.projecting import entries as reading
from ledger.projecting import fresh
from ledger.projecting.entries import WHOLE_BOOK, connect
from ledger.projecting.fresh import Fresh, Groups, Seen
from ledger.projecting.rebuild import Receipt, rebuild
from ledger.projecting.rows import RowTable
from ledger.projecting.sides import SideTable
from projections.catalogue import PROJECTIONS
from projections.folding import GroupFolding, folding_of
from projections.projection import Key, LinesPerEntry, Place, Projection, Row, events_of
from tests.projections.conftest import LiveRows, MakeBook, named
from tests.projections.histories import StoredBook
from tests.projections.test_as_of import folded

NO_ROOM, LITTLE_ROOM = 0, 40_000
"""Bytes: everything is set aside after every page; now and then, the largest."""


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE_SIZE", 20)


def digests(receipts: Sequence[Receipt]) -> dict[str, str]:
    return {receipt.projection: receipt.digest for receipt in receipts}


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("room", [NO_ROOM, LITTLE_ROOM])
def test_rows_that_were_set_aside_are_those_folded_in_memory(
    conninfo: str,
    book: StoredBook,
    entries: list[Entry],
    live_rows: LiveRows,
    monkeypatch: pytest.MonkeyPatch,
    room: int,
) -> None:
    """Forget to take a group back, or leave its old rows in the side table → this fails."""
    in_memory = rebuild(conninfo, book.name, PROJECTIONS)
    monkeypatch.setattr(fresh, "MOST_HELD", room)
    for receipt in rebuild(conninfo, book.name, PROJECTIONS):
        assert not receipt.differences, receipt.projection
    assert digests(rebuild(conninfo, book.name, PROJECTIONS)) == digests(in_memory)
    for projection in PROJECTIONS:
        rows = [
            tuple(getattr(row, name) for name in row.__struct_fields__) for row in folded(projection, entries)
        ]
        assert live_rows(book.name, projection) == sorted(rows, key=repr)


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("room", [NO_ROOM, LITTLE_ROOM])
def test_what_is_written_while_a_book_is_folded_anew_counts_in_groups_set_aside_too(
    conninfo: str,
    make_book: MakeBook,
    entries: list[Entry],
    live_rows: LiveRows,
    monkeypatch: pytest.MonkeyPatch,
    room: int,
) -> None:
    """The book grows after it was folded and before the cursors are held."""
    monkeypatch.setattr(fresh, "MOST_HELD", room)
    half = len(entries) // 2
    book, settled = make_book(entries[:half]), Fresh.settle

    def grown(folding: Fresh) -> None:
        settled(folding)
        if book.position == half:
            book.store(entries[half:])

    monkeypatch.setattr(Fresh, "settle", grown)
    receipts = rebuild(conninfo, book.name, PROJECTIONS)
    assert {receipt.until for receipt in receipts} == {len(entries)}
    monkeypatch.undo()
    for receipt in rebuild(conninfo, book.name, PROJECTIONS):
        assert not receipt.differences, receipt.projection


@pytest.mark.usefixtures("short_pages")
def test_memory_holds_no_more_than_it_may_however_long_the_book(
    conninfo: str, book: StoredBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set nothing aside → this fails. Lists are no matter: they leave as they come."""
    grouped = [each for each in PROJECTIONS if not isinstance(each, LinesPerEntry)]
    held: list[int] = []

    def fold(room: int) -> int:
        monkeypatch.setattr(fresh, "MOST_HELD", room)
        with connect(conninfo) as reader, connect(conninfo, WHOLE_BOOK) as side:
            folding = Fresh(book.name, grouped, reader, side)
            folding.fold(book.position, lambda _done, _of: held.append(folding.held))
            return folding.held

    whole = fold(fresh.MOST_HELD)
    held.clear()
    fold(whole // 4)
    assert max(held) <= whole // 4
    assert min(held[1:]) < whole // 8 <= max(held)


class Turn(Row):
    order: str
    last_position: Place = 0


Turns = OrderPlaced | PaymentCaptured | OrderShipped | ShipmentDelivered


class EveryOther(Projection[Turn, Turns]):
    """Which orders had an odd number of entries?"""

    name = "every_other"
    version = 1
    row = Turn
    handles = events_of(Turns)
    key = ("order",)
    group_key = key

    def group(self, it: Turns, entry: Entry) -> Key:
        return (it.order,)

    def fold(self, rows: dict[Key, Turn], group: Key, it: Turns, entry: Entry) -> None:
        if rows:
            rows.clear()
        else:
            rows[group] = Turn(it.order, entry.position)


def test_a_group_that_lost_its_rows_in_memory_is_not_taken_back_as_it_was(
    conninfo: str, entries: list[Entry]
) -> None:
    """Look only whether the group has rows in memory → rows that are gone come back, this fails."""
    projection = EveryOther()
    told = [entry for entry in entries if type(entry.event) in projection.handles]
    with connect(conninfo, WHOLE_BOOK) as side:
        table, folding = SideTable(RowTable("a book", projection)), folding_of(projection)
        assert isinstance(folding, GroupFolding)
        table.create(side)
        groups = Groups(folding, table, side)
        for number, entry in enumerate(told):
            groups.take_back([entry])
            folding.feed(entry)
            if number == len(told) // 3:
                groups.set_aside(1 / 3)
            if number == 2 * len(told) // 3:
                groups.settle()
        groups.settle()
        found = side.execute('SELECT "order", last_position FROM side_every_other_v1').fetchall()
    expected = [(row.order, row.last_position) for row in folded(projection, told) if isinstance(row, Turn)]
    assert sorted(found) == sorted(expected)
    assert found


@pytest.mark.parametrize("expected", [10_000, 100_000])
def test_what_was_added_is_seen_and_hardly_anything_else_is(expected: int) -> None:
    """Give it a fixed size, or fewer bits → this fails."""
    seen = Seen(expected)
    for number in range(expected):
        seen.add((f"ord_{number}", number))
    assert all((f"ord_{number}", number) in seen for number in range(expected))
    assert sum((f"ord_{number}", 0) in seen for number in range(1, expected)) < expected / 100


@pytest.mark.usefixtures("short_pages")
def test_a_filter_is_made_for_as_many_groups_as_the_whole_book_may_have(
    conninfo: str, book: StoredBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make it for what was set aside first → this fails."""
    made: list[int] = []

    class Noted(Seen):
        def __init__(self, expected: int) -> None:
            made.append(expected)
            super().__init__(expected)

    monkeypatch.setattr(fresh, "Seen", Noted)
    monkeypatch.setattr(fresh, "MOST_HELD", LITTLE_ROOM // 8)
    (receipt,) = rebuild(conninfo, book.name, [named("orders")])
    assert receipt.rows / 2 < made[0] < receipt.rows * 10
    assert len(made) == 1
