"""Clocks: a book's now is the machine's, and a demo book's may be ahead of it.

It supplies `now` for effective_at and for ticks, never recorded_at. Only a demo book's clock can be moved,
and only forward: what was recorded has happened. Source: §3
"""

from domain.book.register import STREAM, Register
from domain.moments import LATEST, Moment
from ledger.book import Book, machine_now
from ledger.connection import Reader
from ledger.errors import ClockNotMovable

_AHEAD = "SELECT ahead FROM clocks WHERE book = %b"
# To where, not by how much: sent again after a lost reply, it does not move the clock twice.
_ADVANCE = """
INSERT INTO clocks (book, ahead) VALUES (%b, %b)
ON CONFLICT (book) DO UPDATE SET ahead = greatest(clocks.ahead, excluded.ahead) RETURNING ahead"""


class DemoClock:
    """The now of a demo book, as it was last looked up."""

    def __init__(self, book: str, reader: Reader) -> None:
        self._book, self._reader = book, reader
        self.ahead = 0
        """Microseconds before the machine's time."""

    def __call__(self) -> Moment:
        return machine_now() + self.ahead

    async def look(self) -> bool:
        """Look up how far the clock is ahead; whether it has moved. Raises: Unavailable."""
        rows = await self._reader.rows(_AHEAD, (self._book,))
        return self._set(rows[0][0] if rows else 0)

    async def advance(self, by: int) -> None:
        """Move the clock forward by so many microseconds, for every process.

        Raises: ClockNotMovable, Unavailable.
        """
        await self.look()
        if by <= 0 or self() + by > LATEST:
            raise ClockNotMovable("a clock moves forward, and not beyond the year 2999")
        rows = await self._reader.change(_ADVANCE, (self._book, self.ahead + by), repeatable=True)
        self._set(rows[0][0])

    def _set(self, ahead: int) -> bool:
        moved, self.ahead = ahead != self.ahead, ahead
        return moved


async def set_clock(book: Book, reader: Reader) -> None:
    """Give a demo book its own clock; every other book keeps the machine's."""
    register = await book.state(STREAM)
    if isinstance(register, Register) and register.demo:
        clock = DemoClock(book.name, reader)
        await clock.look()
        book.clock = clock


def demo_clock(book: Book) -> DemoClock:
    """The clock of a demo book. Raises: ClockNotMovable for any other."""
    if not isinstance(book.clock, DemoClock):
        raise ClockNotMovable(f"{book.name} is a live record and runs by the machine's clock")
    return book.clock
