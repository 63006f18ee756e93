"""Rows as they were: by position, by recorded time, or by the time things took effect.

All three fold entries anew and leave the live rows alone. By position and by recorded time the answer is what
a reader would have seen then; by effective time it is what was true then as we know it now: entries recorded
late count, and are listed.
"""

from collections.abc import Iterator

import msgspec
import psycopg

from domain.entry import Entry
from domain.moments import Moment
from ledger.errors import UnknownBook
from ledger.projecting.decoding import decoder_of, names_of
from ledger.projecting.entries import Narrowed, connect, head_of, pages
from projections.folding import Parked, folding_of
from projections.projection import AnyProjection, Key, Row


class Position(msgspec.Struct, frozen=True):
    """As of an entry, it included."""

    position: int


class Recorded(msgspec.Struct, frozen=True):
    """As the book stood at a moment of recording."""

    moment: Moment


class Effective(msgspec.Struct, frozen=True):
    """As things stood at a moment of business time, by all that is recorded until today."""

    moment: Moment


AsOf = Position | Recorded | Effective


class RowsAsOf(msgspec.Struct, frozen=True):
    """Rows as they were, and up to where entries were read for them."""

    position: int
    rows: list[Row]
    late: tuple[int, ...] = ()
    """Positions of entries that took effect by then and were recorded only later. Of `Effective` alone."""
    parked: tuple[Parked, ...] = ()
    """Groups that stand still in this fold; their rows are incomplete."""


def rows_as_of(conninfo: str, book: str, projection: AnyProjection, at: AsOf, prefix: Key = ()) -> RowsAsOf:
    """The rows whose key begins with `prefix`, as of `at`; unsorted.

    Raises: UnknownBook, Undecodable, psycopg.Error.
    """
    with connect(conninfo) as reader:
        until = position_at(reader, book, at)
        folding = folding_of(projection)
        late: list[int] = []
        for entry in read(reader, book, projection, until, prefix):
            if isinstance(at, Effective):
                if entry.effective_at > at.moment:
                    continue
                if entry.recorded_at > at.moment:
                    late.append(entry.position)
            folding.feed(entry)
        width = len(prefix)
        rows = [row for row in folding.rows() if msgspec.structs.astuple(row)[:width] == prefix]
        return RowsAsOf(until, rows, tuple(late), tuple(folding.parked.values()))


def position_at(reader: psycopg.Connection, book: str, at: AsOf) -> int:
    """Up to which position entries count: at most the head. Raises: UnknownBook, psycopg.Error."""
    head = head_of(reader, book).position
    match at:
        case Position(position):
            return min(position, head)
        case Recorded(moment):
            return _last_recorded(reader, book, head, moment)
        case Effective():
            return head


def read(
    reader: psycopg.Connection, book: str, projection: AnyProjection, until: int, prefix: Key = ()
) -> Iterator[Entry]:
    """The entries a projection handles, up to `until`; those of the group alone where it can be found."""
    types, decode = names_of(projection.handles), decoder_of(projection.handles)
    column = projection.found_by or ("position" if projection.key[0] == "position" else None)
    narrowed = Narrowed(column, str(prefix[0])) if column and prefix else None
    for _, entries in pages(reader, book, 0, until, types, decode, narrowed):
        yield from entries


def _last_recorded(reader: psycopg.Connection, book: str, head: int, moment: Moment) -> int:
    """The last position recorded by then. `recorded_at` never falls along the book, so halving finds it."""
    low, high = 0, head
    while low < high:
        middle = (low + high + 1) // 2
        row = reader.execute(
            "SELECT recorded_at FROM entries WHERE book = %s AND position = %s", (book, middle)
        ).fetchone()
        if row is None:
            raise UnknownBook(book)
        low, high = (middle, high) if row[0] <= moment else (low, middle - 1)
    return low
