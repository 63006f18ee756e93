"""The round trips of a group commit; and the question whether a lost one was stored.

    store_foreseen   all in one statement, if the record is as the batch took it to be
    look_up          begin, lock the head, look up everything the batch names
    store            insert, move the head, commit

One statement looks everything up and one stores everything: each statement more costs every batch more than
what it asks for costs.
"""

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

import psycopg

from ledger.connection import Connection
from ledger.errors import UnknownBook
from ledger.record.append import Repeated
from ledger.record.arrays import Bigints, Byteas, Column, Ints, Texts, columns
from ledger.record.batch import Expected, Found, Head, Staged

_LOCK_HEAD = "SELECT position, hash, recorded_at FROM heads WHERE book = %b FOR UPDATE"
_HASH_AT = "SELECT hash FROM entries WHERE book = %b AND position = %b"
_END = "SELECT pg_terminate_backend(pid, %b) FROM pg_stat_activity WHERE pid = %b AND usename = current_user"
MOST_TO_END = 5_000
"""Milliseconds that the server's process of a lost connection may take to end."""

# LATERAL … LIMIT 1 makes each look-up one descent of an index; a join was planned as a scan of the book.
_LOOK_UP = """
SELECT 'version', asked.stream, NULL::text, last.version, NULL::bigint, NULL::bytea
FROM unnest(%b::text[]) AS asked (stream)
CROSS JOIN LATERAL (
    SELECT version FROM entries WHERE book = %b AND stream = asked.stream ORDER BY version DESC LIMIT 1
) AS last
UNION ALL
SELECT 'history', asked.customer, NULL, last.position, NULL, NULL
FROM unnest(%b::text[]) AS asked (customer)
CROSS JOIN LATERAL (
    SELECT position FROM entries WHERE book = %b AND customer = asked.customer ORDER BY position DESC LIMIT 1
) AS last
UNION ALL
SELECT 'command', asked.principal, asked.key, found.first_position, found.last_position, found.request_hash
FROM unnest(%b::text[], %b::text[]) AS asked (principal, key)
CROSS JOIN LATERAL (
    SELECT first_position, last_position, request_hash FROM commands
    WHERE book = %b AND principal = asked.principal AND key = asked.key LIMIT 1
) AS found
UNION ALL
SELECT 'claim', asked.kind, asked.value, NULL, NULL, convert_to(found.stream, 'UTF8')
FROM unnest(%b::text[], %b::text[]) AS asked (kind, value)
CROSS JOIN LATERAL (
    SELECT entry.stream FROM claims AS held
    JOIN entries AS entry ON entry.book = held.book AND entry.position = held.position
    WHERE held.book = %b AND held.kind = asked.kind AND held.value = asked.value LIMIT 1
) AS found"""

_INSERT: LiteralString = """
commanded AS (
    INSERT INTO commands (principal, key, request_hash, first_position, last_position, book)
    SELECT new.*, moved.book FROM moved
    CROSS JOIN unnest(%b::text[], %b::text[], %b::bytea[], %b::bigint[], %b::bigint[]) AS new
), claimed AS (
    INSERT INTO claims (kind, value, position, book)
    SELECT new.*, moved.book FROM moved CROSS JOIN unnest(%b::text[], %b::text[], %b::bigint[]) AS new
), findable AS (
    INSERT INTO lookups (kind, digest, customer, book)
    SELECT new.*, moved.book FROM moved CROSS JOIN unnest(%b::text[], %b::bytea[], %b::text[]) AS new
    ON CONFLICT DO NOTHING
), sealable AS (
    INSERT INTO subject_keys (subject, wrapped, book)
    SELECT new.*, moved.book FROM moved CROSS JOIN unnest(%b::text[], %b::bytea[]) AS new
)
INSERT INTO entries (position, stream, version, type, schema_version, customer, effective_at, recorded_at,
                     meta, data, hash, book)
SELECT new.*, moved.book FROM moved CROSS JOIN unnest(
    %b::bigint[], %b::text[], %b::bigint[], %b::text[], %b::int[], %b::text[], %b::bigint[], %b::bigint[],
    %b::text[], %b::text[], %b::bytea[]
) AS new"""
_STORE: LiteralString = f"""
WITH moved AS (
    UPDATE heads SET position = %b, hash = %b, recorded_at = %b WHERE book = %b RETURNING book
), {_INSERT}"""

