"""In-process queues: one command at a time for each stream it decides on."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Queues:
    """A queue per name, first come first served; a queue exists only while somebody stands in it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        """How many queues there are just now."""
        return len(self._locks)

    @asynccontextmanager
    async def turn(self, names: Iterable[str]) -> AsyncGenerator[None]:
        """Wait for one's turn in all these queues; in sorted order, so that two never wait crosswise."""
        held: list[asyncio.Lock] = []
        try:
            for name in sorted(names):
                lock = self._locks.get(name)
                if lock is None:
                    lock = self._locks[name] = asyncio.Lock()
                await lock.acquire()
                held.append(lock)
            yield
        finally:
            for lock in held:
                lock.release()
