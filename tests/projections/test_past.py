"""Rows of a whole book as they were, in bounded memory: the same as those folded in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from domain.entry import Entry
from ledger.projecting import entries as reading
from ledger.projecting import fresh, past
from ledger.projecting.as_of import AsOf, Effective, Position, rows_as_of
from ledger.projecting.fresh import Fresh
from ledger.projecting.past import past_of
from projections.catalogue import PROJECTIONS
from projections.projection import AnyProjection
from tests.domain.specification import moment
from tests.projections.conftest import MakeBook, named
from tests.projections.histories import StoredBook
from tests.projections.test_as_of import late

MIDDLE = Effective(moment("2010-08-20"))


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE_SIZE", 20)


@contextmanager
def folded_aside(conninfo: str, book: str, projection: AnyProjection, at: AsOf) -> Iterator[past.Past]:
    """The past of a book, the same as in memory."""
    in_memory = rows_as_of(conninfo, book, projection, at)
    with past_of(conninfo, book, projection, at) as then:
        assert (then.position, tuple(then.late)) == (in_memory.position, in_memory.late[: past.MOST_LATE])
        rows = then.side.execute(f"SELECT * FROM side_{projection.table}").fetchall()
        held = [tuple(getattr(row, name) for name in row.__struct_fields__) for row in in_memory.rows]
        assert sorted(rows, key=repr) == sorted(held, key=repr)
        yield then


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("room", [0, fresh.MOST_HELD])
def test_rows_folded_aside_are_those_folded_in_memory(
    conninfo: str, make_book: MakeBook, entries: list[Entry], monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """Take back or fold what does not count → this fails."""
    book = make_book([late(entry) if entry.position % 2 else entry for entry in entries])
    monkeypatch.setattr(fresh, "MOST_HELD", room)
    found_late = 0
    for projection in PROJECTIONS:
        for at in (Position(200), MIDDLE):
            with folded_aside(conninfo, book.name, projection, at) as then:
                found_late += len(then.late)
    assert found_late


@pytest.mark.usefixtures("short_pages")
def test_memory_holds_no_more_of_a_past_than_of_a_rebuild(
    conninfo: str, book: StoredBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fold a whole book in memory → this fails."""
    held: list[int] = []
    make_room = Fresh._make_room

    def told(folding: Fresh, part: float) -> None:
        make_room(folding, part)
        held.append(folding.held)

    monkeypatch.setattr(Fresh, "_make_room", told)
    monkeypatch.setattr(fresh, "MOST_HELD", room := 10_000)
    with folded_aside(conninfo, book.name, named("orders"), Effective(2**62)) as then:
        assert then.table.count(then.side) * fresh.BYTES_OF_ROW > room
    assert 0 < max(held) <= room
