"""How far a projection has read, which of its groups stand still, and who follows a book.

A cursor exists only for a projection that was built; whoever moves it does so from the position it last saw
(compare-and-set), in the transaction that writes the rows.
"""

from collections.abc import Iterable, Mapping
from typing import Any, LiteralString

import msgspec
import psycopg

from projections.folding import Parked
from projections.projection import AnyProjection, Key

_decode_key = msgspec.json.Decoder(tuple[str | int, ...]).decode

LAGS: LiteralString = """
SELECT asked.projection, asked.version, held.position, head.position,
       (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - (
           SELECT recorded_at FROM entries
           WHERE book = head.book AND position = coalesce(held.position, 0) + 1),
       (SELECT count(*) FROM parked AS still WHERE still.book = head.book
            AND still.projection = asked.projection AND still.version = asked.version)
FROM heads AS head
CROSS JOIN unnest(%s::text[], %s::int[]) WITH ORDINALITY AS asked (projection, version, number)
LEFT JOIN cursors AS held ON held.book = head.book
    AND held.projection = asked.projection AND held.version = asked.version
WHERE head.book = %s ORDER BY asked.number"""
"""How far each of several projections is behind: names, versions, book; see `lags_in`."""


class Lag(msgspec.Struct, frozen=True):
    """How far a projection is behind its book."""

    projection: str
    version: int
    position: int | None
    """None: not built yet."""
    head: int
    seconds: float
    """Since the first entry it has not read was recorded, also while it is built; 0 where it has read all."""
    parked: int
    """Groups that stand still."""

    @property
    def entries(self) -> int:
        """Entries it has not read."""
        return self.head - (self.position or 0)


def lags_of(connection: psycopg.Connection, book: str, projections: Iterable[AnyProjection]) -> list[Lag]:
    """How far each projection is behind, in their order. Raises: LookupError for an unknown book."""
    lags = lags_in(connection.execute(LAGS, lags_asked(book, projections)))
    if not lags:
        raise LookupError(book)
    return lags


def lags_asked(book: str, projections: Iterable[AnyProjection]) -> tuple[list[str], list[int], str]:
    """The parameters of `LAGS`."""
    asked = list(projections)
    return [each.name for each in asked], [each.version for each in asked], book


def lags_in(rows: Iterable[tuple[Any, ...]]) -> list[Lag]:
    """What the rows of `LAGS` say."""
    return [
        Lag(projection, version, position, head, max(0, microseconds or 0) / 1_000_000, parked)
        for projection, version, position, head, microseconds, parked in rows
    ]


def positions(connection: psycopg.Connection, book: str) -> dict[tuple[str, int], int]:
    """Every cursor of the book, by projection and version."""
    found = connection.execute("SELECT projection, version, position FROM cursors WHERE book = %s", (book,))
    return {(name, version): position for name, version, position in found}


def unbuilt(
    connection: psycopg.Connection, book: str, projections: Iterable[AnyProjection]
) -> list[AnyProjection]:
    """The projections that have to be built before they can be read or followed."""
    built = positions(connection, book)
    return [each for each in projections if (each.name, each.version) not in built]


def lock(connection: psycopg.Connection, book: str, projections: Iterable[AnyProjection]) -> dict[str, int]:
    """Hold the cursors until the transaction ends, always in the same order, and return their positions by
    name.

    A projection that was never built gets its cursor here, at 0.
    """
    held: dict[str, int] = {}
    for projection in sorted(projections, key=lambda each: each.table):
        identity = (book, projection.name, projection.version)
        connection.execute(
            "INSERT INTO cursors (book, projection, version, position) VALUES (%s, %s, %s, 0)"
            " ON CONFLICT DO NOTHING",
            identity,
        )
        row = connection.execute(
            "SELECT position FROM cursors WHERE book = %s AND projection = %s AND version = %s FOR UPDATE",
            identity,
        ).fetchone()
        assert row is not None
        held[projection.table] = row[0]
    return held


