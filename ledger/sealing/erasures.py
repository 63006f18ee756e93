"""Erasing a person: the key and the look-ups go, and a file outside the database remembers that they went.

A restored backup brings erased keys back. So every erasure is noted in `erasures.jsonl`, beside the
checkpoints, before anything is deleted, and every start and every restore applies the file before a request
is served.
"""

import asyncio
from pathlib import Path

import msgspec

from ledger.connection import Reader
from ledger.durable_files import append_line, whole_lines
from ledger.sealing.sealer import BOOK, Sealer

FILE_NAME = "erasures.jsonl"

_DESTROY = """
    WITH unindexed AS (DELETE FROM lookups WHERE book = %s AND customer = ANY(%s))
    DELETE FROM subject_keys WHERE book = %s AND subject = ANY(%s) RETURNING subject
"""


class Erasure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the file: whose personal data, of which book, is destroyed for good."""

    book: str
    subject: str


class Erasures:
    """Destroys what makes personal data readable, in the database and in every backup of it."""

    def __init__(self, data_folder: Path, reader: Reader) -> None:
        self._file = data_folder / FILE_NAME
        self._reader = reader

    async def destroy(self, sealer: Sealer, subject: str) -> None:
        """Destroy a subject's key and look-ups, for ever; doing it again does no harm.

        Returns when the erasure is on disk and committed. Other processes may still open texts, with keys
        they hold, for at most `ledger.sealing.sealer.KEPT_FOR` seconds. Raises: ValueError for the book's own
        key.
        """
        if subject == BOOK:
            raise ValueError("the book's own key is no person's")
        line = msgspec.json.encode(Erasure(sealer.book, subject)).decode()
        # First: a crash after it is made good by the next start.
        await asyncio.to_thread(append_line, self._file, line)
        await self._destroy(sealer.book, [subject])
        sealer.forget(subject)

    async def apply(self) -> int:
        """Destroy again all that the file says; returns how many keys a restore had brought back."""
        noted: dict[str, list[str]] = {}
        for line in whole_lines(self._file):
            erasure = msgspec.json.decode(line, type=Erasure)
            noted.setdefault(erasure.book, []).append(erasure.subject)
        return sum([await self._destroy(book, subjects) for book, subjects in noted.items()])

    async def _destroy(self, book: str, subjects: list[str]) -> int:
        parameters = (book, subjects, book, subjects)
        return len(await self._reader.change(_DESTROY, parameters, repeatable=True))
