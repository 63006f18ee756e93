"""The read models of one book, as one process asks them: live, as of a moment, explained.

Live answers come from rows that a follower keeps (`ledger.projecting.following`); they say up to which entry
the rows stand, and a caller who just wrote may ask them to wait for it. Answers as of a moment are folded
anew, in a thread, except lists whose lines say when they were: their past is among the live rows.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec

from domain.entry import Entry
from domain.moments import Moment
from ledger.connection import LOST, Reader
from ledger.errors import NoSuchEntry, ProjectionBuilding, RowsBehind, Unavailable
from ledger.projecting import cursors
from ledger.projecting.answers import of_live_where
from ledger.projecting.as_of import (
    LAST_RECORDED,
    AsOf,
    Effective,
    Position,
    Recorded,
    RowsAsOf,
    counts,
    found_by,
    is_late,
    last_recorded_asked,
    rows_as_of,
)
from ledger.projecting.conditions import Condition, Where
from ledger.projecting.cursors import Lag
from ledger.projecting.entries import connect
from ledger.projecting.explain import Explanation, explain
from ledger.projecting.listing import Asked, Listing, knows_its_past, over_live, over_rows, over_table
from ledger.projecting.past import MOST_LATE, past_of
from ledger.projecting.readers import Readers
from projections.catalogue import PROJECTIONS
from projections.folding import Parked, folding_of
from projections.projection import AnyProjection, Key

PATIENCE = 2.0
"""Seconds a reader waits for the rows to hold what it asks for."""

_HEAD = "SELECT position FROM heads WHERE book = %s"
_EFFECTIVE_BY = "SELECT position FROM entries WHERE book = %s AND position = ANY(%s) AND effective_at <= %s"
_LATE: LiteralString = "SELECT DISTINCT position FROM held ORDER BY position LIMIT %s"


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """Items of a list, and what has to be said about them."""

    items: list[Any]
    position: int
    """Up to which entries count."""
    parked: Sequence[Parked] = ()
    """Groups that stand still."""
    late: Sequence[int] = ()
    """The first entries that had taken effect by the moment asked about and were recorded only later."""


class ReadModels:
    """The read models of one book."""

    def __init__(self, book: str, conninfo: str, reader: Reader) -> None:
        self.readers = Readers()
        """Who waits in this process for which position."""
        self.is_followed = False
        """Whether this process is to keep the rows up to date."""
        self.building: tuple[int, int] | None = None
        """(entries folded, entries to fold) of a rebuild this process makes, while it does."""
        self.stands_at: int | None = None
        """Where the follower of this process stopped for a reason that waiting does not mend."""
        self.cannot_build = False
        """Whether what was never built waits for somebody to mend such a reason."""
        self._book, self._conninfo, self._reader = book, conninfo, reader
        self._folding = asyncio.Semaphore(1)

    @property
    def is_stopped(self) -> bool:
        """Whether the rows stand still until somebody mends the cause."""
        return self.stands_at is not None and self.readers.position <= self.stands_at

    async def page(
        self,
        listing: Listing,
        asked: Asked,
        *,
        min_position: int = 0,
        at: AsOf | None = None,
        prefix: Key = (),
    ) -> Answered:
        """A page of a list, of the live rows or as of a moment; it waits until they hold `min_position`.

        `prefix`: the beginning of the rows' keys, if that is known. Raises: NoSuchEntry, ProjectionBuilding,
        RowsBehind, Unavailable.
        """
        if min_position > self.readers.position and min_position > await self._head():
            raise NoSuchEntry(min_position)
        projection = listing.projection
        held = [Where(name, "=", value) for name, value in zip(projection.key, prefix, strict=False)]
        if at is None:
            return await self._live(listing, _holding(asked, held), min_position)
        if isinstance(at, Recorded):
            at = Position(await self._position_at(at, 0))
        if knows_its_past(projection):
            return await self._past(listing, _holding(asked, held), at, min_position)
        async with self._folding:
            if prefix and found_by(projection) is not None:
                return await asyncio.to_thread(self._folded, listing, asked, at, prefix)
            return await asyncio.to_thread(self._folded_whole, listing, _holding(asked, held), at)

    async def page_of(
        self,
        listing: Listing,
        asked: Asked,
        entries: Sequence[Entry],
        head: int,
        *,
        min_position: int = 0,
        at: AsOf | None = None,
    ) -> Answered:
        """A page of a list over rows folded from entries: all up to `head` that may count.

        `entries` may hold later ones, which were recorded while they were read: they are left out. Raises:
        NoSuchEntry, Unavailable.
        """
        if min_position > head:
            raise NoSuchEntry(min_position)
        folding = folding_of(listing.projection)
        folded = [
            each
            for each in entries
            if each.position <= head and type(each.event) in listing.projection.handles and counts(each, at)
        ]
        for entry in folded:
            folding.feed(entry)
        query = over_rows(listing, list(folding.rows()), asked)
        found = await self._reader.rows(query.text, query.parameters)
        return Answered(
            items=[listing.item(*row) for row in found],
            position=min(head, await self._position_at(at, head)),
            parked=tuple(folding.parked.values()),
            late=[each.position for each in folded if is_late(each, at)][:MOST_LATE],
        )

    async def lines_at(
        self, projection: AnyProjection, held: Sequence[Condition], at: AsOf | None = None
    ) -> list[int]:
        """The first positions of live lines that fulfil all conditions, of those of then.

        Raises: Unavailable.
        """
        held = held if at is None else (*held, await self._then(at))
        query = of_live_where(self._book, projection, held, _LATE)
        return [row[0] for row in await self._reader.rows(query.text, (*query.parameters, MOST_LATE))]

    async def explain(self, projection: AnyProjection, key: Key, column: str, at: AsOf | None) -> Explanation:
        """The entries that made a figure. Raises: NotAFigure, Unavailable."""
        try:
            return await asyncio.to_thread(explain, self._conninfo, self._book, projection, key, column, at)
        except LOST as error:
            raise Unavailable("the database does not answer") from error

    async def lags(self, projections: Sequence[AnyProjection] = PROJECTIONS) -> list[Lag]:
        """How far each projection is behind. Raises: Unavailable."""
        rows = await self._reader.rows(cursors.LAGS, cursors.lags_asked(self._book, projections))
        return cursors.lags_in(rows)

    async def parked(self, projection: AnyProjection) -> list[Parked]:
        """The groups that stand still, oldest first. Raises: Unavailable."""
        asked = (self._book, projection.name, projection.version)
        return cursors.parked_in(await self._reader.rows(cursors.PARKED, asked))

    async def _live(self, listing: Listing, asked: Asked, min_position: int) -> Answered:
        if min_position > self.readers.position:
            await self.readers.wait_for(min_position, PATIENCE)  # whether that was enough, the rows will say
        query = over_live(self._book, listing, asked)
        found = await self._reader.rows(query.text, query.parameters)
        position, parked = found[0][:2]
        if position is None:
            raise ProjectionBuilding(listing.projection.name, *(self.building or (0, await self._head())))
        if position < min_position:
            raise RowsBehind(position)
        # Where nothing matches, the one row holds nothing but nulls; an item's key is never null.
        items = [listing.item(*row[2:]) for row in found if any(value is not None for value in row[2:])]
        still = await self.parked(listing.projection) if parked else []
        return Answered(items=items, position=position, parked=still)

    async def _past(
        self, listing: Listing, asked: Asked, at: Position | Effective, min_position: int
    ) -> Answered:
        """What the live lines of then say. What stood still only later says nothing about then."""
        then = _holding(asked, [await self._then(at)])
        match at:
            case Position(position):
                position = min(position, await self._head())
                answered = await self._live(listing, then, max(min_position, position))
                still = [each for each in answered.parked if each.position <= position]
                return msgspec.structs.replace(answered, position=position, parked=still)
            case Effective(moment):
                answered = await self._live(listing, then, min_position)
                by_then = await self._effective_by(moment, answered.parked)
                still = [each for each in answered.parked if each.position in by_then]
                late = _holding(then, [Where("recorded_at", ">", moment)])
                found = await self.lines_at(listing.projection, late.held)
                return msgspec.structs.replace(answered, parked=still, late=found)

    async def _then(self, at: AsOf) -> Where:
        """What the lines of then have in common."""
        if isinstance(at, Effective):
            return Where("effective_at", "<=", at.moment)
        return Where("position", "<=", await self._position_at(at, 0))

    async def _effective_by(self, moment: Moment, parked: Sequence[Parked]) -> set[int]:
        """Which poison entries had taken effect by then."""
        if not parked:
            return set()
        asked = (self._book, [each.position for each in parked], moment)
        return {row[0] for row in await self._reader.rows(_EFFECTIVE_BY, asked)}

    async def _position_at(self, at: AsOf | None, head: int) -> int:
        """Up to which position entries count; the head where all do."""
        match at:
            case Position(position):
                return position
            case Recorded(moment):
                return (await self._reader.rows(LAST_RECORDED, last_recorded_asked(self._book, moment)))[0][0]
            case Effective() | None:
                return head

    def _folded(self, listing: Listing, asked: Asked, at: AsOf, prefix: Key) -> Answered:
        """The rows of one customer or stream are few: in memory."""
        try:
            then: RowsAsOf = rows_as_of(self._conninfo, self._book, listing.projection, at, prefix)
            query = over_rows(listing, then.rows, asked)
            with connect(self._conninfo) as connection:
                found = connection.execute(query.text, query.parameters).fetchall()
        except LOST as error:
            raise Unavailable("the database does not answer") from error
        return Answered(
            items=[listing.item(*row) for row in found],
            position=then.position,
            parked=then.parked,
            late=then.late[:MOST_LATE],
        )

    def _folded_whole(self, listing: Listing, asked: Asked, at: AsOf) -> Answered:
        """The rows of a whole book may be many: in a side table."""
        try:
            with past_of(self._conninfo, self._book, listing.projection, at) as then:
                query = over_table(listing, then.table.identifier, asked)
                found = then.side.execute(query.text, query.parameters).fetchall()
        except LOST as error:
            raise Unavailable("the database does not answer") from error
        return Answered(
            items=[listing.item(*row) for row in found],
            position=then.position,
            parked=then.parked,
            late=then.late,
        )

    async def _head(self) -> int:
        rows = await self._reader.rows(_HEAD, (self._book,))
        return rows[0][0] if rows else 0


def _holding(asked: Asked, more: Sequence[Where]) -> Asked:
    return msgspec.structs.replace(asked, held=(*asked.held, *more))