# Everything is looked up as it was when the statement began. That nothing has come since is what the head
# says: the UPDATE waits for it, and then looks at it once more. LIMIT 1: as above.
_STORE_FORESEEN: LiteralString = f"""
WITH expected AS MATERIALIZED (
    SELECT NOT EXISTS (
        SELECT FROM unnest(%b::text[], %b::bigint[]) AS asked (stream, version)
        WHERE asked.version <> coalesce((
            SELECT version FROM entries WHERE book = %b AND stream = asked.stream
            ORDER BY version DESC LIMIT 1), 0)
    ) AND NOT EXISTS (
        SELECT FROM unnest(%b::text[], %b::bigint[]) AS asked (customer, position)
        WHERE asked.position <> coalesce((
            SELECT position FROM entries WHERE book = %b AND customer = asked.customer
            ORDER BY position DESC LIMIT 1), 0)
    ) AND NOT EXISTS (
        SELECT FROM unnest(%b::text[], %b::text[]) AS asked (principal, key)
        WHERE (SELECT true FROM commands
               WHERE book = %b AND principal = asked.principal AND key = asked.key LIMIT 1)
    ) AND NOT EXISTS (
        SELECT FROM unnest(%b::text[], %b::text[]) AS asked (kind, value)
        WHERE (SELECT true FROM claims WHERE book = %b AND kind = asked.kind AND value = asked.value LIMIT 1)
    ) AS is_so
), moved AS (
    UPDATE heads SET position = %b, hash = %b, recorded_at = %b
    WHERE book = %b AND position = %b AND hash = %b AND (SELECT is_so FROM expected)
    RETURNING book
), {_INSERT}"""

_ENTRY = (Bigints, Texts, Bigints, Texts, Ints, Texts, Bigints, Bigints, Texts, Texts, Byteas)


async def look_up(connection: Connection, book: str, expected: Expected) -> tuple[Head, Found]:
    """Begin a transaction that holds the head, and read what a batch names as it stands under that lock.

    Raises: UnknownBook, psycopg.Error.
    """
    asked = (
        *(Texts(expected.versions), book, Texts(expected.histories), book),
        *(*columns(expected.keys, Texts, Texts), book, *columns(expected.claims, Texts, Texts), book),
    )
    async with connection.pipeline():
        await connection.execute("BEGIN")
        locking = await connection.execute(_LOCK_HEAD, (book,), binary=True)
        looking = await connection.execute(_LOOK_UP, asked, binary=True)
    locked = await locking.fetchone()
    if locked is None:
        raise UnknownBook(book)
    return Head(*locked), _found(await looking.fetchall())


def _found(rows: Iterable[Sequence[Any]]) -> Found:
    found = Found({}, {}, {}, {})
    for what, name, value, first, last, text in rows:
        match what:
            case "version":
                found.versions[name] = first
            case "history":
                found.histories[name] = first
            case "command":
                found.commands[name, value] = Repeated(first, last, text)
            case _:
                found.claims[name, value] = text.decode()
    return found


async def store(connection: Connection, book: str, staged: Staged) -> None:
    """Insert the rows of a judged batch, move the head and commit. Raises: psycopg.Error."""
    async with connection.pipeline():
        if staged.entries:
            await connection.execute(_STORE, (*staged.head, book, *_rows(staged)))
        # Also where nothing is written: psycopg forgets its prepared statements at a ROLLBACK.
        await connection.execute("COMMIT")


async def store_foreseen(
    connection: Connection, book: str, head: Head, expected: Expected, staged: Staged
) -> bool:
    """The same of a batch judged beforehand; false, and nothing stored, if the record is not as it expected.

    `head`: what it was judged to follow. Raises: psycopg.Error.
    """
    asked = (
        *(Texts(expected.versions), Bigints(expected.versions.values()), book),
        *(Texts(expected.histories), Bigints(expected.histories.values()), book),
        *(*columns(expected.keys, Texts, Texts), book, *columns(expected.claims, Texts, Texts), book),
    )
    moved = (*staged.head, book, head.position, head.hash)
    stored = await connection.execute(_STORE_FORESEEN, (*asked, *moved, *_rows(staged)))
    return stored.rowcount > 0


def _rows(staged: Staged) -> tuple[Column, ...]:
    return (
        *columns(staged.commands, Texts, Texts, Byteas, Bigints, Bigints),
        *columns(staged.claims, Texts, Texts, Bigints),
        *columns(staged.lookups, Texts, Byteas, Texts),
        *columns(staged.subject_keys, Texts, Byteas),
        *columns(staged.entries, *_ENTRY),
    )


async def is_stored(connection: Connection, book: str, head: Head, lost: int) -> bool:
    """Whether a batch that would have moved the head to `head` was committed.

    `lost`: the server's process of the connection that was lost. It may have a statement that it has not
    begun; it ends first, and then locking the head waits for whatever else is under way.
    Raises: psycopg.Error.
    """
    ended = await (await connection.execute(_END, (MOST_TO_END, lost), binary=True)).fetchone()
    if ended is not None and not ended[0]:
        raise psycopg.OperationalError("the server's process of a lost connection does not end")
    async with connection.pipeline():
        await connection.execute("BEGIN")
        await connection.execute(_LOCK_HEAD, (book,))
        found = await connection.execute(_HASH_AT, (book, head.position), binary=True)
        await connection.execute("COMMIT")
    row = await found.fetchone()
    return row is not None and row[0] == head.hash
