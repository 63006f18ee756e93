"""Personal data is sealed at the edge: commands, events, tables and folds only ever hold the sealed form.

    sealed.<subject>.<field>.<base64url>        one token; whoever holds it can ask the Sealer to open it

AES-SIV (RFC 5297) with one 512-bit key per subject: a customer id, a person id, or `book` for what belongs to
neither. Subject and field are authenticated with the text: a token that was given another of either does not
open. Sealing is deterministic, so that a retry seals alike and can be compared. Each subject's key is
stored beside the record, wrapped under the master key; destroying it makes every text of that subject
unreadable, and the hash chain stays whole.
"""

import base64
import os
import re
import time
from binascii import b2a_base64
from collections.abc import Callable, Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from domain.book.register import STREAM
from ledger.connection import Reader
from ledger.errors import LedgerError
from ledger.record.submission import Lookup, SubjectKey
from ledger.sealing.digests import BlindIndex, request_key
from ledger.sealing.master_key import derived_key

BOOK = STREAM
"""The subject of free text that belongs to no customer and no person."""

KEPT_FOR = 60
"""Seconds a key is kept: how long another process may still open the texts of a subject just erased."""

KEPT = 5_000
"""Subjects whose keys are kept at once, about 20 MB."""

_KEY_BYTES = 64
_SUBJECT = re.compile(r"[A-Za-z0-9_-]{1,200}")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_READ_KEYS = "SELECT subject, wrapped FROM subject_keys WHERE book = %s AND subject = ANY(%s)"


class NoSubjectKey(LedgerError):
    """The subject has no key: it was never registered in this book, or it was erased."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"{subject} has no key: unknown here, or erased")
        self.subject = subject


class SealBroken(LedgerError):
    """The text is not one that was sealed for this subject and field."""


class WrongMasterKey(LedgerError):
    """The book's keys were wrapped under another master key."""


class NewSubject:
    """A subject whose key exists in memory only, until `row` is stored in the append that registers it."""

    def __init__(self, row: SubjectKey, cipher: AESSIV) -> None:
        self.row = row
        self._cipher = cipher

    def seal(self, field: str, text: str) -> str:
        """The sealed text, openable by anybody once `row` is stored."""
        return _sealed(self._cipher, self.row.subject, field, text)


