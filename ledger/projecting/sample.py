"""A sample of the live rows against a fresh fold: what a few entries touch, instead of everything."""

from collections.abc import Sequence
from random import sample
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from ledger.projecting import cursors
from ledger.projecting.as_of import Position, found_by, rows_as_of
from ledger.projecting.entries import connect
from ledger.projecting.sides import MOST_KEYS_NAMED, Differences
from ledger.projecting.tables import columns_of, names_of
from ledger.projecting.verify import Verdict
from projections.projection import AnyProjection, Key

_astuple = msgspec.structs.astuple


def verify_sample(conninfo: str, book: str, projections: Sequence[AnyProjection], size: int) -> list[Verdict]:
    """Compare the rows of the customers, orders or entries at `size` random positions; writes nothing.

    Finds what is missing or wrong among them, and no row that belongs to no entry at all.
    Raises: UnknownBook, Undecodable, psycopg.Error.
    """
    with connect(conninfo) as side, side.transaction():
        # One snapshot for the cursor and the rows; entries up to the cursor never change.
        side.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        built = cursors.positions(side, book)
        return [
            _verdict(conninfo, side, book, each, built.get((each.name, each.version)), size)
            for each in projections
        ]


def _verdict(
    conninfo: str,
    side: psycopg.Connection,
    book: str,
    projection: AnyProjection,
    position: int | None,
    size: int,
) -> Verdict:
    rows, missing, surplus, changed = 0, 0, 0, 0
    keys: list[Key] = []
    width = len(projection.key)
    for prefix in _prefixes(side, book, projection, position or 0, size):
        folded = rows_as_of(conninfo, book, projection, Position(position or 0), prefix)
        fresh = {_astuple(row)[:width]: _astuple(row) for row in folded.rows}
        live = {row[:width]: row for row in _live(side, book, projection, prefix)}
        rows += len(fresh)
        missing += len(fresh.keys() - live.keys())
        surplus += len(live.keys() - fresh.keys())
        changed += sum(fresh[key] != live[key] for key in fresh.keys() & live.keys())
        keys += [key for key in fresh.keys() | live.keys() if fresh.get(key) != live.get(key)]
    return Verdict(
        projection=projection.name,
        version=projection.version,
        position=position,
        rows=rows,
        differences=Differences(missing, surplus, changed, tuple(sorted(keys, key=repr)[:MOST_KEYS_NAMED])),
        parked=len(cursors.parked_of(side, book, projection)),
    )


def _prefixes(
    side: psycopg.Connection, book: str, projection: AnyProjection, position: int, size: int
) -> list[Key]:
    """The first columns of the groups that random entries touch; where no header names them, all rows."""
    chosen = sample(range(1, position + 1), min(size, position))
    column = found_by(projection)
    if column is None:
        return [()]
    found = side.execute(
        sql.SQL(
            "SELECT DISTINCT {column} FROM entries WHERE book = %s AND position = ANY (%s)"
            " AND {column} IS NOT NULL"
        ).format(column=sql.Identifier(column)),
        (book, chosen),
    )
    return list(found)


def _live(
    side: psycopg.Connection, book: str, projection: AnyProjection, prefix: Key
) -> list[tuple[Any, ...]]:
    query = sql.SQL("SELECT {} FROM {} WHERE book = %s").format(
        names_of(columns_of(projection)), sql.Identifier(projection.table)
    )
    if prefix:
        query += sql.SQL(" AND {} = %s").format(sql.Identifier(projection.key[0]))
    return side.execute(query, (book, *prefix)).fetchall()
