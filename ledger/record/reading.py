"""Reading the record of one book. Every read is one statement that follows one index."""

from collections.abc import Iterable, Mapping, Sequence

from domain.entry import Entry
from ledger.connection import Reader, Row
from ledger.record.append import Repeated
from ledger.record.chain import StoredRow
from ledger.record.codec import entry_of

NEAR = 100
"""How far from an entry those are looked for that were recorded with it."""

_ENTRY = """
SELECT entry.position, entry.stream, entry.version, entry.type, entry.schema_version, entry.customer,
       entry.effective_at, entry.recorded_at, entry.meta, entry.data, entry.hash"""

_HEAD = "SELECT position FROM heads WHERE book = %b"
_STREAMS = f"""{_ENTRY}
FROM unnest(%b::text[], %b::bigint[]) AS asked (stream, version)
CROSS JOIN LATERAL (
    SELECT * FROM entries
    WHERE book = %b AND stream = asked.stream AND version > asked.version ORDER BY version
) AS entry
ORDER BY entry.position"""
_HISTORY = f"""{_ENTRY}
FROM entries AS entry WHERE book = %b AND customer = %b AND position > %b ORDER BY position"""
_POSITIONS = f"""{_ENTRY}
FROM entries AS entry WHERE book = %b AND position = ANY(%b::bigint[]) ORDER BY position"""
_NEAR = f"""{_ENTRY}
FROM entries AS entry
WHERE book = %b AND position IN (
    SELECT generate_series(named - %b, named + %b) FROM unnest(%b::bigint[]) AS named
)
ORDER BY position"""
_RANGE = f"""{_ENTRY}
FROM entries AS entry WHERE book = %b AND position BETWEEN %b AND %b ORDER BY position"""

# One statement per index that leads the way; the filters that are not asked for are NULL.
_PAGE = f"""{_ENTRY}
FROM entries AS entry WHERE book = %b AND position > %b AND (%b::text[] IS NULL OR type = ANY(%b::text[]))
ORDER BY position LIMIT %b"""
_PAGE_OF_CUSTOMER = f"""{_ENTRY}
FROM entries AS entry
WHERE book = %b AND customer = %b AND position > %b AND (%b::text[] IS NULL OR type = ANY(%b::text[]))
ORDER BY position LIMIT %b"""
_PAGE_OF_STREAM = f"""{_ENTRY}
FROM entries AS entry
WHERE book = %b AND stream = %b AND (%b::text IS NULL OR customer = %b) AND position > %b
  AND (%b::text[] IS NULL OR type = ANY(%b::text[]))
ORDER BY version LIMIT %b"""

_BEFORE_LAST = """
SELECT min(position) - 1 FROM (
    SELECT position FROM entries WHERE book = %b AND (%b::text[] IS NULL OR type = ANY(%b::text[]))
    ORDER BY position DESC LIMIT %b
) AS last"""

_COMMAND = """
SELECT first_position, last_position, request_hash FROM commands
WHERE book = %b AND principal = %b AND key = %b"""
_COMMANDS = """
SELECT key, first_position, last_position, request_hash FROM commands
WHERE book = %b AND principal = %b AND key = ANY(%b::text[])"""
_COMMANDS_UNDER = """
SELECT key, first_position, last_position, request_hash FROM commands
WHERE book = %b AND principal = %b AND key >= %b AND key < %b ORDER BY key"""
_CLAIM = """
SELECT entry.stream FROM claims AS held
JOIN entries AS entry ON entry.book = held.book AND entry.position = held.position
WHERE held.book = %b AND held.kind = %b AND held.value = %b"""
_CLAIMS = """
SELECT asked.value, held.stream FROM unnest(%b::text[]) AS asked (value)
CROSS JOIN LATERAL (
    SELECT entry.stream FROM claims AS claim
    JOIN entries AS entry ON entry.book = claim.book AND entry.position = claim.position
    WHERE claim.book = %b AND claim.kind = %b AND claim.value = asked.value LIMIT 1
) AS held"""
_LOOKUP = "SELECT customer FROM lookups WHERE book = %b AND kind = %b AND digest = %b ORDER BY customer"


