"""Folding projections anew beside their live rows, and writing what differs: one pass, no downtime.

    fold      everything up to the head as it was then, in bounded memory and side tables (`fresh`)
    gain      fold what was written meanwhile, until little is left
    settle    bring the side tables up to what was folded
    switch    in one transaction: hold the cursors (the follower waits, appends do not), fold the rest,
              write the differences, move the cursors

Whoever reads meanwhile sees the rows from before or from after, never a half. An interruption leaves nothing
behind: the side tables belong to the session. A process frozen in its switch would hold the cursors for ever;
the database ends its session instead (`FROZEN_AFTER`).
"""

import hashlib
import inspect
import sys
from collections.abc import Sequence
from time import perf_counter

import msgspec
import psycopg

from ledger.errors import RebuildStoodStill
from ledger.projecting import cursors
from ledger.projecting.checked import unless_beyond
from ledger.projecting.entries import WHOLE_BOOK, Head, connect, head_of
from ledger.projecting.fresh import Fresh, Progress
from ledger.projecting.sides import Differences
from projections.projection import AnyProjection

LITTLE = 5_000
"""Entries that may be left to fold while the cursors are held."""
MOST_GAINS = 5
"""Rounds of gaining on the writers before the cursors are held anyway."""

FROZEN_AFTER = 10.0
"""Seconds between two statements of the switch after which its process counts as frozen. How long a statement
takes is no matter: to write a long book takes its time.
"""


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
    """Of the rows: see `Digest.sha256`."""
    was_at: int
    """Where the live rows stood; what they had not read yet counts as a difference. 0: never built."""
    differences: Differences
    parked: int
    seconds: float


def rebuild(
    conninfo: str,
    book: str,
    projections: Sequence[AnyProjection],
    progress: Progress = lambda _done, _of: None,
    *,
    frozen_after: float = FROZEN_AFTER,
) -> list[Receipt]:
    """Fold the projections anew in one pass and make their live rows equal to it; one receipt for each.

    Blocks; interrupt it at any time, also by an exception from `progress`. Raises: UnknownBook, Undecodable,
    RebuildStoodStill, psycopg.Error.
    """
    return unless_beyond(
        lambda checked: _rebuilt(conninfo, book, projections, progress, frozen_after, checked=checked)
    )


def _rebuilt(
    conninfo: str,
    book: str,
    projections: Sequence[AnyProjection],
    progress: Progress,
    frozen_after: float,
    *,
    checked: bool,
) -> list[Receipt]:
    started = perf_counter()
    # Kept after a plain statement only: neither after a pipeline, nor within a COPY or a stream of rows.
    bounded = f"-c idle_in_transaction_session_timeout={round(frozen_after * 1000)}"
    with connect(conninfo) as reader, connect(conninfo, f"{WHOLE_BOOK} {bounded}") as side:
        fresh = Fresh(book, projections, reader, side, checked=checked)
        fresh.fold(head_of(reader, book).position, progress)
        for _ in range(MOST_GAINS):
            if (head := head_of(reader, book).position) - fresh.position <= LITTLE:
                break
            fresh.fold(head, progress)
        fresh.settle()
        try:
            with side.transaction():
                head, changes = _switch(fresh, reader, side, progress)
        except psycopg.errors.IdleInTransactionSessionTimeout as error:
            raise RebuildStoodStill(book) from error
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
    fresh.others_wait()
    held = cursors.lock(side, fresh.book, fresh.projections)
    # Read under the lock, since a follower may have read on until then: rows must not go back.
    head = head_of(reader, fresh.book)
    fresh.fold(head.position, progress)
    fresh.settle()
    changes: dict[AnyProjection, _Change] = {}
    for projection, folding in fresh.foldings.items():
        was_at = held[projection.table]
        changes[projection] = _Change(was_at, fresh.sides[projection].write_differences(side))
        cursors.replace_parked(side, fresh.book, projection, folding.parked.values())
    cursors.put(side, fresh.book, fresh.projections, head.position)
    return head, changes


def _receipt(fresh: Fresh, projection: AnyProjection, head: Head, change: _Change, seconds: float) -> Receipt:
    digest = fresh.sides[projection].digest(fresh.side)
    return Receipt(
        book=fresh.book,
        projection=projection.name,
        version=projection.version,
        code=_code_of(projection),
        until=head.position,
        head_hash=head.hash,
        rows=digest.rows,
        digest=digest.sha256,
        was_at=change.was_at,
        differences=change.differences,
        parked=len(fresh.foldings[projection].parked),
        seconds=seconds,
    )


def _code_of(projection: AnyProjection) -> str:
    source = inspect.getsource(sys.modules[type(projection).__module__])
    return hashlib.sha256(source.encode()).hexdigest()
