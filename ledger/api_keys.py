"""API keys: 256 random bits that name their book and belong to one person or service.

    mk_<book>_<43 letters and digits>

Only the SHA-256 of the whole text is stored, and a key is found by its digest: how long that takes tells
nothing about any other key, and who reads the table cannot make a request with what it holds.
"""

import re
import secrets
import string
import time
from collections.abc import Callable
from hashlib import sha256

import msgspec

from domain.moments import Moment
from ledger.connection import Reader
from ledger.identity import mint

NOTICED_WITHIN = 5
"""Seconds within which a revocation counts in every process."""

KEPT = 1_000
"""Keys remembered at once."""

_ALPHABET = string.ascii_letters + string.digits
_SECRET_LENGTH = 43  # 62 ** 43 > 2 ** 256
_FORM = re.compile(rf"mk_([A-Za-z0-9_./-]{{1,200}})_[A-Za-z0-9]{{{_SECRET_LENGTH}}}")

_READ = "SELECT id, person FROM api_keys WHERE book = %s AND digest = %s AND revoked_at IS NULL"
_ISSUE = """
    INSERT INTO api_keys (book, digest, id, person, created_at) VALUES (%s, %s, %s, %s, %s) RETURNING id
"""
_REVOKE = """
    UPDATE api_keys SET revoked_at = coalesce(revoked_at, %s) WHERE book = %s AND id = %s RETURNING digest
"""
_LIST = "SELECT id, person, created_at, revoked_at FROM api_keys WHERE book = %s ORDER BY created_at, id"


class KeyHolder(msgspec.Struct, frozen=True):
    """Whom a key speaks for."""

    book: str
    key: str
    """The key's id, `key_…`; safe to log."""
    person: str


class IssuedKey(msgspec.Struct, frozen=True):
    """A new key. Its text is shown once and cannot be had again."""

    id: str
    text: str


class ListedKey(msgspec.Struct, frozen=True):
    """A key as its book remembers it."""

    id: str
    person: str
    created_at: Moment
    revoked_at: Moment | None


class ApiKeys:
    """The API keys of every book of one database."""

    def __init__(self, reader: Reader, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._clock = clock
        self._kept: dict[bytes, tuple[KeyHolder, float]] = {}

    async def authenticate(self, text: str) -> KeyHolder | None:
        """Whom the key speaks for, or None if it is malformed, unknown or revoked."""
        form = _FORM.fullmatch(text)
        if form is None:
            return None
        digest = _digest(text)
        kept = self._kept.get(digest)
        if kept is not None and kept[1] > self._clock():
            return kept[0]
        return await self._read(form[1], digest)

    async def issue(self, book: str, person: str, at: Moment) -> IssuedKey:
        """Make a key for a registered person or service."""
        secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
        issued = IssuedKey(mint("key"), f"mk_{book}_{secret}")
        await self._reader.change(_ISSUE, (book, _digest(issued.text), issued.id, person, at))
        return issued

    async def revoke(self, book: str, key: str, at: Moment) -> bool:
        """End a key, given its id; ending it again changes nothing. False if the book has no such key."""
        revoked = await self._reader.change(_REVOKE, (at, book, key))
        for (digest,) in revoked:
            self._kept.pop(digest, None)
        return bool(revoked)

    async def list(self, book: str) -> list[ListedKey]:
        """Every key the book ever issued, oldest first."""
        return [ListedKey(*row) for row in await self._reader.rows(_LIST, (book,))]

    async def _read(self, book: str, digest: bytes) -> KeyHolder | None:
        asked_at = self._clock()  # before the row is read, so that the bound holds however slow the answer is
        rows = await self._reader.rows(_READ, (book, digest))
        self._kept.pop(digest, None)
        if not rows:
            return None
        key, person = rows[0]
        holder = KeyHolder(book, key, person)
        self._kept[digest] = holder, asked_at + NOTICED_WITHIN
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]  # the one read longest ago, which expires first
        return holder


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
