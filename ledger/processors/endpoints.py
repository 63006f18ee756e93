"""Endpoints: where a payment processor tells a book what happened, and the secret it signs with.

    in_<book>_<26 letters and digits>       the last part of the address; it names its book

A processor has no API key: its address names the book, and its signature proves that it is the processor. The
secret is kept wrapped under the master key, since a signature can only be checked by who knows it.
"""

import re
import time
from collections.abc import Callable

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from domain.moments import Moment
from ledger.connection import Reader
from ledger.identity import mint
from ledger.sealing.master_key import derived_key
from ledger.sealing.sealer import WrongMasterKey

NOTICED_WITHIN = 5
"""Seconds within which a revocation counts in every process."""
KEPT = 100
"""Endpoints remembered at once."""

_FORM = re.compile(r"in_([a-z0-9][a-z0-9-]{0,62})_([0-9a-z]{26})")
_KEY_BYTES = 64

_READ = "SELECT processor, wrapped FROM endpoints WHERE book = %s AND id = %s AND revoked_at IS NULL"
_ADD = """
    INSERT INTO endpoints (book, id, processor, wrapped, created_at) VALUES (%s, %s, %s, %s, %s) RETURNING id
"""
_REVOKE = """
    UPDATE endpoints SET revoked_at = coalesce(revoked_at, %s) WHERE book = %s AND id = %s RETURNING id
"""
_LIST = "SELECT id, processor, created_at, revoked_at FROM endpoints WHERE book = %s ORDER BY created_at, id"


class Endpoint(msgspec.Struct, frozen=True):
    """An endpoint that is open: whose it is, and the secret notices to it are signed with."""

    book: str
    processor: str
    secret: str


class ListedEndpoint(msgspec.Struct, frozen=True):
    """An endpoint as its book remembers it."""

    id: str
    processor: str
    created_at: Moment
    revoked_at: Moment | None


class Endpoints:
    """The endpoints of every book of one database."""

    def __init__(self, reader: Reader, master: bytes, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._master = master
        self._clock = clock
        self._kept: dict[str, tuple[Endpoint, float]] = {}

    async def find(self, endpoint: str) -> Endpoint | None:
        """The endpoint of that name; None if it is malformed, unknown or revoked. Raises: WrongMasterKey."""
        form = _FORM.fullmatch(endpoint)
        if form is None:
            return None
        kept = self._kept.get(endpoint)
        if kept is not None and kept[1] > self._clock():
            return kept[0]
        asked_at = self._clock()  # before the row is read, so that the bound holds however slow the answer is
        rows = await self._reader.rows(_READ, (form[1], endpoint))
        self._kept.pop(endpoint, None)
        if not rows:
            return None
        processor, wrapped = rows[0]
        found = Endpoint(form[1], processor, self._unwrapped(form[1], endpoint, wrapped))
        self._kept[endpoint] = found, asked_at + NOTICED_WITHIN
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return found

    async def add(self, book: str, processor: str, secret: str, at: Moment) -> str:
        """Open an endpoint for a processor that signs with that secret; its name."""
        endpoint = f"in_{book}_{mint('in').removeprefix('in_')}"
        wrapped = self._wrapping(book).encrypt(secret.encode(), [endpoint.encode()])
        await self._reader.change(_ADD, (book, endpoint, processor, wrapped, at))
        return endpoint

    async def revoke(self, book: str, endpoint: str, at: Moment) -> bool:
        """Close an endpoint; closing it again changes nothing. False if the book has none of that name."""
        revoked = await self._reader.change(_REVOKE, (at, book, endpoint))
        self._kept.pop(endpoint, None)
        return bool(revoked)

    async def list(self, book: str) -> list[ListedEndpoint]:
        """Every endpoint the book ever had, oldest first."""
        return [ListedEndpoint(*row) for row in await self._reader.rows(_LIST, (book,))]

    def _wrapping(self, book: str) -> AESSIV:
        return AESSIV(derived_key(self._master, "endpoint", book, length=_KEY_BYTES))

    def _unwrapped(self, book: str, endpoint: str, wrapped: bytes) -> str:
        try:
            return self._wrapping(book).decrypt(wrapped, [endpoint.encode()]).decode()
        except InvalidTag as broken:
            raise WrongMasterKey(f"{endpoint} was not wrapped under this master key") from broken
