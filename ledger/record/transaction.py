"""The two round trips of a group commit, each one pipeline; and the question whether a lost one was stored.

    look_up     begin, lock the head, look up everything the batch names
    store       insert, move the head, commit

One statement looks everything up and one stores everything: each statement more costs every batch more than
what it asks for costs.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from ledger.connection import Connection
from ledger.errors import UnknownBook
from ledger.record.append import Append, Repeated
from ledger.record.arrays import Bigints, Byteas, Ints, Texts, columns
from ledger.record.batch import Found, Head, Staged

_LOCK_HEAD = "SELECT position, hash, recorded_at FROM heads WHERE book = %b FOR UPDATE"
_HASH_AT = "SELECT hash FROM entries WHERE book = %b AND position = %b"

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

_STORE = """
WITH moved AS (
    UPDATE heads SET position = %b, hash = %b, recorded_at = %b WHERE book = %b
), commanded AS (
    INSERT INTO commands (principal, key, request_hash, first_position, last_position, book)
    SELECT new.*, %b FROM unnest(%b::text[], %b::text[], %b::bytea[], %b::bigint[], %b::bigint[]) AS new
), claimed AS (
    INSERT INTO claims (kind, value, position, book)
    SELECT new.*, %b FROM unnest(%b::text[], %b::text[], %b::bigint[]) AS new
), findable AS (
    INSERT INTO lookups (kind, digest, customer, book)
    SELECT new.*, %b FROM unnest(%b::text[], %b::bytea[], %b::text[]) AS new ON CONFLICT DO NOTHING
), sealable AS (
    INSERT INTO subject_keys (subject, wrapped, book)
    SELECT new.*, %b FROM unnest(%b::text[], %b::bytea[]) AS new
)
INSERT INTO entries (position, stream, version, type, schema_version, customer, effective_at, recorded_at,
                     meta, data, hash, book)
SELECT new.*, %b FROM unnest(
    %b::bigint[], %b::text[], %b::bigint[], %b::text[], %b::int[], %b::text[], %b::bigint[], %b::bigint[],
    %b::text[], %b::text[], %b::bytea[]
) AS new"""

_ENTRY = (Bigints, Texts, Bigints, Texts, Ints, Texts, Bigints, Bigints, Texts, Texts, Byteas)


async def look_up(connection: Connection, book: str, appends: Sequence[Append]) -> tuple[Head, Found]:
    """Begin a transaction that holds the head, and read what the batch names as it stands under that lock.

    Raises: UnknownBook, psycopg.Error.
    """
    streams: set[str] = set()
    customers: set[str] = set()
    keys: set[tuple[str, str]] = set()
    claims: set[tuple[str, str]] = set()
    for append in appends:
        streams.update(append.reads)
        streams.update([entry.stream for entry in append.entries])
        if append.facts is not None:
            customers.add(append.facts[0])
        if append.command is not None:
            keys.add((append.command.principal, append.command.key))
        claims.update([(claim.kind, claim.value) for claim in append.claims])
    asked = (
        *(Texts(streams), book, Texts(customers), book),
        *(*columns(keys, Texts, Texts), book, *columns(claims, Texts, Texts), book),
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
            rows = (
                *(*staged.head, book),
                *(book, *columns(staged.commands, Texts, Texts, Byteas, Bigints, Bigints)),
                *(book, *columns(staged.claims, Texts, Texts, Bigints)),
                *(book, *columns(staged.lookups, Texts, Byteas, Texts)),
                *(book, *columns(staged.subject_keys, Texts, Byteas)),
                *(book, *columns(staged.entries, *_ENTRY)),
            )
            await connection.execute(_STORE, rows)
        # Also where nothing is written: psycopg forgets its prepared statements at a ROLLBACK.
        await connection.execute("COMMIT")


async def is_stored(connection: Connection, book: str, head: Head) -> bool:
    """Whether a batch that would have moved the head to `head` was committed.

    Locking the head waits for a commit still under way on the lost connection. Raises: psycopg.Error.
    """
    async with connection.pipeline():
        await connection.execute("BEGIN")
        await connection.execute(_LOCK_HEAD, (book,))
        found = await connection.execute(_HASH_AT, (book, head.position), binary=True)
        await connection.execute("COMMIT")
    row = await found.fetchone()
    return row is not None and row[0] == head.hash
