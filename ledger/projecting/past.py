"""All rows of a book as they were: folded into a side table, in the memory of a rebuild and no more, however
long the book is.
"""

from collections.abc import Generator
from contextlib import contextmanager

import msgspec
import psycopg

from domain.entry import Entry
from ledger.projecting.as_of import AsOf, counts, is_late, position_at
from ledger.projecting.entries import WHOLE_BOOK, connect
from ledger.projecting.fresh import Fresh
from ledger.projecting.sides import SideTable
from projections.folding import Parked
from projections.projection import AnyProjection

MOST_LATE = 100
"""Late entries that are named."""


class Past(msgspec.Struct, frozen=True):
    """Rows as they were, in a side table."""

    position: int
    """Up to which entries were read."""
    late: list[int]
    """Positions of the first entries that took effect by then and were recorded only later."""
    parked: tuple[Parked, ...]
    """Groups that stand still in this fold; their rows are incomplete."""
    table: SideTable
    side: psycopg.Connection
    """The session that sees the table."""


@contextmanager
def past_of(conninfo: str, book: str, projection: AnyProjection, at: AsOf) -> Generator[Past]:
    """The rows as of `at`, there inside the block. Raises: UnknownBook, Undecodable, psycopg.Error."""
    late: list[int] = []

    def is_counted(entry: Entry) -> bool:
        is_one = counts(entry, at)
        if is_one and len(late) < MOST_LATE and is_late(entry, at):
            late.append(entry.position)
        return is_one

    with connect(conninfo) as reader, connect(conninfo, WHOLE_BOOK) as side:
        until = position_at(reader, book, at)
        fresh = Fresh(book, [projection], reader, side, is_counted)
        fresh.fold(until, lambda _done, _of: None)
        fresh.settle()
        table = fresh.sides[projection]
        table.analyze(side)
        parked = tuple(fresh.foldings[projection].parked.values())
        yield Past(until, late, parked, table, side)
