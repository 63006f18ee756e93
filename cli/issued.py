"""What a book issues and ends again: its API keys, and the endpoints of its processors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.render import rfc3339
from cli.failures import Misused
from cli.options import book_name
from domain.moments import Moment
from ledger.book import machine_now
from ledger.composition import Ledger


class Issue(Protocol):
    """One of them, and when it began and ended."""

    @property
    def id(self) -> str: ...

    @property
    def created_at(self) -> Moment: ...

    @property
    def revoked_at(self) -> Moment | None: ...


class Kept(Protocol):
    """Where they are kept, by book."""

    async def list(self, book: str, /) -> Sequence[Issue]: ...

    async def revoke(self, book: str, name: str, now: Moment, /) -> bool: ...


@dataclass(frozen=True)
class Issued:
    """A kind of them: what one is called, which of its fields says for whom it is, and where it is kept."""

    thing: str
    field: str
    kept: Callable[[Ledger], Kept]

    async def listed(self, ledger: Ledger, book: str | None) -> list[dict[str, object]]:
        """All the book ever had, never their secrets."""
        return [
            {
                self.thing: it.id,
                self.field: getattr(it, self.field),
                "created_at": rfc3339(it.created_at),
                "revoked_at": None if it.revoked_at is None else rfc3339(it.revoked_at),
            }
            for it in await self.kept(ledger).list(await book_name(ledger, book))
        ]

    async def revoked(self, ledger: Ledger, book: str | None, name: str) -> dict[str, object]:
        """End one; every running process notices within seconds. Raises: Misused where there is none."""
        of = await book_name(ledger, book)
        if not await self.kept(ledger).revoke(of, name, machine_now()):
            raise Misused(f"{of} has no {self.thing} called {name}. See them: makegood {self.thing}s list")
        return {self.thing: name, "revoked": True}
