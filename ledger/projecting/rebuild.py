"""Folding projections anew beside their live rows, and writing what differs: one pass, no downtime.

    fold      everything up to the head as it was then, in memory; lists stream into their side tables
    gain      fold what was written meanwhile, until little is left
    side      copy the folded rows into side tables
    switch    in one transaction: hold the cursors (the follower waits, appends do not), fold the rest,
              write the differences, move the cursors

Whoever reads meanwhile sees the rows from before or from after, never a half. An interruption leaves nothing
behind: the side tables belong to the session.
"""

import hashlib
import inspect
import sys
from collections.abc import Callable, Sequence
from time import perf_counter

import msgspec
import psycopg

from ledger.projecting import cursors
from ledger.projecting.decoding import decoder_of, names_of
from ledger.projecting.entries import WHOLE_BOOK, Head, connect, head_of, pages
from ledger.projecting.rows import Differences, Digest, RowTable
from projections.folding import GroupFolding, LineFolding, folding_of
from projections.projection import AnyProjection

LITTLE = 5_000
"""Entries that may be left to fold while the cursors are held."""
MOST_GAINS = 5
"""Rounds of gaining on the writers before the cursors are held anyway."""
CHUNK = 20_000
"""Lines of a list that wait in memory before they go into the side table."""

_astuple = msgspec.structs.astuple

Progress = Callable[[int, int], None]
"""Called now and then with (entries folded, entries to fold)."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a rebuild of one projection did."""

    book: str
    projection: str
    version: int
    code: str
    """SHA-256 of the source file that defines the projection: which fold it was."""
    until: int
    """Folded are the entries from 1 to here."""
    head_hash: str
    """Of the entry at `until`: with it the range is beyond doubt."""
    rows: int
    digest: str
    """SHA-256 of the rows in the order of their keys, as JSON lines."""
    was_at: int
    """Where the live rows stood; what they had not read yet counts as a difference. 0: never built."""
    differences: Differences
    parked: int
    seconds: float


class Fresh:
    """Projections of one book being folded anew in one pass, in memory and in side tables of one session."""

    def __init__(self, book: str, projections: Sequence[AnyProjection], reader: psycopg.Connection) -> None:
        self.book, self.projections, self._reader = book, list(projections), reader
        events = {event for projection in projections for event in projection.handles}
        self._types, self._decode = names_of(events), decoder_of(events)
        self.tables = {projection: RowTable(book, projection) for projection in projections}
        self.foldings = {projection: folding_of(projection) for projection in projections}
        self._digests = {projection: Digest() for projection in projections}
        self._feeds = {
            event: [
                self.foldings[projection].feed for projection in projections if event in projection.handles
            ]
            for event in events
        }
        self.position = 0

    def fold(self, until: int, side: psycopg.Connection, progress: Progress) -> None:
        """Fold the entries after `position` up to `until`; lists go into the side table as they come."""
        feeds = self._feeds
        for position, entries in pages(
            self._reader, self.book, self.position, until, self._types, self._decode
        ):
            for entry in entries:
                for feed in feeds[type(entry.event)]:
                    feed(entry)
            self.position = position
            self._stream_lines(side, CHUNK)
            progress(position, until)

    def create_sides(self, side: psycopg.Connection) -> None:
        """Make an empty side table for each projection."""
        for table in self.tables.values():
            table.create_side(side)

    def fill_sides(self, side: psycopg.Connection) -> None:
        """Copy the folded groups into the side tables, and note from now on which of them change."""
        self._stream_lines(side, 0)
        for projection, folding in self.foldings.items():
            if isinstance(folding, GroupFolding):
                self.tables[projection].copy_to_side(side, folding.rows())
                folding.watch()

    def top_up_sides(self, side: psycopg.Connection) -> None:
        """Bring the side tables up to what was folded since they were filled."""
        self._stream_lines(side, 0)
        for projection, folding in self.foldings.items():
            if isinstance(folding, GroupFolding) and folding.touched:
                rows = [row for group in folding.touched for row in folding.rows_of(group).values()]
                self.tables[projection].replace_in_side(side, folding.touched, rows)
                folding.watch()

    def digest(self, projection: AnyProjection) -> Digest:
        """The digest of the rows folded so far; of a list, of the lines that went into the side table."""
        digest, folding = self._digests[projection], self.foldings[projection]
        if isinstance(folding, GroupFolding):
            digest = Digest()
            width = len(projection.key)
            rows = sorted(folding.rows(), key=lambda row: _astuple(row)[:width])
            for start in range(0, len(rows), CHUNK):
                digest.add(rows[start : start + CHUNK])
        return digest

    def _stream_lines(self, side: psycopg.Connection, above: int) -> None:
        for projection, folding in self.foldings.items():
            if isinstance(folding, LineFolding) and len(folding) > above:
                lines = folding.take()
                self._digests[projection].add(lines)
                self.tables[projection].copy_to_side(side, lines)