class Record:
    """What one book holds, as it was when it was asked."""

    def __init__(self, book: str, reader: Reader) -> None:
        self.book = book
        self._reader = reader

    async def head(self) -> int | None:
        """The last position; 0 before the first entry, None if there is no such book."""
        rows = await self._reader.rows(_HEAD, (self.book,))
        return rows[0][0] if rows else None

    async def streams(self, after: Mapping[str, int]) -> list[Entry]:
        """The entries of these streams after the given versions, in the order of the book."""
        return _entries(await self._reader.rows(_STREAMS, (list(after), list(after.values()), self.book)))

    async def history(self, customer: str, after: int = 0) -> list[Entry]:
        """The entries of a customer after a position, over all streams."""
        return _entries(await self._reader.rows(_HISTORY, (self.book, customer, after)))

    async def at(self, positions: Iterable[int]) -> list[Entry]:
        """The entries at these positions, in the order of the book."""
        return _entries(await self._reader.rows(_POSITIONS, (self.book, list(positions))))

    async def appended_with(self, positions: Sequence[int]) -> list[Entry]:
        """The entries at these positions, and those recorded together with them: beside them, at the same
        moment, under the same idempotency key.

        Without a key nobody can tell, and the positions answer alone.
        """
        near = _entries(await self._reader.rows(_NEAR, (self.book, NEAR, NEAR, list(positions))))
        beside = {entry.position: entry for entry in near}
        found = {position: beside[position] for position in positions if position in beside}
        for step in (-1, 1):
            for entry in list(found.values()):
                last = entry
                while (next_one := beside.get(last.position + step)) is not None and _is_together(
                    last, next_one
                ):
                    found[next_one.position] = last = next_one
        return [found[position] for position in sorted(found)]

    async def between(self, first: int, last: int) -> list[Entry]:
        """The entries from one position to another, both included."""
        return _entries(await self._reader.rows(_RANGE, (self.book, first, last)))

    async def page(
        self, after: int, limit: int, types: Iterable[str] | None, customer: str | None, stream: str | None
    ) -> list[Entry]:
        """The next entries after a position, of one stream, one customer, these stored types if asked for."""
        kinds = None if types is None else sorted(types)
        rest = (after, kinds, kinds, limit)
        if stream is not None:
            asked = (self.book, stream, customer, customer, *rest)
            return _entries(await self._reader.rows(_PAGE_OF_STREAM, asked))
        if customer is not None:
            return _entries(await self._reader.rows(_PAGE_OF_CUSTOMER, (self.book, customer, *rest)))
        return _entries(await self._reader.rows(_PAGE, (self.book, *rest)))

    async def before_last(self, count: int, types: Iterable[str] | None) -> int | None:
        """The position before the last so many entries, of these stored types if asked for; None: no such."""
        kinds = None if types is None else sorted(types)
        return (await self._reader.rows(_BEFORE_LAST, (self.book, kinds, kinds, count)))[0][0]

    async def command(self, principal: str, key: str) -> Repeated | None:
        """What an idempotency key recorded."""
        rows = await self._reader.rows(_COMMAND, (self.book, principal, key))
        return Repeated(*rows[0]) if rows else None

    async def commands(self, principal: str, keys: Iterable[str]) -> dict[str, Repeated]:
        """What each of these idempotency keys recorded."""
        rows = await self._reader.rows(_COMMANDS, (self.book, principal, list(keys)))
        return {key: Repeated(*rest) for key, *rest in rows}

    async def commands_under(self, principal: str, prefix: str) -> dict[str, Repeated]:
        """What each idempotency key that begins with `prefix`, which ends in a slash, recorded."""
        beyond = prefix.removesuffix("/") + "0"  # the sign after the slash, by the C collation
        rows = await self._reader.rows(_COMMANDS_UNDER, (self.book, principal, prefix, beyond))
        return {key: Repeated(*rest) for key, *rest in rows}

    async def claimed(self, kind: str, value: str) -> str | None:
        """The stream that holds a claim."""
        rows = await self._reader.rows(_CLAIM, (self.book, kind, value))
        return rows[0][0] if rows else None

    async def holders(self, kind: str, values: Iterable[str]) -> dict[str, str]:
        """The streams that hold claims of that kind, by value; of those values that are claimed."""
        return dict(await self._reader.rows(_CLAIMS, (list(values), self.book, kind)))

    async def customers_by(self, kind: str, digest: bytes) -> list[str]:
        """The customers found under a digest of the blind index."""
        return [row[0] for row in await self._reader.rows(_LOOKUP, (self.book, kind, digest))]


def _is_together(one: Entry, other: Entry) -> bool:
    """Whether neighbours come from one append, as far as they say."""
    return one.meta.key is not None and (one.meta, one.recorded_at) == (other.meta, other.recorded_at)


def _entries(rows: Iterable[Row]) -> list[Entry]:
    return [entry_of(StoredRow(*row)) for row in rows]
