"""The hash chain of a book: what is hashed, how entries are linked, and how a stranger checks them.

    <previous hash in hex>
    <position> <stream> <version> <type> <schema version> <customer or -> <effective_at> <recorded_at>
    <meta>
    <data>

`hash = sha256` of these four lines as UTF-8, each ended by a newline, the last too. Moments are integer
microseconds UTC. Position 1 follows 64 zeros. The name of the book is not part of it, so that an export can
be checked anywhere.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from ledger.errors import ChainBroken

ORIGIN = bytes(32)
"""What position 1 follows."""

NO_CUSTOMER = "-"
"""What is hashed in the place of the customer where an entry has none; nobody's name."""


class StoredRow(NamedTuple):
    """An entry exactly as the table `entries` holds it, in the order of `COLUMNS`."""

    position: int
    stream: str
    version: int
    type: str
    schema_version: int
    customer: str | None
    effective_at: int
    recorded_at: int
    meta: str
    data: str
    hash: bytes


COLUMNS = ", ".join(StoredRow._fields)


def canonical(row: StoredRow) -> str:
    """The three lines of an entry: header, meta, data; each ends in a newline."""
    customer = NO_CUSTOMER if row.customer is None else row.customer
    return (
        f"{row.position} {row.stream} {row.version} {row.type} {row.schema_version} {customer} "
        f"{row.effective_at} {row.recorded_at}\n{row.meta}\n{row.data}\n"
    )


def link(previous: bytes, lines: str) -> bytes:
    """The hash of an entry that follows `previous`; 32 bytes."""
    return sha256(f"{previous.hex()}\n{lines}".encode()).digest()


def verify(rows: Iterable[StoredRow], position: int = 0, previous: bytes = ORIGIN) -> tuple[int, bytes]:
    """Follow the chain over rows in the order of their positions, on from `position` and its hash.

    Returns the last position and its hash, to be compared with the head. Raises: ChainBroken.
    """
    for row in rows:
        if row.position != position + 1:
            raise ChainBroken(position + 1, f"missing; {row.position} follows {position}")
        if row.customer == NO_CUSTOMER or link(previous, canonical(row)) != row.hash:
            raise ChainBroken(row.position, "its text is not the text that was hashed")
        position, previous = row.position, row.hash
    return position, previous
