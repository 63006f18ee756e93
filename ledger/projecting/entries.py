"""Reading a book's entries in order: a page for following, a stream of pages for everything else.

Pages are cut by position, so that the server can aggregate each into one text: what travels and is parsed is
one row per page, not per entry.
"""

from collections.abc import Iterator
from typing import LiteralString

import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.string import ByteaBinaryLoader

from domain.entry import Entry
from ledger.errors import UnknownBook
from ledger.projecting.decoding import PAGE, Decode
from ledger.record import arrays, whole_numbers

PAGE_SIZE = 1000
"""Positions per page of a stream."""

WHOLE_BOOK = "-c enable_nestloop=off -c temp_buffers=32MB"
"""Setting of a session that compares all rows of a book: joins by hashing, whatever the statistics say."""
FEW_ROWS = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
"""Setting of a session that finds single rows: one descent of an index each, however the table grows."""

BOUNDED = "-c transaction_timeout=60s -c lock_timeout=10s"
"""Setting of a session that holds rows others wait for: a frozen process loses them. The server's limit for a
session idle in a transaction would not do: it is not kept after a pipeline.
"""

# A machine that fell off the network is noticed by its silence.
_SESSION = (
    "-c jit=off -c work_mem=64MB"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)

ONE_PAGE: LiteralString = f"""
SELECT {PAGE} FROM entries WHERE book = %b AND position > %b AND position <= %b AND type <> ALL (%b)"""
"""Book, after, until, stored types passed over; one text to decode, null where there are none."""

_PAGES = sql.SQL(f"""
COPY (
    SELECT page.lines FROM generate_series({{after}}::bigint, {{until}}::bigint - 1, {{size}}) AS cut (after)
    CROSS JOIN LATERAL (
        SELECT {PAGE} AS lines FROM entries
        WHERE book = {{book}} AND position > cut.after
          AND position <= least(cut.after + {{size}}, {{until}}) AND type <> ALL ({{over}})
    ) AS page
) TO STDOUT (FORMAT binary)""")

# A single customer's or stream's entries are few: one page holds them all.
_FOUND = sql.SQL(f"""
SELECT {PAGE} FROM entries
WHERE book = {{book}} AND position > {{after}} AND position <= {{until}} AND type <> ALL ({{over}})
  AND {{column}} = {{value}}""")


class Narrowed(msgspec.Struct, frozen=True):
    """Only the entries of one customer or of one stream."""

    column: str
    value: str


class Head(msgspec.Struct, frozen=True):
    """Where a book ends."""

    position: int
    hash: str


def connect(conninfo: str, settings: str = "") -> psycopg.Connection:
    """A session for folding; plans are made anew for each statement. Raises: psycopg.Error."""
    given = conninfo_to_dict(conninfo).get("options") or ""
    options = f"{given} {_SESSION} {settings}".strip()
    prepared = make_conninfo(conninfo, application_name="makegood projections", options=options)
    connection = psycopg.connect(prepared, autocommit=True, prepare_threshold=None)
    arrays.register(connection)
    whole_numbers.register(connection)
    return connection


def head_of(connection: psycopg.Connection, book: str) -> Head:
    """The book's last position and its hash. Raises: UnknownBook."""
    row = connection.execute(
        "SELECT position, encode(hash, 'hex') FROM heads WHERE book = %s", (book,)
    ).fetchone()
    if row is None:
        raise UnknownBook(book)
    return Head(*row)


def hash_at(connection: psycopg.Connection, book: str, position: int) -> str:
    """The chain's hash after that entry; before the first, what the first one follows."""
    row = connection.execute(
        "SELECT encode(hash, 'hex') FROM entries WHERE book = %s AND position = %s", (book, position)
    ).fetchone()
    return "0" * 64 if row is None else row[0]


def page(
    connection: psycopg.Connection, book: str, after: int, until: int, over: list[str], decode: Decode
) -> list[Entry]:
    """The entries after `after` and up to `until`, but for types passed over.

    Raises: Undecodable, psycopg.Error.
    """
    cursor = connection.cursor(binary=True)
    cursor.adapters.register_loader("text", ByteaBinaryLoader)  # the decoder wants the bytes that travelled
    row = cursor.execute(ONE_PAGE, (book, after, until, over)).fetchone()
    return [] if row is None or row[0] is None else decode(row[0])


def pages(
    connection: psycopg.Connection,
    book: str,
    after: int,
    until: int,
    over: list[str],
    decode: Decode,
    narrowed: Narrowed | None = None,
) -> Iterator[tuple[int, list[Entry]]]:
    """Each page's last position and its entries but for types passed over, after `after` and up to `until`.

    Take all pages or close the iterator: the connection is busy until then.
    """
    if narrowed is not None:
        yield until, _found(connection, book, after, until, over, decode, narrowed)
        return
    if until <= after:
        return
    query = _PAGES.format(
        book=sql.Literal(book),
        after=sql.Literal(after),
        until=sql.Literal(until),
        over=sql.Literal(over),
        size=sql.Literal(PAGE_SIZE),
    )
    with connection.cursor().copy(query) as copy:
        copy.set_types(["bytea"])
        for number, (lines,) in enumerate(copy.rows(), 1):
            yield min(after + number * PAGE_SIZE, until), [] if lines is None else decode(lines)


def _found(
    connection: psycopg.Connection,
    book: str,
    after: int,
    until: int,
    over: list[str],
    decode: Decode,
    narrowed: Narrowed,
) -> list[Entry]:
    query = _FOUND.format(
        book=sql.Literal(book),
        after=sql.Literal(after),
        until=sql.Literal(until),
        over=sql.Literal(over),
        column=sql.Identifier(narrowed.column),
        value=sql.Literal(narrowed.value),
    )
    row = connection.cursor(binary=True).execute(query).fetchone()
    return [] if row is None or row[0] is None else decode(row[0].encode())