class Sealer:
    """Seals and opens the personal data of one book."""

    def __init__(
        self, book: str, master: bytes, reader: Reader, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.book = book
        self.request_key = request_key(book, master)
        """For `ledger.sealing.digests.request_digest`."""
        self._index = BlindIndex(book, master)
        self._wrapping = AESSIV(derived_key(master, "wrap", book, length=_KEY_BYTES))
        self._reader = reader
        self._clock = clock
        self._kept: dict[str, tuple[AESSIV, float]] = {}
        self._forgotten = 0
        """How often a key was to be forgotten: what was read before then is not kept."""

    def new_subject(self, subject: str) -> NewSubject:
        """A fresh key for a subject that is about to be registered.

        It is not kept here: were its append refused, texts sealed under it later could never be opened.
        Raises: ValueError if the subject is not one token without a full stop.
        """
        if not _SUBJECT.fullmatch(subject):
            raise ValueError("a subject is letters, digits, - and _")
        key = os.urandom(_KEY_BYTES)
        row = SubjectKey(subject, self._wrapping.encrypt(key, [subject.encode()]))
        return NewSubject(row, AESSIV(key))

    async def seal(self, subject: str, field: str, text: str) -> str:
        """The sealed text, for a subject that is registered. Raises: NoSubjectKey, WrongMasterKey."""
        cipher = self._cipher(subject) or (await self._read([subject])).get(subject)
        if cipher is None:
            raise NoSubjectKey(subject)
        return _sealed(cipher, subject, field, text)

    async def open(self, sealed: str) -> str | None:
        """What was sealed, or None if its subject has been erased. Raises: SealBroken, WrongMasterKey."""
        subject, field, body = _parts(sealed)
        cipher = self._cipher(subject) or (await self._read([subject])).get(subject)
        return None if cipher is None else _opened(cipher, subject, field, body)

    async def open_all(self, sealed: Iterable[str]) -> dict[str, str | None]:
        """What each text says, None where its subject has been erased; one query for all keys not kept.

        Raises: SealBroken, WrongMasterKey.
        """
        parts = {text: _parts(text) for text in sealed}
        found = {subject: self._cipher(subject) for subject, _, _ in parts.values()}
        missing = [subject for subject, cipher in found.items() if cipher is None]
        if missing:
            found |= await self._read(missing)
        return {
            text: None if (cipher := found[subject]) is None else _opened(cipher, subject, field, body)
            for text, (subject, field, body) in parts.items()
        }

    def digest(self, kind: str, text: str) -> bytes:
        """The blind-index digest of an `email`, `phone` or `name`. Raises: KeyError for other kinds."""
        return self._index.digest(kind, text)

    def lookup(self, kind: str, text: str, customer: str) -> Lookup:
        """The blind-index row by which that customer will be found. Raises: KeyError."""
        return Lookup(kind, self._index.digest(kind, text), customer)

    def forget(self, subject: str) -> None:
        """Drop a key kept here; whoever destroys the stored key calls this."""
        self._kept.pop(subject, None)
        self._forgotten += 1

    async def check_master_key(self) -> None:
        """Refuse a master key that cannot unwrap the book's keys, before anything is sealed under it.

        Raises: WrongMasterKey.
        """
        self.forget(BOOK)
        await self._read([BOOK])

    def _cipher(self, subject: str) -> AESSIV | None:
        kept = self._kept.get(subject)
        return kept[0] if kept is not None and kept[1] > self._clock() else None

    async def _read(self, subjects: list[str]) -> dict[str, AESSIV]:
        """The ciphers of those subjects that have a stored key; they are kept from now on."""
        # From before the row is read: the bound holds however slow the answer.
        asked_at, forgotten = self._clock(), self._forgotten
        rows = await self._reader.rows(_READ_KEYS, (self.book, subjects))
        found = {subject: self._unwrapped(subject, wrapped) for subject, wrapped in rows}
        if forgotten == self._forgotten:
            for subject, cipher in found.items():
                self._kept.pop(subject, None)
                self._kept[subject] = cipher, asked_at + KEPT_FOR
        self._purge()
        return found

    def _purge(self) -> None:
        """Drop the keys whose time is over, and of too many those that expire first."""
        now = self._clock()
        while self._kept:
            oldest = next(iter(self._kept))  # the one read longest ago, which expires first
            if len(self._kept) <= KEPT and self._kept[oldest][1] > now:
                break
            del self._kept[oldest]

    def _unwrapped(self, subject: str, wrapped: bytes) -> AESSIV:
        try:
            return AESSIV(self._wrapping.decrypt(wrapped, [subject.encode()]))
        except InvalidTag as broken:
            raise WrongMasterKey(f"the key of {subject} was not wrapped under this master key") from broken


def is_sealed(text: str) -> bool:
    """Whether the text has the form of a sealed one."""
    return text.startswith("sealed.") and text.count(".") == 3


def _sealed(cipher: AESSIV, subject: str, field: str, text: str) -> str:
    if "." in field:
        raise ValueError("a field is one name without a full stop")
    body = cipher.encrypt(text.encode(), [subject.encode(), field.encode()])
    text_of_body = b2a_base64(body, newline=False).translate(_URL_SAFE, b"=").decode()
    return f"sealed.{subject}.{field}.{text_of_body}"


def _parts(sealed: str) -> tuple[str, str, str]:
    """Subject, field and body of a sealed text."""
    if not is_sealed(sealed):
        raise SealBroken("not a sealed text")
    _, subject, field, body = sealed.split(".")
    return subject, field, body


def _opened(cipher: AESSIV, subject: str, field: str, body: str) -> str:
    try:
        ciphertext = base64.b64decode(body + "=" * (-len(body) % 4), altchars="-_", validate=True)
        return cipher.decrypt(ciphertext, [subject.encode(), field.encode()]).decode()
    except (InvalidTag, ValueError) as broken:  # ValueError: the body is not base64
        raise SealBroken(f"not what was sealed for {subject}, {field}") from broken
