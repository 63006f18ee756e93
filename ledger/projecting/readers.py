"""Readers that wait until the rows hold what they just wrote (`min_position`)."""

import asyncio
from collections.abc import Awaitable


class Readers:
    """Who waits, in this process, for which position of one book."""

    def __init__(self) -> None:
        self.position = 0
        """Up to which every built projection of the book is known to have read."""
        self.entries_read = 0
        """What this process has read of the book so far."""
        self._waiting = 0
        self._moved = asyncio.Condition()
        self._asked = asyncio.Event()

    @property
    def are_waiting(self) -> bool:
        """Whether anybody waits: another process may follow the book, and its steps are not heard of here."""
        return self._waiting > 0

    async def wait_for(self, position: int, seconds: float) -> bool:
        """Whether the rows hold everything up to `position`; false if that did not become so in time."""
        if self.position >= position:
            return True
        self._asked.set()
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds), self._moved:
                await self._moved.wait_for(lambda: self.position >= position)
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    async def reached(self, position: int) -> None:
        """Tell the readers how far the rows are: less far than before where a projection was just built."""
        if position != self.position:
            self.position = position
            async with self._moved:
                self._moved.notify_all()

    async def asked_or(self, woken: Awaitable[object]) -> None:
        """Wait until `woken` is, or a reader asks for a position not reached. Raises: what `woken` does."""
        waiting, asked = asyncio.ensure_future(woken), asyncio.create_task(self._asked.wait())
        try:
            await asyncio.wait((waiting, asked), return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                waiting.result()
        finally:
            waiting.cancel()
            asked.cancel()
        self._asked.clear()
