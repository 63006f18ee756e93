"""Rows as they were: by position, by recorded time, or by the time things took effect.

All three fold entries anew and leave the live rows alone. By position and by recorded time the answer is what
a reader would have seen then; by effective time it is what was true then as we know it now: entries recorded
late count, and are listed.
"""

from collections.abc import Iterator
from typing import Any, LiteralString

import msgspec
import psycopg

from domain.entry import Entry
from domain.moments import Moment
from ledger.errors import UnknownBook
from ledger.projecting.decoding import decoder_of, passed_over
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

LAST_RECORDED: LiteralString = """
WITH RECURSIVE halving (low, high) AS (
    SELECT 0::bigint, position FROM heads WHERE book = %b
    UNION ALL
    SELECT CASE WHEN middle.recorded_at <= %b THEN middle.position ELSE low END,
           CASE WHEN middle.recorded_at <= %b THEN high ELSE middle.position - 1 END
    FROM halving CROSS JOIN LATERAL (
        SELECT position, recorded_at FROM entries WHERE book = %b AND position = (low + high + 1) / 2
    ) AS middle
    WHERE low < high
)
SELECT low FROM halving WHERE low = high"""
"""The last position recorded by a moment, by halving: `recorded_at` never falls along a book."""


class RowsAsOf(msgspec.Struct, frozen=True):
    """Rows as they were, and up to where entries were read for them."""

    position: int
    rows: list[Row]
    late: tuple[int, ...] = ()
    """Positions of entries that took effect by then and were recorded only later. Of `Effective` alone."""
    parked: tuple[Parked, ...] = ()
    """Groups that stand still in this fold; their rows are incomplete."""


def rows_as_of(conninfo: str, book: str, projection: AnyProjection, at: AsOf, prefix: Key = ()) -> RowsAsOf:
    """The rows whose key begins with `prefix`, as of `at`; unsorted, and all in memory: see `past` otherwise.

    Raises: UnknownBook, Undecodable, psycopg.Error.
    """
    with connect(conninfo) as reader:
        until = position_at(reader, book, at)
        folding = folding_of(projection)
        late: list[int] = []
        for entry in read(reader, book, projection, until, prefix):
            if counts(entry, at):
                folding.feed(entry)
                if is_late(entry, at):
                    late.append(entry.position)
        width = len(prefix)
        rows = [row for row in folding.rows() if msgspec.structs.astuple(row)[:width] == prefix]
        return RowsAsOf(until, rows, tuple(late), tuple(folding.parked.values()))


def position_at(reader: psycopg.Connection, book: str, at: AsOf | None) -> int:
    """Up to which position entries count: at most the head. Raises: UnknownBook, psycopg.Error."""
    match at:
        case Position(position):
            return min(position, head_of(reader, book).position)
        case Recorded(moment):
            row = reader.execute(LAST_RECORDED, last_recorded_asked(book, moment)).fetchone()
            if row is None:
                raise UnknownBook(book)
            return row[0]
        case Effective() | None:
            return head_of(reader, book).position


def last_recorded_asked(book: str, moment: Moment) -> tuple[Any, ...]:
    """The parameters of `LAST_RECORDED`."""
    return book, moment, moment, book


def counts(entry: Entry, at: AsOf | None) -> bool:
    """Whether an entry counts as of then; None: now."""
    match at:
        case None:
            return True
        case Position(position):
            return entry.position <= position
        case Recorded(moment):
            return entry.recorded_at <= moment
        case Effective(moment):
            return entry.effective_at <= moment


def is_late(entry: Entry, at: AsOf | None) -> bool:
    """Whether an entry that counts as of an effective time was recorded only after it."""
    return isinstance(at, Effective) and entry.recorded_at > at.moment


def found_by(projection: AnyProjection) -> str | None:
    """The column of `entries` that equals the first of a row's key; None where only the whole book tells."""
    return projection.found_by or ("position" if projection.key[0] == "position" else None)


def read(
    reader: psycopg.Connection, book: str, projection: AnyProjection, until: int, prefix: Key = ()
) -> Iterator[Entry]:
    """The entries a projection handles, up to `until`; those of the group alone where it can be found."""
    over, decode = passed_over(projection.handles), decoder_of(projection.handles)
    column = found_by(projection)
    narrowed = Narrowed(column, str(prefix[0])) if column and prefix else None
    for _, entries in pages(reader, book, 0, until, over, decode, narrowed):
        yield from entries
