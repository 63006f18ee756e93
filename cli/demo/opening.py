"""The demo book made ready: opened, its persons registered, its stories told, a key to try the API with."""

from pathlib import Path

import msgspec

from cli.demo.stories import BOOK, OPENING, STORIES
from cli.demo.telling import Story
from cli.persons import register
from domain.book.register import Role
from ledger.book import Book, machine_now
from ledger.composition import Ledger
from ledger.durable_files import create_once
from ledger.errors import UnknownBook

PERSONS: tuple[tuple[str, Role], ...] = (
    ("Harriet Lind", "owner"),
    ("Tom Okafor", "supervisor"),
    ("Ana Ruiz", "agent"),
)
KEY_FILE = "demo-api-key"
"""In the data folder, readable by its owner alone."""


class Demo(msgspec.Struct, frozen=True):
    """What a visitor needs."""

    api_key: str
    """The owner's."""
    key_file: Path
    order: str
    """Rosa's first order."""


async def demo_ready(ledger: Ledger, data: Path) -> Demo:
    """The demo book, made now or at an earlier start. Raises: Refusal, LedgerError, OSError."""
    book = await _book(ledger)
    people: dict[Role, str] = {
        role: await register(book, name, role, key=f"demo/person/{role}") for name, role in PERSONS
    }
    opened = await book.entry(1)
    assert opened is not None
    for name, told in STORIES.items():
        await told(Story(book, OPENING.zone, people, name, opened.recorded_at))
    order = await book.claimed("order_ref", "api/W-1001")
    assert order is not None
    return Demo(await _api_key(ledger, people["owner"], data / KEY_FILE), data / KEY_FILE, order)


async def _book(ledger: Ledger) -> Book:
    try:
        return await ledger.book(BOOK)
    except UnknownBook:
        return await ledger.open_book(BOOK, OPENING)


async def _api_key(ledger: Ledger, person: str, file: Path) -> str:
    """The key of an earlier start if it still opens the book, else a new one."""
    kept = _kept(file)
    if kept is not None and await ledger.api_keys.authenticate(kept) is not None:
        return kept
    issued = await ledger.api_keys.issue(BOOK, person, machine_now())
    _keep(file, issued.text)
    return issued.text


def _kept(file: Path) -> str | None:
    return file.read_text("ascii").strip() if file.exists() else None


def _keep(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    create_once(file, text.encode() + b"\n")