def rebuild(
    conninfo: str,
    book: str,
    projections: Sequence[AnyProjection],
    progress: Progress = lambda _done, _of: None,
) -> list[Receipt]:
    """Fold the projections anew in one pass and make their live rows equal to it; one receipt for each.

    Blocks; interrupt it at any time, also by an exception from `progress`. Raises: UnknownBook, Undecodable,
    psycopg.Error.
    """
    started = perf_counter()
    with connect(conninfo) as reader, connect(conninfo, WHOLE_BOOK) as side:
        fresh = Fresh(book, projections, reader)
        fresh.create_sides(side)
        fresh.fold(head_of(reader, book).position, side, progress)
        for _ in range(MOST_GAINS):
            if (head := head_of(reader, book).position) - fresh.position <= LITTLE:
                break
            fresh.fold(head, side, progress)
        fresh.fill_sides(side)
        with side.transaction():
            head, changes = _switch(fresh, reader, side, progress)
        seconds = perf_counter() - started
        return [_receipt(fresh, projection, head, changes[projection], seconds) for projection in projections]


class _Change(msgspec.Struct, frozen=True):
    """What the switch did to one projection."""

    was_at: int
    differences: Differences


def _switch(
    fresh: Fresh, reader: psycopg.Connection, side: psycopg.Connection, progress: Progress
) -> tuple[Head, dict[AnyProjection, _Change]]:
    """Inside one transaction: the last entries, the differences, the cursors."""
    held = cursors.lock(side, fresh.book, fresh.projections)
    # Read under the lock, since a follower may have read on until then: rows must not go back.
    head = head_of(reader, fresh.book)
    fresh.fold(head.position, side, progress)
    fresh.top_up_sides(side)
    changes: dict[AnyProjection, _Change] = {}
    for projection, folding in fresh.foldings.items():
        was_at = held[projection.table]
        changes[projection] = _Change(was_at, fresh.tables[projection].write_differences(side))
        cursors.replace_parked(side, fresh.book, projection, folding.parked.values())
        cursors.move(side, fresh.book, {projection: (was_at, head.position)})
    return head, changes


def _receipt(fresh: Fresh, projection: AnyProjection, head: Head, change: _Change, seconds: float) -> Receipt:
    digest = fresh.digest(projection)
    return Receipt(
        book=fresh.book,
        projection=projection.name,
        version=projection.version,
        code=_code_of(projection),
        until=head.position,
        head_hash=head.hash,
        rows=digest.rows,
        digest=digest.hexdigest(),
        was_at=change.was_at,
        differences=change.differences,
        parked=len(fresh.foldings[projection].parked),
        seconds=seconds,
    )


def _code_of(projection: AnyProjection) -> str:
    source = inspect.getsource(sys.modules[type(projection).__module__])
    return hashlib.sha256(source.encode()).hexdigest()
