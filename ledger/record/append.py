"""An append: entries that are recorded together or not at all, with everything they depend on."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from domain.moments import EARLIEST, LATEST, Moment
from ledger.errors import Unrecordable
from ledger.record.chain import NO_CUSTOMER
from ledger.record.submission import Lookup, SubjectKey

# Bounded, so that two values and the book's name fit a row of an index: 2,704 bytes.
_TOKEN = re.compile(r"[A-Za-z0-9_./-]{1,200}")
_LONGEST_VALUE = 600
_LARGEST_SCHEMA_VERSION, _LARGEST_VERSION = 2**31 - 1, 2**63 - 1


class NewEntry(NamedTuple):
    """An entry that has no position yet; `meta` and `data` are the texts to be hashed, JSON on one line."""

    stream: str
    version: int
    type: str
    schema_version: int
    customer: str | None
    effective_at: Moment | None
    """None: the moment it is recorded."""
    meta: str
    data: str


class NewClaim(NamedTuple):
    """A value that the append claims for one of the streams it writes."""

    kind: str
    value: str
    stream: str


class CommandKey(NamedTuple):
    """The idempotency key of a command, within its principal."""

    principal: str
    key: str
    request_hash: bytes


class Append(msgspec.Struct, frozen=True, kw_only=True):
    """What one command records. Each entry's version follows the last of its stream."""

    entries: tuple[NewEntry, ...]
    before: int = 0
    """How many of the entries, the first ones, are not the command's own: its receipt leaves them out."""
    reads: Mapping[str, int] = {}
    """Streams that were only read, each with the version it must still be at."""
    facts: tuple[str, int] | None = None
    """A customer whose history was read, and the position of the last entry seen of it; 0 if none was."""
    claims: tuple[NewClaim, ...] = ()
    command: CommandKey | None = None
    lookups: tuple[Lookup, ...] = ()
    subject_keys: tuple[SubjectKey, ...] = ()


class Recorded(NamedTuple):
    """The append is stored: positions `first`… without gaps."""

    first: int
    recorded_at: Moment


class Repeated(NamedTuple):
    """Nothing is stored: the command's key recorded these positions before."""

    first: int
    last: int
    request_hash: bytes


class Taken(NamedTuple):
    """Nothing is stored: another stream holds a claim."""

    kind: str
    value: str
    holder: str


class Stale(NamedTuple):
    """Nothing is stored: a stream or a customer's history has moved on since it was read."""

    name: str


Verdict = Recorded | Repeated | Taken | Stale


def size_of(append: Append) -> int:
    """Bytes of text the append adds. Raises: Unrecordable if the record could not hold it."""
    if not append.entries:
        raise Unrecordable("an append of no entries")
    tokens = [*append.reads]
    numbers = [*append.reads.values()]
    customers: list[str] = []
    texts: list[str] = []
    for entry in append.entries:
        stream, version, type_, schema_version, customer, effective_at, meta, data = entry
        tokens += (stream, type_)
        numbers.append(version)
        texts += (meta, data)
        if customer is not None:
            customers.append(customer)
        if effective_at is not None and not EARLIEST <= effective_at <= LATEST:
            raise Unrecordable("effective_at is outside the years 1 to 9999")
        if not 0 < schema_version <= _LARGEST_SCHEMA_VERSION:
            raise Unrecordable("there is no such schema version")
    if append.facts is not None:
        customers.append(append.facts[0])
        numbers.append(append.facts[1])
    if not all(map(_TOKEN.fullmatch, tokens + customers)):
        raise Unrecordable("a stream, a type or a customer is not a token")
    if NO_CUSTOMER in customers:
        raise Unrecordable(f"no customer is called {NO_CUSTOMER}")
    if max(numbers) > _LARGEST_VERSION or min(numbers) < -_LARGEST_VERSION:
        raise Unrecordable("there is no such version or position")
    values = _values(append)
    size = _bytes("".join(texts + values))
    if not all(values) or (
        # A character takes at most four bytes, so that hardly any has to be encoded to be measured.
        max(map(len, values), default=0) * 4 > _LONGEST_VALUE
        and max(map(len, map(str.encode, values))) > _LONGEST_VALUE
    ):
        raise Unrecordable(f"a key or a claim is empty or longer than {_LONGEST_VALUE} bytes")
    return size


def _bytes(text: str) -> int:
    try:
        line = text.encode()
    except UnicodeEncodeError:
        raise Unrecordable("a text holds a lone surrogate") from None
    if b"\n" in line or b"\0" in line:
        raise Unrecordable("a text holds a line break or a NUL")
    return len(line)


def _values(append: Append) -> list[str]:
    values: list[str] = []
    if append.command is not None:
        values += (append.command.principal, append.command.key)
    for claim in append.claims:
        values += (claim.kind, claim.value)
    for lookup in append.lookups:
        values += (lookup.kind, lookup.customer)
    for key in append.subject_keys:
        values.append(key.subject)
    return values