def move(connection: psycopg.Connection, book: str, moves: Mapping[AnyProjection, tuple[int, int]]) -> bool:
    """Move cursors from the first to the second position; false if any is no longer where it was seen.

    The caller then rolls back. Moved cursors stay locked until the transaction ends.
    """
    with connection.pipeline():
        moved = [
            connection.execute(
                "UPDATE cursors SET position = %s"
                " WHERE book = %s AND projection = %s AND version = %s AND position = %s",
                (to, book, projection.name, projection.version, seen),
            )
            for projection, (seen, to) in sorted(moves.items(), key=lambda each: each[0].table)
        ]
    return all(one.rowcount == 1 for one in moved)


def put(
    connection: psycopg.Connection, book: str, projections: Iterable[AnyProjection], position: int
) -> None:
    """Put cursors to a position, wherever they are: those that are held (`lock`)."""
    names, versions = zip(*((each.name, each.version) for each in projections), strict=True)
    connection.execute(
        "UPDATE cursors SET position = %s WHERE book = %s"
        " AND (projection, version) IN (SELECT * FROM unnest(%s::text[], %s::int[]))",
        (position, book, list(names), list(versions)),
    )


PARKED: LiteralString = """
SELECT group_key, position, stream, customer, error FROM parked
WHERE book = %s AND projection = %s AND version = %s ORDER BY position, group_key"""
"""The groups of a projection that stand still, oldest first: book, name, version; see `parked_in`."""


def parked_of(connection: psycopg.Connection, book: str, projection: AnyProjection) -> list[Parked]:
    """The groups of the projection that stand still, oldest first."""
    return parked_in(connection.execute(PARKED, (book, projection.name, projection.version)))


def all_parked(connection: psycopg.Connection, book: str) -> dict[tuple[str, int], list[Parked]]:
    """The groups of every projection that stand still, oldest first, by name and version."""
    found = connection.execute(
        "SELECT projection, version, group_key, position, stream, customer, error FROM parked"
        " WHERE book = %s ORDER BY position, group_key",
        (book,),
    )
    still: dict[tuple[str, int], list[Parked]] = {}
    for name, version, *group in found:
        still.setdefault((name, version), []).extend(parked_in([tuple(group)]))
    return still


def parked_in(rows: Iterable[tuple[Any, ...]]) -> list[Parked]:
    """What the rows of `PARKED` say."""
    return [Parked(_decode_key(key), *rest) for key, *rest in rows]


def park(
    connection: psycopg.Connection, book: str, projection: AnyProjection, parked: Iterable[Parked]
) -> None:
    """Note groups that stand still."""
    lines = [(key_text(each.group), each.position, each.stream, each.customer, each.error) for each in parked]
    if lines:
        connection.execute(
            "INSERT INTO parked (book, projection, version, group_key, position, stream, customer, error)"
            " SELECT %s, %s, %s, still.*"
            " FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[]) AS still"
            " ON CONFLICT DO NOTHING",
            (book, projection.name, projection.version, *map(list, zip(*lines, strict=True))),
        )


def replace_parked(
    connection: psycopg.Connection, book: str, projection: AnyProjection, parked: Iterable[Parked]
) -> None:
    """Note exactly these groups as standing still."""
    connection.execute(
        "DELETE FROM parked WHERE book = %s AND projection = %s AND version = %s",
        (book, projection.name, projection.version),
    )
    park(connection, book, projection, parked)


HOLD_LEASE: LiteralString = """
INSERT INTO leases (book, name, holder, until)
VALUES (%s, %s, %s, clock_timestamp() + make_interval(secs => %s))
ON CONFLICT (book, name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE leases.holder = excluded.holder OR leases.until < clock_timestamp()
RETURNING holder"""
"""Takes or renews a lease by the database's clock: book, name, holder, seconds; no row while another's runs.
"""
RELEASE_LEASE: LiteralString = """
DELETE FROM leases WHERE book = %s AND name = %s AND holder = %s RETURNING holder"""
"""Gives a lease back at once."""


def hold_lease(connection: psycopg.Connection, book: str, name: str, holder: str, seconds: float) -> bool:
    """Take or renew a lease; false while another holder's runs."""
    return connection.execute(HOLD_LEASE, (book, name, holder, seconds)).rowcount == 1


def release_lease(connection: psycopg.Connection, book: str, name: str, holder: str) -> None:
    """Give a lease back at once."""
    connection.execute(RELEASE_LEASE, (book, name, holder))


def key_text(key: Key) -> str:
    """A key as one line of JSON."""
    return msgspec.json.encode(key).decode()
