"""The books of a database: which there are, and how one begins.

A book begins as a bare head at position 0. Its first append makes it a book: BookOpened at position 1, the
default policy edition, and the key under which its own free text is sealed. Dying in between leaves a bare
head, which is nobody's book and on which the same opening succeeds later.
"""

import re

from domain.book.register import OpenBook
from domain.decision import Actor
from domain.ticking import NOBODY
from ledger.book import Book
from ledger.connection import Reader
from ledger.errors import BookExists
from ledger.record.chain import ORIGIN
from ledger.record.submission import Submission
from ledger.sealing.sealer import BOOK

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

SYSTEM = Actor(person=NOBODY, role=NOBODY)
"""Who acts where no person does."""

_BARE_HEAD = """
INSERT INTO heads (book, position, hash, recorded_at) VALUES (%b, 0, %b, 0)
ON CONFLICT DO NOTHING RETURNING book"""
_NAMES = "SELECT book FROM heads WHERE position > 0 ORDER BY book"


async def names(reader: Reader) -> list[str]:
    """Every book there is."""
    return [row[0] for row in await reader.rows(_NAMES)]


async def bare_head(reader: Reader, name: str) -> None:
    """Where a book can begin; nothing happens if it is there. Raises: ValueError if that cannot be a name."""
    if not _NAME.fullmatch(name):
        raise ValueError("the name of a book has 1 to 63 lower-case letters, digits and hyphens")
    await reader.change(_BARE_HEAD, (name, ORIGIN))


async def begin(book: Book, command: OpenBook, origin: str) -> None:
    """The first entries of a book that has a bare head. Raises: BookExists, Refusal, Unavailable."""
    if book.position > 0:
        raise BookExists(book.name)
    submission = Submission(actor=SYSTEM, origin=origin, subject_keys=(book.sealer.new_subject(BOOK).row,))
    outcome = await book.execute(command, submission)
    if outcome.already:
        raise BookExists(book.name)
