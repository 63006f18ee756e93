"""The live rows against a fresh fold: exact, at the position of the live cursor, while both go on living."""

from collections.abc import Sequence

import msgspec
import psycopg

from ledger.projecting import cursors
from ledger.projecting.entries import WHOLE_BOOK, connect
from ledger.projecting.fresh import Fresh, Progress
from ledger.projecting.sides import Differences
from projections.projection import AnyProjection, Key


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the live rows of one projection are what its entries say."""

    projection: str
    version: int
    position: int | None
    """Up to which both were compared; None where the projection is not built."""
    rows: int
    differences: Differences
    parked: int
    """Groups that stand still, live or in the fresh fold; the rows of these are compared too, as they were
    before the poison entry.
    """

    @property
    def sound(self) -> bool:
        """Whether nothing differs and nothing stands still."""
        return self.position is not None and not self.differences and not self.parked


def verify(
    conninfo: str,
    book: str,
    projections: Sequence[AnyProjection],
    progress: Progress = lambda _done, _of: None,
) -> list[Verdict]:
    """Compare the live rows with rows folded anew; writes nothing.

    Raises: UnknownBook, Undecodable, psycopg.Error.
    """
    with connect(conninfo) as reader, connect(conninfo, WHOLE_BOOK) as side, side.transaction():
        # One snapshot for the cursor and the rows; entries up to the cursor never change.
        side.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        built = cursors.positions(side, book)
        by_position: dict[int | None, list[AnyProjection]] = {}
        for projection in projections:
            position = built.get((projection.name, projection.version))
            by_position.setdefault(position, []).append(projection)
        verdicts = [
            verdict
            for position, together in by_position.items()
            for verdict in _compare(reader, side, book, together, position, progress)
        ]
    order = [projection.table for projection in projections]
    return sorted(verdicts, key=lambda each: order.index(f"{each.projection}_v{each.version}"))


def _compare(
    reader: psycopg.Connection,
    side: psycopg.Connection,
    book: str,
    projections: list[AnyProjection],
    position: int | None,
    progress: Progress,
) -> list[Verdict]:
    fresh = Fresh(book, projections, reader, side)
    fresh.fold(position or 0, progress)
    fresh.settle()
    return [
        Verdict(
            projection=projection.name,
            version=projection.version,
            position=position,
            rows=fresh.sides[projection].count(side),
            differences=fresh.sides[projection].differences(side),
            parked=len(_standing_still(side, book, projection) | fresh.foldings[projection].parked.keys()),
        )
        for projection in projections
    ]


def _standing_still(side: psycopg.Connection, book: str, projection: AnyProjection) -> set[Key]:
    return {each.group for each in cursors.parked_of(side, book, projection)}
